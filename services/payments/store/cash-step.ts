import type { Placed } from '#kernel/contract/provider.ts';
import type { Statement } from '#seams/sql/sql.ts';
import { newCashTransaction } from '../domain/cash.ts';
import { type Fields, fieldsOf, textOf, type Thing } from '../domain/json.ts';
import { type Desk, deskOfStep, eventsOf, type World } from './world.ts';
import type { Mover } from './step.ts';

type Change = { readonly customer: string; readonly currency: string; readonly amount: number; readonly why: Fields };

/** The statements of a change of what a customer has sent and not used; the ledger has made it. */
async function lined(world: World, desk: Desk, { customer, currency, amount, why }: Change): Promise<Statement[]> {
  const left = (await world.money.cashBalances(desk.at, customer, [currency])).get(currency) ?? 0;
  const own = { id: desk.ids('ccsbtxn'), created: desk.created, livemode: desk.livemode };
  const line = newCashTransaction({ ...own, customer, currency, amount, left }, why);
  return [
    await world.objects.insertion(desk.at, line),
    ...(await eventsOf(world, desk, [['customer_cash_balance_transaction.created', line]])),
  ];
}

/** Pays a payment out of what its customer has sent; undefined where it is not there any more, or the payment waits for something else. */
export async function cashUsed(world: World, at: Placed, desk: Desk, payment: Thing, customer: string): Promise<Statement[] | undefined> {
  if (fieldsOf(payment.next_action).type !== 'display_bank_transfer_instructions') return undefined;
  const [currency, amount] = [String(payment.currency), Number(payment.amount)];
  const done = await world.money.cash(at, currency, customer, { intent: payment.id, step: `cash ${desk.seed}` }, -amount);
  if (!done.done) return undefined;
  const why = { type: 'applied_to_payment', applied_to_payment: { payment_intent: payment.id } };
  return lined(world, desk, { customer, currency, amount: -amount, why });
}

/** What is given back of such a payment is the customer's to use again. */
export async function cashBack(world: World, desk: Desk, charge: Thing, refund: string, amount: number): Promise<Statement[]> {
  if (fieldsOf(charge.payment_method_details).type !== 'customer_balance') return [];
  const [currency, customer] = [String(charge.currency), String(charge.customer)];
  await world.money.cash(desk.at, currency, customer, { intent: refund, step: 'cash' }, amount);
  const why = { type: 'refunded_from_payment', refunded_from_payment: { refund } };
  return lined(world, desk, { customer, currency, amount, why });
}

/** A transfer has come in: it is the customer's to use. */
export const funder =
  (worlds: () => World): Mover =>
  async (at, { id, input }) => {
    const world = worlds();
    const desk = deskOfStep(at, id, fieldsOf(input.desk));
    const [customer, currency, amount] = [String(input.customer), String(input.currency), Number(input.amount)];
    const done = await world.money.cash(at, currency, customer, { intent: id, step: 'funded' }, amount);
    if (!done.done) throw new TypeError(`the ledger refused what came in: ${done.status}`);
    const why = { type: 'funded', funded: { bank_transfer: fieldsOf(input.transfer) } };
    return {
      statements: await lined(world, desk, { customer, currency, amount, why }),
      after: { id: textOf(input.customer) ?? '', object: 'customer' },
    };
  };
