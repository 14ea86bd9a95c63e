import { changedPrice, newProduct } from '../../domain/catalog.ts';
import { isCurrency } from '../../domain/currency.ts';
import { fieldsOf, textOf, type Thing } from '../../domain/json.ts';
import { changedPlan, planOf, priceOfPlan } from '../../domain/plan.ts';
import { changed } from '../change.ts';
import { invalid, missing } from '../fault.ts';
import type { Kept } from '../object.ts';
import { eventsOf, found, type World } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';
import { checkMeter, keepNamed } from './product.ts';

const kind = 'price';

async function create({ world, desk, input }: Request): Promise<Thing> {
  const { id: chosen, product, ...given } = input;
  const [id, made] = [textOf(chosen) ?? desk.ids('plan'), desk.ids('prod')];
  const own = { created: desk.created, livemode: desk.livemode };
  if (!isCurrency(String(given.currency).toLowerCase())) throw invalid('currency', `Invalid currency: ${String(given.currency)}.`);
  if ((given.amount == null) === (given.amount_decimal == null))
    throw invalid('amount', 'You must pass exactly one of amount and amount_decimal.', 'parameter_missing');
  await checkMeter(world, desk, given, 'meter');
  const { id: named, ...described } = fieldsOf(product);
  const of = typeof product === 'string' ? product : (textOf(named) ?? made);
  if (typeof product === 'string') await found(world, desk.at, 'product', product, 'product');
  else await keepNamed(world, desk, newProduct(described, { id: of, ...own }), 'product.created');
  const price = priceOfPlan(given, of, { id, ...own });
  const kept = await keepNamed(world, desk, price, 'price.created');
  await world.objects.commit(desk.at, await eventsOf(world, desk, [['plan.created', planOf(kept)]]));
  return planOf(kept);
}

/** The price of a plan: one that recurs, and was not deleted. */
async function priceAt({ world, desk, id }: Request): Promise<Kept> {
  const kept = await world.objects.get(desk.at, kind, id);
  if (kept?.thing.type !== 'recurring' || kept.hidden.gone === true) throw missing('plan', id);
  return kept;
}

async function update(request: Request): Promise<Thing> {
  const { world, desk, id, input } = request;
  const before = await priceAt(request);
  const change = ({ thing }: Kept) => ({ next: changedPlan(changedPrice(thing, input), input) });
  const next = await changed(world, desk, kind, id, change, 'price.updated');
  await world.objects.commit(desk.at, await eventsOf(world, desk, [['plan.updated', planOf(next), planOf(before.thing)]]));
  return planOf(next);
}

/** The price stays for who has it, and is no more to be had. */
async function remove(request: Request): Promise<Thing> {
  const { world, desk, id } = request;
  const { thing } = await priceAt(request);
  const change = (kept: Kept) => ({ next: { ...kept.thing, active: false }, hidden: { ...kept.hidden, gone: true } });
  await changed(world, desk, kind, id, change, 'price.updated');
  await world.objects.commit(desk.at, await eventsOf(world, desk, [['plan.deleted', planOf({ ...thing, active: false })]]));
  return { id, object: 'plan', deleted: true };
}

export const planHandlers = (world: World) =>
  handlersOf(world, {
    CreatePlan: create,
    GetPlan: async (request) => planOf((await priceAt(request)).thing),
    ListPlans: async ({ world, desk, input }) => {
      const page = pageOf(input, { active: `body->>'active' = ?`, product: `body->>'product' = ?` });
      const where = [...page.where, [`body->>'type' = 'recurring'`], [`hidden->>'gone' is null`]] as const;
      const list = await listed(world.objects, desk.at, kind, { ...page, where }, '/v1/plans');
      return { ...list, data: list.data.map(planOf) };
    },
    UpdatePlan: update,
    DeletePlan: remove,
  }) satisfies Partial<All>;
