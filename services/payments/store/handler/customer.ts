import { json } from '#seams/sql/sql.ts';
import { changedCustomer, newCustomer } from '../../domain/customer.ts';
import { type Fields, textOf, type Thing } from '../../domain/json.ts';
import { missing } from '../fault.ts';
import { attach, cardOfSource, methodNamed } from '../method.ts';
import { changed } from '../change.ts';
import { deskOn, livingBy } from '../clock.ts';
import { invoicesOf } from '../invoice.ts';
import { subscriptionsEndedMax } from '../limits.ts';
import type { Kept } from '../object.ts';
import { ending } from '../subscription.ts';
import { taxIdErasure } from '../tax-id.ts';
import { type Desk, eventsOf, found, keepNew, type World } from '../world.ts';
import { adjusted } from './customer-balance.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';
import { searched } from './search.ts';

const markLength = 32;

async function markOf({ world, desk }: Request, email: string | undefined): Promise<string | null> {
  return email === undefined ? null : world.secrets.hash(desk.at, 'email', email.toLowerCase(), markLength);
}

async function create(asked: Request): Promise<Thing> {
  const clock = textOf(asked.input.test_clock);
  const request = clock === undefined ? asked : { ...asked, desk: await deskOn(asked.world, asked.desk, clock) };
  const { world, desk, input } = request;
  const { payment_method: method, source, ...given } = input;
  const id = desk.ids('cus');
  const prefix = (await world.secrets.hash(desk.at, 'invoice prefix', id, 8)).toUpperCase();
  const customer = newCustomer(given, { id, created: desk.created, livemode: desk.livemode, prefix });
  const made = await keepNew(world, desk, customer, 'customer.created', { mark: await markOf(request, textOf(customer.email)) });
  if (typeof source === 'string') return withSource(request, id, source);
  if (typeof method === 'string') await attach(world, desk, await methodNamed(world, desk, method), id);
  if (typeof given.balance !== 'number') return made;
  await adjusted(world, asked.desk, id, ({ balance }) => Number(given.balance) - Number(balance), {});
  return (await found(world, desk.at, 'customer', id)).thing;
}

/** The card of a token becomes the customer's, and what a charge without another takes. */
async function withSource({ world, desk }: Request, id: string, source: string): Promise<Thing> {
  const card = await attach(world, desk, await cardOfSource(world, desk, source), id);
  return changed(world, desk, 'customer', id, ({ thing }) => ({ next: { ...thing, default_source: card.id } }), 'customer.updated');
}

async function get({ world, desk, id }: Request): Promise<Thing> {
  const kept = (await world.objects.get(desk.at, 'customer', id)) ?? (await world.objects.get(desk.at, 'deleted_customer', id));
  if (!kept) throw missing('customer', id);
  return kept.thing;
}

async function update(request: Request): Promise<Thing> {
  const { world, desk, id, input } = request;
  const { source, default_source: chosen, ...given } = input;
  if (typeof source === 'string') await withSource(request, id, source);
  if (typeof chosen === 'string') {
    const card = await found(world, desk.at, 'payment_method', chosen, 'default_source');
    if (card.thing.customer !== id) throw missing('source', chosen, 'default_source');
  }
  await found(world, desk.at, 'customer', id);
  if (typeof given.balance === 'number') await adjusted(world, desk, id, ({ balance }) => Number(given.balance) - Number(balance), {});
  return changed(
    world,
    desk,
    'customer',
    id,
    async ({ thing }) => {
      const next: Thing = { ...changedCustomer(thing, given as Fields), ...(chosen === undefined ? {} : { default_source: chosen }) };
      return { next, ...(input.email === undefined ? {} : { mark: await markOf(request, textOf(next.email)) }) };
    },
    'customer.updated',
  );
}

/** What is left says that there was a customer, and nothing of who it was; what they subscribed to ends. */
export async function erased(world: World, desk: Desk, id: string): Promise<Thing> {
  return world.steps.on(desk.at, invoicesOf(id), async () => {
    const kept = await found(world, desk.at, 'customer', id);
    const gone: Thing = { id, object: 'customer', deleted: true };
    const where = [['customer = ?', id], [`body->>'status' not in ('canceled', 'incomplete_expired')`]] as const;
    const { items } = await world.objects.list(desk.at, 'subscription', { limit: subscriptionsEndedMax, where });
    const now = (each: Kept) => ending(world, desk.at, each, desk.created, 'cancellation_requested');
    const ended = await Promise.all(items.map(now));
    await world.objects.commit(desk.at, [
      {
        text: `update object set kind = 'deleted_customer', body = $2, sealed = null, hidden = '{}', mark = null, version = version + 1
               where id = $1`,
        params: [id, json(gone)],
      },
      ...ended.flatMap(({ statements }) => statements),
      taxIdErasure(id),
      ...(await eventsOf(world, desk, [
        ...ended.flatMap(({ told }) => told),
        ['customer.deleted', { ...gone, livemode: kept.thing.livemode ?? false }],
      ])),
    ]);
    return gone;
  });
}

async function list(request: Request) {
  const { world, desk, input } = request;
  const { email, test_clock, ...rest } = input;
  const mark = await markOf(request, textOf(email));
  const page = pageOf({ ...rest, ...(mark === null ? {} : { mark }) }, { mark: 'mark = ?' });
  return listed(world.objects, desk.at, 'customer', { ...page, where: [...page.where, livingBy(test_clock)] }, '/v1/customers');
}

export const customerHandlers = (world: Request['world']) =>
  handlersOf(world, {
    CreateCustomer: create,
    GetCustomer: get,
    UpdateCustomer: update,
    DeleteCustomer: ({ world, desk, id }) => erased(world, desk, id),
    ListCustomers: list,
    SearchCustomers: (request) => searched(request, 'customer', '/v1/customers/search'),
  }) satisfies Partial<All>;
