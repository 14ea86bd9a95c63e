import type { Fields, Thing } from '../../domain/json.ts';
import { itemsOf } from '../../domain/subscription.ts';
import { missing } from '../fault.ts';
import { found, type World } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { sliced } from './list.ts';
import { update } from './subscription-change.ts';

const kind = 'subscription_item';

/** The subscription that an item is of. */
async function ownerOf({ world, desk }: Request, id: string): Promise<Thing> {
  const { subscription } = (await found(world, desk.at, kind, id)).thing;
  return (await found(world, desk.at, 'subscription', String(subscription))).thing;
}

async function get(request: Request, id = request.id): Promise<Thing> {
  const item = itemsOf(await ownerOf(request, id)).find((each) => each.id === id);
  if (!item) throw missing(kind, id);
  return item.thing;
}

const how = (input: Fields): Fields => {
  const names = ['payment_behavior', 'proration_behavior', 'proration_date', 'off_session'] as const;
  return Object.fromEntries(names.flatMap((name) => (input[name] === undefined ? [] : [[name, input[name]]]))) as Fields;
};

const what = (input: Fields): Fields => {
  const names = ['price', 'quantity', 'metadata', 'tax_rates'] as const;
  return Object.fromEntries(names.flatMap((name) => (input[name] === undefined ? [] : [[name, input[name]]]))) as Fields;
};

async function create(request: Request): Promise<Thing> {
  const { input } = request;
  const next = await update({ ...request, id: String(input.subscription), input: { items: [what(input)], ...how(input) } });
  const made = itemsOf(next).find(({ price }) => price.id === input.price);
  if (!made) throw missing(kind, String(input.price));
  return made.thing;
}

async function change(request: Request): Promise<Thing> {
  const { id, input } = request;
  const owner = await ownerOf(request, id);
  const next = await update({ ...request, id: owner.id, input: { items: [{ id, ...what(input) }], ...how(input) } });
  return itemsOf(next).find((each) => each.id === id)?.thing ?? (await get(request));
}

async function remove(request: Request): Promise<Thing> {
  const { id, input } = request;
  const owner = await ownerOf(request, id);
  await update({ ...request, id: owner.id, input: { items: [{ id, deleted: true }], ...how(input) } });
  return { id, object: kind, deleted: true };
}

/** The items of a subscription, as pages of a list. */
async function list({ world, desk, input }: Request) {
  const subscription = (await found(world, desk.at, 'subscription', String(input.subscription), 'subscription')).thing;
  const all = itemsOf(subscription).map(({ thing }) => thing);
  return sliced(all, input, '/v1/subscription_items');
}

export const subscriptionItemHandlers = (world: World) =>
  handlersOf(world, {
    CreateSubscriptionItem: create,
    GetSubscriptionItem: (request) => get(request),
    ListSubscriptionItems: list,
    UpdateSubscriptionItem: change,
    DeleteSubscriptionItem: remove,
  }) satisfies Partial<All>;
