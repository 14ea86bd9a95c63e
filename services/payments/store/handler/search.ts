import { type Clause, readQuery } from '../../domain/search.ts';
import { numberOf, textOf } from '../../domain/json.ts';
import { invalid } from '../fault.ts';
import { searchClausesMax } from '../limits.ts';
import type { Condition } from '../object.ts';
import type { Request } from './handlers.ts';
import { listed } from './list.ts';

/** What may be searched for, by kind; what says who somebody is lies sealed and is found by its whole value only. */
const fields: Readonly<Record<string, readonly string[]>> = {
  customer: ['created'],
  product: ['active', 'description', 'name', 'shippable', 'url'],
  price: ['active', 'currency', 'lookup_key', 'product', 'type'],
  invoice: ['created', 'currency', 'customer', 'number', 'status', 'subscription', 'total'],
  subscription: ['created', 'status'],
  payment_intent: ['amount', 'created', 'currency', 'customer', 'status'],
  charge: ['amount', 'created', 'currency', 'customer', 'disputed', 'refunded', 'status', 'payment_method_details.card.last4'],
};
const numbers = new Set(['amount', 'created', 'total']);
/** What a part of it finds too. */
const parts = new Set(['description', 'name', 'number', 'url']);
const markLength = 32;
const usual = 10;

/** Finds objects by a query in the API's search language. */
export async function searched(request: Request, kind: string, url: string) {
  const { world, desk, input } = request;
  const query = readQuery(textOf(input.query) ?? '', searchClausesMax);
  if (typeof query === 'string') throw invalid('query', query);
  const all: Condition[] = [];
  for (const clause of query.clauses) all.push(await conditionOf(request, kind, clause));
  const where = query.join === 'or' ? [anyOf(all)] : all;
  const after = textOf(input.page);
  const page = { limit: numberOf(input.limit) ?? usual, where, ...(after === undefined ? {} : { after }) };
  const { data, has_more } = await listed(world.objects, desk.at, kind, page, url);
  return { object: 'search_result', data, has_more, url, next_page: has_more ? (data.at(-1)?.id ?? null) : null };
}

const anyOf = (all: readonly Condition[]): Condition => [
  `(${all.map(([expression]) => expression).join(' or ')})`,
  ...all.flatMap(([, ...values]) => values),
];

async function conditionOf({ world, desk }: Request, kind: string, clause: Clause): Promise<Condition> {
  const { field, key, sign, value, not } = clause;
  const wrap = (expression: string): string => (not ? `not coalesce(${expression}, false)` : expression);
  if (field === 'metadata' && key !== undefined) {
    const kept = `jsonb_extract_path_text(body, 'metadata', ?)`;
    return value === null ? [wrap(`${kept} is null`), key] : [wrap(`${kept} = ?`), key, String(value)];
  }
  if (kind === 'customer' && field === 'email' && typeof value === 'string')
    return [wrap('mark = ?'), await world.secrets.hash(desk.at, 'email', value.toLowerCase(), markLength)];
  if (!fields[kind]?.includes(field)) throw invalid('query', `Field '${field}' is not one that ${kind}s are searched by here.`);
  const path = field
    .split('.')
    .map((part) => `'${part}'`)
    .join(',');
  const column = `jsonb_extract_path_text(body, ${path})`;
  if (typeof value === 'number' && !numbers.has(field)) throw invalid('query', `Field '${field}' is no number.`);
  if (typeof value === 'number') return [wrap(`(${column})::numeric ${sign === ':' ? '=' : sign} ?`), value];
  if (sign === '~' && value !== null && parts.has(field)) return [wrap(`strpos(lower(${column}), ?) > 0`), value.toLowerCase()];
  if (sign !== ':' || value === null) throw invalid('query', `Field '${field}' cannot be compared so.`);
  return [wrap(`${column} = ?`), value];
}
