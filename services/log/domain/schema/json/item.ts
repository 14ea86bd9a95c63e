import { isSchema, type JsonSchema, type Keywords } from './document.ts';
import { type Comparing, isOpen, type Pair, refusal } from './pair.ts';

/** The schemas of the first items, and that of the rest: `items` and `additionalItems` up to 2019-09, `prefixItems` after. */
function itemsOf(schema: Keywords): { first: readonly JsonSchema[]; rest: JsonSchema } {
  const rest = (value: unknown): JsonSchema => (isSchema(value) ? value : true);
  if (Array.isArray(schema.prefixItems)) return { first: schema.prefixItems.filter(isSchema), rest: rest(schema.items) };
  if (Array.isArray(schema.items)) return { first: schema.items.filter(isSchema), rest: rest(schema.additionalItems) };
  return { first: [], rest: rest(schema.items) };
}

/** Why items that were accepted are not any more. */
export function itemRefusals(comparing: Comparing, { original, update, path }: Pair): string[] {
  const [before, after] = [itemsOf(original), itemsOf(update)];
  const found: string[] = [];
  for (let at = 0; at < Math.max(before.first.length, after.first.length); at++) {
    const was = before.first[at] ?? before.rest;
    const now = after.first[at] ?? after.rest;
    const refused = comparing.compare(was, now, `${path}items/${at}/`);
    if (refused.length === 0) continue;
    if (before.first[at] !== undefined && after.first[at] !== undefined) found.push(...refused);
    else
      found.push(
        refusal(
          after.first[at] === undefined ? 'ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL' : 'ITEM_ADDED_TO_OPEN_CONTENT_MODEL',
          `${path}items/${at}`,
        ),
      );
  }
  if (before.rest === false || isOpen(after.rest)) return found;
  if (after.rest === false) return [...found, refusal('ADDITIONAL_ITEMS_REMOVED', `${path}items`)];
  return [...found, ...comparing.compare(before.rest, after.rest, `${path}items/`)];
}
