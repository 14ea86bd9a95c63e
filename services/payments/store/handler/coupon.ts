import { changedTaxRate, currentCoupon, currentPromotionCode, newCoupon, newPromotionCode, newTaxRate } from '../../domain/catalog.ts';
import { isCurrency } from '../../domain/currency.ts';
import { fieldsOf, type Json, merged, textOf, type Thing } from '../../domain/json.ts';
import { changed } from '../change.ts';
import { invalid } from '../fault.ts';
import type { Kept } from '../object.ts';
import { eventsOf, found, keepNew, type World } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';
import { keepNamed } from './product.ts';

const codeLength = 8;

async function createCoupon({ world, desk, input }: Request): Promise<Thing> {
  const { id: chosen, ...given } = input;
  const { percent_off: percent, amount_off: amount, currency, duration, duration_in_months: months } = given;
  if ((percent == null) === (amount == null))
    throw invalid('percent_off', 'You must pass exactly one of percent_off and amount_off.', 'parameter_missing');
  if (percent === 0 || amount === 0) throw invalid(percent === 0 ? 'percent_off' : 'amount_off', 'A coupon takes something off.');
  if (amount != null && !isCurrency(String(currency ?? '').toLowerCase()))
    throw invalid('currency', 'You must pass currency when passing amount_off.', 'parameter_missing');
  if ((duration === 'repeating') !== (months != null))
    throw invalid('duration_in_months', 'duration_in_months is said of coupons whose duration is repeating.', 'parameter_missing');
  assertAhead('redeem_by', given.redeem_by, desk.created);
  const random = (await world.secrets.hash(desk.at, 'coupon', desk.ids('coupon'), codeLength)).toUpperCase();
  const own = { id: textOf(chosen) ?? random, created: desk.created, livemode: desk.livemode };
  return keepNamed(world, desk, newCoupon(given, own), 'coupon.created');
}

function assertAhead(param: string, time: Json | undefined, now: number): void {
  if (time != null && Number(time) <= now) throw invalid(param, `${param} must be in the future.`);
}

async function deleteCoupon({ world, desk, id }: Request): Promise<Thing> {
  const kept = await found(world, desk.at, 'coupon', id);
  const events = await eventsOf(world, desk, [['coupon.deleted', kept.thing]]);
  await world.objects.commit(desk.at, [world.objects.deletion(kept), ...events]);
  return { id, object: 'coupon', deleted: true };
}

/** A word is of one code that is active at a time; case does not count. */
async function createCode({ world, desk, input }: Request): Promise<Thing> {
  const id = desk.ids('promo');
  const code = textOf(input.code) ?? (await world.secrets.hash(desk.at, 'promotion code', id, codeLength)).toUpperCase();
  const coupon = textOf(fieldsOf(input.promotion).coupon) ?? '';
  assertAhead('expires_at', input.expires_at, desk.created);
  await found(world, desk.at, 'coupon', coupon, 'promotion[coupon]');
  if (typeof input.customer === 'string') await found(world, desk.at, 'customer', input.customer, 'customer');
  const made = newPromotionCode(input, code, { id, created: desk.created, livemode: desk.livemode });
  return world.steps.on(desk.at, `promotion code ${code.toLowerCase()}`, async () => {
    await assertFree(world, desk.at, code, id, desk.created);
    return keepNew(world, desk, made, 'promotion_code.created');
  });
}

async function assertFree(world: World, at: Request['desk']['at'], code: string, id: string, now: number): Promise<void> {
  const where = [[`lower(body->>'code') = ?`, code.toLowerCase()], [`body->>'active' = 'true'`]] as const;
  const { items } = await world.objects.list(at, 'promotion_code', { limit: 1, where });
  const other = items.find(({ thing }) => thing.id !== id && currentPromotionCode(thing, now).active === true);
  if (other) throw invalid('code', `An active promotion code with \`code: ${code}\` already exists.`, 'resource_already_exists');
}

async function updateCode({ world, desk, id, input }: Request): Promise<Thing> {
  const { thing } = await found(world, desk.at, 'promotion_code', id);
  const code = String(thing.code);
  const change = ({ thing: before }: Kept) => ({
    next: { ...before, metadata: merged(before.metadata, input.metadata), active: input.active ?? before.active ?? false },
  });
  return world.steps.on(desk.at, `promotion code ${code.toLowerCase()}`, async () => {
    if (input.active === true) await assertFree(world, desk.at, code, id, desk.created);
    return currentPromotionCode(await changed(world, desk, 'promotion_code', id, change, 'promotion_code.updated'), desk.created);
  });
}

async function codes({ world, desk, input }: Request) {
  const { active, code, ...rest } = input;
  const filters = { code: `lower(body->>'code') = ?`, coupon: `body->'promotion'->>'coupon' = ?`, customer: 'customer = ?' };
  const page = pageOf({ ...rest, code: textOf(code)?.toLowerCase() ?? null }, filters);
  const left = `(body->>'active' = 'true' and coalesce((body->>'expires_at')::bigint > ?, true)
    and coalesce((body->>'times_redeemed')::bigint < (body->>'max_redemptions')::bigint, true))`;
  const wanted = typeof active === 'boolean' ? [[active ? left : `not ${left}`, desk.created] as const] : [];
  const list = await listed(
    world.objects,
    desk.at,
    'promotion_code',
    { ...page, where: [...page.where, ...wanted] },
    '/v1/promotion_codes',
  );
  return { ...list, data: list.data.map((each) => currentPromotionCode(each, desk.created)) };
}

export const couponHandlers = (world: World) =>
  handlersOf(world, {
    CreateCoupon: createCoupon,
    GetCoupon: async ({ world, desk, id }) => currentCoupon((await found(world, desk.at, 'coupon', id)).thing, desk.created),
    ListCoupons: async ({ world, desk, input }) => {
      const list = await listed(world.objects, desk.at, 'coupon', pageOf(input), '/v1/coupons');
      return { ...list, data: list.data.map((each) => currentCoupon(each, desk.created)) };
    },
    UpdateCoupon: async ({ world, desk, id, input }) => {
      const change = ({ thing }: Kept) => ({
        next: {
          ...thing,
          metadata: merged(thing.metadata, input.metadata),
          name: input.name === undefined ? (thing.name ?? null) : input.name,
        },
      });
      return currentCoupon(await changed(world, desk, 'coupon', id, change, 'coupon.updated'), desk.created);
    },
    DeleteCoupon: deleteCoupon,
    CreatePromotionCode: createCode,
    GetPromotionCode: async ({ world, desk, id }) =>
      currentPromotionCode((await found(world, desk.at, 'promotion_code', id)).thing, desk.created),
    ListPromotionCodes: codes,
    UpdatePromotionCode: updateCode,
    CreateTaxRate: ({ world, desk, input }) => {
      const own = { id: desk.ids('txr'), created: desk.created, livemode: desk.livemode };
      return keepNew(world, desk, newTaxRate(input, own), 'tax_rate.created');
    },
    GetTaxRate: async ({ world, desk, id }) => (await found(world, desk.at, 'tax_rate', id)).thing,
    ListTaxRates: ({ world, desk, input }) => {
      const filters = { active: `body->>'active' = ?`, inclusive: `body->>'inclusive' = ?` };
      return listed(world.objects, desk.at, 'tax_rate', pageOf(input, filters), '/v1/tax_rates');
    },
    UpdateTaxRate: ({ world, desk, id, input }) =>
      changed(world, desk, 'tax_rate', id, ({ thing }) => ({ next: changedTaxRate(thing, input) }), 'tax_rate.updated'),
  }) satisfies Partial<All>;
