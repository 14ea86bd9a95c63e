import { createHmac } from 'node:crypto';
import type { Placed } from '#kernel/contract/provider.ts';
import type { Sql, Statement } from '#seams/sql/sql.ts';
import type { Thing } from '../domain/json.ts';
import type { Joint } from './commit.ts';

/** The statement that tells endpoints of events, in the transaction that keeps them. */
export const deliveriesOf = (events: readonly Thing[]): Joint => ({
  text: `insert into delivery (event, endpoint) select e.id, o.id from unnest($1::text[], $2::text[]) as e(id, type)
           join object o on o.kind = 'webhook_endpoint' and o.body->>'status' = 'enabled'
             and (o.body->'enabled_events' ? e.type or o.body->'enabled_events' ? '*') on conflict do nothing`,
  params: [events.map(({ id }) => id), events.map(({ type }) => String(type))],
  joint: 'rows',
});

export const isDelivery = ({ text }: Statement): boolean => text.startsWith('insert into delivery');

export type Due = { readonly event: string; readonly endpoint: string; readonly attempts: number };

/** What endpoints are still to be told, of one environment. */
export class Deliveries {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** What is due, oldest first, and when the next is, in milliseconds from now; undefined when there is none. */
  async due(at: Placed, limit: number): Promise<{ now: readonly Due[]; nextMs: number | undefined }> {
    const [now, next] = await this.#sql.as(at).group([
      {
        text: 'select event, endpoint, attempts from delivery where not is_done and next_at <= now() order by next_at limit $1',
        params: [limit],
      },
      {
        text: `select (extract(epoch from min(next_at) - now()) * 1000)::bigint as ms from delivery where not is_done and next_at > now()`,
      },
    ]);
    const ms = (next?.rows[0] as { ms: bigint | null } | undefined)?.ms;
    return { now: (now?.rows ?? []) as unknown as Due[], nextMs: ms == null ? undefined : Math.max(0, Number(ms)) };
  }

  /** It was taken, or is given up. */
  async end(at: Placed, { event, endpoint }: Due): Promise<void> {
    await this.#sql
      .as(at)
      .query('update delivery set is_done = true, attempts = attempts + 1 where event = $1 and endpoint = $2', [event, endpoint]);
  }

  async postpone(at: Placed, { event, endpoint }: Due, afterMs: number): Promise<void> {
    await this.#sql
      .as(at)
      .query(
        `update delivery set attempts = attempts + 1, next_at = now() + $3::bigint * interval '1 ms' where event = $1 and endpoint = $2`,
        [...[event, endpoint], BigInt(afterMs)],
      );
  }

  /** How many endpoints have not taken each of these events. */
  async pending(at: Placed, events: readonly string[]): Promise<Map<string, number>> {
    const { rows } = await this.#sql
      .as(at)
      .query<{ event: string; count: bigint }>(
        'select event, count(*) as count from delivery where event = any($1) and not is_done group by 1',
        [events],
      );
    return new Map(rows.map(({ event, count }) => [event, Number(count)]));
  }
}

/** The Stripe-Signature of a body: HMAC-SHA-256 of time and body. `at` is in seconds since 1970. */
export const signatureOf = (secret: string, at: number, body: string): string =>
  `t=${at},v1=${createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')}`;
