import type { Span, Traces } from '#wire/otlp/signal.ts';
import { attributeTextMax, nameTextMax, spanEventsMax } from '../contract/limits.ts';
import { type Attributes, attributesOf, plain, serviceOf } from './attribute.ts';
import { isSpanId, isTimely, isTraceId, nothing, reject, type Taken, timestamp } from './taken.ts';

/** A span as it is stored. */
export type SpanRow = {
  readonly trace: string;
  readonly span: string;
  readonly parent: string;
  readonly name: string;
  readonly kind: number;
  readonly service: string;
  readonly at: string;
  readonly startNs: bigint;
  readonly durationNs: bigint;
  readonly failed: boolean;
  readonly message: string;
  readonly attributes: Attributes;
  readonly resource: Attributes;
  readonly events: readonly { readonly at: number; readonly name: string; readonly attributes: Attributes }[];
};

/** The spans of an OTLP message. */
export function spanRows(traces: Traces, nowMs: number): Taken<SpanRow> {
  const taken = nothing<SpanRow>();
  for (const { resource: given, scopeSpans = [] } of traces.resourceSpans ?? []) {
    const resource = attributesOf(given?.attributes);
    for (const { spans = [] } of scopeSpans) for (const span of spans) take(taken, span, resource, nowMs);
  }
  return taken;
}

function take(taken: Taken<SpanRow>, span: Span, resource: Attributes, nowMs: number): void {
  const { traceId, spanId, startTimeUnixNano: start = 0n, endTimeUnixNano: end = 0n } = span;
  if (!isTraceId(traceId) || !isSpanId(spanId)) return reject(taken, 'A span has no valid trace and span id.');
  if (!isTimely(start, nowMs) || end < start) return reject(taken, 'A span ends before it starts, or is too far from now.');
  taken.rows.push({
    trace: traceId,
    span: spanId,
    parent: isSpanId(span.parentSpanId) ? span.parentSpanId : '',
    name: plain(span.name ?? '', nameTextMax),
    kind: Math.min(5, Math.max(0, span.kind ?? 0)),
    service: serviceOf(resource),
    at: timestamp(start),
    startNs: start,
    durationNs: end - start,
    failed: span.status?.code === 2,
    message: plain(span.status?.message ?? '', attributeTextMax),
    attributes: attributesOf(span.attributes),
    resource,
    events: (span.events ?? []).slice(0, spanEventsMax).map(({ timeUnixNano = 0n, name = '', attributes }) => ({
      at: Number(timeUnixNano / 1000n) / 1000,
      name: plain(name, nameTextMax),
      attributes: attributesOf(attributes),
    })),
  });
}
