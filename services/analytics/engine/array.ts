import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { checkItems, listOf } from '../domain/array.ts';
import { arrayDimensionsMax } from '../domain/limits.ts';
import { compareValues, keyOf, type List, printValue, type Type, type Value } from '../domain/value.ts';
import { textBytesMax } from './limits.ts';

type Known = Exclude<Value, null>;
const empty: List = { sizes: [], items: [] };
const isSame = (left: Value, right: Value): boolean =>
  left === null || right === null ? left === right : compareValues(left, right) === 0;

const unlike = () => new StatementError('2202E', 'cannot concatenate incompatible arrays');
const isAs = (left: readonly number[], right: readonly number[]): boolean =>
  left.length === right.length && left.every((size, at) => size === right[at]);

function flat({ sizes }: List, what: string): void {
  if (sizes.length > 1) throw new StatementError('0A000', `${what} in multidimensional arrays is not supported`);
}

/** Items in front of, or behind, an array of one dimension. */
function extended(list: List | null, make: (items: readonly Value[]) => Value[]): List {
  const { sizes, items } = list ?? empty;
  if (sizes.length > 1) throw new StatementError('22000', 'argument must be empty or one-dimensional array');
  return listOf(make(items));
}

function concatenated(left: List | null, right: List | null): List | null {
  if (!left || !right) return left ?? right;
  if (left.sizes.length === 0) return right;
  if (right.sizes.length === 0) return left;
  const depth = left.sizes.length - right.sizes.length;
  // One that has a dimension less is an element of the other.
  const [a, b] = [depth < 0 ? [1, ...left.sizes] : left.sizes, depth > 0 ? [1, ...right.sizes] : right.sizes];
  if (Math.abs(depth) > 1 || !isAs(a.slice(1), b.slice(1))) throw unlike();
  const items = [...left.items, ...right.items];
  checkItems(items);
  return { sizes: [(a[0] as number) + (b[0] as number), ...a.slice(1)], items };
}

/** Where the items of an array begin that a subscript in its first dimension names, and how many they are. */
function subscripted({ sizes, items }: List, ...places: number[]): Value {
  if (places.length !== sizes.length) return null;
  let at = 0;
  for (const [depth, size] of sizes.entries()) {
    const place = places[depth] as number;
    if (place < 1 || place > size) return null;
    at = at * size + place - 1;
  }
  return items[at] ?? null;
}

function sliced({ sizes, items }: List, ...bounds: number[]): List {
  if (bounds.length / 2 > sizes.length) return empty;
  const ranges = sizes.map((size, depth) => {
    const [low = 1, high = size] = [bounds[depth * 2], bounds[depth * 2 + 1]];
    return [Math.max(1, low), Math.min(size, high)] as const;
  });
  if (ranges.some(([low, high]) => low > high)) return empty;
  const found: Value[] = [];
  const take = (depth: number, from: number): void => {
    if (depth === sizes.length) {
      found.push(items[from] ?? null);
      return;
    }
    const [low, high] = ranges[depth] as readonly [number, number];
    for (let place = low; place <= high; place += 1) take(depth + 1, from * (sizes[depth] as number) + place - 1);
  };
  take(0, 0);
  return { sizes: ranges.map(([low, high]) => high - low + 1), items: found };
}

function positions(list: List, value: Value, from = 1): number[] {
  flat(list, 'searching for elements');
  return list.items.flatMap((item, at) => (at + 1 >= from && isSame(item, value) ? [at + 1] : []));
}

/** Whether all items of an array are in another; NULL is like none. */
function contains(whole: List, part: List): boolean {
  const keys = new Set(whole.items.map(keyOf));
  return part.items.every((value) => value !== null && keys.has(keyOf(value)));
}

/** Arrays as the items of one that has a dimension more. */
function ofLists(lists: readonly (List | null)[]): List {
  const known = lists.map((list) => list ?? empty);
  const [first = empty] = known;
  if (known.every(({ sizes }) => sizes.length === 0)) return empty;
  if (known.some(({ sizes }) => !isAs(sizes, first.sizes)))
    throw new StatementError('2202E', 'multidimensional arrays must have array expressions with matching dimensions');
  if (first.sizes.length >= arrayDimensionsMax)
    throw new StatementError(sqlstates.tooLarge, `number of array dimensions exceeds the maximum allowed (${arrayDimensionsMax})`);
  const items = known.flatMap((list) => list.items);
  checkItems(items);
  return { sizes: [known.length, ...first.sizes], items };
}

function split(text: string | null, by: string | null, none?: string | null): List | null {
  if (text === null) return null;
  if (text === '') return empty;
  const parts = by === null ? [...text] : by === '' ? [text] : text.split(by);
  return listOf(parts.map((part) => (part === none ? null : part)));
}

/** What generated code calls for arrays. */
export const arrays = {
  array: (items: readonly Value[]) => listOf(items),
  ofLists,
  subscripted,
  sliced,
  concatenated,
  contains,
  overlaps(left: List, right: List): boolean {
    const keys = new Set(right.items.map(keyOf));
    return left.items.some((value) => value !== null && keys.has(keyOf(value)));
  },
  eachItem: ({ sizes, items }: List, make: (item: Known) => Value): List => ({
    sizes,
    items: items.map((item) => (item === null ? null : make(item))),
  }),
  appended: (list: List | null, value: Value) => extended(list, (items) => [...items, value]),
  prepended: (value: Value, list: List | null) => extended(list, (items) => [value, ...items]),
  sizeIn: ({ sizes }: List, dimension: number) => sizes[dimension - 1] ?? null,
  firstIn: ({ sizes }: List, dimension: number) => (sizes[dimension - 1] === undefined ? null : 1),
  dimensions: ({ sizes }: List) => (sizes.length === 0 ? null : sizes.length),
  dimensionText: ({ sizes }: List) => (sizes.length === 0 ? null : sizes.map((size) => `[1:${size}]`).join('')),
  positionOf(list: List | null, value: Value, from?: number | null): number | null {
    if (from === null) throw new StatementError('22004', 'initial position must not be null');
    return list && (positions(list, value, from)[0] ?? null);
  },
  positionsOf: (list: List | null, value: Value) => list && listOf<Value>(positions(list, value)),
  without(list: List | null, value: Value): List | null {
    if (list) flat(list, 'removing elements');
    return list && listOf(list.items.filter((item) => !isSame(item, value)));
  },
  withOther(list: List | null, from: Value, to: Value): List | null {
    const items = list?.items.map((item) => (isSame(item, from) ? to : item));
    if (!list || !items) return null;
    checkItems(items);
    return { sizes: list.sizes, items };
  },
  trimmedTo({ sizes, items }: List, count: number): List {
    const [most = 0] = sizes;
    if (count < 0 || count > most) throw new StatementError('2202E', `number of elements to trim must be between 0 and ${most}`);
    return sliced({ sizes, items }, 1, most - count);
  },
  joinedItems(type: Type, list: List | null, by: string | null, none: string | null = null): string | null {
    if (!list || by === null) return null;
    const texts = list.items.flatMap((item) => (item === null ? (none === null ? [] : [none]) : [printValue(type, item) as string]));
    const length = texts.reduce((sum, text) => sum + text.length + by.length, 0);
    if (length > textBytesMax) throw new StatementError(sqlstates.tooLarge, `a text is at most ${textBytesMax} characters long`);
    return texts.join(by);
  },
  split,
  /** Whether a condition holds of a value and any item, or all of them; NULL where that is not known. */
  someItem(value: Value, list: List | null, holds: (value: Known, item: Known) => boolean, isAll: boolean): boolean | null {
    if (!list) return null;
    let isKnown = true;
    for (const item of list.items) {
      if (value === null || item === null) isKnown = false;
      else if (holds(value, item) !== isAll) return !isAll;
    }
    return isKnown ? isAll : null;
  },
};
