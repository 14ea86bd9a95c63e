import type { Handle } from '#seams/sql/sql.ts';
import type { Meter } from '../contract/contract.ts';
import type { Context } from './context.ts';

/** Every meter of every service, by `<service>.<meter>`. */
export async function metersOf(context: Context): Promise<ReadonlyMap<string, Meter>> {
  return new Map(
    (await context.contracts()).flatMap((contract) =>
      Object.entries(contract.meters).map(([meter, declared]): [string, Meter] => [`${contract.name}.${meter}`, declared]),
    ),
  );
}

/** Usage of the budgets given, each in its period that runs at `now`, beside when that period began and ends. */
const usedSql = `select b.tenant, b.id, p.since, p.since + ('1 ' || b.period)::interval as until, u.used::text as used
  from platform.budget b, lateral (select date_trunc(b.period, $1::timestamptz, 'UTC') as since) p, lateral (
    select coalesce(case when b.service || '.' || b.meter = any($2::text[]) then max(m.value) else sum(m.value) end, 0) as used from (
      select sum(w.value) as value from platform.usage_window w
      where w.tenant = b.tenant and (b.scope = 0 or w.scope = b.scope) and w.service = b.service and w.meter = b.meter
        and w.minute >= p.since and w.minute < p.since + ('1 ' || b.period)::interval
        and (b.dimension is null or nullif(w.dimensions, '')::jsonb ->> b.dimension = b.value)
      group by w.minute) m) u
  where b.id = any($3::bigint[])`;

/** What was used of a budget in its period. */
export type Used = { readonly tenant: bigint; readonly id: bigint; readonly since: Date; readonly until: Date; readonly used: bigint };

/** Compares budgets with usage. */
export async function usedOf(db: Pick<Handle, 'query'>, context: Context, ids: readonly bigint[]): Promise<ReadonlyMap<bigint, Used>> {
  if (ids.length === 0) return new Map();
  const gauges = [...(await metersOf(context))].filter(([, { kind }]) => kind === 'gauge').map(([name]) => name);
  const { rows } = await db.query(usedSql, [new Date(context.now()), gauges, ids]);
  return new Map(
    (rows as { tenant: bigint; id: bigint; since: Date; until: Date; used: string }[]).map((row) => [
      row.id,
      { ...row, used: BigInt(row.used) },
    ]),
  );
}
