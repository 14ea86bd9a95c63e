import type { Placed } from '#kernel/contract/provider.ts';
import type { Sql, Statement } from '#seams/sql/sql.ts';
import { batchName, batchOf, type Expected } from '../domain/settlement.ts';
import { expectedMax } from './limits.ts';

/**
 * Lines of the statement that move money at a bank, with the way that their payment was made. What is paid out of a cash balance,
 * or goes back there, moves nothing: it came before, with its transfer.
 */
const lines = `select t.id, t.seq, t.created, (t.body->>'amount')::bigint as amount, t.body->>'type' as type,
    coalesce(c.body->'payment_method_details'->>'type', 'card') as way
  from object t
  left join object s on s.id = t.source
  left join object c on c.kind = 'charge' and c.id = case when s.kind = 'charge' then s.id else s.charge end
  where t.kind = 'balance_transaction' and t.body->>'type' in ('charge', 'refund', 'adjustment') and t.body->>'currency' = $1
    and t.hidden->>'account' is null and coalesce(c.body->'payment_method_details'->>'type', 'card') <> 'customer_balance'
    and not exists (select 1 from settled d where d.item = t.id)`;

type Batch = { way: string; day: bigint; amount: bigint; contested: bigint; items: bigint; last: bigint };
type Sent = { id: string; amount: bigint; date: bigint };

const daySeconds = 86_400;

/** What is expected of banks and has not moved there yet, by the statement, the payouts, and what customers sent. */
export class Settled {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** What was booked in a time, of one currency; the batches of a day that has not ended are not whole yet, and left out. */
  async expected(at: Placed, currency: string, from: number, until: number): Promise<Expected[]> {
    const sql = this.#sql.as(at);
    const batches = await sql.query<Batch>(
      `select way, created / ${daySeconds} as day, sum(amount)::bigint as amount, count(*) as items, max(seq) as last,
         coalesce(sum(amount) filter (where type = 'adjustment'), 0)::bigint as contested
       from (${lines} and t.created >= $2 and t.created < $3) as line group by 1, 2 order by 2, 1 limit $4`,
      [currency, BigInt(from), BigInt(Math.floor(until / daySeconds) * daySeconds), expectedMax],
    );
    const payouts = await sql.query<Sent>(
      `select leg.id, leg.amount, (body->>'arrival_date')::bigint as date from object o,
         lateral (values (o.id, -(body->>'amount')::bigint),
           (o.id || ' back', case when body->>'status' = 'failed' then (body->>'amount')::bigint end)) as leg(id, amount)
       where kind = 'payout' and body->>'currency' = $1 and body->>'status' in ('pending', 'in_transit', 'paid', 'failed') and created >= $2
         and (body->>'arrival_date')::bigint <= $3 and leg.amount is not null
         and not exists (select 1 from settled d where d.item = leg.id) order by 3 limit $4`,
      [currency, BigInt(from), BigInt(until), expectedMax],
    );
    const transfers = await sql.query<Sent & { reference: string }>(
      `select id, (body->>'net_amount')::bigint as amount, created as date, hidden->>'end' as reference from object o
       where kind = 'customer_cash_balance_transaction' and body->>'type' = 'funded' and body->>'currency' = $1
         and created >= $2 and created <= $3 and not exists (select 1 from settled d where d.item = o.id) order by seq limit $4`,
      [currency, BigInt(from), BigInt(until), expectedMax],
    );
    return [
      ...batches.rows.map(({ way, day, amount, contested, items, last }) => ({
        ...{ id: batchName(way, Number(day), currency), amount: Number(amount), contested: Number(contested) },
        ...{ date: Number(day) * daySeconds, items: Number(items), last: Number(last) },
      })),
      ...payouts.rows.map(({ id, amount, date }) => ({ id, amount: Number(amount), contested: 0, date: Number(date), items: 1, last: 0 })),
      ...transfers.rows.map(({ id, amount, date, reference }) => ({
        ...{ id, amount: Number(amount), contested: 0, date: Number(date), items: 1, last: 0, reference },
      })),
    ];
  }

  /** The statement that writes down what an entry has moved; it ends its transaction when that is not what it was any more. */
  settling(expected: Expected, currency: string, entry: string): Statement {
    const batch = batchOf(expected.id);
    if (!batch)
      return {
        text: `with new as (insert into settled (item, entry) values ($1, $2) on conflict do nothing returning 1)
               select exactly_one((select count(*) from new))`,
        params: [expected.id, entry],
      };
    return {
      text: `with new as (insert into settled (item, entry)
               select id, $2::text from (${lines}) as line where way = $3 and created / ${daySeconds} = $4 and seq <= $5 returning 1)
             select exactly_one(case when (select count(*) from new) = $6 then 1 else 0 end)`,
      params: [currency, entry, batch.way, BigInt(batch.day), BigInt(expected.last), BigInt(expected.items)],
    };
  }
}
