import type { OrderedName } from '../domain/aggregate.ts';
import { compareValues, type Value } from '../domain/value.ts';
import { Bag } from './bag.ts';

type Asked = { readonly how: OrderedName; readonly fraction: number; readonly isDown: boolean };
type Known = Exclude<Value, null>;

/** What stands at a place of the values in their order, counted from 0. */
function valueAt(sorted: readonly { readonly value: Known; readonly count: number }[], place: number): Known {
  let left = place;
  for (const { value, count } of sorted) {
    if (left < count) return value;
    left -= count;
  }
  throw new RangeError(`there are not ${place} values`);
}

/** A percentile of the values, or the one that is there most often, of several the first; NULL of none. */
export function orderedIn(bag: Bag, { how, fraction, isDown }: Asked): Value {
  const sign = isDown ? -1 : 1;
  const sorted = [...bag.counts()]
    .map(([, [value, count]]) => ({ value, count }))
    .filter(({ count }) => count > 0)
    .sort((left, right) => sign * compareValues(left.value, right.value));
  const [first] = sorted;
  if (!first) return null;
  if (how === 'mode') return sorted.reduce((best, next) => (next.count > best.count ? next : best), first).value;
  const count = sorted.reduce((sum, each) => sum + each.count, 0);
  if (how === 'percentile_disc') return valueAt(sorted, Math.max(0, Math.ceil(fraction * count) - 1));
  const place = fraction * (count - 1);
  const [low, high] = [valueAt(sorted, Math.floor(place)), valueAt(sorted, Math.ceil(place))] as [number, number];
  return low === high ? low : low + (place - Math.floor(place)) * (high - low);
}

/** The same of what is kept of a group, or of what it was before. */
export const shownOrdered = (kept: Bag | { readonly answer: Value }, how: OrderedName, fraction: number, isDown: boolean): Value =>
  kept instanceof Bag ? orderedIn(kept, { how, fraction, isDown }) : kept.answer;
