import { setImmediate as immediate } from 'node:timers/promises';
import { OperationError } from '#kernel/contract/fault.ts';
import type { Sealer } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { PostgresError } from '#seams/sql/error.ts';
import type { Sql, Statement } from '#seams/sql/sql.ts';
import type { CircuitEntry } from '../engine/circuit.ts';
import { EntryStore } from '../engine/spill/entry-store.ts';
import type { Spill } from '../engine/spill/room.ts';
import { compressed, decompressed } from './compressed.ts';
import { logBytesMin } from './limits.ts';
import { packed, Unpacked } from './written.ts';

/** How far a view has read: the next offset of each partition, by source. */
export type Positions = Map<bigint, Map<number, number>>;

/** How far a partition of a source was read: the offset that is next. */
export type Place = { readonly source: bigint; readonly partition: number; readonly next: number };

/** What a commit of a view changes. */
export type Commit = {
  readonly view: bigint;
  /** The commit that it follows. */
  readonly epoch: bigint;
  readonly shape: string;
  /** The view was computed anew: what was kept before is given up. */
  readonly isFresh: boolean;
  readonly entries: readonly CircuitEntry[];
  readonly places: readonly Place[];
  readonly rows: number;
  readonly rejected: number;
  readonly rejection: string | null;
  /** What else is written with it. */
  readonly more: readonly Statement[];
  /** All of the view's state, asked for when the list of changes has grown long. */
  readonly all: () => Iterable<CircuitEntry>;
};

/** What views remember, and how far they have read. */
export class States {
  readonly #sql: Sql;
  readonly #sealer: Sealer;
  /** Bytes of the last whole state of each view, and of the changes since. */
  readonly #bytes = new Map<bigint, { whole: number; changes: number }>();

  constructor(sql: Sql, sealer: Sealer) {
    this.#sql = sql;
    this.#sealer = sealer;
  }

  async positions(at: Placed, view: bigint): Promise<Positions> {
    const text = 'select source, part, next from position where view = $1';
    const { rows } = await this.#sql.as(at).query<{ source: bigint; part: number; next: bigint }>(text, [view]);
    const found: Positions = new Map();
    for (const { source, part, next } of rows) found.set(source, (found.get(source) ?? new Map<number, number>()).set(part, Number(next)));
    return found;
  }

  /**
   * What was written down of a view, part by part, as its operators take it. Throws StatementError where it is not what was
   * written. What has to wait for other parts is on disk where `spill` says that memory has no room for it.
   */
  async load(at: Placed, view: bigint, take: (entries: Iterable<CircuitEntry>) => void, spill?: Spill): Promise<void> {
    const store = new EntryStore(spill);
    try {
      const found = new Unpacked(store);
      await this.#read(at, view, (part) => take(found.take(part)));
      take(found.entries());
    } finally {
      await store.close();
    }
  }

  async #read(at: Placed, view: bigint, take: (part: Buffer) => void): Promise<void> {
    let bytes = 0;
    await this.#sql.as(at).begin(
      async (tx) => {
        const text = 'select epoch, part, sealed from state where view = $1 order by epoch, part';
        for await (const rows of tx.cursor<{ epoch: bigint; part: number; sealed: Buffer }>(text, [view], 16)) {
          for (const { sealed } of rows) bytes += sealed.length;
          const parts = rows.map(({ epoch, part, sealed }) => this.#open(at, aad(view, epoch, part), sealed));
          for (const plain of await Promise.all(parts)) take(plain);
        }
      },
      { isolation: 'repeatable read', readOnly: true },
    );
    this.#bytes.set(view, { whole: bytes, changes: 0 });
  }

  /** Whether the next commit of a view writes down all that it remembers. */
  isDue(view: bigint): boolean {
    const { whole, changes } = this.#bytes.get(view) ?? { whole: 0, changes: 0 };
    return changes > Math.max(logBytesMin, 2 * whole);
  }

  /**
   * Keeps changes and progress together, or neither, of several views too: so each record counts once whatever dies.
   * Refused with SQLSTATE GM409 where another commit came first.
   */
  commit(at: Placed, ...commits: readonly Commit[]): Promise<void> {
    return this.commitAfter(at, [], commits);
  }

  /** The same, after other statements of the same transaction. */
  async commitAfter(at: Placed, before: readonly Statement[], commits: readonly Commit[]): Promise<void> {
    const all: Statement[] = [...before];
    const written: (() => void)[] = [];
    for (const commit of commits) written.push(await this.#write(at, commit, all));
    await this.#sql.as(at).group(all);
    for (const done of written) done();
  }

  /** What commits one, and what is to be noted once that is done. */
  async #write(at: Placed, commit: Commit, all: Statement[]): Promise<() => void> {
    const { view, epoch, isFresh, places, entries } = commit;
    const known = this.#bytes.get(view) ?? { whole: 0, changes: 0 };
    const isWhole = isFresh || this.isDue(view);
    const parts = await this.#seal(at, view, epoch + 1n, isWhole ? commit.all() : entries);
    const statements: Statement[] = [
      {
        text: `with changed as (update relation set epoch = epoch + 1, groups = $3, rejected = case when $7 then 0 else rejected end + $4,
                 rejection = case when $7 then $5 else coalesce($5, rejection) end, shape = $6 where id = $1 and epoch = $2 returning 1)
               select exactly_one((select count(*) from changed))`,
        params: [view, epoch, commit.rows, commit.rejected, commit.rejection, commit.shape, isFresh],
      },
    ];
    if (isFresh) statements.push({ text: 'delete from position where view = $1', params: [view] });
    if (isWhole) statements.push({ text: 'delete from state where view = $1', params: [view] });
    if (parts.length > 0)
      statements.push({
        text: `insert into state (view, epoch, part, sealed)
               select $1, $2, at - 1, sealed from unnest($3::bytea[]) with ordinality as p(sealed, at)`,
        params: [view, epoch + 1n, parts],
      });
    if (places.length > 0)
      statements.push({
        text: `insert into position (view, source, part, next)
               select $1, source, part, next from unnest($2::int8[], $3::int4[], $4::int8[]) as p(source, part, next)
               on conflict (tenant, scope, view, source, part) do update set next = excluded.next`,
        params: [view, places.map(({ source }) => source), places.map(({ partition }) => partition), places.map(({ next }) => next)],
      });
    all.push(...statements, ...commit.more);
    const bytes = parts.reduce((sum, { length }) => sum + length, 0);
    return () =>
      void this.#bytes.set(view, isWhole ? { whole: bytes, changes: 0 } : { whole: known.whole, changes: known.changes + bytes });
  }

  async #open(at: Placed, written: string, sealed: Buffer): Promise<Buffer> {
    const plain = await this.#sealer.open(at.tenant, sealed, written).catch((error: unknown) => {
      // The key may be away as well, which is no fault of what was written.
      if (!(error instanceof OperationError) || error.path !== 'sealed') throw error;
      throw new StatementError(sqlstates.dataCorrupted, 'what it remembers was changed where it lies, and is not taken');
    });
    return await decompressed(plain);
  }

  /** Parts are compressed beside what this thread does, which others have their turn at between two of them. */
  async #seal(at: Placed, view: bigint, epoch: bigint, entries: Iterable<CircuitEntry>): Promise<Buffer[]> {
    const parts: Promise<Buffer>[] = [];
    for (const part of packed(entries)) {
      parts.push(compressed(part));
      await immediate();
    }
    return await Promise.all(parts.map(async (part, place) => await this.#sealer.seal(at.tenant, await part, aad(view, epoch, place))));
  }
}

/** Whether a commit was refused because another came first. */
export const overtaken = (error: unknown): boolean => error instanceof PostgresError && error.sqlstate === 'GM409';

const aad = (view: bigint, epoch: bigint, part: number) => `state ${view} ${epoch} ${part}`;
