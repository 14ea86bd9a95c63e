import type { Sealer } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import type { Sql, Statement } from '#seams/sql/sql.ts';
import { compressedNow, decompressedNow } from './compressed.ts';
import { partEntriesMax } from './limits.ts';

/** One thing to deliver, as texts: how often a row came, and the row; or a refused record. */
export type Letter = readonly (string | null)[];
/** Where letters wait: the sink or view that wrote them, and in which of its lanes. */
export type Box = { readonly relation: bigint; readonly lane: bigint };
export type Posted = { readonly epoch: bigint; readonly letters: readonly Letter[] };

/** What commits give out, in their order: written with the commit, taken away when it is delivered. */
export class Outbox {
  readonly #sql: Sql;
  readonly #sealer: Sealer;

  constructor(sql: Sql, sealer: Sealer) {
    this.#sql = sql;
    this.#sealer = sealer;
  }

  /** What writes letters down, as a part of their commit. */
  async posting(at: Placed, box: Box, epoch: bigint, letters: readonly Letter[]): Promise<Statement[]> {
    const parts: Buffer[] = [];
    for (let from = 0; from < letters.length; from += partEntriesMax) {
      const plain = compressedNow(Buffer.from(JSON.stringify(letters.slice(from, from + partEntriesMax))));
      parts.push(await this.#sealer.seal(at.tenant, plain, aad(box, epoch, parts.length)));
    }
    if (parts.length === 0) return [];
    const text = `insert into outbox (relation, lane, epoch, part, sealed)
      select $1, $2, $3, at - 1, sealed from unnest($4::bytea[]) with ordinality as p(sealed, at)`;
    return [{ text, params: [box.relation, box.lane, epoch, parts] }];
  }

  /** The epochs of a box that wait. */
  async waiting(at: Placed, { relation, lane }: Box): Promise<bigint[]> {
    const text = 'select distinct epoch from outbox where relation = $1 and lane = $2 order by epoch';
    return (await this.#sql.as(at).query<{ epoch: bigint }>(text, [relation, lane])).rows.map(({ epoch }) => epoch);
  }

  /** All that one epoch gave out. */
  async letters(at: Placed, box: Box, epoch: bigint): Promise<Letter[]> {
    const text = 'select part, sealed from outbox where relation = $1 and lane = $2 and epoch = $3 order by part';
    const { rows } = await this.#sql.as(at).query<{ part: number; sealed: Buffer }>(text, [box.relation, box.lane, epoch]);
    const found: Letter[] = [];
    for (const { part, sealed } of rows) {
      const plain = await this.#sealer.open(at.tenant, sealed, aad(box, epoch, part));
      for (const letter of JSON.parse(decompressedNow(plain).toString()) as Letter[])
        found.push(letter);
    }
    return found;
  }

  /** Takes away what was delivered. */
  async forget(at: Placed, { relation, lane }: Box, upTo: bigint): Promise<void> {
    await this.#sql.as(at).query('delete from outbox where relation = $1 and lane = $2 and epoch <= $3', [relation, lane, upTo]);
  }
}

const aad = ({ relation, lane }: Box, epoch: bigint, part: number) => `outbox ${relation} ${lane} ${epoch} ${part}`;
