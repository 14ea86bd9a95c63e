import { fault } from '#kernel/contract/fault.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import type { Sql } from '#seams/sql/sql.ts';
import { filesMax, filesRead } from './limits.ts';

/** The files that sources found, by numbers in the order in which they were found. */
export class Files {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Numbers those that are new. */
  async notice(at: Placed, source: bigint, keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    const { rows } = await this.#sql.as(at).query<{ last: bigint }>(
      `with known as (select coalesce(max(number), 0) as last from file where source = $1),
         fresh as (select distinct key from unnest($2::text[]) as k(key)
           where not exists (select from file f where f.source = $1 and f.key = k.key collate "C")),
         added as (insert into file (source, number, key)
           select $1, last + row_number() over (order by key collate "C"), key from fresh, known where last < $3 returning number)
       select coalesce((select max(number) from added), (select last from known)) as last`,
      [source, keys, filesMax],
    );
    if ((rows[0]?.last ?? 0n) >= BigInt(filesMax)) throw fault('QuotaExceeded', `A source reads at most ${filesMax} files.`);
  }

  /** The next ones behind a number. */
  async behind(at: Placed, source: bigint, number: bigint): Promise<{ readonly number: bigint; readonly key: string }[]> {
    const text = 'select number, key from file where source = $1 and number > $2 order by number limit $3';
    return (await this.#sql.as(at).query<{ number: bigint; key: string }>(text, [source, number, filesRead])).rows;
  }
}
