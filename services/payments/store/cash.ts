import type { Placed } from '#kernel/contract/provider.ts';
import { type CashCurrency, cashCurrencies, virtualNumber } from '../domain/cash.ts';
import { fieldsOf, textOf, type Thing } from '../domain/json.ts';
import type { Happening } from './due.ts';
import { cashPaymentsMax } from './limits.ts';
import type { Kept } from './object.ts';
import { settleAs } from './settle.ts';
import { dueAt } from './subscription.ts';
import { voucherDue } from './voucher.ts';
import { type Desk, deskOfCause, eventsOf, found, type World } from './world.ts';

export const virtualKind = 'virtual_account';
const waitingAction = 'display_bank_transfer_instructions';
const [numberLetters, digits] = [12, 10];

/** The account that a customer pays to, which is the same for ever; it is found by its number, and is nobody else's. */
export async function virtualAccount(world: World, desk: Desk, customer: string, currency: CashCurrency): Promise<string> {
  const { at } = desk;
  for (let tries = 0; ; tries += 1) {
    const letters = await world.secrets.hash(at, 'virtual account', `${customer} ${currency} ${tries}`, numberLetters);
    const own = String(BigInt(`0x${Buffer.from(letters).toString('hex')}`) % 10n ** BigInt(digits)).padStart(digits, '0');
    const number = virtualNumber(currency, own);
    const thing: Thing = { id: `va_${number}`, object: virtualKind, created: desk.created, customer, currency };
    if (!(await customerAt(world, at, number))) await world.objects.commit(at, [await world.objects.insertion(at, thing)]);
    const owner = await customerAt(world, at, number);
    if (owner?.customer === customer && owner.currency === currency) return number;
  }
}

/** Whose account a number is. */
export const customerAt = async (world: World, at: Placed, number: string): Promise<Thing | undefined> =>
  (await world.objects.get(at, virtualKind, `va_${number}`))?.thing;

/** What a customer has sent and not used, by currency; what there is none of is left out. */
export async function cashLeft(world: World, at: Placed, customer: string): Promise<Record<string, number>> {
  const all = await world.money.owned(at, 'cash', customer, cashCurrencies);
  return Object.fromEntries([...all].filter(([, amount]) => amount > 0));
}

const leftOf = async (world: World, at: Placed, customer: string, currency: string): Promise<number> =>
  (await cashLeft(world, at, customer))[currency] ?? 0;

type Look = { readonly customer: string; readonly currency: string; readonly cause: string };

/** Payments that wait for a transfer are paid out of what is there, the oldest first; the others say what is missing. */
async function reconcile(world: World, at: Placed, now: number, { customer, currency, cause }: Look): Promise<void> {
  const where = [['customer = ?', customer], [`body->>'status' = 'requires_action'`], [`hidden->>'transfer' = ?`, currency]] as const;
  const { items } = await world.objects.list(at, 'payment_intent', { limit: cashPaymentsMax, where });
  const isByItself = isAutomatic(await world.objects.get(at, 'customer', customer));
  for (const kept of isByItself ? items.toReversed() : []) await payByCash(world, at, now, kept, cause);
  const left = await leftOf(world, at, customer, currency);
  for (const { thing } of items) await missing(world, at, now, thing, left, cause);
}

/** A payment for which not enough is there says how much is missing. */
async function missing(world: World, at: Placed, now: number, { id, livemode }: Thing, left: number, cause: string): Promise<void> {
  await world.steps.on(at, id, async () => {
    const kept = await found(world, at, 'payment_intent', id);
    const shown = fieldsOf(kept.thing.next_action);
    const told = fieldsOf(shown.display_bank_transfer_instructions);
    const remaining = Math.max(0, Number(kept.thing.amount) - left);
    if (shown.type !== waitingAction || kept.thing.status !== 'requires_action' || told.amount_remaining === remaining) return;
    const action = { ...shown, display_bank_transfer_instructions: { ...told, amount_remaining: remaining } };
    const next: Thing = { ...kept.thing, next_action: action };
    const desk = deskOfCause(at, `missing ${id} ${cause}`, now, livemode === true);
    const events = left > 0 ? await eventsOf(world, desk, [['payment_intent.partially_funded', next]]) : [];
    await world.objects.commit(at, [await world.objects.change(at, kept, next), ...events]);
  });
}

/** Whether what a customer sends pays by itself what waits for it. */
export const isAutomatic = (customer: Kept | undefined): boolean => customer?.hidden.cash_mode !== 'manual';

/** Pays one payment out of what its customer has sent, where there is enough. `cause` is what asks for it. */
export async function payByCash(world: World, at: Placed, now: number, { thing, hidden }: Kept, cause: string): Promise<void> {
  const [customer, currency] = [String(thing.customer), String(hidden.transfer)];
  if ((await leftOf(world, at, customer, currency)) < Number(thing.amount)) return;
  const { rate, risk = null } = fieldsOf(hidden.cash);
  const input = {
    ...{ method: textOf(thing.payment_method) ?? '', type: 'customer_balance', rate: fieldsOf(rate), risk },
    ...{ outcome: 'paid', cash: customer },
  };
  await settleAs(world, at, now, thing.id, `${thing.id} ${cause}`, input, thing.livemode === true);
}

/** A payment that waits: for its voucher to be paid, or for a transfer, of which enough may be there already. */
export const paymentDue: Happening = async (world, at, due, now) => {
  const { thing, hidden } = await found(world, at, 'payment_intent', due.id);
  if (fieldsOf(thing.next_action).type !== waitingAction) return voucherDue(world, at, due, now);
  const cause = textOf(hidden.looked) ?? `begun ${Number(hidden.attempts ?? 0)}`;
  await reconcile(world, at, now, { customer: String(thing.customer), currency: String(hidden.transfer), cause });
  // More may have come meanwhile, which it is looked at for again.
  const kept = await found(world, at, 'payment_intent', due.id);
  if (kept.hidden.due !== hidden.due || kept.hidden.looked !== hidden.looked) return;
  await world.objects.commit(at, [await world.objects.change(at, kept, kept.thing, dueAt(kept.hidden, undefined))]);
};
