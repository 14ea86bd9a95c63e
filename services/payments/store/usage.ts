import type { Placed } from '#kernel/contract/provider.ts';
import type { Statement, Sql } from '#seams/sql/sql.ts';
import { fieldsOf, type Thing } from '../domain/json.ts';
import { plainDecimal } from '../domain/meter.ts';
import type { Period } from '../domain/period.ts';

/** One thing that a meter was told. */
export type Usage = {
  readonly meter: string;
  readonly identifier: string;
  readonly customer: string;
  readonly at: number;
  readonly value: string;
  readonly toldAt: number;
};

export type Window = Period & { readonly value: string };
type Row = { start: bigint; value: string };

/** How values come to one, by the formula of a meter. */
const formulas: Readonly<Record<string, string>> = {
  sum: 'coalesce(sum(value), 0)',
  count: 'count(*)::numeric',
  last: 'coalesce((array_agg(value order by at desc, seq desc))[1], 0)',
};

/** What meters were told of the customers of every environment. */
export class Usages {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Takes what a meter is told; false when something was told by that identifier before. */
  async take(at: Placed, { meter, identifier, customer, at: time, value, toldAt }: Usage): Promise<boolean> {
    const { count } = await this.#sql.as(at).query(
      `insert into usage (meter, identifier, customer, at, value, told_at) values ($1, $2, $3, $4, $5::numeric, $6)
       on conflict do nothing`,
      [meter, identifier, customer, time, value, toldAt],
    );
    return count > 0;
  }

  /** Takes back what was told since a time; false when there is no such thing. */
  async cancel(at: Placed, meter: string, identifier: string, since: number): Promise<boolean> {
    const { count } = await this.#sql
      .as(at)
      .query('update usage set is_canceled = true where meter = $1 and identifier = $2 and told_at >= $3', [meter, identifier, since]);
    return count > 0;
  }

  /** What a meter counted for a customer in a period. */
  async counted(at: Placed, meter: Thing, customer: string, { start, end }: Period): Promise<string> {
    const [all] = await this.parted(at, meter, customer, { start, end }, end - start);
    return all?.value ?? '0';
  }

  /** The same by windows of some seconds, newest first; those of which nothing was told are left out. */
  async parted(at: Placed, meter: Thing, customer: string, { start, end }: Period, seconds: number): Promise<Window[]> {
    const formula = formulas[String(fieldsOf(meter.default_aggregation).formula)] ?? '0';
    const { rows } = await this.#sql.as(at).query<Row>(
      `select ($3::bigint + (at - $3) / $5::bigint * $5) as start, (${formula})::text as value from usage
       where meter = $1 and customer = $2 and at >= $3 and at < $4 and not is_canceled group by 1 order by 1 desc`,
      [meter.id, customer, start, end, Math.max(1, seconds)],
    );
    return rows.map(({ start: from, value }) => ({ start: Number(from), end: Number(from) + seconds, value: plainDecimal(value) }));
  }

  /** What is left of a customer who is to be forgotten: nothing. */
  erasure(customer: string): Statement {
    return { text: 'delete from usage where customer = $1', params: [customer] };
  }
}
