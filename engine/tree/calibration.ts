/** How often it was so where a model said so much: scores in their order, with the share of each; between them a line. */
export type Calibration = { readonly scores: readonly number[]; readonly shares: readonly number[] };

/** The shares that never fall as scores rise and are nearest to the labels (pool adjacent violators). */
export function calibrated(scores: Float64Array, labels: Float64Array): Calibration {
  const order = Array.from(scores.keys()).sort((one, other) => (scores[one] ?? 0) - (scores[other] ?? 0));
  const pools: { sum: number; count: number; from: number; to: number }[] = [];
  for (const row of order) {
    const score = scores[row] ?? 0;
    const before = pools.at(-1);
    // What has the same score has the same share.
    if (before && before.to === score && before.from === score) {
      before.sum += labels[row] ?? 0;
      before.count += 1;
    } else pools.push({ sum: labels[row] ?? 0, count: 1, from: score, to: score });
  }
  const merged: typeof pools = [];
  for (const pool of pools) {
    let own = pool;
    for (let last = merged.at(-1); last && last.sum / last.count >= own.sum / own.count; last = merged.at(-1)) {
      own = { sum: last.sum + own.sum, count: last.count + own.count, from: last.from, to: own.to };
      merged.pop();
    }
    merged.push(own);
  }
  const steps = merged.flatMap(({ sum, count, from, to }) =>
    from === to
      ? [[from, sum / count]]
      : [
          [from, sum / count],
          [to, sum / count],
        ],
  );
  return { scores: steps.map(([score = 0]) => score), shares: steps.map(([, share = 0]) => share) };
}

/** The share that a score stands for. */
export function shareOf({ scores, shares }: Calibration, score: number): number {
  const above = scores.findIndex((each) => each >= score);
  if (above < 0) return shares.at(-1) ?? score;
  if (above === 0) return shares[0] ?? score;
  const [low = 0, high = 0] = [scores[above - 1], scores[above]];
  const [from = 0, to = 0] = [shares[above - 1], shares[above]];
  return high === low ? to : from + ((score - low) / (high - low)) * (to - from);
}
