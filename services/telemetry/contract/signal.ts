import type { TSchema } from 'typebox';
import { Type } from '#kernel/contract/type.ts';
import type { Operation } from '#kernel/contract/contract.ts';
import { closed, Filter, FreeText, Instant, Limit, PersonalAttributes, read, Span, Step, write } from './field.ts';
import { retentionDaysMax } from './limits.ts';

const LogLine = Type.Object({
  at: Instant,
  severity: Type.Integer({ description: 'OTLP severity: 1 to 24; 9 is INFO, 17 is ERROR.' }),
  severityText: Type.String(),
  service: Type.String({ description: "The program's service.name." }),
  body: FreeText,
  trace: Type.String(),
  span: Type.String(),
  attributes: PersonalAttributes,
  resource: PersonalAttributes,
});
const TraceRow = Type.Object({
  trace: Type.String(),
  at: Instant,
  durationMs: Type.Number(),
  spans: Type.Integer(),
  failed: Type.Integer({ description: 'Spans that failed.' }),
  name: Type.String({ description: "The root span's name." }),
  service: Type.String(),
});
const SpanRow = Type.Object({
  span: Type.String(),
  parent: Type.String(),
  name: Type.String(),
  kind: Type.Integer(),
  service: Type.String(),
  at: Type.Number({ description: 'Milliseconds since 1970, with fractions.' }),
  durationMs: Type.Number(),
  failed: Type.Boolean(),
  message: FreeText,
  attributes: PersonalAttributes,
  resource: PersonalAttributes,
  events: Type.Array(Type.Object({ at: Type.Number(), name: Type.String(), attributes: PersonalAttributes })),
});
const MetricRow = Type.Object({
  metric: Type.String(),
  kind: Type.String(),
  unit: Type.String(),
  series: Type.Integer(),
  services: Type.Array(Type.String()),
  at: Type.Optional(Instant),
});
const folds = ['rate', 'increase', 'average', 'sum', 'minimum', 'maximum', 'last', 'p50', 'p90', 'p95', 'p99'] as const;
export const Fold = Type.Unsafe<(typeof folds)[number]>(
  Type.Union(
    folds.map((word) => Type.Literal(word)),
    { description: 'How the points of a step become one value; rates and increases mind resets of counters.' },
  ),
);

const ingest = (signal: string) =>
  ({
    ...write,
    at: 'collection',
    body: 'in',
    text: `Store ${signal} that a program sends as an OTLP message.`,
    charge: ['ingested'],
    quota: ['exports'],
    errors: ['OtlpInvalid'],
    input: Type.Object(
      { encoding: Type.Optional(Type.Union([Type.Literal('protobuf'), Type.Literal('json')], { default: 'json' })) },
      closed,
    ),
    output: Type.Object({
      accepted: Type.Integer(),
      rejected: Type.Integer({ description: 'Records that were not stored, for the reason in message.' }),
      message: Type.String(),
    }),
  }) as const satisfies Omit<Operation, 'on'>;

const page = <Item extends TSchema>(item: Item) => Type.Object({ items: Type.Array(item), next: Type.Optional(Type.String()) });
const before = Type.Optional(
  Type.String({ maxLength: 64, pattern: '^[0-9]{1,20}\\.[0-9]{1,20}$', description: 'The `next` of the page before.' }),
);

/** Taking telemetry in, searching it, and how long it is kept. */
export const signalOperations = {
  IngestLogs: { ...ingest('log records'), on: 'Log' },
  IngestTraces: { ...ingest('spans'), on: 'Trace' },
  IngestMetrics: { ...ingest('metric points'), on: 'Metric' },
  ListLogs: {
    ...read,
    on: 'Log',
    at: 'collection',
    text: 'Search log records, newest first.',
    input: Type.Object(
      {
        ...Span,
        text: Filter('Part of the text, in either case.'),
        severity: Type.Optional(Type.Integer({ minimum: 1, maximum: 24, description: 'Least severity: 9 is INFO, 17 is ERROR.' })),
        service: Filter("The program's service.name."),
        trace: Filter('The id of a trace.'),
        attribute: Filter('An attribute as name=value.'),
        before,
        limit: Limit,
      },
      closed,
    ),
    output: page(LogLine),
  },
  ListTraces: {
    ...read,
    on: 'Trace',
    at: 'collection',
    text: 'Search traces by their spans, newest first.',
    input: Type.Object(
      {
        ...Span,
        name: Filter("Part of a span's name."),
        service: Filter("The program's service.name."),
        failed: Type.Optional(Type.Boolean({ description: 'Only traces with a failed span.' })),
        slowerMs: Type.Optional(
          Type.Number({ minimum: 0, maximum: 1e9, description: 'Only traces with a span that took at least so long.' }),
        ),
        attribute: Filter('An attribute as name=value.'),
        limit: Limit,
      },
      closed,
    ),
    output: page(TraceRow),
  },
  GetTrace: {
    ...read,
    on: 'Trace',
    text: 'Read every span of a trace, in order of start.',
    input: Type.Object({}, closed),
    output: Type.Object({ trace: Type.String(), spans: Type.Array(SpanRow), more: Type.Boolean() }),
  },
  ListMetrics: {
    ...read,
    on: 'Metric',
    at: 'collection',
    text: 'List the metrics that programs have sent.',
    input: Type.Object({ prefix: Filter('Only names that begin so.'), limit: Limit }, closed),
    output: page(MetricRow),
  },
  QueryMetric: {
    ...read,
    on: 'Metric',
    text: 'Read one metric over time, folded by steps and grouped by labels.',
    input: Type.Object(
      {
        ...Span,
        step: Step,
        fold: Type.Optional(Fold),
        by: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 255 }), { maxItems: 8, description: 'Labels to group by.' })),
        where: Type.Optional(
          Type.Array(Type.String({ minLength: 1, maxLength: 512 }), { maxItems: 16, description: 'Labels that must hold, as name=value.' }),
        ),
      },
      closed,
    ),
    output: Type.Object({
      unit: Type.String(),
      kind: Type.String(),
      series: Type.Array(
        Type.Object({
          labels: Type.Record(Type.String(), Type.String()),
          points: Type.Array(Type.Object({ at: Instant, value: Type.Number() })),
        }),
      ),
    }),
  },
  ListOperations: {
    ...read,
    on: 'Operation',
    at: 'collection',
    text: 'Rates, errors and latency of the operations this environment called, over time.',
    input: Type.Object({ ...Span, step: Step, service: Filter('Only this service.'), operation: Filter('Only this operation.') }, closed),
    output: Type.Object({
      stepMs: Type.Integer(),
      items: Type.Array(
        Type.Object({
          service: Type.String(),
          operation: Type.String(),
          at: Instant,
          count: Type.Integer(),
          failed: Type.Integer({ description: 'Ended by a fault of the platform.' }),
          refused: Type.Integer({ description: 'Ended by a fault of the caller.' }),
          averageMs: Type.Number(),
          p50Ms: Type.Number(),
          p95Ms: Type.Number(),
          p99Ms: Type.Number(),
        }),
      ),
    }),
  },
  ListRetentions: {
    ...read,
    on: 'Retention',
    at: 'collection',
    text: 'How long each signal is kept.',
    input: Type.Object({}, closed),
    output: Type.Object({ items: Type.Array(Type.Object({ name: Type.String(), days: Type.Integer() })) }),
  },
  UpdateRetention: {
    ...write,
    on: 'Retention',
    text: 'Change how long a signal is kept: logs, traces, metrics or operations.',
    input: Type.Object({ days: Type.Integer({ minimum: 1, maximum: retentionDaysMax }) }, closed),
    output: Type.Object({ name: Type.String(), days: Type.Integer() }),
  },
} as const;
