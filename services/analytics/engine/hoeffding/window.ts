import { finite } from '../../domain/value.ts';

/**
 * The latest values of a stream, as many as have one mean: ADWIN (Bifet and Gavaldà, Learning from Time-Changing Data with Adaptive
 * Windowing, 2007). It is never changed, only followed by another.
 */
export type Window = {
  readonly width: number;
  readonly total: number;
  /** The sum of squared distances from the mean. */
  readonly squares: number;
  /** Values that came since the beginning. */
  readonly rows: number;
  /** How often older values were let go because the mean is another now. */
  readonly drifts: number;
  /** Buckets of 2 ** n values at n, the oldest first; of each its total and its sum of squared distances. */
  readonly buckets: readonly (readonly number[])[];
};

/** How likely a drift may be seen where there is none. */
const delta = 0.002;
/** Values between two looks for a drift. */
const every = 32;
/** Most buckets of one size, beyond which two become one of the next. */
const perSize = 5;
/** Fewest values on a side of a cut. */
const leastPart = 5;
const leastWidth = 10;

export const noWindow: Window = { width: 0, total: 0, squares: 0, rows: 0, drifts: 0, buckets: [] };

export const meanOf = ({ width, total }: Window): number => (width === 0 ? 0 : total / width);

/** The window that has one more value, and without older ones if its mean drifted. */
export function slid(before: Window, value: number): Window {
  const after = widened(before, value);
  if (after.rows % every !== 0 || after.width <= leastWidth) return after;
  let left = after;
  while (hasDrifted(left)) left = withoutOldest(left);
  return left === after ? after : { ...left, drifts: after.drifts + 1 };
}

function widened(before: Window, value: number): Window {
  const { width } = before;
  const distance = width === 0 ? 0 : value - meanOf(before);
  const [single = [], ...more] = before.buckets;
  const buckets: (readonly number[])[] = [[...single, value, 0], ...more];
  for (let at = 0; (buckets[at]?.length ?? 0) > perSize * 2; at += 1) {
    const [first = 0, firstSquares = 0, second = 0, secondSquares = 0, ...rest] = buckets[at] as number[];
    const size = 2 ** at;
    const between = (first - second) / size;
    buckets[at] = rest;
    buckets[at + 1] = [...(buckets[at + 1] ?? []), first + second, firstSquares + secondSquares + (size * between * between) / 2];
  }
  return {
    ...before,
    width: width + 1,
    total: finite(before.total + value),
    squares: finite(before.squares + (width * distance * distance) / (width + 1)),
    rows: before.rows + 1,
    buckets,
  };
}

/** Whether at some cut between buckets the means of both sides are farther apart than chance has them. */
function hasDrifted({ width, total, squares, buckets }: Window): boolean {
  const doubt = Math.log((2 * Math.log(width)) / delta);
  const variance = squares / width;
  let older = 0;
  let sum = 0;
  for (let at = buckets.length - 1; at >= 0; at -= 1) {
    const row = buckets[at] as readonly number[];
    for (let next = 0; next < row.length; next += 2) {
      older += 2 ** at;
      sum += row[next] as number;
      const newer = width - older;
      if (older < leastPart || newer < leastPart) continue;
      const parts = 1 / (older - leastPart + 1) + 1 / (newer - leastPart + 1);
      const bound = Math.sqrt(2 * parts * variance * doubt) + (2 / 3) * parts * doubt;
      if (Math.abs(sum / older - (total - sum) / newer) > bound) return true;
    }
  }
  return false;
}

function withoutOldest(window: Window): Window {
  const size = 2 ** (window.buckets.length - 1);
  const [oldest = 0, oldestSquares = 0, ...rest] = window.buckets.at(-1) ?? [];
  const others = window.buckets.slice(0, -1);
  const width = window.width - size;
  const total = window.total - oldest;
  const distance = oldest / size - total / width;
  const squares = Math.max(0, window.squares - oldestSquares - (size * width * distance * distance) / window.width);
  return { ...window, width, total, squares, buckets: rest.length > 0 ? [...others, rest] : others };
}

/** A window as text: rows, drifts, and the mean of as many of the latest values as have one. */
export const drifted = (window: Window): string =>
  JSON.stringify({ rows: window.rows, drifts: window.drifts, mean: meanOf(window), width: window.width });

/** The window that has a value as many times. */
export function drift(before: Window | null, value: number, times: number): Window {
  let window = before ?? noWindow;
  for (let left = times; left > 0; left -= 1) window = slid(window, value);
  return window;
}
