import type { Call, Handlers } from '../../contract/call.ts';
import type { AnyService, Quota } from '../../contract/contract.ts';
import { fault } from '../../contract/fault.ts';
import type { IngestEvent } from '../../audit/record.ts';
import { formatId } from '../../tenancy/id.ts';
import { usageRowsMax, usageSpanMs } from '../limits.ts';
import { change, type Context, own, type Row } from '../context.ts';
import type { platform } from '../service.ts';
import { metersOf } from '../usage.ts';
import { environmentFor } from './credential.ts';

type Mine = Pick<Handlers<typeof platform>, 'ListUsage' | 'IngestUsage' | 'ListQuotas' | 'SetQuota' | 'ResetQuota'>;

/** Minutes first, so that of a gauge the highest of a window is taken; then windows; then one page of them. */
const usagePage = `with minutes as (
    select minute, scope, service, meter, coalesce(nullif(dimensions, '')::jsonb ->> $8::text, '') as dimension, sum(value) as value
    from platform.usage_window
    where minute >= $2 and minute < $3 and ($4::text is null or meter = $4) and ($5::text is null or service = $5)
      and ($6::bigint is null or scope = $6)
      and ($9::text is null or coalesce(nullif(dimensions, '')::jsonb ->> $8::text, '') = $9)
    group by 1, 2, 3, 4, 5
  ), windows as (
    select date_trunc($1, minute, 'UTC') as at, scope, service, meter, dimension,
      case when service || '.' || meter = any($7::text[]) then max(value) else sum(value) end as value
    from minutes group by 1, 2, 3, 4, 5
  )
  select at, scope, service, meter, dimension, value::text as value from windows
  where $10::timestamptz is null or (at, service, meter, scope, dimension) > ($10, $11::text, $12::text, $13::bigint, $14::text)
  order by at, service, meter, scope, dimension limit $15`;

const date = (value: number) => new Date(value);

/** Where a page of usage ended, as text that only this handler reads. */
const cursorText = (row: Row) =>
  Buffer.from(JSON.stringify([(row.at as Date).getTime(), row.service, row.meter, String(row.scope), row.dimension])).toString('base64url');

function parseCursor(text: string | undefined): [Date | null, string | null, string | null, bigint | null, string | null] {
  if (text === undefined) return [null, null, null, null, null];
  try {
    const [at, service, meter, scope, dimension] = JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[];
    return [date(Number(at)), String(service), String(meter), BigInt(String(scope)), String(dimension)];
  } catch {
    throw fault('BadInput', { path: '/after', detail: 'It is not the `next` of a page before.' });
  }
}

/** What was used, taken in and allowed. */
export function usageHandlers(context: Context): Mine {
  return {
    async ListUsage(call) {
      const { from = context.now() - usageSpanMs, to = context.now() + usageSpanMs, window = 'minute' } = call.input;
      const { meter = null, service = null, environment, dimension = null, value = null, after, limit = usageRowsMax } = call.input;
      if (value !== null && dimension === null)
        throw fault('BadInput', { path: '/value', detail: 'Name the dimension that has this value.' });
      const scope = environment === undefined ? null : await environmentFor(context, call as Call, { environment });
      const meters = await metersOf(context);
      const gauges = [...meters].filter(([, { kind }]) => kind === 'gauge').map(([name]) => name);
      const found = await own(context, call as Call).query(usagePage, [
        window,
        date(from),
        date(to),
        meter,
        service,
        scope,
        gauges,
        dimension,
        value,
        ...parseCursor(after),
        limit + 1,
      ]);
      const rows = found.rows as Row[];
      const page = rows.slice(0, limit);
      const items = page.map((row) => ({
        at: (row.at as Date).getTime(),
        service: String(row.service),
        meter: String(row.meter),
        unit: meters.get(`${row.service}.${row.meter}`)?.unit ?? '',
        value: String(row.value),
        scope: formatId(row.scope as bigint),
        ...(dimension === null ? {} : { dimension: String(row.dimension) }),
      }));
      const last = page.at(-1);
      return { output: { items, ...(rows.length > limit && last ? { next: cursorText(last) } : {}) } };
    },
    async IngestUsage(call) {
      const { tenant, scope } = call.caller;
      const events = call.input.events.map(({ source, id, time, data }): IngestEvent => {
        const dimensions = dimensionText(data.dimensions);
        const event = [source, id, data.meter, time === undefined ? call.now : Date.parse(time), data.value] as const;
        return dimensions === '' ? event : [...event, dimensions];
      });
      await context.ingest({ tenant: formatId(tenant), scope: formatId(scope), events });
      call.charge('events', events.length);
      return { output: { accepted: events.length } };
    },
    ...quotaHandlers(context),
  };
}

/** Names in order, so that the same dimensions are one row however they were written. */
function dimensionText(dimensions: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(dimensions ?? {}).filter(([, value]) => value !== '');
  return pairs.length === 0 ? '' : JSON.stringify(Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1))));
}

function quotaOf(contract: AnyService, name: string, quota: Quota, own: number | undefined) {
  const isRate = quota.kind === 'rate';
  const limit = isRate ? (own ?? quota.perSecond) : quota.limit;
  return {
    service: contract.name,
    quota: name,
    text: quota.text,
    kind: quota.kind,
    unit: isRate ? quota.unit : quota.of,
    limit,
    ...(isRate ? { burst: Math.floor(Math.max(limit, (quota.burst * limit) / quota.perSecond)) } : {}),
    isOwn: own !== undefined,
  };
}

function quotaHandlers(context: Context): Pick<Mine, 'ListQuotas' | 'SetQuota' | 'ResetQuota'> {
  const scopeOf = async (call: Call, environment: string | undefined) =>
    environment === undefined ? call.caller.scope : environmentFor(context, call, { environment });

  async function named(name: string): Promise<{ contract: AnyService; quota: Quota; short: string }> {
    const [service = '', short = ''] = name.split('.');
    const contract = (await context.contracts()).find((each) => each.name === service);
    const quota = contract && Object.hasOwn(contract.quotas, short) ? contract.quotas[short] : undefined;
    if (!contract || !quota) throw fault('NotFound', `There is no quota ${name}; name it service.quota.`);
    return { contract, quota, short };
  }

  /** Sets the rate, or takes it away where there is no number. */
  async function put(call: Call, environment: string | undefined, perSecond: number | undefined) {
    const { contract, quota, short } = await named(call.ref.name);
    if (quota.kind !== 'rate') throw fault('NotImplemented', 'Counts of resources are the same for every environment.');
    const { tenant } = call.caller;
    const scope = await scopeOf(call, environment);
    await change(context, { tenant, scope }, async (tx, note) => {
      if (perSecond === undefined) await tx.query('delete from platform.quota where scope = $1 and name = $2', [scope, call.ref.name]);
      else
        await tx.query(
          `insert into platform.quota (tenant, scope, name, per_second) values ($1, $2, $3, $4)
           on conflict (tenant, scope, name) do update set per_second = excluded.per_second, set_at = now()`,
          [tenant, scope, call.ref.name, BigInt(perSecond)],
        );
      await note(tenant, 'quota', [formatId(scope)]);
    });
    return { output: quotaOf(contract, short, quota, perSecond) };
  }

  return {
    async ListQuotas(call) {
      const scope = formatId(await scopeOf(call as Call, call.input.environment));
      const own = context.snapshot.get('quota', scope) ?? {};
      const contracts = (await context.contracts()).filter(({ name }) => [undefined, name].includes(call.input.service));
      const items = contracts.flatMap((contract) =>
        Object.entries(contract.quotas).map(([name, quota]) => quotaOf(contract, name, quota, own[`${contract.name}.${name}`])),
      );
      return { output: { items } };
    },
    SetQuota: (call) => put(call as Call, call.input.environment, call.input.perSecond),
    ResetQuota: (call) => put(call as Call, call.input.environment, undefined),
  };
}
