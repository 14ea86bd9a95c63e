import { createHash } from 'node:crypto';
import type { Sealer } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import type { Sql, Statement, Transaction } from '#seams/sql/sql.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Group, Grouping } from '../domain/plan.ts';
import { printValue, readValue } from '../domain/value.ts';
import { blockRows, groupsReadMax } from './limits.ts';

type Stored = { readonly key: Buffer; readonly sealed: Buffer };
type Written = { readonly keys: (string | null)[]; readonly kept: [string, string | null][] };

/** What a commit of a view changes, besides its groups. */
export type Progress = {
  readonly view: bigint;
  /** The commit that it follows. */
  readonly epoch: bigint;
  readonly partition: number;
  readonly next: number;
  readonly opened: number;
  readonly rejected: number;
  readonly rejection: string | null;
};

/** Under what a group is kept: its keys' hash, because keys may be long. */
export const hashOf = (key: string): Buffer => createHash('sha256').update(key).digest();

/** The groups of views, and how far they have read. */
export class Groups {
  readonly #sql: Sql;
  readonly #sealer: Sealer;

  constructor(sql: Sql, sealer: Sealer) {
    this.#sql = sql;
    this.#sealer = sealer;
  }

  /** Those groups of a view that are there, by the hex of their hashes. */
  async some(at: Placed, view: bigint, grouping: Grouping, hashes: readonly Buffer[]): Promise<Map<string, Group>> {
    const text = 'select key, sealed from grouped where view = $1 and key = any($2::bytea[])';
    const { rows } = await this.#sql.as(at).query<Stored>(text, [view, hashes]);
    const opened = rows.map(async (row) => [row.key.toString('hex'), await this.#open(at, view, grouping, row)] as const);
    return new Map(await Promise.all(opened));
  }

  /** All groups of a view, in blocks. */
  async *all(tx: Transaction, at: Placed, view: bigint, grouping: Grouping): AsyncGenerator<Group[]> {
    let count = 0;
    for await (const rows of tx.cursor<Stored>('select key, sealed from grouped where view = $1', [view], blockRows)) {
      count += rows.length;
      if (count > groupsReadMax) throw new StatementError(sqlstates.tooLarge, `a query reads at most ${groupsReadMax} groups of a view`);
      yield await Promise.all(rows.map((row) => this.#open(at, view, grouping, row)));
    }
  }

  async positions(at: Placed, view: bigint): Promise<Map<number, number>> {
    const text = 'select part, next from position where view = $1';
    const { rows } = await this.#sql.as(at).query<{ part: number; next: bigint }>(text, [view]);
    return new Map(rows.map(({ part, next }) => [part, Number(next)]));
  }

  /**
   * Keeps groups and progress together, or neither: so each record counts once whatever dies. Refused with SQLSTATE GM409
   * where another commit came first.
   */
  async commit(at: Placed, progress: Progress, grouping: Grouping, groups: ReadonlyMap<string, Group>): Promise<void> {
    const { view, epoch, partition, next, opened, rejected, rejection } = progress;
    const keys = [...groups.keys()];
    const sealed = await Promise.all(keys.map((hex) => this.#seal(at, view, grouping, hex, groups.get(hex) as Group)));
    const statements: Statement[] = [
      {
        text: `with changed as (update relation set epoch = epoch + 1, groups = groups + $3, rejected = rejected + $4,
                 rejection = coalesce($5, rejection) where id = $1 and epoch = $2 returning 1)
               select exactly_one((select count(*) from changed))`,
        params: [view, epoch, opened, rejected, rejection],
      },
      {
        text: `insert into position (view, part, next) values ($1, $2, $3)
               on conflict (tenant, scope, view, part) do update set next = excluded.next`,
        params: [view, partition, next],
      },
    ];
    if (keys.length > 0)
      statements.push({
        text: `insert into grouped (view, key, sealed) select $1, key, sealed from unnest($2::bytea[], $3::bytea[]) as g(key, sealed)
               on conflict (tenant, scope, view, key) do update set sealed = excluded.sealed`,
        params: [view, keys.map((hex) => Buffer.from(hex, 'hex')), sealed],
      });
    await this.#sql.as(at).group(statements);
  }

  async #seal(at: Placed, view: bigint, { aggregates }: Grouping, hex: string, { keys, kept }: Group): Promise<Buffer> {
    const written: Written = {
      keys: keys.map(printValue),
      kept: aggregates.map((aggregate, place) => aggregate.write(kept[place] as Group['kept'][number])),
    };
    return this.#sealer.seal(at.tenant, Buffer.from(JSON.stringify(written)), `group ${view} ${hex}`);
  }

  async #open(at: Placed, view: bigint, { keys, aggregates }: Grouping, { key, sealed }: Stored): Promise<Group> {
    const plain = await this.#sealer.open(at.tenant, sealed, `group ${view} ${key.toString('hex')}`);
    const written = JSON.parse(plain.toString()) as Written;
    return {
      keys: keys.map(({ type }, place) => {
        const text = written.keys[place] ?? null;
        return text === null ? null : readValue(type, text);
      }),
      kept: aggregates.map((aggregate, place) => aggregate.read(written.kept[place] ?? ['0', null])),
    };
  }
}
