import { encodeMessage } from '#wire/otlp/encode.ts';
import { MetricsData, TracesData } from '#wire/otlp/schema.ts';
import type { Log } from '../contract/implement.ts';
import { outbound } from '../outbound/outbound.ts';
import { exportMs, exportTimeoutMs, spansKeptMax } from './limits.ts';
import { type Exemplar, Histogram } from './metric.ts';
import type { Registry } from './registry.ts';
import type { SpanData } from './trace.ts';

type KeyValue = { key: string; value: { stringValue: string } | { intValue: bigint } | { doubleValue: number } };

const attribute = (key: string, value: string | number): KeyValue => ({
  key,
  value:
    typeof value === 'string' ? { stringValue: value } : Number.isSafeInteger(value) ? { intValue: BigInt(value) } : { doubleValue: value },
});

/** Milliseconds with fractions as nanoseconds. */
export const nanos = (ms: number): bigint => BigInt(Math.floor(ms)) * 1_000_000n + BigInt(Math.round((ms % 1) * 1e6));

export type ExporterOptions = {
  /** The operator's OTLP/HTTP address, without `/v1/traces`; a user and password in it become Basic authentication. */
  readonly url: string;
  readonly process: string;
  readonly deployment: string;
  readonly registry: Registry;
  readonly log: Log;
};

/** Sends a process' spans and metrics to the OTLP address that the operator gave. What cannot be sent is dropped, and counted. */
export class Exporter {
  readonly #options: ExporterOptions;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #base: URL;
  readonly #resource: { attributes: KeyValue[] };
  readonly #startMs = performance.timeOrigin;
  readonly #timer: NodeJS.Timeout;
  readonly #stop = new AbortController();
  #spans: SpanData[] = [];
  #sending: Promise<void> | undefined;
  readonly #sent;

  constructor(options: ExporterOptions) {
    this.#options = options;
    const base = new URL(options.url);
    const { username, password } = base;
    const secret = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
    this.#headers = { 'content-type': 'application/x-protobuf', ...(username === '' ? {} : { authorization: `Basic ${secret}` }) };
    base.username = '';
    base.password = '';
    if (!base.pathname.endsWith('/')) base.pathname += '/';
    this.#base = base;
    this.#resource = {
      attributes: [
        attribute('service.namespace', 'gamut'),
        attribute('service.name', options.process),
        attribute('service.instance.id', `${options.deployment}.${process.pid}`),
      ],
    };
    this.#sent = options.registry.counter('gamut_otlp_export_total', 'Requests to the OTLP address of the operator.', [
      'signal',
      'outcome',
    ]);
    this.#timer = setInterval(() => void this.send(), exportMs).unref();
  }

  span(span: SpanData): void {
    if (this.#spans.length >= spansKeptMax) this.#spans.splice(0, spansKeptMax / 4);
    this.#spans.push(span);
  }

  /** Sends what there is; never rejects. */
  send(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sending;
    await this.send();
    this.#stop.abort();
  }

  async #sendAll(): Promise<void> {
    const spans = this.#spans;
    this.#spans = [];
    const resource = this.#resource;
    const scope = { name: 'gamut' };
    if (spans.length > 0) {
      const traces = { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: spans.map(spanOf) }] }] };
      await this.#post('traces', encodeMessage(TracesData, traces));
    }
    const metrics = metricsOf(this.#options.registry, nanos(this.#startMs), nanos(Date.now()));
    await this.#post('metrics', encodeMessage(MetricsData, { resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics }] }] }));
  }

  async #post(signal: 'traces' | 'metrics', body: Buffer): Promise<void> {
    const { href, hostname, port, protocol } = new URL(`v1/${signal}`, this.#base);
    const allow = [`${hostname.replaceAll(/[[\]]/g, '')}:${port || (protocol === 'https:' ? 443 : 80)}`];
    try {
      const request = { method: 'POST', headers: this.#headers, body, allow, limits: { timeoutMs: exportTimeoutMs } };
      const { status } = await outbound(href, { ...request, signal: this.#stop.signal });
      this.#sent.of(signal, status < 300 ? 'taken' : 'refused').add();
      if (status >= 300) this.#options.log('warn', 'the OTLP address refused what was sent', { signal, status });
    } catch (error) {
      this.#sent.of(signal, 'failed').add();
      this.#options.log('warn', 'the OTLP address cannot be reached', {
        signal,
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }
}

function spanOf(span: SpanData) {
  const { traceId, spanId, parentId, name, startMs, endMs, failed, attributes } = span;
  return {
    traceId,
    spanId,
    ...(parentId === '' ? {} : { parentSpanId: parentId }),
    name,
    kind: 2,
    startTimeUnixNano: nanos(startMs),
    endTimeUnixNano: nanos(endMs),
    attributes: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
    ...(failed ? { status: { code: 2 } } : {}),
  };
}

const exemplarOf = ({ value, traceId, at }: Exemplar) => ({ traceId, asDouble: value, timeUnixNano: nanos(at) });

/** Every metric of a registry: counters and histograms as cumulative sums since the process' start. */
function metricsOf(registry: Registry, startTimeUnixNano: bigint, timeUnixNano: bigint) {
  return registry.read().map((family) => {
    const points = [...family.series.values()].map(({ values, series }) => {
      const attributes = family.labels.map((label, index) => attribute(label, values[index] ?? ''));
      const head = { startTimeUnixNano, timeUnixNano, attributes };
      if (!(series instanceof Histogram)) return { ...head, asDouble: series.value };
      const count = series.counts.reduce((sum, each) => sum + each, 0);
      const bucketCounts = [...series.counts].map((each) => BigInt(each));
      const exemplars = series.exemplars.flatMap((kept) => (kept ? exemplarOf(kept) : []));
      return { ...head, count: BigInt(count), sum: series.sum, bucketCounts, explicitBounds: series.bounds, exemplars };
    });
    const head = { name: family.name, description: family.help };
    if (family.type === 'gauge') return { ...head, gauge: { dataPoints: points } };
    if (family.type === 'histogram') return { ...head, histogram: { dataPoints: points, aggregationTemporality: 2 } };
    return { ...head, sum: { dataPoints: points, aggregationTemporality: 2, isMonotonic: true } };
  });
}
