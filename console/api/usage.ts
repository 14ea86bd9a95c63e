import { useMemo } from 'react';
import { pollEveryMs } from '../limits.ts';
import { useOperation } from './call.ts';
import { useServed } from './contract.ts';
import { usePlace } from './place.ts';
import type { Problem } from './problem.ts';

export type UsageRow = {
  readonly at: number;
  readonly service: string;
  readonly meter: string;
  readonly unit: string;
  readonly value: string;
  readonly scope: string;
  readonly dimension?: string;
};
export type Range = 'hour' | 'day' | 'week' | 'month';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** How long a range is, and how wide the windows are in which it is read. */
export const ranges: Readonly<Record<Range, { title: string; length: number; window: 'minute' | 'hour' | 'day'; step: number }>> = {
  hour: { title: '1 hour', length: hour, window: 'minute', step: minute },
  day: { title: '24 hours', length: day, window: 'hour', step: hour },
  week: { title: '7 days', length: 7 * day, window: 'hour', step: hour },
  month: { title: '30 days', length: 30 * day, window: 'day', step: day },
};

/** One meter over a range, a value for every window. */
export type MeterSeries = {
  readonly service: string;
  readonly meter: string;
  /** The value of the dimension asked for; empty where the usage has none. */
  readonly dimension?: string;
  readonly unit: string;
  readonly kind: 'sum' | 'gauge';
  readonly text: string;
  readonly at: readonly number[];
  readonly values: readonly number[];
  /** The sum of a meter that adds up, the last value of one that does not. */
  readonly total: number;
};

export type Usage = {
  readonly series: readonly MeterSeries[] | undefined;
  readonly problem: Problem | undefined;
  readonly heardAt: number | undefined;
  readonly again: () => void;
  readonly span: readonly [number, number];
};

/** What was used over a range, by meter, in this environment or in all of the organization. */
export function useUsage(range: Range, everywhere: boolean, service?: string, dimension?: string): Usage {
  const { length, window, step } = ranges[range];
  const { environment } = usePlace();
  const services = useServed().value?.services;
  // The range ends with the window that runs now; it moves on only when that one is over.
  const to = Math.ceil(Date.now() / step) * step;
  const from = to - length;
  const reading = useOperation<{ items: readonly UsageRow[] }>(
    'platform',
    'ListUsage',
    '',
    { from, to, window, ...(service ? { service } : {}), ...(dimension ? { dimension } : {}) },
    { everyMs: pollEveryMs },
  );
  const rows = reading.value?.items;
  const series = useMemo(() => {
    if (!rows) return undefined;
    const own = everywhere ? rows : rows.filter((row) => row.scope === environment.id);
    return seriesOf(own, from, to, step, (row) => services?.[row.service]?.meters[row.meter]);
  }, [rows, everywhere, environment.id, from, to, step, services]);
  const span = useMemo(() => [from, to - step] as const, [from, to, step]);
  return { series, problem: reading.problem, heardAt: reading.heardAt, again: reading.again, span };
}

type Declared = { readonly kind: 'sum' | 'gauge'; readonly text: string } | undefined;

/** Rows as one series per meter. Windows without a row are 0 for sums; a gauge keeps the value it had. */
function seriesOf(rows: readonly UsageRow[], from: number, to: number, step: number, declared: (row: UsageRow) => Declared): MeterSeries[] {
  const groups = Map.groupBy(rows, (row) => `${row.service}.${row.meter} ${row.dimension ?? ''}`);
  const count = Math.max(0, Math.round((to - from) / step));
  return [...groups.values()]
    .flatMap((group) => {
      const [first] = group;
      if (!first) return [];
      const { kind = 'sum', text = '' } = declared(first) ?? {};
      const values = kind === 'gauge' ? gaugeValues(group, from, step, count) : sumValues(group, from, step, count);
      const total = kind === 'gauge' ? (values.at(-1) ?? 0) : values.reduce((sum, value) => sum + value, 0);
      return [
        {
          service: first.service,
          meter: first.meter,
          ...(first.dimension === undefined ? {} : { dimension: first.dimension }),
          unit: first.unit,
          kind,
          text,
          at: values.map((_, index) => from + index * step),
          values,
          total,
        },
      ];
    })
    .sort((a, b) => (a.service === b.service ? a.meter.localeCompare(b.meter) : a.service.localeCompare(b.service)));
}

function sumValues(rows: readonly UsageRow[], from: number, step: number, count: number): number[] {
  const values = new Array<number>(count).fill(0);
  for (const row of rows) {
    const index = Math.floor((row.at - from) / step);
    if (index >= 0 && index < count) values[index] = (values[index] ?? 0) + Number(row.value);
  }
  return values;
}

function gaugeValues(rows: readonly UsageRow[], from: number, step: number, count: number): number[] {
  const sum = new Array<number>(count).fill(0);
  for (const own of Map.groupBy(rows, (row) => row.scope).values()) {
    const byWindow = new Map(own.toSorted((a, b) => a.at - b.at).map((row) => [Math.floor((row.at - from) / step), Number(row.value)]));
    let last = 0;
    for (let index = 0; index < count; index++) {
      last = byWindow.get(index) ?? last;
      sum[index] = (sum[index] ?? 0) + last;
    }
  }
  return sum;
}
