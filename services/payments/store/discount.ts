import type { Statement } from '#seams/sql/sql.ts';
import { currentCoupon, currentPromotionCode } from '../domain/catalog.ts';
import { newDiscount } from '../domain/discount.ts';
import { type Fields, fieldsOf, type Json, textOf, type Thing } from '../domain/json.ts';
import { invalid, refuse } from './fault.ts';
import type { Kept } from './object.ts';
import { type Desk, found, type World } from './world.ts';

type Buyer = { readonly customer: string; readonly currency: string; readonly subtotal: number };
type Redeemed = { readonly discount: Thing; readonly coupon: Thing; readonly statements: readonly Statement[] };

const param = 'discounts[0]';

/** What a request takes off, by a coupon or by a word that stands for one: it is used once more, and stays as it is now. */
export async function redeemed(world: World, desk: Desk, given: Json | undefined, buyer: Buyer, of: Fields): Promise<Redeemed | undefined> {
  const [asked] = (given ?? []) as Fields[];
  if (asked === undefined) return undefined;
  const { coupon, promotion_code: code } = asked;
  if ((coupon == null) === (code == null))
    throw invalid(param, 'You must pass exactly one of coupon and promotion_code.', 'parameter_missing');
  const promotion = typeof code === 'string' ? await codeFor(world, desk, code, buyer) : undefined;
  const id = textOf(coupon) ?? String(fieldsOf(promotion?.thing.promotion).coupon);
  const kept = await found(world, desk.at, 'coupon', id, `${param}[coupon]`);
  if (currentCoupon(kept.thing, desk.created).valid !== true)
    throw invalid(`${param}[coupon]`, `Coupon ${id} is used up or has ended.`, 'coupon_expired');
  if (kept.thing.amount_off != null && kept.thing.currency !== buyer.currency)
    throw invalid(`${param}[coupon]`, `Coupon ${id} is of another currency than what it is to be taken off.`);
  const own = { id: desk.ids('di'), start: desk.created, customer: buyer.customer };
  const discount = newDiscount(kept.thing, { ...of, promotion_code: promotion?.thing.id ?? null }, own);
  const statements = [
    await used(world, desk, kept),
    ...(promotion ? [await used(world, desk, promotion)] : []),
    await world.objects.insertion(desk.at, discount),
  ];
  return { discount, coupon: kept.thing, statements };
}

const used = (world: World, desk: Desk, kept: Kept): Promise<Statement> =>
  world.objects.change(desk.at, kept, { ...kept.thing, times_redeemed: Number(kept.thing.times_redeemed) + 1 });

/** A promotion code that this buyer may use for this. */
async function codeFor(world: World, desk: Desk, id: string, { customer, currency, subtotal }: Buyer): Promise<Kept> {
  const at = `${param}[promotion_code]`;
  const kept = await found(world, desk.at, 'promotion_code', id, at);
  const { thing } = kept;
  const { first_time_transaction, minimum_amount, minimum_amount_currency } = fieldsOf(thing.restrictions);
  if (currentPromotionCode(thing, desk.created).active !== true)
    throw invalid(at, `The promotion code ${String(thing.code)} is used up or has ended.`, 'promotion_code_expired');
  if (thing.customer !== null && thing.customer !== customer)
    throw invalid(at, 'This promotion code cannot be redeemed: it is of another customer.', 'promotion_code_customer_mismatch');
  if (first_time_transaction === true && (await hasPaid(world, desk, customer)))
    throw refuse('StateInvalid', 'This promotion code cannot be redeemed because the associated customer has prior transactions.', {
      ...{ code: 'customer_has_prior_transactions', param: at },
    });
  const isTooLittle = minimum_amount != null && (minimum_amount_currency !== currency || subtotal < Number(minimum_amount));
  if (isTooLittle) throw invalid(at, 'This promotion code cannot be redeemed: it wants a higher amount.', 'promotion_code_minimum_amount');
  return kept;
}

async function hasPaid(world: World, { at }: Desk, customer: string): Promise<boolean> {
  const where = [['customer = ?', customer], [`body->>'paid' = 'true'`]] as const;
  return (await world.objects.list(at, 'charge', { limit: 1, where })).items.length > 0;
}
