import { averagePrecision } from '#engine/tree/precision.ts';

/** A payment that two models scored, each of 100; `fraud` where somebody said that it was one. */
type Compared = { readonly score: number | null; readonly other: number; readonly action: string; readonly fraud: boolean };

/** How a model in shadow does beside the one that decides. */
export type ShadowResults = {
  readonly payments: number;
  readonly frauds: number;
  /** What it would have blocked, and how many of that were frauds. */
  readonly blocked: number;
  readonly blocked_frauds: number;
  readonly average_precision: number | null;
  readonly average_precision_active: number | null;
  /** How many standard errors the mean logarithmic loss of the one that decides lies above its own; null where that cannot be told. */
  readonly better_by: number | null;
};

/** Looked at again and again, chance alone rarely gets so far. */
const surelyBetter = 3;
const paymentsToActivate = 1000;
const fraudsToActivate = 20;

export function comparedOf(all: readonly Compared[]): ShadowResults {
  const frauds = all.filter(({ fraud }) => fraud).length;
  const labels = Float64Array.from(all, ({ fraud }) => Number(fraud));
  const precision = (scores: number[]) => (frauds === 0 ? null : averagePrecision(scores, labels));
  const isScored = all.every(({ score }) => score !== null);
  const blocked = all.filter(({ action }) => action === 'block');
  return {
    ...{ payments: all.length, frauds, blocked: blocked.length, blocked_frauds: blocked.filter(({ fraud }) => fraud).length },
    average_precision: precision(all.map(({ other }) => other)),
    average_precision_active: isScored ? precision(all.map(({ score }) => score ?? 0)) : null,
    better_by: isScored ? betterBy(all.map(({ score, other, fraud }) => lossOf(score ?? 0, fraud) - lossOf(other, fraud))) : null,
  };
}

/** A score of 100 is never taken for certain. */
function lossOf(score: number, fraud: boolean): number {
  const share = Math.min(Math.max(score, 0.5), 99.5) / 100;
  return -Math.log(fraud ? share : 1 - share);
}

function betterBy(differences: readonly number[]): number | null {
  const count = differences.length;
  if (count < 2) return null;
  const mean = differences.reduce((sum, each) => sum + each, 0) / count;
  const square = differences.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (count - 1);
  return square === 0 ? null : mean / Math.sqrt(square / count);
}

/** Whether it has been shown that a model in shadow is better. */
export const isShownBetter = ({ payments, frauds, better_by: by, ...more }: ShadowResults): boolean =>
  payments >= paymentsToActivate &&
  frauds >= fraudsToActivate &&
  by !== null &&
  by >= surelyBetter &&
  (more.average_precision ?? 0) >= (more.average_precision_active ?? 0);
