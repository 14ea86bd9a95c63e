import { type Fields, merged, textOf, type Thing } from '../../domain/json.ts';
import { comparable, isItem, newValueList, newValueListItem } from '../../domain/value-list.ts';
import { changed } from '../change.ts';
import { invalid, refuse } from '../fault.ts';
import { warningKind } from '../fraud-warning.ts';
import { rulesMax, valueListItemsMax, valueListsMax } from '../limits.ts';
import type { Kept } from '../object.ts';
import { ruleKind } from '../risk.ts';
import { itemKind, listKind } from '../value-list.ts';
import { type Desk, found, keepNew, type World } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

const warningFilters = { charge: 'charge = ?', payment_intent: 'payment_intent = ?' };
const own = ({ desk }: Request, id: string) => ({ id, created: desk.created, livemode: desk.livemode });
/** How many values a list shows of itself. */
const shownItems = 10;

async function shown(world: World, { at }: Desk, list: Thing): Promise<Thing> {
  const url = `/v1/radar/value_list_items?value_list=${list.id}`;
  const page = { limit: shownItems, where: [[`body->>'value_list' = ?`, list.id]] } as const;
  return { ...list, list_items: { ...(await listed(world.objects, at, itemKind, page, url)) } as Fields };
}

/** An alias is of one list at a time. */
function named<T>({ world, desk }: Request, alias: string, id: string, work: () => Promise<T>): Promise<T> {
  return world.steps.on(desk.at, `value list ${alias}`, async () => {
    const { items } = await world.objects.list(desk.at, listKind, { limit: 2, where: [[`body->>'alias' = ?`, alias]] });
    if (items.some(({ thing }) => thing.id !== id))
      throw invalid('alias', `A list called @${alias} is there already.`, 'resource_already_exists');
    return work();
  });
}

async function create(request: Request): Promise<Thing> {
  const { world, desk, input } = request;
  const { items } = await world.objects.list(desk.at, listKind, { limit: valueListsMax, where: [] });
  if (items.length >= valueListsMax && !desk.again) throw invalid('alias', `An environment has at most ${valueListsMax} lists.`);
  const list = newValueList(input, own(request, desk.ids('rsl')));
  return named(request, String(list.alias), list.id, async () => shown(world, desk, await keepNew(world, desk, list)));
}

/** The rule that asks for a list, if one does. */
async function ruleAsking({ world, desk }: Request, alias: string): Promise<Kept | undefined> {
  const { items } = await world.objects.list(desk.at, ruleKind, { limit: rulesMax, where: [] });
  const form = new RegExp(`@${alias}(?![a-z0-9_-])`);
  return items.find(({ thing }) => form.test(String(thing.predicate)));
}

async function assertUnasked(request: Request, { thing }: Kept): Promise<void> {
  const rule = await ruleAsking(request, String(thing.alias));
  if (rule) throw refuse('StateInvalid', `The rule ${rule.thing.id} asks for the list @${String(thing.alias)}.`);
}

async function update(request: Request): Promise<Thing> {
  const { world, desk, id, input } = request;
  const before = await found(world, desk.at, listKind, id);
  const alias = textOf(input.alias) ?? String(before.thing.alias);
  if (alias !== before.thing.alias) await assertUnasked(request, before);
  const change = ({ thing }: Kept) => ({
    next: { ...thing, alias, name: input.name ?? thing.name ?? '', metadata: merged(thing.metadata, input.metadata) },
  });
  return named(request, alias, id, async () => shown(world, desk, await changed(world, desk, listKind, id, change)));
}

async function remove(request: Request): Promise<Thing> {
  const { world, desk, id } = request;
  const kept = await found(world, desk.at, listKind, id);
  await assertUnasked(request, kept);
  const values = {
    text: `delete from object where kind = $1 and body->>'value_list' = $2`,
    params: [itemKind, id],
  };
  await world.objects.commit(desk.at, [world.objects.deletion(kept), values]);
  return { id, object: listKind, deleted: true };
}

async function lists({ world, desk, input }: Request) {
  const page = pageOf(input, {
    alias: `body->>'alias' = ?`,
    contains: `exists (select 1 from object item where item.kind = '${itemKind}' and item.body->>'value_list' = object.id
      and lower(item.body->>'value') = lower(?))`,
  });
  const list = await listed(world.objects, desk.at, listKind, page, '/v1/radar/value_lists');
  return { ...list, data: await Promise.all(list.data.map((each) => shown(world, desk, each))) };
}

async function add(request: Request): Promise<Thing> {
  const { world, desk, input } = request;
  const { thing: list } = await found(world, desk.at, listKind, String(input.value_list), 'value_list');
  const [type, value] = [String(list.item_type), String(input.value)];
  if (!isItem(type, value)) throw invalid('value', `${value} cannot stand on a list of the type ${type}.`);
  const item = newValueListItem(list.id, value, own(request, desk.ids('rsli')));
  return world.steps.on(desk.at, `value list ${list.id}`, async () => {
    const where = [[`body->>'value_list' = ?`, list.id]] as const;
    const { items } = await world.objects.list(desk.at, itemKind, { limit: valueListItemsMax, where });
    const same = items.find(({ thing }) => comparable(type, String(thing.value)) === comparable(type, value));
    if (same && same.thing.id !== item.id) throw invalid('value', `${value} stands on the list already.`, 'resource_already_exists');
    if (items.length >= valueListItemsMax) throw invalid('value', `A list has at most ${valueListItemsMax} values.`);
    const made = await keepNew(world, desk, item);
    world.risks.forget(desk.at);
    return made;
  });
}

async function take({ world, desk, id }: Request): Promise<Thing> {
  await world.objects.commit(desk.at, [world.objects.deletion(await found(world, desk.at, itemKind, id))]);
  world.risks.forget(desk.at);
  return { id, object: itemKind, deleted: true };
}

export const radarHandlers = (world: World) =>
  handlersOf(world, {
    GetEarlyFraudWarning: async ({ world, desk, id }) => (await found(world, desk.at, warningKind, id)).thing,
    ListEarlyFraudWarnings: ({ world, desk, input }) =>
      listed(world.objects, desk.at, warningKind, pageOf(input, warningFilters), '/v1/radar/early_fraud_warnings'),
    CreateValueList: create,
    GetValueList: async ({ world, desk, id }) => shown(world, desk, (await found(world, desk.at, listKind, id)).thing),
    ListValueLists: lists,
    UpdateValueList: update,
    DeleteValueList: remove,
    CreateValueListItem: add,
    GetValueListItem: async ({ world, desk, id }) => (await found(world, desk.at, itemKind, id)).thing,
    ListValueListItems: ({ world, desk, input }) => {
      const filters = { value_list: `body->>'value_list' = ?`, value: `body->>'value' = ?` };
      return listed(world.objects, desk.at, itemKind, pageOf(input, filters), '/v1/radar/value_list_items');
    },
    DeleteValueListItem: take,
  }) satisfies Partial<All>;
