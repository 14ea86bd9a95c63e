import type { Joined } from '../domain/statistic.ts';
import { checkItems } from '../domain/array.ts';
import { arrayItemsMax } from '../domain/limits.ts';
import { compareValues, keyOf, type List, type Type, type Value } from '../domain/value.ts';
import { Bag, type Tally } from './bag.ts';
import { compareBy } from './order.ts';
import { unmarked } from './text-bag.ts';

type Entry = { readonly value: Value; readonly by: readonly Value[]; readonly count: number };

/** Values of a group that become an array, NULL too: in the order that was asked for, and those beside each other there in their own. */
export class ListBag extends Bag {
  readonly #type: Type;
  readonly #joined: Joined;

  constructor(tally: Tally, type: Type, joined: Joined) {
    super(tally);
    this.#type = type;
    this.#joined = joined;
  }

  /** All values in an array; NULL of none. Throws StatementError (54000) for too many. */
  get answer(): List | null {
    const { order, isDistinct } = this.#joined;
    const entries: Entry[] = [];
    for (const [, [packed, count]] of this.counts()) {
      if (count <= 0) continue;
      const [value = '', ...keys] = JSON.parse(packed as string) as string[];
      const by = order.map(({ type }, at) => unmarked(type, keys[at]));
      entries.push({ value: unmarked(this.#type, value), by, count: isDistinct ? 1 : count });
    }
    if (entries.length === 0) return null;
    entries.sort((left, right) => compareBy(order, left.by, right.by) || inOrder(left.value, right.value));
    const all = entries.flatMap(({ value, count }) => new Array<Value>(Math.min(count, arrayItemsMax + 1)).fill(value));
    const items = isDistinct ? [...new Map(all.toReversed().map((value) => [keyOf(value), value])).values()].toReversed() : all;
    checkItems(items);
    return { sizes: [items.length], items };
  }
}

const inOrder = (left: Value, right: Value): number =>
  left === null || right === null ? Number(left === null) - Number(right === null) : compareValues(left, right);
