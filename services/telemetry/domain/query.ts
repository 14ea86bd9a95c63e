import type { Buckets, Labels, Series } from './point.ts';

export type StoredPoint = { readonly at: number; readonly value: number; readonly count: number; readonly buckets: Buckets | undefined };
export type Fold = 'rate' | 'increase' | 'average' | 'sum' | 'minimum' | 'maximum' | 'last' | 'p50' | 'p90' | 'p95' | 'p99';
export type Sample = { readonly at: number; readonly value: number };
/** Steps begin at multiples of their length, or at `origin` and on. */
export type Steps = { readonly from: number; readonly to: number; readonly stepMs: number; readonly origin?: number };
export type Answered = { readonly labels: Labels; readonly points: Sample[] };

/** What was counted between a point and the one before it; a total that fell began again from zero. */
type Growth = { readonly at: number; readonly value: number; readonly count: number; readonly buckets: Buckets | undefined };

function growths(series: Series, points: readonly StoredPoint[]): Growth[] {
  if (series.kind === 'gauge') return [...points];
  if (!series.cumulative) return [...points];
  const grown: Growth[] = [];
  for (let index = 1; index < points.length; index += 1) {
    const [before, now] = [points[index - 1] as StoredPoint, points[index] as StoredPoint];
    const reset = now.value < before.value || now.count < before.count || !sameBounds(before.buckets, now.buckets);
    const less = (total: number, earlier: number) => (reset ? total : total - earlier);
    const buckets = now.buckets && {
      bounds: now.buckets.bounds,
      counts: now.buckets.counts.map((count, at) => Math.max(0, less(count, before.buckets?.counts[at] ?? 0))),
    };
    grown.push({ at: now.at, value: less(now.value, before.value), count: less(now.count, before.count), buckets });
  }
  return grown;
}

const sameBounds = (a: Buckets | undefined, b: Buckets | undefined) =>
  a?.bounds.length === b?.bounds.length && (a?.bounds ?? []).every((bound, at) => bound === b?.bounds[at]);

/** Series folded by steps and grouped by labels. A step with nothing in it has no sample. */
export function query(
  given: readonly { readonly series: Series; readonly points: readonly StoredPoint[] }[],
  fold: Fold,
  by: readonly string[] | undefined,
  steps: Steps,
): Answered[] {
  const groups = new Map<string, { labels: Labels; members: { series: Series; grown: Growth[] }[] }>();
  for (const { series, points } of given) {
    const labels = by ? Object.fromEntries(by.map((name) => [name, series.labels[name] ?? ''])) : series.labels;
    const key = JSON.stringify(labels);
    const group = groups.get(key) ?? { labels, members: [] };
    groups.set(key, group);
    group.members.push({ series, grown: growths(series, points) });
  }
  return [...groups.values()].map(({ labels, members }) => ({ labels, points: folded(members, fold, steps) }));
}

function folded(members: readonly { series: Series; grown: Growth[] }[], fold: Fold, { from, to, stepMs, origin = 0 }: Steps): Sample[] {
  const byStep = new Map<number, Growth[][]>();
  for (const { grown } of members) {
    const mine = new Map<number, Growth[]>();
    for (const growth of grown) {
      if (growth.at < from || growth.at >= to) continue;
      const at = origin + Math.floor((growth.at - origin) / stepMs) * stepMs;
      const list = mine.get(at);
      if (list) list.push(growth);
      else mine.set(at, [growth]);
    }
    for (const [at, list] of mine) byStep.set(at, [...(byStep.get(at) ?? []), list]);
  }
  const isHistogram = members.some(({ series }) => series.kind === 'histogram');
  return [...byStep]
    .sort(([a], [b]) => a - b)
    .flatMap(([at, lists]) => {
      const value = foldStep(lists, fold, stepMs, isHistogram);
      return value === undefined || !Number.isFinite(value) ? [] : [{ at, value }];
    });
}

/** One step: the points of each member, folded to one value. Histograms count observations, except for their average. */
function foldStep(lists: readonly Growth[][], fold: Fold, stepMs: number, isHistogram: boolean): number | undefined {
  const all = lists.flat();
  const amount = ({ value, count }: Growth) => (isHistogram ? count : value);
  const total = all.reduce((sum, each) => sum + amount(each), 0);
  if (fold === 'rate') return total / (stepMs / 1000);
  if (fold === 'increase') return total;
  if (fold === 'last') return lists.reduce((sum, list) => sum + amount(list.at(-1) as Growth), 0);
  if (fold === 'minimum') return Math.min(...all.map(amount));
  if (fold === 'maximum') return Math.max(...all.map(amount));
  if (fold === 'average') {
    const weight = isHistogram ? all.reduce((sum, { count }) => sum + count, 0) : all.length;
    return weight === 0 ? undefined : all.reduce((sum, { value }) => sum + value, 0) / weight;
  }
  // The sum over members of each one's level: what `average` is within a member.
  if (fold === 'sum')
    return isHistogram ? all.reduce((sum, { value }) => sum + value, 0) : lists.reduce((sum, list) => sum + mean(list.map(amount)), 0);
  const share = Number(fold.slice(1)) / 100;
  if (isHistogram) return quantileOf(addUp(all.flatMap(({ buckets }) => buckets ?? [])), share);
  const sorted = all.map(amount).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Histograms with like bounds added up; those with other bounds than the first are left out. */
function addUp(list: readonly Buckets[]): Buckets | undefined {
  const [first] = list;
  if (!first) return undefined;
  const counts = first.counts.map(() => 0);
  for (const each of list) {
    if (!sameBounds(first, each)) continue;
    for (const [at, count] of each.counts.entries()) counts[at] = (counts[at] ?? 0) + count;
  }
  return { bounds: first.bounds, counts };
}

/** A quantile by straight lines within buckets; above the last bound, that bound. Undefined where nothing was counted. */
export function quantileOf(buckets: Buckets | undefined, share: number): number | undefined {
  const total = buckets?.counts.reduce((sum, count) => sum + count, 0) ?? 0;
  if (!buckets || total === 0) return undefined;
  const rank = share * total;
  let below = 0;
  for (const [at, count] of buckets.counts.entries()) {
    if (count > 0 && below + count >= rank) {
      const upper = buckets.bounds[at];
      const lower = buckets.bounds[at - 1] ?? Math.min(0, upper ?? 0);
      return upper === undefined ? lower : lower + ((upper - lower) * Math.max(0, rank - below)) / count;
    }
    below += count;
  }
  return buckets.bounds.at(-1);
}
