import { type Message, message } from './message.ts';

/*
 * The messages of OTLP (opentelemetry-proto 1.x), with the fields that are kept. A list of several one-of fields is simply
 * all of them: a sender sets at most one.
 */

const AnyValue: Message = message({
  stringValue: [1, 'string'],
  boolValue: [2, 'bool'],
  intValue: [3, 'int64'],
  doubleValue: [4, 'double'],
  arrayValue: [5, () => ArrayValue],
  kvlistValue: [6, () => KeyValueList],
  bytesValue: [7, 'bytes'],
});
const ArrayValue: Message = message({ values: [1, () => AnyValue, 'list'] });
const KeyValueList: Message = message({ values: [1, () => KeyValue, 'list'] });
const KeyValue: Message = message({ key: [1, 'string'], value: [2, () => AnyValue] });
const Resource: Message = message({ attributes: [1, () => KeyValue, 'list'] });
const Scope: Message = message({ name: [1, 'string'], version: [2, 'string'], attributes: [3, () => KeyValue, 'list'] });

const Event: Message = message({ timeUnixNano: [1, 'fixed64'], name: [2, 'string'], attributes: [3, () => KeyValue, 'list'] });
const Link: Message = message({
  traceId: [1, 'hex'],
  spanId: [2, 'hex'],
  traceState: [3, 'string'],
  attributes: [4, () => KeyValue, 'list'],
});
const Status: Message = message({ message: [2, 'string'], code: [3, 'int32'] });
const Span: Message = message({
  traceId: [1, 'hex'],
  spanId: [2, 'hex'],
  traceState: [3, 'string'],
  parentSpanId: [4, 'hex'],
  name: [5, 'string'],
  kind: [6, 'int32'],
  startTimeUnixNano: [7, 'fixed64'],
  endTimeUnixNano: [8, 'fixed64'],
  attributes: [9, () => KeyValue, 'list'],
  events: [11, () => Event, 'list'],
  links: [13, () => Link, 'list'],
  status: [15, () => Status],
  flags: [16, 'fixed32'],
});
const ScopeSpans: Message = message({ scope: [1, () => Scope], spans: [2, () => Span, 'list'] });
const ResourceSpans: Message = message({ resource: [1, () => Resource], scopeSpans: [2, () => ScopeSpans, 'list'] });
export const TracesData: Message = message({ resourceSpans: [1, () => ResourceSpans, 'list'] });

const Exemplar: Message = message({
  timeUnixNano: [2, 'fixed64'],
  asDouble: [3, 'double'],
  spanId: [4, 'hex'],
  traceId: [5, 'hex'],
  asInt: [6, 'fixed64'],
  filteredAttributes: [7, () => KeyValue, 'list'],
});
const NumberPoint: Message = message({
  startTimeUnixNano: [2, 'fixed64'],
  timeUnixNano: [3, 'fixed64'],
  asDouble: [4, 'double'],
  exemplars: [5, () => Exemplar, 'list'],
  asInt: [6, 'fixed64'],
  attributes: [7, () => KeyValue, 'list'],
});
const HistogramPoint: Message = message({
  startTimeUnixNano: [2, 'fixed64'],
  timeUnixNano: [3, 'fixed64'],
  count: [4, 'fixed64'],
  sum: [5, 'double'],
  bucketCounts: [6, 'fixed64', 'list'],
  explicitBounds: [7, 'double', 'list'],
  exemplars: [8, () => Exemplar, 'list'],
  attributes: [9, () => KeyValue, 'list'],
});
const Buckets: Message = message({ offset: [1, 'sint32'], bucketCounts: [2, 'int64', 'list'] });
const ExponentialPoint: Message = message({
  attributes: [1, () => KeyValue, 'list'],
  startTimeUnixNano: [2, 'fixed64'],
  timeUnixNano: [3, 'fixed64'],
  count: [4, 'fixed64'],
  sum: [5, 'double'],
  scale: [6, 'sint32'],
  zeroCount: [7, 'fixed64'],
  positive: [8, () => Buckets],
  negative: [9, () => Buckets],
});
const Quantile: Message = message({ quantile: [1, 'double'], value: [2, 'double'] });
const SummaryPoint: Message = message({
  startTimeUnixNano: [2, 'fixed64'],
  timeUnixNano: [3, 'fixed64'],
  count: [4, 'fixed64'],
  sum: [5, 'double'],
  quantileValues: [6, () => Quantile, 'list'],
  attributes: [7, () => KeyValue, 'list'],
});
const Gauge: Message = message({ dataPoints: [1, () => NumberPoint, 'list'] });
const Sum: Message = message({
  dataPoints: [1, () => NumberPoint, 'list'],
  aggregationTemporality: [2, 'int32'],
  isMonotonic: [3, 'bool'],
});
const Histogram: Message = message({ dataPoints: [1, () => HistogramPoint, 'list'], aggregationTemporality: [2, 'int32'] });
const Exponential: Message = message({ dataPoints: [1, () => ExponentialPoint, 'list'], aggregationTemporality: [2, 'int32'] });
const Summary: Message = message({ dataPoints: [1, () => SummaryPoint, 'list'] });
const Metric: Message = message({
  name: [1, 'string'],
  description: [2, 'string'],
  unit: [3, 'string'],
  gauge: [5, () => Gauge],
  sum: [7, () => Sum],
  histogram: [9, () => Histogram],
  exponentialHistogram: [10, () => Exponential],
  summary: [11, () => Summary],
});
const ScopeMetrics: Message = message({ scope: [1, () => Scope], metrics: [2, () => Metric, 'list'] });
const ResourceMetrics: Message = message({ resource: [1, () => Resource], scopeMetrics: [2, () => ScopeMetrics, 'list'] });
export const MetricsData: Message = message({ resourceMetrics: [1, () => ResourceMetrics, 'list'] });

const LogRecord: Message = message({
  timeUnixNano: [1, 'fixed64'],
  severityNumber: [2, 'int32'],
  severityText: [3, 'string'],
  body: [5, () => AnyValue],
  attributes: [6, () => KeyValue, 'list'],
  flags: [8, 'fixed32'],
  traceId: [9, 'hex'],
  spanId: [10, 'hex'],
  observedTimeUnixNano: [11, 'fixed64'],
  eventName: [12, 'string'],
});
const ScopeLogs: Message = message({ scope: [1, () => Scope], logRecords: [2, () => LogRecord, 'list'] });
const ResourceLogs: Message = message({ resource: [1, () => Resource], scopeLogs: [2, () => ScopeLogs, 'list'] });
export const LogsData: Message = message({ resourceLogs: [1, () => ResourceLogs, 'list'] });

const PartialSuccess: Message = message({ rejected: [1, 'int64'], errorMessage: [2, 'string'] });
/** The same shape for all three signals; in JSON the first field has a name of its own for each. */
export const ExportResponse: Message = message({ partialSuccess: [1, () => PartialSuccess] });
/** google.rpc.Status, the body of an OTLP/HTTP failure. */
export const RpcStatus: Message = message({ code: [1, 'int32'], message: [2, 'string'] });
