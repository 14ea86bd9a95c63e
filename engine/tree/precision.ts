/** Average precision of scores: the precision at each score, weighed by how many of all frauds have it. */
export function averagePrecision(scores: ArrayLike<number>, labels: Float64Array): number {
  const order = Array.from(labels.keys()).sort((one, other) => (scores[other] ?? 0) - (scores[one] ?? 0));
  const frauds = labels.reduce((sum, label) => sum + label, 0);
  let [sum, seen, right, rightBefore] = [0, 0, 0, 0];
  order.forEach((row, at) => {
    seen += 1;
    right += labels[row] ?? 0;
    // What has the same score is told together.
    if (scores[row] === scores[order[at + 1] ?? -1]) return;
    sum += (right / seen) * (right - rightBefore);
    rightBefore = right;
  });
  return sum / frauds;
}
