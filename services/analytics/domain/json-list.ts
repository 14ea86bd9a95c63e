import { StatementError } from '#engine/pgwire/statement-error.ts';
import { type ArrayOf, checkItems } from './array.ts';
import { arrayDimensionsMax } from './limits.ts';
import type { List, Type, Value } from './value.ts';

/**
 * An array out of a list of JSON, Avro or Protobuf; `read` makes the items. Lists in a list are a further dimension, but for
 * json, of which a list is a value. Throws StatementError for what is no array.
 */
export function listOfJson(element: Type, value: readonly unknown[], read: (value: unknown) => Value): List {
  const sizes: number[] = [];
  const items: Value[] = [];
  const isDeep = !/^json/.test(element);
  const wrong = () => new StatementError('2202E', 'multidimensional arrays must have sub-arrays with matching dimensions');
  const level = (list: readonly unknown[], depth: number): void => {
    if (depth >= arrayDimensionsMax)
      throw new StatementError('54000', `number of array dimensions exceeds the maximum allowed (${arrayDimensionsMax})`);
    if ((sizes[depth] ??= list.length) !== list.length) throw wrong();
    for (const each of list) {
      const isInner = isDeep && Array.isArray(each);
      // What was found first says how deep items lie.
      if (items.length > 0 && isInner !== depth + 1 < sizes.length) throw wrong();
      if (isInner) level(each, depth + 1);
      else if (depth + 1 < sizes.length) throw wrong();
      else items.push(read(each));
    }
  };
  level(value, 0);
  checkItems(items);
  return items.length === 0 ? { sizes: [], items } : { sizes, items };
}

/** An array as a list of JSON; `between` stands between the parts of the outermost. */
export function jsonOfList<Item>({ sizes, items }: ArrayOf<Item>, write: (item: Item) => string, between = ','): string {
  let at = 0;
  const level = (depth: number): string => {
    const parts: string[] = [];
    for (let left = sizes[depth] ?? 0; left > 0; left -= 1)
      parts.push(depth + 1 < sizes.length ? level(depth + 1) : write(items[at++] as Item));
    return `[${parts.join(depth === 0 ? between : ',')}]`;
  };
  return level(0);
}
