import type { Handle } from '#seams/sql/sql.ts';
import type { IngestRecord } from '../audit/record.ts';
import { idText } from './batch.ts';

const minuteMs = 60_000;

/** One event of a batch, with the scope it came to as PostgreSQL's number. */
type Event = {
  readonly tenant: string;
  readonly scope: string;
  readonly source: string;
  readonly id: string;
  readonly meter: string;
  readonly at: number;
  readonly value: number;
  readonly dimensions: string;
};

/**
 * Remembers identities; answers how many were new, and which only where some were not. Arrays and not JSON, and one row
 * where all were new, because this is what recorder does most of.
 */
const remember = `with fresh as (
    insert into platform.usage_seen (tenant, scope, source, id, at)
    select tenant, scope, source, id, now() from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) as g(tenant, scope, source, id)
    on conflict do nothing returning scope, source, id
  )
  select t.total, f.scope::text, f.source, f.id from (select count(*) as total from fresh) t left join fresh f on t.total < $5::bigint`;

const addUp = `insert into platform.usage_window as w (tenant, scope, service, meter, minute, value, dimensions)
  select tenant, scope, 'ingest', meter, minute, value, dimensions
  from unnest($1::bigint[], $2::bigint[], $3::text[], $4::timestamptz[], $5::numeric[], $6::text[])
    as g(tenant, scope, meter, minute, value, dimensions)
  on conflict (tenant, scope, service, meter, minute, dimensions) do update set value = w.value + excluded.value`;

/** Stores usage events that came from outside: each source and id of a scope counts once, whenever it comes again. */
export async function storeIngest(tx: Pick<Handle, 'query'>, records: readonly IngestRecord[]): Promise<void> {
  const given = [...firstOfEach(records)];
  const column = (of: (event: Event) => unknown) => given.map(([, event]) => of(event));
  const { rows } = await tx.query(remember, [
    column(({ tenant }) => tenant),
    column(({ scope }) => scope),
    column(({ source }) => source),
    column(({ id }) => id),
    given.length,
  ]);
  const answers = rows as { total: bigint; scope: string; source: string; id: string }[];
  const total = Number(answers[0]?.total);
  if (total === 0) return;
  const fresh = total === given.length ? undefined : new Set(answers.map(({ scope, source, id }) => keyOf(scope, source, id)));
  const sums = sumOf(given.flatMap(([key, event]) => (!fresh || fresh.has(key) ? [event] : [])));
  await tx.query(addUp, [
    sums.map(({ tenant }) => tenant),
    sums.map(({ scope }) => scope),
    sums.map(({ meter }) => meter),
    sums.map(({ minute }) => new Date(minute).toISOString()),
    sums.map(({ value }) => value),
    sums.map(({ dimensions }) => dimensions),
  ]);
}

// A source and an id hold no zero character: the door refuses it.
const keyOf = (scope: string, source: string, id: string) => `${scope}\0${source}\0${id}`;

/** One batch may hold the same event twice; the first counts. */
function firstOfEach(records: readonly IngestRecord[]): Map<string, Event> {
  const found = new Map<string, Event>();
  for (const record of records) {
    const [tenant, scope] = [idText(record.tenant), idText(record.scope)];
    for (const [source, id, meter, at, value, dimensions = ''] of record.events) {
      const key = keyOf(scope, source, id);
      if (!found.has(key)) found.set(key, { tenant, scope, source, id, meter, at, value, dimensions });
    }
  }
  return found;
}

/** Events added up by scope, meter, minute and dimensions. */
function sumOf(events: readonly Event[]) {
  const sums = new Map<string, { tenant: string; scope: string; meter: string; minute: number; value: bigint; dimensions: string }>();
  for (const { tenant, scope, meter, at, value, dimensions } of events) {
    const minute = Math.floor(at / minuteMs) * minuteMs;
    const key = `${scope} ${meter} ${minute} ${dimensions}`;
    const known = sums.get(key);
    if (known) known.value += BigInt(value);
    else sums.set(key, { tenant, scope, meter, minute, value: BigInt(value), dimensions });
  }
  return [...sums.values()];
}
