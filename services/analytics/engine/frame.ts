import { StatementError } from '#engine/pgwire/statement-error.ts';
import { add, type Decimal, negate } from '../domain/decimal.ts';
import { dayMicros } from '../domain/datetime.ts';
import { compareInterval, type Interval, moved } from '../domain/interval.ts';
import type { FrameEdge, Order, SlidingFrame } from '../domain/plan.ts';
import { compareValues, type Type, type Value } from '../domain/value.ts';
import type { Ordered } from './ranking.ts';

type Known = Exclude<Value, null>;
/** Rows of a partition in their order, and those that stand beside each other in it. */
export type Beside = {
  readonly rows: readonly Ordered[];
  /** By row: the number of its group of those beside each other. */
  readonly groups: Int32Array;
  /** By group: its first row; behind the last group, how many rows there are. */
  readonly starts: readonly number[];
};

export function besideOf(rows: readonly Ordered[], isBeside: (left: Ordered, right: Ordered) => boolean): Beside {
  const groups = new Int32Array(rows.length);
  const starts: number[] = [];
  for (const [at, row] of rows.entries()) {
    const last = rows[at - 1];
    if (!last || !isBeside(last, row)) starts.push(at);
    groups[at] = starts.length - 1;
  }
  return { rows, groups, starts: [...starts, rows.length] };
}

/** Parts of the rows of a partition, each from a place up to another. */
export type Parts = readonly (readonly [from: number, to: number])[];

/** What counts for a row: one part, unless rows are left out of it. */
export function partsOf({ exclude }: SlidingFrame, [from, to]: readonly [number, number], at: number, { groups, starts }: Beside): Parts {
  if (exclude === 'none') return from < to ? [[from, to]] : [];
  const group = groups[at] as number;
  const [first, behind] = exclude === 'row' ? [at, at + 1] : [starts[group] as number, starts[group + 1] as number];
  const all = [
    [from, Math.min(to, first)],
    ...(exclude === 'ties' ? [[Math.max(from, at), Math.min(to, at + 1)]] : []),
    [Math.max(from, behind), to],
  ];
  return (all as [number, number][]).filter(([start, end]) => start < end);
}

type Reads = {
  readonly frame: SlidingFrame;
  readonly order: readonly Order[];
  /** Where the offsets of the frame stand among the values that are read of rows. */
  readonly offsets: number;
};

/** Where the frame of a row begins and ends. */
export function edgesOf({ frame, order, offsets }: Reads, at: number, beside: Beside): readonly [number, number] {
  const { start, end, mode } = frame;
  const value = (edge: FrameEdge, place: number) =>
    'offset' in edge ? offsetIn(mode, beside.rows[at]?.by[offsets + place] ?? null, place) : null;
  const [before, behind] = [value(start, 0), value(end, 'offset' in start ? 1 : 0)];
  if (mode === 'rows') return [edgeOfRows(start, before, at, 0, beside.rows.length), edgeOfRows(end, behind, at, 1, beside.rows.length)];
  if (mode === 'groups') return [edgeOfGroups(start, before, at, 0, beside), edgeOfGroups(end, behind, at, 1, beside)];
  const by = order[0];
  return [edgeOfRange(start, before, at, 0, beside, by), edgeOfRange(end, behind, at, 1, beside, by)];
}

function offsetIn(mode: SlidingFrame['mode'], value: Value, place: number): Value {
  const which = place === 0 ? 'starting' : 'ending';
  if (value === null) throw new StatementError('22004', `frame ${which} offset must not be null`);
  if (signOf(value) >= 0) return value;
  throw new StatementError(
    '22013',
    mode === 'range' ? 'invalid preceding or following size in window function' : `frame ${which} offset must not be negative`,
  );
}

const signOf = (value: Value): number =>
  typeof value !== 'object' || value === null
    ? Number(value) < 0 || Number.isNaN(value)
      ? -1
      : 1
    : 'units' in value
      ? Number(value.units)
      : Number(compareInterval.key(value as Interval));

/** `by` is 1 for the place behind the last row of a frame. */
function edgeOfRows(edge: FrameEdge, offset: Value, at: number, by: 0 | 1, count: number): number {
  if (edge.at === 'end') return by * count;
  const far = edge.at === 'row' ? 0 : Math.min(Number(offset), count);
  return Math.max(0, Math.min(count, (edge.at === 'before' ? at - far : at + far) + by));
}

function edgeOfGroups(edge: FrameEdge, offset: Value, at: number, by: 0 | 1, { groups, starts, rows }: Beside): number {
  if (edge.at === 'end') return by * rows.length;
  const far = edge.at === 'row' ? 0 : Math.min(Number(offset), starts.length);
  const group = (groups[at] as number) + (edge.at === 'before' ? -far : far) + by;
  return starts[Math.max(0, Math.min(starts.length - 1, group))] as number;
}

function edgeOfRange(edge: FrameEdge, offset: Value, at: number, by: 0 | 1, beside: Beside, order: Order | undefined): number {
  const { rows, groups, starts } = beside;
  if (edge.at === 'end') return by * rows.length;
  const own = rows[at]?.by[0] ?? null;
  // NULL is as far from every value as it is from none.
  if (edge.at === 'row' || own === null || !order) return starts[(groups[at] as number) + by] as number;
  const { isDown, nullsFirst, expr } = order;
  const isLess = (edge.at === 'before') !== isDown;
  const reached = shifted(expr.type, own, offset, isLess);
  const isBefore = (place: number): boolean => {
    const value = rows[place]?.by[0] ?? null;
    if (value === null) return nullsFirst;
    const found = reached === undefined ? (isLess ? 1 : -1) : compareValues(comparable(expr.type, value), reached);
    const sign = isDown ? -found : found;
    return by === 0 ? sign < 0 : sign <= 0;
  };
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A value as it is compared with others that lie apart from it. */
function comparable(type: Type, value: Known): Known {
  if (type === 'date') return (value as number) * dayMicros;
  return type === 'interval' ? BigInt(compareInterval.key(value as Interval)) : value;
}

/** A value that lies so far from another; undefined where there is none that far. */
function shifted(type: Type, value: Known, offset: Value, isLess: boolean): Known | undefined {
  const of = comparable(type, value);
  switch (type) {
    case 'numeric':
      return add(of as Decimal, isLess ? negate(offset as Decimal) : (offset as Decimal));
    case 'float4':
    case 'float8':
      return (of as number) + (isLess ? -(offset as number) : (offset as number));
    case 'time':
      return (of as number) + (isLess ? -(offset as Interval).micros : (offset as Interval).micros);
    case 'interval': {
      const far = BigInt(compareInterval.key(offset as Interval));
      return (of as bigint) + (isLess ? -far : far);
    }
    case 'date':
    case 'timestamp':
    case 'timestamptz': {
      const { months, days, micros } = offset as Interval;
      const sign = isLess ? -1 : 1;
      try {
        return moved(of as number, { ...(offset as Interval), months: sign * months, days: sign * days, micros: sign * micros });
      } catch {
        return undefined;
      }
    }
    default: {
      const far = BigInt(offset as number);
      return BigInt(of as number) + (isLess ? -far : far);
    }
  }
}
