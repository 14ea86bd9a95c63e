import type { Handlers } from '#kernel/contract/call.ts';
import { fault } from '#kernel/contract/fault.ts';
import { parseJson } from '#kernel/listen/json.ts';
import { secondBounds } from '#kernel/observe/registry.ts';
import type { Sql } from '#seams/sql/sql.ts';
import { decodeMessage } from '#wire/otlp/decode.ts';
import { messageOfJson } from '#wire/otlp/json.ts';
import { type Message, OtlpError } from '#wire/otlp/message.ts';
import { LogsData, MetricsData, TracesData } from '#wire/otlp/schema.ts';
import type { Logs, Metrics, Traces } from '#wire/otlp/signal.ts';
import { exportMaxBytes, stepsMax, traceSpansMax } from '../../contract/limits.ts';
import type { signalOperations } from '../../contract/signal.ts';
import { labelsOf } from '#kernel/alert/state.ts';
import { logRows } from '../../domain/log.ts';
import { pointRows } from '../../domain/point.ts';
import { type Fold, quantileOf, query } from '../../domain/query.ts';
import { spanRows } from '../../domain/span.ts';
import type { Taken } from '../../domain/taken.ts';
import type { telemetry } from '../../service.ts';
import { type Row, readLogs, readMetrics, readOperations, readPoints, readTrace, readTraces } from '../read.ts';
import { readRetention, writeRetention } from '../retention.ts';
import { PointWriter, writeLogs, writeSpans } from '../write.ts';

type Mine = Pick<Handlers<typeof telemetry>, keyof typeof signalOperations>;
type Ingest = Parameters<Mine['IngestLogs']>[0];

const hourMs = 3_600_000;

async function bodyOf(call: Ingest, message: Message): Promise<unknown> {
  const bytes = await gathered(call.body);
  call.charge('ingested', bytes.length);
  try {
    return call.input.encoding === 'protobuf' ? decodeMessage(message, bytes) : messageOfJson(message, parseJson(bytes));
  } catch (error) {
    if (error instanceof OtlpError) throw fault('OtlpInvalid', error.message);
    throw error;
  }
}

async function gathered(body: Ingest['body']): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > exportMaxBytes) throw fault('TooLarge', `At most ${exportMaxBytes} bytes are read.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

const told = ({ rows, rejected, message }: Taken<unknown>, stored = rows.length) => ({ output: { accepted: stored, rejected, message } });

type Asked = { readonly from?: number; readonly to?: number; readonly step?: number };

/** The time asked for: the last hour unless said; steps that are not said give about 120 of them. */
function rangeOf({ from, to, step }: Asked, now: number, leastStepMs = 1000) {
  const until = to ?? now + 1;
  const since = from ?? until - hourMs;
  if (since >= until) throw fault('BadInput', { path: '/from', detail: 'The time asked for ends before it begins.' });
  const stepMs = step ?? Math.max(leastStepMs, Math.ceil((until - since) / 120 / leastStepMs) * leastStepMs);
  if ((until - since) / stepMs > stepsMax) throw fault('BadInput', { path: '/step', detail: `At most ${stepsMax} steps are answered.` });
  return { from: since, to: until, stepMs };
}

/** Taking signals in, searching them, and their retention. */
export function signalHandlers(sql: Sql): Mine {
  const points = new PointWriter(sql);
  return {
    async IngestLogs(call) {
      const taken = logRows((await bodyOf(call, LogsData)) as Logs, call.now);
      await writeLogs(sql, call.caller, taken.rows);
      return told(taken);
    },
    async IngestTraces(call) {
      const taken = spanRows((await bodyOf(call as never, TracesData)) as Traces, call.now);
      await writeSpans(sql, call.caller, taken.rows);
      return told(taken);
    },
    async IngestMetrics(call) {
      const taken = pointRows((await bodyOf(call as never, MetricsData)) as Metrics, call.now);
      return told(taken, (await points.write(call.caller, taken, call.now)).length);
    },
    async ListLogs({ caller, input, now }) {
      const { limit = 100 } = input;
      const rows = await readLogs(sql.as(caller), { ...input, ...rangeOf(input, now), limit: limit + 1 });
      const items = rows.slice(0, limit).map(logOf);
      return { output: { items, ...(rows.length > limit ? { next: String(rows[limit - 1]?.place) } : {}) } };
    },
    async ListTraces({ caller, input, now }) {
      const rows = await readTraces(sql.as(caller), { ...input, ...rangeOf(input, now), limit: input.limit ?? 100 });
      return { output: { items: rows.map(traceOf) } };
    },
    async GetTrace({ caller, ref }) {
      const rows = await readTrace(sql.as(caller), ref.name);
      if (rows.length === 0) throw fault('NotFound', `There is no trace ${ref.name}.`);
      return { output: { trace: ref.name, spans: rows.slice(0, traceSpansMax).map(spanOf), more: rows.length > traceSpansMax } };
    },
    async ListMetrics({ caller, input }) {
      const rows = await readMetrics(sql.as(caller), input.prefix ?? '', input.limit ?? 100);
      return { output: { items: rows.map(metricOf) } };
    },
    async QueryMetric({ caller, ref, input, now }) {
      const steps = rangeOf(input, now);
      const found = await readPoints(sql.as(caller), ref.name, labelsOf(input.where), steps);
      const [first] = found;
      if (!first) throw fault('NotFound', `There is no metric ${ref.name} with such labels.`);
      const usual = { gauge: 'average', counter: 'rate', histogram: 'p95' } as const;
      const series = query(found, (input.fold as Fold | undefined) ?? usual[first.series.kind], input.by, steps);
      return { output: { unit: first.series.unit, kind: first.series.kind, series } as never };
    },
    async ListOperations({ caller, input, now }) {
      const range = rangeOf(input, now, 60_000);
      const stepMs = Math.ceil(range.stepMs / 60_000) * 60_000;
      const rows = await readOperations(sql.as(caller), { ...input, ...range, stepMs });
      return { output: { stepMs, items: rows.map(operationOf) } };
    },
    async ListRetentions({ caller }) {
      return { output: { items: await readRetention(sql.as(caller)) } };
    },
    async UpdateRetention({ caller, ref, input }) {
      await writeRetention(sql.as(caller), ref.name, input.days);
      return { output: { name: ref.name, days: input.days } };
    },
  };
}

const ms = (value: unknown) => (value as Date).getTime();

const logOf = (row: Row) => ({
  at: ms(row.at),
  severity: Number(row.severity),
  severityText: String(row.severity_text),
  service: String(row.service),
  body: String(row.body),
  trace: String(row.trace),
  span: String(row.span),
  attributes: row.attributes as Record<string, unknown>,
  resource: row.resource as Record<string, unknown>,
});

const traceOf = (row: Row) => ({
  trace: String(row.trace),
  at: ms(row.at),
  durationMs: Number(row.duration),
  spans: Number(row.spans),
  failed: Number(row.failed),
  name: String(row.name),
  service: String(row.service),
});

const spanOf = (row: Row) => ({
  span: String(row.span),
  parent: String(row.parent),
  name: String(row.name),
  kind: Number(row.kind),
  service: String(row.service),
  at: Number(row.start_ns) / 1e6,
  durationMs: Number(row.duration_ns) / 1e6,
  failed: row.failed === true,
  message: String(row.message),
  attributes: row.attributes as Record<string, unknown>,
  resource: row.resource as Record<string, unknown>,
  events: row.events as { at: number; name: string; attributes: Record<string, unknown> }[],
});

const metricOf = (row: Row) => ({
  metric: String(row.name),
  kind: String(row.kind),
  unit: String(row.unit),
  series: Number(row.series),
  services: row.services as string[],
  at: ms(row.at),
});

function operationOf(row: Row) {
  const [count, counts] = [Number(row.count), (row.buckets as unknown[]).map(Number)];
  const quantile = (share: number) => (quantileOf({ bounds: secondBounds, counts }, share) ?? 0) * 1000;
  return {
    service: String(row.service),
    operation: String(row.operation),
    at: Number(row.at),
    count,
    failed: Number(row.failed),
    refused: Number(row.refused),
    averageMs: count === 0 ? 0 : (Number(row.seconds) / count) * 1000,
    p50Ms: quantile(0.5),
    p95Ms: quantile(0.95),
    p99Ms: quantile(0.99),
  };
}
