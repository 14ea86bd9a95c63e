import { type Fields, fieldsOf, merged, textOf, type Thing } from '../../domain/json.ts';
import { cardOf, changedPaymentMethod } from '../../domain/payment-method.ts';
import { changed } from '../change.ts';
import { missing } from '../fault.ts';
import { attach, cardOfSource } from '../method.ts';
import type { Kept } from '../object.ts';
import { found, type World } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

const kind = 'payment_method';
const shown = (method: Thing): Thing => cardOf(method) as Thing;

async function create({ world, desk, input }: Request): Promise<Thing> {
  const customer = String(input.customer);
  await found(world, desk.at, 'customer', customer, 'customer');
  const source = typeof input.source === 'string' ? input.source : fieldsOf(input.source);
  const method = await attach(world, desk, await cardOfSource(world, desk, source), customer);
  const next = input.metadata == null ? method : await changed(world, desk, kind, method.id, withMetadata(input.metadata as Fields));
  // The first card is what a charge without another takes.
  const change = ({ thing }: Kept) => ({ next: { ...thing, default_source: thing.default_source ?? method.id } });
  await changed(world, desk, 'customer', customer, change);
  return shown(next);
}

const withMetadata =
  (given: Fields) =>
  ({ thing }: Kept) => ({ next: { ...thing, metadata: merged(thing.metadata, given) } });

/** A card that is the customer's who is named. */
async function ownOf({ world, desk, id, input }: Request): Promise<Kept> {
  const kept = await world.objects.get(desk.at, kind, id);
  if (!kept || kept.thing.customer !== input.customer || kept.thing.type !== 'card') throw missing('source', id);
  return kept;
}

async function update(request: Request): Promise<Thing> {
  const { world, desk, id, input } = request;
  await ownOf(request);
  const { exp_month, exp_year, name, metadata } = input;
  const parts = { city: 'city', country: 'country', line1: 'line1', line2: 'line2', state: 'state', postal_code: 'zip' };
  const given = Object.entries(parts).flatMap(([field, part]) => {
    const value = input[`address_${part}`];
    return value === undefined ? [] : [[field, value] as const];
  });
  const dates = { ...(exp_month == null ? {} : { exp_month }), ...(exp_year == null ? {} : { exp_year }) };
  const change = ({ thing }: Kept) => {
    const { address } = fieldsOf(thing.billing_details);
    const billing: Fields = { address: { ...fieldsOf(address), ...Object.fromEntries(given) }, ...(name === undefined ? {} : { name }) };
    return {
      next: changedPaymentMethod(thing, { billing_details: billing, card: dates, ...(metadata === undefined ? {} : { metadata }) }),
    };
  };
  return shown(await changed(world, desk, kind, id, change, 'payment_method.updated'));
}

async function remove(request: Request): Promise<Thing> {
  const { world, desk, id, input } = request;
  await ownOf(request);
  const gone = ({ thing, hidden }: Kept) => ({ next: { ...thing, customer: null }, hidden: { ...hidden, detached: true } });
  await changed(world, desk, kind, id, gone, 'payment_method.detached');
  const other = await world.objects.list(desk.at, kind, {
    limit: 1,
    where: [['customer = ?', String(input.customer)], [`body->>'type' = 'card'`]],
  });
  const change = ({ thing }: Kept) => {
    const next = thing.default_source === id ? (other.items[0]?.thing.id ?? null) : (textOf(thing.default_source) ?? null);
    return { next: { ...thing, default_source: next } };
  };
  await changed(world, desk, 'customer', String(input.customer), change);
  return { id, object: 'card', deleted: true };
}

export const sourceHandlers = (world: World) =>
  handlersOf(world, {
    CreateSource: create,
    GetSource: async (request) => shown((await ownOf(request)).thing),
    ListSources: async ({ world, desk, input }) => {
      const customer = String(input.customer);
      await found(world, desk.at, 'customer', customer, 'customer');
      const page = pageOf(input, { customer: 'customer = ?' });
      // Accounts at banks are payment methods alone.
      const isOther = input.object === 'bank_account' || input.object === 'source';
      const where = [...page.where, [isOther ? 'false' : `body->>'type' = 'card'`]] as const;
      const list = await listed(world.objects, desk.at, kind, { ...page, where }, `/v1/customers/${customer}/sources`);
      return { ...list, data: list.data.map(shown) };
    },
    UpdateSource: update,
    DeleteSource: remove,
  }) satisfies Partial<All>;
