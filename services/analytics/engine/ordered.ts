import type { OrderedName } from '../domain/aggregate.ts';
import { compareTexts, compareValues, keyOf, type Value } from '../domain/value.ts';
import type { Tally } from './bag.ts';
import { SortedBag } from './sorted-bag.ts';

type Asked = { readonly how: OrderedName; readonly fraction: number; readonly isDown: boolean };
type Known = Exclude<Value, null>;
type Entry = { readonly value: Known; readonly count: number };

/** Values of a group of which those at some place of their order are asked for. */
export class OrderedBag extends SortedBag<Entry> {
  constructor(tally: Tally) {
    super(tally, {
      entryOf: (value, count) => ({ value, count }),
      compare: (left, right) => compareValues(left.value, right.value) || compareTexts(keyOf(left.value), keyOf(right.value)),
    });
  }
}

/** What stands at a place of the values in their order, counted from 0. */
function valueAt(sorted: readonly Entry[], place: number, isDown: boolean): Known {
  let left = place;
  for (let at = 0; at < sorted.length; at += 1) {
    const { value, count } = sorted[isDown ? sorted.length - 1 - at : at] as Entry;
    if (left < count) return value;
    left -= count;
  }
  throw new RangeError(`there are not ${place} values`);
}

/** The value that is there most often; of several the first. */
function mostOften(sorted: readonly Entry[], isDown: boolean): Value {
  let best: Entry | undefined;
  for (const each of sorted) if (!best || each.count > best.count || (isDown && each.count === best.count)) best = each;
  return best?.value ?? null;
}

/** A percentile of the values, or the one that is there most often, of several the first; NULL of none. */
export function orderedIn(bag: OrderedBag, { how, fraction, isDown }: Asked): Value {
  const sorted = bag.entries;
  if (sorted.length === 0) return null;
  if (how === 'mode') return mostOften(sorted, isDown);
  let count = 0;
  for (const each of sorted) count += each.count;
  if (how === 'percentile_disc') return valueAt(sorted, Math.max(0, Math.ceil(fraction * count) - 1), isDown);
  const place = fraction * (count - 1);
  const [low, high] = [valueAt(sorted, Math.floor(place), isDown), valueAt(sorted, Math.ceil(place), isDown)] as [number, number];
  return low === high ? low : low + (place - Math.floor(place)) * (high - low);
}

/** The same of what is kept of a group, or of what it was before. */
export const shownOrdered = (kept: OrderedBag | { readonly answer: Value }, how: OrderedName, fraction: number, isDown: boolean): Value =>
  kept instanceof OrderedBag ? orderedIn(kept, { how, fraction, isDown }) : kept.answer;
