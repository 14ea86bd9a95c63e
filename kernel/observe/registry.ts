import assert from 'node:assert/strict';
import { Counter, Family, Gauge, Histogram } from './metric.ts';

/** Upper bounds in seconds for waits from half a millisecond to ten seconds. */
export const secondBounds: readonly number[] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export type AnyFamily = Family<Counter> | Family<Gauge> | Family<Histogram>;

/** The metrics of one process, written as Prometheus text. Names are declared once; a second declaration is a bug. */
export class Registry {
  readonly #families = new Map<string, AnyFamily>();
  readonly #collectors = new Set<() => void>();
  readonly #constant: readonly [name: string, value: string][];
  readonly #overflow: Family<Counter>;

  /** `constant` labels stand on every series: `{ process: 'storage' }`. */
  constructor(constant: Readonly<Record<string, string>> = {}) {
    this.#constant = Object.entries(constant);
    this.#overflow = new Family(
      {
        name: 'gamut_metric_overflow_total',
        help: 'Uses of a metric whose limit of series was reached.',
        type: 'counter',
        labels: ['metric'],
      },
      () => new Counter(),
      () => {},
    );
    this.#families.set(this.#overflow.name, this.#overflow);
  }

  counter(name: string, help: string, labels: readonly string[] = []): Family<Counter> {
    return this.#declare(new Family({ name, help, type: 'counter', labels }, () => new Counter(), this.#overflowed));
  }

  gauge(name: string, help: string, labels: readonly string[] = []): Family<Gauge> {
    return this.#declare(new Family({ name, help, type: 'gauge', labels }, () => new Gauge(), this.#overflowed));
  }

  histogram(name: string, help: string, bounds: readonly number[], labels: readonly string[] = []): Family<Histogram> {
    assert.ok(
      bounds.every((bound, at) => Number.isFinite(bound) && (at === 0 || bound > (bounds[at - 1] as number))),
      'bounds ascend',
    );
    return this.#declare(new Family({ name, help, type: 'histogram', labels }, () => new Histogram(bounds), this.#overflowed));
  }

  /** Called before each exposition, to set what is cheaper to read than to follow. Returns how to stop. */
  collect(read: () => void): () => void {
    this.#collectors.add(read);
    return () => this.#collectors.delete(read);
  }

  /** Every metric that has a series, read now. */
  read(): AnyFamily[] {
    for (const read of this.#collectors) read();
    return [...this.#families.values()].filter((family) => family.series.size > 0);
  }

  /** Prometheus text exposition, version 0.0.4; or OpenMetrics 1.0.0, which has exemplars. */
  text(format: 'prometheus' | 'openmetrics' = 'prometheus'): string {
    const lines: string[] = [];
    for (const family of this.read()) this.#write(family, lines, format === 'openmetrics');
    if (format === 'openmetrics') lines.push('# EOF');
    return `${lines.join('\n')}\n`;
  }

  readonly #overflowed = (name: string): void => this.#overflow.of(name).add();

  #declare<F extends AnyFamily>(family: F): F {
    assert.ok(!this.#families.has(family.name), `the metric ${family.name} is declared twice`);
    this.#families.set(family.name, family);
    return family;
  }

  #write(family: AnyFamily, lines: string[], open: boolean): void {
    // OpenMetrics names the family of a counter without the ending of its samples.
    const name = open && family.type === 'counter' ? family.name.slice(0, -'_total'.length) : family.name;
    const help = open ? escapeValue(family.help) : escapeHelp(family.help);
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${family.type}`);
    for (const { values, series } of family.series.values()) {
      const labels = [...this.#constant, ...family.labels.map((label, at): [string, string] => [label, values[at] ?? ''])];
      if (series instanceof Histogram) writeHistogram(family.name, labels, series, lines, open);
      else lines.push(`${family.name}${written(labels)} ${number(series.value)}`);
    }
  }
}

function writeHistogram(name: string, labels: readonly [string, string][], series: Histogram, lines: string[], open: boolean): void {
  let below = 0;
  for (const [at, count] of series.counts.entries()) {
    below += count;
    const bound = series.bounds[at];
    const bucket = `${name}_bucket${written([...labels, ['le', bound === undefined ? '+Inf' : number(bound)]])} ${number(below)}`;
    const exemplar = open ? series.exemplars[at] : undefined;
    const example = exemplar && ` # {trace_id="${exemplar.traceId}"} ${number(exemplar.value)} ${exemplar.at / 1000}`;
    lines.push(`${bucket}${example ?? ''}`);
  }
  lines.push(`${name}_sum${written(labels)} ${number(series.sum)}`, `${name}_count${written(labels)} ${number(below)}`);
}

function written(labels: readonly [string, string][]): string {
  if (labels.length === 0) return '';
  return `{${labels.map(([name, value]) => `${name}="${escapeValue(value)}"`).join(',')}}`;
}

/** In help texts the backslash and the line feed are escaped, in label values the quote as well. */
function escapeHelp(text: string): string {
  return text.toWellFormed().replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapeValue(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}

function number(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
