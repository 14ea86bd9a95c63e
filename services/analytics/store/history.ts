import type { Sealer } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import type { Sql, Statement } from '#seams/sql/sql.ts';
import { type Column, printRow, readValue } from '../domain/value.ts';
import type { Changed } from '../engine/view.ts';
import { compressedNow, decompressedNow } from './compressed.ts';
import { partEntriesMax } from './limits.ts';

/** A commit of a view or table that remembers: when it was, in milliseconds since 1970, and for how long it is remembered. */
export type Kept = {
  readonly view: bigint;
  readonly epoch: bigint;
  readonly at: number;
  readonly keepMs: number;
  readonly isFresh: boolean;
};
/** What came after a moment, and when the view began, where that was later. */
export type Since = { readonly begun: number | undefined; readonly changes: readonly Changed[] };

/** What commits changed of views and tables, for as long as it is remembered. */
export class History {
  readonly #sql: Sql;
  readonly #sealer: Sealer;

  constructor(sql: Sql, sealer: Sealer) {
    this.#sql = sql;
    this.#sealer = sealer;
  }

  /** What writes the changes of a commit down, as a part of it, and forgets what is past. */
  async posting(at: Placed, kept: Kept, columns: readonly Column[], changes: readonly Changed[]): Promise<Statement[]> {
    const { view, epoch, isFresh } = kept;
    if (changes.length === 0 && !isFresh) return [];
    const parts: Buffer[] = [];
    for (let from = 0; from < Math.max(1, changes.length); from += partEntriesMax) {
      const lines = changes.slice(from, from + partEntriesMax).map(({ row, weight }) => [weight, ...printRow(columns, row)]);
      const plain = compressedNow(Buffer.from(JSON.stringify(lines)));
      parts.push(await this.#sealer.seal(at.tenant, plain, aad(view, epoch, parts.length)));
    }
    return [
      {
        text: 'delete from history where view = $1 and (at < $2 or $3)',
        params: [view, new Date(kept.at - kept.keepMs).toISOString(), isFresh],
      },
      {
        text: `insert into history (view, epoch, part, at, fresh, sealed)
               select $1, $2, n - 1, $3, $4, sealed from unnest($5::bytea[]) with ordinality as p(sealed, n)`,
        params: [view, epoch, new Date(kept.at).toISOString(), isFresh, parts],
      },
    ];
  }

  /** What commits changed after a moment, up to one of them. */
  async since(at: Placed, view: bigint, ms: number, epoch: bigint, columns: readonly Column[]): Promise<Since> {
    const changes: Changed[] = [];
    let begun: number | undefined;
    await this.#sql.as(at).begin(
      async (tx) => {
        const text = `select epoch, part, extract(epoch from at)::float8 * 1000 as at, fresh, sealed from history
          where view = $1 and at > $2 and epoch <= $3 order by epoch, part`;
        type Found = { epoch: bigint; part: number; at: number; fresh: boolean; sealed: Buffer };
        for await (const rows of tx.cursor<Found>(text, [view, new Date(ms).toISOString(), epoch], 16))
          for (const row of rows) {
            if (row.fresh) begun = row.at;
            const plain = await this.#sealer.open(at.tenant, row.sealed, aad(view, row.epoch, row.part));
            const lines = JSON.parse(decompressedNow(plain).toString()) as Line[];
            for (const [weight, ...cells] of lines)
              // What was added to a table since is NULL in what was before.
              changes.push({ weight, row: columns.map((column, place) => valueOf(column, cells[place] ?? null)) });
          }
      },
      { isolation: 'repeatable read', readOnly: true },
    );
    return { begun, changes };
  }
}

type Line = [weight: number, ...cells: (string | null)[]];
const valueOf = ({ type }: Column, cell: string | null) => (cell === null ? null : readValue(type, cell));
const aad = (view: bigint, epoch: bigint, part: number) => `history ${view} ${epoch} ${part}`;
