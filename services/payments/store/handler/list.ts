import type { Placed } from '#kernel/contract/provider.ts';
import { type Fields, fieldsOf, numberOf, type Thing } from '../../domain/json.ts';
import { invalid } from '../fault.ts';
import type { Condition, Objects, Page } from '../object.ts';

/** How many objects a page has that does not say. */
const usual = 10;
const signs = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

/** Filters of a list by parameter: the SQL that its value goes into. */
export type Filters = Readonly<Record<string, string>>;

/** The page that a list's input asks for. */
export function pageOf(input: Fields, filters: Filters = {}): Page {
  const { limit, starting_after: after, ending_before: before, created } = input;
  if (after != null && before != null) throw invalid('ending_before', 'Only one of starting_after and ending_before may be given.');
  const where: Condition[] = [];
  if (typeof created === 'number') where.push(['created = ?', created]);
  for (const [name, sign] of Object.entries(signs)) {
    const bound = numberOf(fieldsOf(created)[name]);
    if (bound !== undefined) where.push([`created ${sign} ?`, bound]);
  }
  for (const [name, expression] of Object.entries(filters)) {
    const value = input[name];
    if (typeof value === 'string') where.push([expression, value]);
    else if (typeof value === 'boolean') where.push([expression, String(value)]);
    else if (Array.isArray(value)) where.push([expression, value.map(String)]);
  }
  return {
    ...{ limit: numberOf(limit) ?? usual, where },
    ...(typeof after === 'string' ? { after } : {}),
    ...(typeof before === 'string' ? { before } : {}),
  };
}

export type ListOf = { readonly object: 'list'; readonly data: Thing[]; readonly has_more: boolean; readonly url: string };

/** A page of objects in the form of the API. */
export async function listed(objects: Objects, at: Placed, kind: string, page: Page, url: string): Promise<ListOf> {
  const { items, hasMore } = await objects.list(at, kind, page);
  return { object: 'list', data: items.map(({ thing }) => thing), has_more: hasMore, url };
}

/** A page of what lies within an object. */
export function sliced(all: readonly Thing[], input: Fields, url: string): ListOf {
  const { starting_after: after, ending_before: before } = input;
  const from = typeof after === 'string' ? all.findIndex(({ id }) => id === after) + 1 : 0;
  const until = typeof before === 'string' ? all.findIndex(({ id }) => id === before) : all.length;
  const data = all.slice(from, Math.min(until, from + (numberOf(input.limit) ?? usual)));
  return { object: 'list', data, has_more: from + data.length < until, url };
}
