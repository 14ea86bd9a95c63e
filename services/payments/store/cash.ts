import type { Placed } from '#kernel/contract/provider.ts';
import { type CashCurrency, cashCurrencies, isCashCurrency, virtualNumber } from '../domain/cash.ts';
import { fieldsOf, textOf, type Thing } from '../domain/json.ts';
import type { Happening } from './due.ts';
import { cashPaymentsMax } from './limits.ts';
import { settleAs } from './settle.ts';
import { dueAt } from './subscription.ts';
import { voucherDue } from './voucher.ts';
import { type Desk, found, type World } from './world.ts';

const virtualKind = 'virtual_account';
const [numberLetters, digits] = [12, 10];

/** What a customer sends and uses goes one after another. */
export const cashOf = (customer: string): string => `cash ${customer}`;

/** The account that a customer pays to, which is the same for ever; it is found by its number. */
export async function virtualAccount(world: World, desk: Desk, customer: string, currency: CashCurrency): Promise<string> {
  const { at } = desk;
  const letters = await world.secrets.hash(at, 'virtual account', `${customer} ${currency}`, numberLetters);
  const own = String(BigInt(`0x${Buffer.from(letters).toString('hex')}`) % 10n ** BigInt(digits)).padStart(digits, '0');
  const number = virtualNumber(currency, own);
  const thing: Thing = { id: `va_${number}`, object: virtualKind, created: desk.created, customer, currency };
  await world.objects.commit(at, [await world.objects.insertion(at, thing)]);
  return number;
}

/** Whose account a number is. */
export const customerAt = async (world: World, at: Placed, number: string): Promise<Thing | undefined> =>
  (await world.objects.get(at, virtualKind, `va_${number}`))?.thing;

/** What a customer has sent and not used, by currency; what there is none of is left out. */
export async function cashLeft(world: World, at: Placed, customer: string): Promise<Record<string, number>> {
  const all = await world.money.cashBalances(at, customer, cashCurrencies);
  return Object.fromEntries([...all].filter(([, amount]) => amount > 0));
}

/** Payments that wait for a transfer are paid out of what is there, the oldest first. `cause` is what it is that came. */
export async function reconcile(world: World, at: Placed, now: number, customer: string, currency: string, cause: string): Promise<void> {
  const where = [['customer = ?', customer], [`body->>'status' = 'requires_action'`], [`hidden->>'transfer' = ?`, currency]] as const;
  const { items } = await world.objects.list(at, 'payment_intent', { limit: cashPaymentsMax, where });
  for (const { thing, hidden } of items.toReversed()) {
    if (((await cashLeft(world, at, customer))[currency] ?? 0) < Number(thing.amount)) continue;
    const { rate, risk = null } = fieldsOf(hidden.cash);
    const input = {
      method: textOf(thing.payment_method) ?? '',
      type: 'customer_balance',
      rate: fieldsOf(rate),
      risk,
      outcome: 'paid',
      cash: customer,
    };
    await settleAs(world, at, now, thing.id, `${thing.id} ${cause}`, input, thing.livemode === true);
  }
}

/** A payment that waits: for its voucher to be paid, or for a transfer, of which enough may be there already. */
export const paymentDue: Happening = async (world, at, due, now) => {
  const kept = await found(world, at, 'payment_intent', due.id);
  const { customer, currency, status } = kept.thing;
  if (kept.hidden.transfer === undefined) return voucherDue(world, at, due, now);
  await world.objects.commit(at, [await world.objects.change(at, kept, kept.thing, dueAt(kept.hidden, undefined))]);
  if (status === 'requires_action' && isCashCurrency(currency))
    await reconcile(world, at, now, String(customer), currency, `begun ${Number(kept.hidden.attempts ?? 0)}`);
};
