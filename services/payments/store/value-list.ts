import type { Placed } from '#kernel/contract/provider.ts';
import type { Thing } from '../domain/json.ts';
import type { Facts } from '../domain/rule.ts';
import { listedIn } from '../domain/rule.ts';
import { comparable } from '../domain/value-list.ts';
import { valueListItemsMax, valueListsMax } from './limits.ts';
import type { Objects } from './object.ts';

export const listKind = 'radar.value_list';
export const itemKind = 'radar.value_list_item';

/** Lists that rules ask for, by their alias. */
export type ValueLists = ReadonlyMap<string, { readonly type: string; readonly values: ReadonlySet<string> }>;

/** The lists of an environment by these aliases. */
export async function valueListsOf(objects: Objects, at: Placed, aliases: readonly string[]): Promise<ValueLists> {
  if (aliases.length === 0) return new Map();
  const { items: lists } = await objects.list(at, listKind, {
    limit: valueListsMax,
    where: [[`body->>'alias' = any(?::text[])`, aliases]],
  });
  const known = lists.map(async ({ thing }) => {
    const { items } = await objects.list(at, itemKind, { limit: valueListItemsMax, where: [[`body->>'value_list' = ?`, thing.id]] });
    return [
      String(thing.alias),
      { type: String(thing.item_type), values: new Set(items.map((each) => valueOf(thing, each.thing))) },
    ] as const;
  });
  return new Map(await Promise.all(known));
}

const valueOf = (list: Thing, item: Thing): string => comparable(String(list.item_type), String(item.value));

/** Facts that say too whether a value stands on one of these lists. */
export const withLists =
  (lists: ValueLists, facts: Facts): Facts =>
  (name) => {
    const asked = listedIn(name);
    if (!asked) return facts(name);
    const list = lists.get(asked.alias);
    return list !== undefined && list.values.has(comparable(list.type, asked.value));
  };
