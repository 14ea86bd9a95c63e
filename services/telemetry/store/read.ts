import type { Handle } from '#seams/sql/sql.ts';
import { fault } from '#kernel/contract/fault.ts';
import { secondBounds } from '#kernel/observe/registry.ts';
import { pointsReadMax, traceSpansMax } from '../contract/limits.ts';
import type { Buckets, Labels, Series } from '../domain/point.ts';
import type { StoredPoint } from '../domain/query.ts';

export type Row = Record<string, unknown>;
export type Range = { readonly from: number; readonly to: number };

const date = (ms: number) => new Date(ms);

/** `name=value` as a JSON object for `@>`: the value as text, and as the number or truth it may be. */
function attributeForms(filter: string | undefined): string[] | null {
  if (filter === undefined) return null;
  const equals = filter.indexOf('=');
  if (equals < 1) throw fault('BadInput', { path: '/attribute', detail: 'An attribute is written name=value.' });
  const [name, value] = [filter.slice(0, equals), filter.slice(equals + 1)];
  const forms: unknown[] = [value];
  if (value !== '' && Number.isFinite(Number(value))) forms.push(Number(value));
  if (value === 'true' || value === 'false') forms.push(value === 'true');
  return forms.map((each) => JSON.stringify({ [name]: each }));
}

export type LogFilter = Range & {
  readonly text?: string;
  readonly severity?: number;
  readonly service?: string;
  readonly trace?: string;
  readonly attribute?: string;
  readonly before?: string;
  readonly limit: number;
};

/** Log records, newest first; `place` is what a next page goes on from. */
export async function readLogs(sql: Handle, filter: LogFilter): Promise<Row[]> {
  const [micros, id] = filter.before?.split('.') ?? [];
  const { rows } = await sql.query(
    `select *, (extract(epoch from at) * 1000000)::bigint::text || '.' || id as place from log_record
     where at >= $1 and at < $2 and ($3::int is null or severity >= $3) and ($4::text is null or service = $4)
       and ($5::text is null or trace = $5) and ($6::text is null or strpos(lower(body), lower($6)) > 0)
       and ($7::jsonb[] is null or attributes @> any($7) or resource @> any($7))
       and ($8::bigint is null or (at, id) < (to_timestamp(0) + $8::bigint * interval '1 microsecond', $9::bigint))
     order by at desc, id desc limit $10`,
    [
      date(filter.from),
      date(filter.to),
      filter.severity ?? null,
      filter.service ?? null,
      filter.trace ?? null,
      filter.text ?? null,
      attributeForms(filter.attribute),
      micros ?? null,
      id ?? null,
      filter.limit,
    ],
  );
  return rows as Row[];
}

export type TraceFilter = Range & {
  readonly name?: string;
  readonly service?: string;
  readonly failed?: boolean;
  readonly slowerMs?: number;
  readonly attribute?: string;
  readonly limit: number;
};

/** Traces with a span that fits, newest first. */
export async function readTraces(sql: Handle, filter: TraceFilter): Promise<Row[]> {
  const { rows } = await sql.query(
    `with found as (select trace, max(at) as newest from span
       where at >= $1 and at < $2 and ($3::text is null or strpos(lower(name), lower($3)) > 0) and ($4::text is null or service = $4)
         and (not $5::boolean or failed) and ($6::float8 is null or duration_ns >= $6 * 1000000)
         and ($7::jsonb[] is null or attributes @> any($7) or resource @> any($7))
       group by trace order by newest desc limit $8)
     select f.trace, f.newest, min(s.at) as at, (max(s.start_ns + s.duration_ns) - min(s.start_ns)) / 1e6 as duration, count(*) as spans,
       count(*) filter (where s.failed) as failed, (array_agg(s.name order by s.parent <> '', s.start_ns))[1] as name,
       (array_agg(s.service order by s.parent <> '', s.start_ns))[1] as service
     from found f join span s on s.trace = f.trace group by f.trace, f.newest order by f.newest desc`,
    [
      date(filter.from),
      date(filter.to),
      filter.name ?? null,
      filter.service ?? null,
      filter.failed ?? false,
      filter.slowerMs ?? null,
      attributeForms(filter.attribute),
      filter.limit,
    ],
  );
  return rows as Row[];
}

/** The spans of a trace in order of start; one more than are shown tells that there are more. */
export async function readTrace(sql: Handle, trace: string): Promise<Row[]> {
  const { rows } = await sql.query('select * from span where trace = $1 order by start_ns, span limit $2', [trace, traceSpansMax + 1]);
  return rows as Row[];
}

/** The metrics there are, by name. */
export async function readMetrics(sql: Handle, prefix: string, limit: number): Promise<Row[]> {
  const { rows } = await sql.query(
    `select name, min(kind) as kind, min(unit) as unit, count(*) as series, max(seen_at) as at,
       array_agg(distinct labels->>'service') as services
     from series where starts_with(name, $1) group by name order by name limit $2`,
    [prefix, limit],
  );
  return rows as Row[];
}

/** The series of a metric whose labels hold, with their points in order of time. A counter's last point before `from` comes along. */
export async function readPoints(
  sql: Handle,
  metric: string,
  where: Labels,
  { from, to }: Range,
): Promise<{ series: Series; points: StoredPoint[] }[]> {
  const [series, points] = await sql.group([
    { text: 'select * from series where name = $1 and labels @> $2::jsonb', params: [metric, JSON.stringify(where)] },
    {
      text: `select p.series, p.at, p.value, p.count, p.buckets from point p join series s on s.id = p.series
       where s.name = $1 and s.labels @> $2::jsonb and p.at < $4 and p.at >= coalesce((select max(q.at) from point q
         where q.series = p.series and q.at < $3 and s.cumulative and q.at >= $3::timestamptz - interval '1 hour'), $3)
       order by p.series, p.at limit $5`,
      params: [metric, JSON.stringify(where), date(from), date(to), pointsReadMax + 1],
    },
  ]);
  const rows = (points?.rows ?? []) as Row[];
  if (rows.length > pointsReadMax) throw fault('TooLarge', 'The query reads too many points; narrow its time or its labels.');
  const bySeries = new Map<string, StoredPoint[]>();
  for (const row of rows) {
    const list = bySeries.get(String(row.series)) ?? [];
    if (list.length === 0) bySeries.set(String(row.series), list);
    const buckets = (row.buckets ?? undefined) as Buckets | undefined;
    list.push({ at: (row.at as Date).getTime(), value: Number(row.value), count: Number(row.count), buckets });
  }
  return ((series?.rows ?? []) as Row[]).map((row) => ({ series: row as unknown as Series, points: bySeries.get(String(row.id)) ?? [] }));
}

const bucketSums = [...secondBounds, 0].map((_, at) => `sum(buckets[${at + 1}])`).join(', ');

/** Windows of operations added up by step: counts, and counts by bucket of `secondBounds`. */
export async function readOperations(
  sql: Handle,
  range: Range & { readonly stepMs: number; readonly service?: string; readonly operation?: string },
): Promise<Row[]> {
  const { rows } = await sql.query(
    `select service, operation, floor(extract(epoch from minute) * 1000 / $3::bigint)::bigint * $3::bigint as at,
       sum(count)::float8 as count,
       coalesce(sum(count) filter (where failed), 0)::float8 as failed,
       coalesce(sum(count) filter (where not failed and outcome <> 'ok'), 0)::float8 as refused,
       sum(seconds) as seconds, array[${bucketSums}]::float8[] as buckets
     from operation_window where minute >= $1 and minute < $2 and ($4::text is null or service = $4)
       and ($5::text is null or operation = $5)
     group by 1, 2, 3 order by 1, 2, 3 limit 50000`,
    [date(range.from), date(range.to), range.stepMs, range.service ?? null, range.operation ?? null],
  );
  return rows as Row[];
}
