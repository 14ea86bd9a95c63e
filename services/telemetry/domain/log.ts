import type { LogRecord, Logs } from '#wire/otlp/signal.ts';
import { bodyTextMax, nameTextMax } from '../contract/limits.ts';
import { type Attributes, attributesOf, plain, serviceOf, textOf } from './attribute.ts';
import { isSpanId, isTimely, isTraceId, nothing, reject, type Taken, timestamp } from './taken.ts';

/** A log record as it is stored. */
export type LogRow = {
  readonly at: string;
  readonly severity: number;
  readonly severityText: string;
  readonly service: string;
  readonly body: string;
  readonly trace: string;
  readonly span: string;
  readonly attributes: Attributes;
  readonly resource: Attributes;
};

/** The records of an OTLP message; a record without a time of its own has that of its arrival. */
export function logRows(logs: Logs, nowMs: number): Taken<LogRow> {
  const taken = nothing<LogRow>();
  for (const { resource: given, scopeLogs = [] } of logs.resourceLogs ?? []) {
    const resource = attributesOf(given?.attributes);
    for (const { logRecords = [] } of scopeLogs) for (const record of logRecords) take(taken, record, resource, nowMs);
  }
  return taken;
}

function take(taken: Taken<LogRow>, record: LogRecord, resource: Attributes, nowMs: number): void {
  const at = record.timeUnixNano || record.observedTimeUnixNano || BigInt(nowMs) * 1_000_000n;
  if (!isTimely(at, nowMs)) return reject(taken, 'A record is too far from now.');
  taken.rows.push({
    at: timestamp(at),
    severity: Math.min(24, Math.max(0, record.severityNumber ?? 0)),
    severityText: plain(record.severityText ?? '', nameTextMax),
    service: serviceOf(resource),
    body: textOf(record.body, bodyTextMax),
    trace: isTraceId(record.traceId) ? record.traceId : '',
    span: isSpanId(record.spanId) ? record.spanId : '',
    attributes: attributesOf(record.attributes),
    resource,
  });
}
