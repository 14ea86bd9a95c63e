import { anomalyHistoryMax, anomalySeasonsMin } from '../contract/limits.ts';

/** One measurement of a series that is taken at even steps; `value` undefined where nothing was measured. */
export type Measured = { readonly at: number; readonly value: number | undefined };

export type AnomalyOptions = {
  /** Time between two measurements, and after which the series is expected to repeat; in milliseconds. */
  readonly stepMs: number;
  readonly seasonMs: number;
  /** How many robust deviations a lasting departure has, and a single one. */
  readonly sensitivity: number;
};

export const usualAnomaly = { stepMs: 60_000, seasonMs: 86_400_000, sensitivity: 5 } as const satisfies AnomalyOptions;

/** What was found: what was expected, how far off it is in robust deviations, and how it departs. */
export type Anomaly = {
  readonly at: number;
  readonly value: number | undefined;
  readonly expected: number;
  readonly score: number;
  readonly kind: 'spike' | 'shift' | 'silence' | 'flat' | 'unsteady';
};

/** What is remembered of a series between two measurements. */
export type AnomalyState = {
  /** The last measurements in order, oldest first; NaN where nothing was measured. */
  readonly values: number[];
  /** Evidence that residuals lie above and below what is expected, as cumulative sums. */
  above: number;
  below: number;
  /** Slow drift of the level against earlier seasons. */
  level: number;
  /** Measurements in a row that were missing, that were the same, and that were wild. */
  missing: number;
  same: number;
  wild: number[];
};

export const freshState = (): AnomalyState => ({ values: [], above: 0, below: 0, level: 0, missing: 0, same: 0, wild: [] });

const shiftSteps = 10;

/**
 * Takes one measurement in and says whether it departs from what the same time of earlier seasons leads to expect. Medians
 * and absolute deviations keep yesterday's outage from being today's norm. Nothing is said before two seasons were seen.
 */
export function measure(state: AnomalyState, { at, value }: Measured, options: AnomalyOptions): Anomaly | undefined {
  const expected = expectation(state, options);
  const found = expected && judged(state, { at, value }, expected, options);
  state.values.push(value ?? Number.NaN);
  if (state.values.length > anomalyHistoryMax) state.values.splice(0, state.values.length - anomalyHistoryMax);
  return found;
}

type Expectation = { readonly centre: number; readonly spread: number; readonly steady: number };

/** Values at the same time of earlier seasons, with their neighbours: their median and how far they usually lie from it. */
function expectation({ values, level }: AnomalyState, { stepMs, seasonMs }: AnomalyOptions): Expectation | undefined {
  const season = Math.round(seasonMs / stepMs);
  if (values.length < season * anomalySeasonsMin) return undefined;
  const reach = Math.max(2, Math.round(season / 288));
  const near: number[] = [];
  const centres: number[] = [];
  for (let back = values.length - season; back >= 0; back -= season) {
    const window = values.slice(Math.max(0, back - reach), back + reach + 1).filter((each) => !Number.isNaN(each));
    if (window.length === 0) continue;
    near.push(...window);
    centres.push(median(window));
  }
  if (near.length < reach) return undefined;
  const seasonal = median(centres);
  // Residuals against each season's own centre: the day that was twice as busy does not widen the band.
  const residuals = near.map((each) => Math.abs(each - nearest(centres, each)));
  const spread = Math.max(1.4826 * median(residuals), quantile(residuals, 0.9) / 1.645, Math.abs(seasonal) * 0.02, 1e-9);
  return { centre: seasonal + level, spread, steady: median(steps(near)) };
}

function judged(state: AnomalyState, { at, value }: Measured, expected: Expectation, options: AnomalyOptions): Anomaly | undefined {
  const { centre, spread } = expected;
  const tell = (kind: Anomaly['kind'], score: number): Anomaly => ({ at, value, expected: centre, score, kind });
  if (value === undefined) {
    state.missing += 1;
    return state.missing >= 3 ? tell('silence', state.missing) : undefined;
  }
  state.missing = 0;
  const residual = (value - centre) / spread;
  const spiked = Math.abs(residual) > 2 * options.sensitivity;
  const shifted = shift(state, residual, options);
  const flat = flatness(state, value, expected);
  const unsteady = wildness(state, residual);
  // The level follows slowly, and never what is judged to be wrong.
  if (!spiked && Math.abs(residual) < options.sensitivity) state.level += 0.01 * (value - centre);
  if (spiked) return tell('spike', Math.abs(residual));
  if (shifted > 0) return tell('shift', shifted);
  if (flat) return tell('flat', state.same);
  return unsteady > 0 ? tell('unsteady', unsteady) : undefined;
}

/** Page's cumulative sums: what lies a deviation and a half off for long adds up, what comes and goes does not. */
function shift(state: AnomalyState, residual: number, { sensitivity }: AnomalyOptions): number {
  const bounded = Math.max(-sensitivity, Math.min(sensitivity, residual));
  state.above = Math.min(4 * sensitivity * shiftSteps, Math.max(0, state.above + bounded - 1.5));
  state.below = Math.min(4 * sensitivity * shiftSteps, Math.max(0, state.below - bounded - 1.5));
  const evidence = Math.max(state.above, state.below);
  return evidence > 2 * sensitivity + shiftSteps ? evidence : 0;
}

/** A series that always moves and stands still is stuck. */
function flatness(state: AnomalyState, value: number, { steady }: Expectation): boolean {
  const last = state.values.at(-1);
  state.same = value === last ? state.same + 1 : 0;
  return steady > 0 && state.same >= 3 * shiftSteps;
}

/** Departures to both sides that no single one of which is far: the median of the last absolute residuals. */
function wildness(state: AnomalyState, residual: number): number {
  state.wild.push(Math.abs(residual));
  if (state.wild.length > 2 * shiftSteps) state.wild.shift();
  if (state.wild.length < 2 * shiftSteps) return 0;
  const usual = median(state.wild);
  return usual > 2.2 ? usual : 0;
}

const steps = (values: readonly number[]) => values.slice(1).map((value, at) => Math.abs(value - (values[at] ?? 0)));
const nearest = (centres: readonly number[], value: number) =>
  centres.reduce((best, centre) => (Math.abs(centre - value) < Math.abs(best - value) ? centre : best), centres[0] ?? 0);

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const low = sorted[Math.floor(place)] as number;
  const high = sorted[Math.ceil(place)] as number;
  return low + (high - low) * (place - Math.floor(place));
}
