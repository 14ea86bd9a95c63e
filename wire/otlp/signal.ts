/** What the messages of OTLP hold after `decodeMessage` or `messageOfJson`; every field may be absent. */
export type AnyValue = {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: bigint;
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values?: readonly AnyValue[] };
  readonly kvlistValue?: { readonly values?: readonly KeyValue[] };
  readonly bytesValue?: Buffer;
};
export type KeyValue = { readonly key?: string; readonly value?: AnyValue };
type Attributed = { readonly attributes?: readonly KeyValue[] };

export type Span = Attributed & {
  readonly traceId?: string;
  readonly spanId?: string;
  readonly parentSpanId?: string;
  readonly name?: string;
  readonly kind?: number;
  readonly startTimeUnixNano?: bigint;
  readonly endTimeUnixNano?: bigint;
  readonly events?: readonly (Attributed & { readonly timeUnixNano?: bigint; readonly name?: string })[];
  readonly links?: readonly (Attributed & { readonly traceId?: string; readonly spanId?: string })[];
  readonly status?: { readonly code?: number; readonly message?: string };
};
export type Traces = {
  readonly resourceSpans?: readonly {
    readonly resource?: Attributed;
    readonly scopeSpans?: readonly { readonly scope?: { readonly name?: string }; readonly spans?: readonly Span[] }[];
  }[];
};

export type LogRecord = Attributed & {
  readonly timeUnixNano?: bigint;
  readonly observedTimeUnixNano?: bigint;
  readonly severityNumber?: number;
  readonly severityText?: string;
  readonly body?: AnyValue;
  readonly traceId?: string;
  readonly spanId?: string;
};
export type Logs = {
  readonly resourceLogs?: readonly {
    readonly resource?: Attributed;
    readonly scopeLogs?: readonly { readonly scope?: { readonly name?: string }; readonly logRecords?: readonly LogRecord[] }[];
  }[];
};

type Timed = Attributed & { readonly timeUnixNano?: bigint };
export type NumberPoint = Timed & { readonly asDouble?: number; readonly asInt?: bigint };
export type HistogramPoint = Timed & {
  readonly count?: bigint;
  readonly sum?: number;
  readonly bucketCounts?: readonly bigint[];
  readonly explicitBounds?: readonly number[];
};
type Buckets = { readonly offset?: number; readonly bucketCounts?: readonly bigint[] };
export type ExponentialPoint = Timed & {
  readonly count?: bigint;
  readonly sum?: number;
  readonly scale?: number;
  readonly zeroCount?: bigint;
  readonly positive?: Buckets;
  readonly negative?: Buckets;
};
export type SummaryPoint = Timed & {
  readonly count?: bigint;
  readonly sum?: number;
  readonly quantileValues?: readonly { readonly quantile?: number; readonly value?: number }[];
};
type Points<P> = { readonly dataPoints?: readonly P[]; readonly aggregationTemporality?: number };
export type Metric = {
  readonly name?: string;
  readonly description?: string;
  readonly unit?: string;
  readonly gauge?: Points<NumberPoint>;
  readonly sum?: Points<NumberPoint> & { readonly isMonotonic?: boolean };
  readonly histogram?: Points<HistogramPoint>;
  readonly exponentialHistogram?: Points<ExponentialPoint>;
  readonly summary?: Points<SummaryPoint>;
};
export type Metrics = {
  readonly resourceMetrics?: readonly {
    readonly resource?: Attributed;
    readonly scopeMetrics?: readonly { readonly scope?: { readonly name?: string }; readonly metrics?: readonly Metric[] }[];
  }[];
};
