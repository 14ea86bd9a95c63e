/** Calls and the bad among them, in one step of time. */
export type Tally = { readonly at: number; readonly total: number; readonly bad: number };

export type Budget = {
  readonly total: number;
  readonly bad: number;
  readonly attained: number;
  readonly budgetLeft: number;
  readonly burnHour: number;
  readonly burnSixHours: number;
};

const hourMs = 3_600_000;

/** Calls that failed, and by the buckets of their latency those that took longer than allowed, in whole calls. */
export function badCalls(failed: number, counts: readonly number[], bounds: readonly number[], slowerMs: number | undefined): number {
  if (slowerMs === undefined) return failed;
  const limit = slowerMs / 1000;
  // A bucket that the limit cuts counts in the share that lies above.
  const slow = counts.reduce((sum, count, at) => {
    const [lower, upper] = [at === 0 ? 0 : (bounds[at - 1] as number), bounds[at] ?? Number.POSITIVE_INFINITY];
    if (upper <= limit) return sum;
    return sum + (lower >= limit || upper === Number.POSITIVE_INFINITY ? count : (count * (upper - limit)) / (upper - lower));
  }, 0);
  return Math.round(
    Math.min(
      counts.reduce((sum, count) => sum + count, 0),
      Math.max(failed, slow),
    ),
  );
}

/** What an objective's budget has left over all steps, and how fast it burns: 1 spends it exactly in its time. */
export function budgetOf(target: number, tallies: readonly Tally[], now: number): Budget {
  const over = (sinceMs: number) => {
    const within = tallies.filter(({ at }) => at >= sinceMs);
    return { total: within.reduce((sum, { total }) => sum + total, 0), bad: within.reduce((sum, { bad }) => sum + bad, 0) };
  };
  const burn = (ms: number) => {
    const { total, bad } = over(now - ms);
    return total === 0 ? 0 : bad / total / (1 - target);
  };
  const { total, bad } = over(0);
  const allowed = total * (1 - target);
  return {
    total,
    bad,
    attained: total === 0 ? 1 : 1 - bad / total,
    budgetLeft: total === 0 ? 1 : 1 - bad / allowed,
    burnHour: burn(hourMs),
    burnSixHours: burn(6 * hourMs),
  };
}
