import type { Joined } from '../domain/statistic.ts';
import { checkItems } from '../domain/array.ts';
import { arrayItemsMax } from '../domain/limits.ts';
import { compareTexts, compareValues, keyOf, type List, type Type, type Value } from '../domain/value.ts';
import type { Tally } from './bag.ts';
import { compareBy } from './order.ts';
import { SortedBag } from './sorted-bag.ts';
import { unmarked } from './text-bag.ts';

type Entry = { readonly packed: string; readonly value: Value; readonly by: readonly Value[]; readonly count: number };

/** Values of a group that become an array, NULL too: in the order that was asked for, and those beside each other there in their own. */
export class ListBag extends SortedBag<Entry> {
  readonly #isDistinct: boolean;

  constructor(tally: Tally, type: Type, joined: Joined) {
    super(tally, {
      entryOf: (value, count) => entryOf(type, joined, value as string, count),
      compare: (left, right) =>
        compareBy(joined.order, left.by, right.by) || inOrder(left.value, right.value) || compareTexts(left.packed, right.packed),
    });
    this.#isDistinct = joined.isDistinct ?? false;
  }

  /** All values in an array; NULL of none. Throws StatementError (54000) for too many. */
  get answer(): List | null {
    const { entries } = this;
    if (entries.length === 0) return null;
    const all: Value[] = [];
    for (const { value, count } of entries) for (let time = Math.min(count, arrayItemsMax + 1); time > 0; time -= 1) all.push(value);
    const items = this.#isDistinct ? [...new Map(all.toReversed().map((value) => [keyOf(value), value])).values()].toReversed() : all;
    checkItems(items);
    return { sizes: [items.length], items };
  }
}

function entryOf(type: Type, { order, isDistinct }: Joined, packed: string, count: number): Entry {
  const [value = '', ...keys] = JSON.parse(packed) as string[];
  const by = order.map(({ type: own }, at) => unmarked(own, keys[at]));
  return { packed, value: unmarked(type, value), by, count: isDistinct ? 1 : count };
}

const inOrder = (left: Value, right: Value): number =>
  left === null || right === null ? Number(left === null) - Number(right === null) : compareValues(left, right);
