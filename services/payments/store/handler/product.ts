import { isCurrency } from '../../domain/currency.ts';
import { changedPrice, changedProduct, newPrice, newProduct } from '../../domain/catalog.ts';
import { type Fields, fieldsOf, textOf, type Thing } from '../../domain/json.ts';
import { changed } from '../change.ts';
import { invalid, refuse } from '../fault.ts';
import type { Kept } from '../object.ts';
import { type Desk, found, keepNew, type World } from '../world.ts';
import { eventsOf } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';
import { searched } from './search.ts';

const own = (desk: Desk, id: string) => ({ id, created: desk.created, livemode: desk.livemode });

/** Keeps an object whose id somebody chose; one that is there already is refused, unless this request made it before it died. */
export async function keepNamed(world: World, desk: Desk, thing: Thing, event: string): Promise<Thing> {
  return world.steps.on(desk.at, `named ${thing.id}`, async () => {
    const before = await world.objects.get(desk.at, thing.object, thing.id);
    if (before && !(desk.again && before.hidden.by === desk.seed)) {
      const word = `${thing.object.slice(0, 1).toUpperCase()}${thing.object.slice(1)}`;
      throw refuse('StateInvalid', `${word} already exists.`, { code: 'resource_already_exists', param: 'id' });
    }
    await keepNew(world, desk, thing, event, { hidden: { by: desk.seed } });
    return (await found(world, desk.at, thing.object, thing.id)).thing;
  });
}

/** Keeps a new price of a product. A lookup key is of one price at a time. */
async function keepPrice(world: World, desk: Desk, given: Fields, product: string, id: string): Promise<Thing> {
  const currency = String(given.currency).toLowerCase();
  if (!isCurrency(currency)) throw invalid('currency', `Invalid currency: ${currency}.`);
  if ((given.unit_amount == null) === (given.unit_amount_decimal == null))
    throw invalid('unit_amount', 'You must pass exactly one of unit_amount and unit_amount_decimal.', 'parameter_missing');
  await checkMeter(world, desk, fieldsOf(given.recurring));
  const price = newPrice(given, product, own(desk, id));
  return keyed(world, desk, given, id, () => keepNew(world, desk, price, 'price.created'));
}

/** A price of usage names an active meter, and no other does. */
export async function checkMeter(world: World, desk: Desk, { usage_type, meter }: Fields, param = 'recurring[meter]'): Promise<void> {
  if (usage_type !== 'metered') {
    if (meter != null) throw invalid(param, 'You may only specify a meter when usage_type is metered.');
    return;
  }
  if (meter == null) throw invalid(param, 'A price whose usage_type is metered must name a meter.', 'parameter_missing');
  const { thing } = await found(world, desk.at, 'billing.meter', String(meter), param);
  if (thing.status !== 'active') throw invalid(param, 'The meter is inactive.');
}

async function keyed(world: World, desk: Desk, given: Fields, id: string, work: () => Promise<Thing>): Promise<Thing> {
  const key = textOf(given.lookup_key);
  if (key === undefined) return work();
  return world.steps.on(desk.at, `lookup key ${key}`, async () => {
    const where = [[`body->>'lookup_key' = ?`, key]] as const;
    const [other] = (await world.objects.list(desk.at, 'price', { limit: 1, where })).items;
    if (other && other.thing.id !== id) {
      if (given.transfer_lookup_key !== true)
        throw invalid('lookup_key', `A price (\`${other.thing.id}\`) already uses that lookup key.`, 'resource_already_exists');
      await changed(world, desk, 'price', other.thing.id, ({ thing }) => ({ next: { ...thing, lookup_key: null } }), 'price.updated');
    }
    return work();
  });
}

async function createProduct({ world, desk, input }: Request): Promise<Thing> {
  const { id: chosen, default_price_data: data, ...given } = input;
  const id = textOf(chosen) ?? desk.ids('prod');
  const price = desk.ids('price');
  const made = await keepNamed(world, desk, newProduct(given, own(desk, id)), 'product.created');
  if (data == null) return made;
  await keepPrice(world, desk, fieldsOf(data), id, price);
  return changed(world, desk, 'product', id, ({ thing }) => ({ next: { ...thing, default_price: price } }));
}

async function updateProduct({ world, desk, id, input }: Request): Promise<Thing> {
  const price = textOf(input.default_price);
  if (price !== undefined && (await found(world, desk.at, 'price', price, 'default_price')).thing.product !== id)
    throw invalid('default_price', `The price ${price} is of another product.`);
  const change = ({ thing }: Kept) => ({ next: changedProduct(thing, input, desk.created) });
  return changed(world, desk, 'product', id, change, 'product.updated');
}

async function deleteProduct({ world, desk, id }: Request): Promise<Thing> {
  const kept = await found(world, desk.at, 'product', id);
  const where = [[`body->>'product' = ?`, id]] as const;
  if ((await world.objects.list(desk.at, 'price', { limit: 1, where })).items.length > 0)
    throw refuse('StateInvalid', 'This product cannot be deleted because it has one or more user-created prices.');
  const events = await eventsOf(world, desk, [['product.deleted', kept.thing]]);
  await world.objects.commit(desk.at, [world.objects.deletion(kept), ...events]);
  return { id, object: 'product', deleted: true };
}

export async function createPrice({ world, desk, input }: Request): Promise<Thing> {
  const { product, product_data: data, ...given } = input;
  const [id, made] = [desk.ids('price'), desk.ids('prod')];
  if ((product == null) === (data == null))
    throw invalid('product', 'You must pass exactly one of product and product_data.', 'parameter_missing');
  if (typeof product === 'string') await found(world, desk.at, 'product', product, 'product');
  const { id: chosen, ...described } = fieldsOf(data);
  const of = textOf(product) ?? textOf(chosen) ?? made;
  if (data != null) await keepNamed(world, desk, newProduct(described, own(desk, of)), 'product.created');
  return keepPrice(world, desk, given, of, id);
}

async function updatePrice({ world, desk, id, input }: Request): Promise<Thing> {
  const change = ({ thing }: Kept) => {
    const behavior = input.tax_behavior;
    if (behavior != null && thing.tax_behavior !== 'unspecified' && thing.tax_behavior !== behavior)
      throw invalid('tax_behavior', 'The tax behavior of a price is changed once, from unspecified.');
    return { next: changedPrice(thing, input) };
  };
  await found(world, desk.at, 'price', id);
  return keyed(world, desk, input, id, () => changed(world, desk, 'price', id, change, 'price.updated'));
}

const active = { active: `body->>'active' = ?` };

export const productHandlers = (world: World) =>
  handlersOf(world, {
    CreateProduct: createProduct,
    GetProduct: async ({ world, desk, id }) => (await found(world, desk.at, 'product', id)).thing,
    ListProducts: ({ world, desk, input }) => {
      const filters = { ...active, ids: 'id = any(?::text[])', shippable: `body->>'shippable' = ?`, url: `body->>'url' = ?` };
      return listed(world.objects, desk.at, 'product', pageOf(input, filters), '/v1/products');
    },
    SearchProducts: (request) => searched(request, 'product', '/v1/products/search'),
    UpdateProduct: updateProduct,
    DeleteProduct: deleteProduct,
    CreatePrice: createPrice,
    GetPrice: async ({ world, desk, id }) => (await found(world, desk.at, 'price', id)).thing,
    ListPrices: ({ world, desk, input }) => {
      const { interval, usage_type } = fieldsOf(input.recurring);
      const given = {
        ...input,
        currency: textOf(input.currency)?.toLowerCase() ?? null,
        interval: interval ?? null,
        usage: usage_type ?? null,
      };
      const recurring = { interval: `body->'recurring'->>'interval' = ?`, usage: `body->'recurring'->>'usage_type' = ?` };
      const filters = {
        ...active,
        ...recurring,
        currency: `body->>'currency' = ?`,
        product: `body->>'product' = ?`,
        type: `body->>'type' = ?`,
      };
      const page = pageOf(given, { ...filters, lookup_keys: `body->>'lookup_key' = any(?::text[])` });
      return listed(world.objects, desk.at, 'price', page, '/v1/prices');
    },
    SearchPrices: (request) => searched(request, 'price', '/v1/prices/search'),
    UpdatePrice: updatePrice,
  }) satisfies Partial<All>;
