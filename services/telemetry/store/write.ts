import type { Sql } from '#seams/sql/sql.ts';
import type { Report } from '#kernel/observe/report.ts';
import { nanos } from '#kernel/observe/export.ts';
import { parseId } from '#kernel/tenancy/id.ts';
import { knownSeriesMax, seriesMax } from '../contract/limits.ts';
import type { LogRow } from '../domain/log.ts';
import type { PointRow, Series } from '../domain/point.ts';
import type { SpanRow } from '../domain/span.ts';
import { reject, type Taken, timestamp } from '../domain/taken.ts';

/** Whose rows are written. */
export type Placed = { readonly tenant: bigint; readonly scope: bigint };

const column = <Row, Value>(rows: readonly Row[], of: (row: Row) => Value): Value[] => rows.map(of);
const text = (value: unknown) => JSON.stringify(value);

/** Stores log records; what a client sends twice is there twice, as OTLP knows no identity of a record. */
export async function writeLogs(sql: Sql, at: Placed, rows: readonly LogRow[]): Promise<void> {
  if (rows.length === 0) return;
  await sql.as(at).query(
    `insert into log_record (at, severity, severity_text, service, body, trace, span, attributes, resource)
     select * from (select a, b, c, d, e, f, g, h::jsonb, i::jsonb from
     unnest($1::timestamptz[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
       as r(a, b, c, d, e, f, g, h, i)) as s`,
    [
      column(rows, (row) => row.at),
      column(rows, (row) => row.severity),
      column(rows, (row) => row.severityText),
      column(rows, (row) => row.service),
      column(rows, (row) => row.body),
      column(rows, (row) => row.trace),
      column(rows, (row) => row.span),
      column(rows, (row) => text(row.attributes)),
      column(rows, (row) => text(row.resource)),
    ],
  );
}

/** Stores spans, each once. */
export async function writeSpans(sql: Sql, at: Placed, rows: readonly SpanRow[]): Promise<void> {
  if (rows.length === 0) return;
  await sql.as(at).query(
    `insert into span (trace, span, parent, name, kind, service, at, start_ns, duration_ns, failed, message, attributes, resource, events)
     select a, b, c, d, e, f, g, h, i, j, k, l::jsonb, m::jsonb, n::jsonb from
     unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::text[], $7::timestamptz[], $8::bigint[], $9::bigint[],
       $10::boolean[], $11::text[], $12::text[], $13::text[], $14::text[]) as r(a, b, c, d, e, f, g, h, i, j, k, l, m, n)
     on conflict do nothing`,
    [
      column(rows, (row) => row.trace),
      column(rows, (row) => row.span),
      column(rows, (row) => row.parent),
      column(rows, (row) => row.name),
      column(rows, (row) => row.kind),
      column(rows, (row) => row.service),
      column(rows, (row) => row.at),
      column(rows, (row) => row.startNs),
      column(rows, (row) => row.durationNs),
      column(rows, (row) => row.failed),
      column(rows, (row) => row.message),
      column(rows, (row) => text(row.attributes)),
      column(rows, (row) => text(row.resource)),
      column(rows, (row) => text(row.events)),
    ],
  );
}

/** Stores metric points; a point of the same series and time replaces the earlier one. */
export class PointWriter {
  readonly #sql: Sql;
  /** Series known to be stored, by scope and id, with the day they were last seen. */
  readonly #known = new Map<string, number>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  async write(at: Placed, taken: Taken<PointRow>, nowMs: number): Promise<PointRow[]> {
    const unique = new Map(taken.rows.map((row) => [`${row.series.id} ${row.at}`, row]));
    const refused = await this.#refused(at, [...unique.values()], nowMs);
    const rows = [...unique.values()].filter(({ series }) => !refused.has(series.id));
    if (refused.size > 0) reject(taken, `An environment has at most ${seriesMax} series.`, unique.size - rows.length);
    if (rows.length === 0) return rows;
    await this.#sql.as(at).query(
      `insert into point as p (series, at, value, count, buckets)
       select a, b, c, d, e::jsonb from unnest($1::uuid[], $2::timestamptz[], $3::float8[], $4::float8[], $5::text[]) as r(a, b, c, d, e)
       on conflict (tenant, scope, series, at) do update set value = excluded.value, count = excluded.count, buckets = excluded.buckets`,
      [
        column(rows, (row) => row.series.id),
        column(rows, (row) => row.at),
        column(rows, (row) => row.value),
        column(rows, (row) => row.count),
        column(rows, (row) => (row.buckets ? text(row.buckets) : null)),
      ],
    );
    return rows;
  }

  /** Makes the series that are new, as far as the limit allows; answers the ids of the rest. */
  async #refused(at: Placed, rows: readonly PointRow[], nowMs: number): Promise<Set<string>> {
    const day = Math.floor(nowMs / 86_400_000);
    const series = new Map<string, Series>();
    for (const row of rows) if (this.#known.get(`${at.scope} ${row.series.id}`) !== day) series.set(row.series.id, row.series);
    if (series.size === 0) return new Set();
    const list = [...series.values()];
    const { rows: stored } = await this.#sql.as(at).query<{ id: string }>(
      `with given as (select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::text[])
          as r(id, name, kind, unit, cumulative, labels)),
        room as (select $7::bigint - count(*) as left from series),
        fresh as (select g.* from given g where not exists (select from series s where s.id = g.id)
          limit greatest(0, (select "left" from room))),
        made as (insert into series (id, name, kind, unit, cumulative, labels)
          select id, name, kind, unit, cumulative, labels::jsonb from fresh on conflict do nothing returning id),
        again as (update series s set seen_at = now() from given g where s.id = g.id returning s.id)
       select id::text from made union all select id::text from again`,
      [
        column(list, (one) => one.id),
        column(list, (one) => one.name),
        column(list, (one) => one.kind),
        column(list, (one) => one.unit),
        column(list, (one) => one.cumulative),
        column(list, (one) => text(one.labels)),
        seriesMax,
      ],
    );
    if (this.#known.size + stored.length > knownSeriesMax) this.#known.clear();
    for (const { id } of stored) {
      series.delete(id);
      this.#known.set(`${at.scope} ${id}`, day);
    }
    return new Set(series.keys());
  }
}

/** Stores a report of one of the platform's own processes; the same report again changes nothing. */
export async function writeReport(sql: Sql, report: Report): Promise<void> {
  const scopes = new Map<string, { tenant: string; windows: Report['windows'][number][]; spans: Report['spans'][number][] }>();
  const placeOf = ({ tenant, scope }: { tenant: string; scope: string }) => {
    const known = scopes.get(scope) ?? { tenant, windows: [], spans: [] };
    scopes.set(scope, known);
    return known;
  };
  for (const window of report.windows) placeOf(window).windows.push(window);
  for (const span of report.spans) placeOf(span).spans.push(span);
  for (const [scope, { tenant, windows, spans }] of scopes) {
    const at = { tenant: parseId(tenant), scope: parseId(scope) };
    await writeWindows(sql, at, report.reporter, windows);
    await writeSpans(sql, at, spans.map(rowOf));
  }
}

async function writeWindows(sql: Sql, at: Placed, reporter: string, windows: Report['windows']): Promise<void> {
  if (windows.length === 0) return;
  await sql.as(at).query(
    `insert into operation_window as w (minute, service, operation, outcome, reporter, failed, count, seconds, buckets)
     select a, b, c, d, $1, e, f, g, h::bigint[] from
     unnest($2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::bigint[], $8::float8[], $9::text[])
       as r(a, b, c, d, e, f, g, h)
     on conflict (tenant, scope, minute, service, operation, outcome, reporter) do update set
       count = excluded.count, seconds = excluded.seconds, buckets = excluded.buckets where excluded.count > w.count`,
    [
      reporter,
      column(windows, (row) => new Date(row.minute)),
      column(windows, (row) => row.service),
      column(windows, (row) => row.operation),
      column(windows, (row) => row.outcome),
      column(windows, (row) => row.failed),
      column(windows, (row) => row.count),
      column(windows, (row) => row.seconds),
      column(windows, (row) => `{${row.buckets.join(',')}}`),
    ],
  );
}

function rowOf(span: Report['spans'][number]): SpanRow {
  const startNs = nanos(span.startMs);
  return {
    trace: span.traceId,
    span: span.spanId,
    parent: span.parentId,
    name: span.name,
    kind: 2,
    service: `gamut.${span.service}`,
    at: timestamp(startNs),
    startNs,
    durationNs: nanos(span.endMs) - startNs,
    failed: span.failed,
    message: '',
    attributes: span.attributes,
    resource: {},
    events: [],
  };
}
