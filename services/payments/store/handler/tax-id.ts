import { type Fields, fieldsOf, textOf, type Thing } from '../../domain/json.ts';
import { isTaxId, newTaxId } from '../../domain/tax-id.ts';
import { invalid, missing } from '../fault.ts';
import { taxIdsMax } from '../limits.ts';
import type { Kept } from '../object.ts';
import { taxIdKind } from '../tax-id.ts';
import { eventsOf, found, keepNew, type World } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

/** Whose it is: of the customer in the address, of the owner that is said, else of the business. */
function ownerIn({ input }: Request): Fields {
  const { type, customer } = fieldsOf(input.owner);
  const named = textOf(input.customer) ?? (type === 'customer' ? textOf(customer) : undefined);
  if (type === 'customer' && named === undefined)
    throw invalid('owner[customer]', 'Missing required param: owner[customer].', 'parameter_missing');
  return named === undefined ? { type: 'self' } : { type: 'customer', customer: named };
}

const ownedBy = (owner: Fields) =>
  typeof owner.customer === 'string' ? (['customer = ?', owner.customer] as const) : ([`body->'owner'->>'type' = 'self'`] as const);

async function create(request: Request): Promise<Thing> {
  const { world, desk, input } = request;
  const owner = ownerIn(request);
  if (typeof owner.customer === 'string') await found(world, desk.at, 'customer', owner.customer, 'customer');
  const [type, value] = [String(input.type), String(input.value).trim().toUpperCase()];
  if (!isTaxId(type, value)) throw invalid('value', `Invalid value for ${type}.`, 'tax_id_invalid');
  const made = newTaxId(type, value, owner, { id: desk.ids('txi'), created: desk.created, livemode: desk.livemode });
  const { items } = await world.objects.list(desk.at, taxIdKind, { limit: taxIdsMax, where: [ownedBy(owner)] });
  if (items.length >= taxIdsMax && !desk.again) throw invalid('value', `There are at most ${taxIdsMax} tax ids of one owner.`);
  return keepNew(world, desk, made, made.customer === null ? undefined : 'customer.tax_id.created');
}

/** One that the address names as a customer's is that customer's. */
async function ownOf({ world, desk, id, input }: Request): Promise<Kept> {
  const kept = await found(world, desk.at, taxIdKind, id);
  if (input.customer != null && kept.thing.customer !== input.customer) throw missing('tax_id', id);
  return kept;
}

async function remove(request: Request): Promise<Thing> {
  const { world, desk, id } = request;
  const kept = await ownOf(request);
  const told = kept.thing.customer === null ? [] : await eventsOf(world, desk, [['customer.tax_id.deleted', kept.thing]]);
  await world.objects.commit(desk.at, [world.objects.deletion(kept), ...told]);
  return { id, object: taxIdKind, deleted: true };
}

export const taxIdHandlers = (world: World) =>
  handlersOf(world, {
    CreateTaxId: create,
    GetTaxId: async (request) => (await ownOf(request)).thing,
    ListTaxIds: (request) => {
      const { world, desk, input } = request;
      const owner = ownerIn(request);
      const page = pageOf(input);
      const url = typeof input.customer === 'string' ? `/v1/customers/${input.customer}/tax_ids` : '/v1/tax_ids';
      return listed(world.objects, desk.at, taxIdKind, { ...page, where: [...page.where, ownedBy(owner)] }, url);
    },
    DeleteTaxId: remove,
  }) satisfies Partial<All>;
