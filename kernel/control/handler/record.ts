import type { Handlers } from '../../contract/call.ts';
import type { IngestEvent } from '../../audit/record.ts';
import { formatId } from '../../tenancy/id.ts';
import { usageSpanMs as dayMs } from '../limits.ts';
import { type Context, own, type Row } from '../context.ts';
import type { platform } from '../service.ts';

type All = Handlers<typeof platform>;
type Mine = Pick<All, 'ListUsage' | 'IngestUsage' | 'ListEvents' | 'GetHealth'>;

const date = (value: number) => new Date(value);
const iso = (value: unknown) => (value as Date).toISOString();

/** What recorder stored: usage and events of the caller's tenant; and the platform's health. */
export function recordHandlers(context: Context): Mine {
  return {
    async ListUsage(call) {
      const { from = context.now() - dayMs, to = context.now() + dayMs, window = 'minute', meter = null, service = null } = call.input;
      const { rows } = await own(context, call as never).query(
        `select date_trunc($1, minute) as at, scope, service, meter, sum(value)::text as value from platform.usage_window
         where minute >= $2 and minute < $3 and ($4::text is null or meter = $4) and ($5::text is null or service = $5)
           group by 1, 2, 3, 4 order by 1, 3, 4 limit 10000`,
        [window, date(from), date(to), meter, service],
      );
      const units = await context.meterUnits();
      const items = (rows as Row[]).map((row) => ({
        at: (row.at as Date).getTime(),
        service: String(row.service),
        meter: String(row.meter),
        unit: units.get(`${row.service}.${row.meter}`) ?? '',
        value: String(row.value),
        scope: formatId(row.scope as bigint),
      }));
      return { output: { items } };
    },
    async IngestUsage(call) {
      const { tenant, scope } = call.caller;
      const events = call.input.events.map(({ source, id, time, data }): IngestEvent => {
        return [source, id, data.meter, time === undefined ? call.now : Date.parse(time), data.value];
      });
      await context.ingest({ tenant: formatId(tenant), scope: formatId(scope), events });
      call.charge('events', events.length);
      return { output: { accepted: events.length } };
    },
    async ListEvents(call) {
      const { before, limit = 100, type = null } = call.input;
      const { rows } = await own(context, call as never).query(
        `select * from platform.event where ($1::bigint is null or sequence < $1) and ($2::text is null or type = $2)
         order by sequence desc limit $3`,
        [before === undefined ? null : BigInt(before), type, limit + 1],
      );
      const items = (rows as Row[]).slice(0, limit).map((row) => ({
        sequence: Number(row.sequence),
        specversion: '1.0',
        id: String(row.id),
        source: String(row.source),
        type: String(row.type),
        time: iso(row.time),
        subject: String(row.subject),
        data: row.data,
      }));
      return { output: { items, ...(rows.length > limit ? { next: items.at(-1)?.sequence } : {}) } };
    },
    async GetHealth() {
      return { output: { ...(await context.health()), region: context.region } };
    },
  };
}
