/** One line of a result: ours and the peer's figure, how many times ours is better, and what was aimed at, if anything. */
export type BenchRow = {
  readonly row: string;
  readonly ours: number;
  /** Null where the goal is a bound on our figure and nothing stands beside it. */
  readonly peer: number | 'not run' | null;
  readonly unit: string;
  readonly ratio: number | null;
  /** A number is the least ratio; text is a bound on our figure. */
  readonly goal: number | string | null;
  readonly met: boolean | null;
};
export type BenchResult = { readonly name: string; readonly rows: readonly BenchRow[] };

/** A row whose goal is a ratio; `better` says which way the figure is good. A peer that could not run leaves the goal unmet. */
export function compared(
  row: string,
  unit: string,
  better: 'more' | 'less',
  ours: number,
  peer: number | 'not run',
  goal: number | null,
): BenchRow {
  if (peer === 'not run') return { row, ours: round(ours), peer, unit, ratio: null, goal, met: goal === null ? null : false };
  const ratio = better === 'more' ? ours / peer : peer / ours;
  return { row, ours: round(ours), peer: round(peer), unit, ratio: round(ratio), goal, met: goal === null ? null : ratio >= goal };
}

/** A row whose goal is an upper bound on our own figure. */
export function bounded(row: string, unit: string, ours: number, most: number | null): BenchRow {
  return {
    row,
    ours: round(ours),
    peer: null,
    unit,
    ratio: null,
    goal: most === null ? null : `<= ${most} ${unit}`,
    met: most === null ? null : ours <= most,
  };
}

/** A row whose goal is a lower bound on our own figure. */
export function least(row: string, unit: string, ours: number, goal: number | null): BenchRow {
  const met = goal === null ? null : ours >= goal;
  return { row, ours: round(ours), peer: null, unit, ratio: null, goal: goal === null ? null : `>= ${goal} ${unit}`, met };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Four digits are as many as a benchmark can stand for. */
export function round(value: number): number {
  return Number(value.toPrecision(4));
}
