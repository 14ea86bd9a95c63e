import assert from 'node:assert/strict';
import { exemplarAgeMs, labelValueMax, seriesMax } from './limits.ts';

export type MetricType = 'counter' | 'gauge' | 'histogram';

/** What is declared of a metric. */
type Head = { readonly name: string; readonly help: string; readonly type: MetricType; readonly labels: readonly string[] };

/** Where one metric's series are kept: one per combination of label values, up to the limit; then all share `other`. */
export class Family<Series> {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly labels: readonly string[];
  readonly series = new Map<string, { readonly values: readonly string[]; readonly series: Series }>();
  readonly #make: () => Series;
  readonly #overflow: (name: string) => void;

  constructor(head: Head, make: () => Series, overflow: (name: string) => void) {
    assert.match(head.name, /^[a-z][a-z0-9_]*$/, 'a metric name is snake_case');
    assert.ok(head.help.length > 0, 'a metric has a help text');
    for (const label of head.labels) assert.ok(/^[a-z][a-z0-9_]*$/.test(label) && label !== 'le', 'a label name is snake_case and not le');
    assert.equal(head.type === 'counter', head.name.endsWith('_total'), 'counters, and only they, end with _total');
    this.name = head.name;
    this.help = head.help;
    this.type = head.type;
    this.labels = head.labels;
    this.#make = make;
    this.#overflow = overflow;
    if (head.labels.length === 0) this.of();
  }

  /** The series of these label values, in the order the labels were declared. Keep it where it is used often. */
  of(...values: readonly string[]): Series {
    assert.equal(values.length, this.labels.length, `${this.name} has ${this.labels.length} labels`);
    const short = values.map((value) => value.slice(0, labelValueMax));
    const known = this.series.get(key(short));
    if (known) return known.series;
    if (this.series.size < seriesMax) return this.#add(short);
    this.#overflow(this.name);
    const other = this.labels.map(() => 'other');
    return this.series.get(key(other))?.series ?? this.#add(other);
  }

  /** Forgets the series of these label values, for things that are gone. */
  remove(...values: readonly string[]): void {
    this.series.delete(key(values.map((value) => value.slice(0, labelValueMax))));
  }

  #add(values: readonly string[]): Series {
    const series = this.#make();
    this.series.set(key(values), { values, series });
    return series;
  }
}

function key(values: readonly string[]): string {
  return values.length === 1 ? (values[0] ?? '') : JSON.stringify(values);
}

/** A number that only grows. */
export class Counter {
  value = 0;

  add(amount = 1): void {
    assert.ok(amount >= 0, 'a counter only grows');
    this.value += amount;
  }

  /** For totals that the system itself counts. */
  raiseTo(total: number): void {
    if (total > this.value) this.value = total;
  }
}

/** A number that comes and goes. */
export class Gauge {
  value = 0;

  set(value: number): void {
    this.value = value;
  }

  add(amount: number): void {
    this.value += amount;
  }
}

/** One observation as an example of its bucket: which trace it was seen in. `at` is in milliseconds since 1970. */
export type Exemplar = { readonly value: number; readonly traceId: string; readonly at: number };

/** Counts of observations by upper bound; `counts` has one more place, for everything above. */
export class Histogram {
  readonly bounds: readonly number[];
  readonly counts: Float64Array;
  readonly exemplars: (Exemplar | undefined)[] = [];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** Counts a value; with a trace, the bucket keeps it as its exemplar while it is the slowest of late. */
  observe(value: number, traceId?: string, now = 0): void {
    let at = 0;
    while (at < this.bounds.length && value > (this.bounds[at] as number)) at += 1;
    this.counts[at] = (this.counts[at] as number) + 1;
    this.sum += value;
    if (traceId === undefined) return;
    const kept = this.exemplars[at];
    if (!kept || value >= kept.value || now - kept.at > exemplarAgeMs) this.exemplars[at] = { value, traceId, at: now };
  }
}
