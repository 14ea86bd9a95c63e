import { createHash } from 'node:crypto';
import type { ExponentialPoint, HistogramPoint, KeyValue, Metric, Metrics, NumberPoint, SummaryPoint } from '#wire/otlp/signal.ts';
import { bucketsMax, labelsMax, nameTextMax } from '../contract/limits.ts';
import { attributesOf, plain, serviceOf } from './attribute.ts';
import { isTimely, nothing, reject, type Taken, timestamp } from './taken.ts';

export type Labels = Readonly<Record<string, string>>;

/** What is measured: `cumulative` counters say their total since a start, `delta` ones what was added. */
export type Series = {
  /** A hash of all the rest, as a UUID. */
  readonly id: string;
  readonly name: string;
  readonly kind: 'gauge' | 'counter' | 'histogram';
  readonly unit: string;
  readonly cumulative: boolean;
  readonly labels: Labels;
};

/** Counts by upper bound; `counts` has one more place, for everything above. */
export type Buckets = { readonly bounds: readonly number[]; readonly counts: readonly number[] };

/** One point: `value` of a gauge or counter, or count, sum and buckets of a histogram. */
export type PointRow = {
  readonly series: Series;
  readonly at: string;
  readonly value: number;
  readonly count: number;
  readonly buckets: Buckets | undefined;
};

type Head = Omit<Series, 'id' | 'labels'> & { readonly service: string };
type Timed = { readonly timeUnixNano?: bigint; readonly attributes?: readonly KeyValue[] };

/** The points of an OTLP message; exponential histograms become ones with bounds, summaries one gauge per quantile. */
export function pointRows(metrics: Metrics, nowMs: number): Taken<PointRow> {
  const taken = nothing<PointRow>();
  for (const { resource, scopeMetrics = [] } of metrics.resourceMetrics ?? []) {
    const service = serviceOf(attributesOf(resource?.attributes));
    for (const { metrics: list = [] } of scopeMetrics) for (const metric of list) take(taken, metric, service, nowMs);
  }
  return taken;
}

function take(taken: Taken<PointRow>, metric: Metric, service: string, nowMs: number): void {
  const name = plain(metric.name ?? '', nameTextMax);
  const head = { name, unit: plain(metric.unit ?? '', 64), service };
  const add = (kind: Series['kind'], temporality: number | undefined, point: Timed, value: Value | undefined, more: Labels = {}) => {
    if (name === '' || !isTimely(point.timeUnixNano ?? 0n, nowMs)) return reject(taken, 'A point has no name, or is too far from now.');
    if (!value) return reject(taken, 'A histogram has buckets that do not fit its bounds, or too many.');
    const labels = labelsOf(point.attributes, service, more);
    const series = seriesOf({ ...head, kind, cumulative: temporality === 2 }, labels);
    taken.rows.push({ series, at: timestamp(point.timeUnixNano ?? 0n), ...value });
  };
  const { gauge, sum, histogram, exponentialHistogram, summary } = metric;
  for (const point of gauge?.dataPoints ?? []) add('gauge', 0, point, numberOf(point));
  // A sum that may fall is a level, not a count.
  const sumKind = sum?.isMonotonic ? 'counter' : 'gauge';
  for (const point of sum?.dataPoints ?? []) add(sumKind, sum?.aggregationTemporality, point, numberOf(point));
  for (const point of histogram?.dataPoints ?? []) add('histogram', histogram?.aggregationTemporality, point, bucketed(point));
  for (const point of exponentialHistogram?.dataPoints ?? [])
    add('histogram', exponentialHistogram?.aggregationTemporality, point, exponential(point));
  for (const point of summary?.dataPoints ?? []) for (const part of quantiles(point)) add('gauge', 0, point, part.value, part.labels);
}

type Value = Pick<PointRow, 'value' | 'count' | 'buckets'>;

function numberOf({ asDouble, asInt }: NumberPoint): Value {
  const value = asDouble ?? (asInt === undefined ? Number.NaN : Number(BigInt.asIntN(64, asInt)));
  return { value, count: 0, buckets: undefined };
}

function bucketed({ count = 0n, sum = 0, bucketCounts = [], explicitBounds = [] }: HistogramPoint): Value | undefined {
  const ascending = explicitBounds.every((bound, at) => at === 0 || bound > (explicitBounds[at - 1] as number));
  if (!ascending || bucketCounts.length > bucketsMax) return undefined;
  if (bucketCounts.length !== 0 && bucketCounts.length !== explicitBounds.length + 1) return undefined;
  const counts = bucketCounts.length === 0 ? [Number(count)] : bucketCounts.map(Number);
  return { value: sum, count: Number(count), buckets: { bounds: bucketCounts.length === 0 ? [] : explicitBounds, counts } };
}

/** OTLP's exponential buckets: bucket i lies above base^i, up to base^(i+1), with base = 2^(2^-scale). */
function exponential({ count = 0n, sum = 0, scale = 0, zeroCount = 0n, positive, negative }: ExponentialPoint): Value | undefined {
  const given = positive?.bucketCounts ?? [];
  if (scale < -10 || scale > 20 || given.length + 2 > bucketsMax) return undefined;
  const offset = positive?.offset ?? 0;
  const below = Number(zeroCount) + (negative?.bucketCounts ?? []).reduce((total, each) => total + Number(each), 0);
  const edge = (index: number) => 2 ** (index * 2 ** -scale);
  const bounds = [edge(offset), ...given.map((_, at) => edge(offset + at + 1))];
  if (!bounds.every((bound, at) => Number.isFinite(bound) && (at === 0 || bound > (bounds[at - 1] as number)))) return undefined;
  return { value: sum, count: Number(count), buckets: { bounds, counts: [below, ...given.map(Number), 0] } };
}

function quantiles({ count = 0n, sum = 0, quantileValues = [] }: SummaryPoint): { labels: Labels; value: Value }[] {
  const one = (labels: Labels, value: number) => ({ labels, value: { value, count: 0, buckets: undefined } });
  const parts = quantileValues.slice(0, labelsMax).map(({ quantile = 0, value = 0 }) => one({ quantile: String(quantile) }, value));
  return [...parts, one({ quantile: 'count' }, Number(count)), one({ quantile: 'sum' }, sum)];
}

function labelsOf(attributes: readonly KeyValue[] | undefined, service: string, more: Labels): Labels {
  const given = Object.entries(attributesOf(attributes)).slice(0, labelsMax);
  const text = (value: unknown) => plain(typeof value === 'string' ? value : JSON.stringify(value), nameTextMax);
  const sorted = [...given.map(([name, value]): [string, string] => [name, text(value)]), ...Object.entries(more)];
  return Object.fromEntries([...sorted, ['service', service] as [string, string]].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function seriesOf({ name, kind, unit, cumulative }: Head, labels: Labels): Series {
  const hash = createHash('sha256')
    .update(JSON.stringify([name, kind, unit, cumulative, labels]))
    .digest('hex');
  const id = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-${hash.slice(12, 16)}-${hash.slice(16, 20)}-${hash.slice(20, 32)}`;
  return { id, name, kind, unit, cumulative, labels };
}
