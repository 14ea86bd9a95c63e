import type { Placed } from '#kernel/contract/provider.ts';
import type { Statement } from '#seams/sql/sql.ts';
import { newCashTransaction } from '../domain/cash.ts';
import { idsOf } from '../domain/id.ts';
import { type Fields, fieldsOf, type Thing } from '../domain/json.ts';
import { bookedNotice, type Incoming } from '../engine/bank/incoming.ts';
import { fileKind } from './clearing.ts';
import { type Desk, deskOfStep, eventsOf, type World } from './world.ts';
import type { Mover } from './step.ts';

/** The ledger's words for more than is there. */
const notThere = /exceedsCredits|idAlreadyFailed/;

type Change = {
  readonly customer: string;
  readonly currency: string;
  readonly amount: number;
  readonly why: Fields;
  readonly hidden?: Fields;
};

/** Payments that wait for a customer's money are looked at when there is more of it; `cause` is what it came by. */
const waking = ({ created }: Desk, { customer, currency }: Change, cause: string): Statement => ({
  text: `update object set hidden = hidden || jsonb_build_object('due', $3::bigint, 'looked', $4::text), version = version + 1
    where kind = 'payment_intent' and customer = $1 and hidden->>'transfer' = $2 and body->>'status' = 'requires_action'`,
  params: [customer, currency, BigInt(created), cause],
});

/** The statements of a change of what a customer has sent and not used; the ledger has made it. */
async function lined(world: World, desk: Desk, change: Change): Promise<Statement[]> {
  const { customer, currency, amount, why, hidden } = change;
  const left = (await world.money.owned(desk.at, 'cash', customer, [currency])).get(currency) ?? 0;
  const own = { id: desk.ids('ccsbtxn'), created: desk.created, livemode: desk.livemode };
  const line = newCashTransaction({ ...own, customer, currency, amount, left }, why);
  return [
    await world.objects.insertion(desk.at, line, hidden),
    ...(await eventsOf(world, desk, [['customer_cash_balance_transaction.created', line]])),
    ...(amount > 0 ? [waking(desk, change, line.id)] : []),
  ];
}

/** Pays a payment out of what its customer has sent; undefined where it is not there any more, or the payment waits for something else. */
export async function cashUsed(world: World, at: Placed, desk: Desk, payment: Thing, customer: string): Promise<Statement[] | undefined> {
  if (fieldsOf(payment.next_action).type !== 'display_bank_transfer_instructions') return undefined;
  const [currency, amount] = [String(payment.currency), Number(payment.amount)];
  const done = await world.money.cash(at, currency, customer, { intent: payment.id, step: `cash ${desk.seed}` }, -amount);
  if (!done.done && !notThere.test(done.status)) throw new TypeError(`the ledger refused what is used: ${done.status}`);
  if (!done.done) return undefined;
  const why = { type: 'applied_to_payment', applied_to_payment: { payment_intent: payment.id } };
  return lined(world, desk, { customer, currency, amount: -amount, why });
}

/** What is given back of such a payment is the customer's to use again. */
export async function cashBack(world: World, desk: Desk, charge: Thing, refund: string, amount: number): Promise<Statement[]> {
  if (fieldsOf(charge.payment_method_details).type !== 'customer_balance') return [];
  const [currency, customer] = [String(charge.currency), String(charge.customer)];
  const done = await world.money.cash(desk.at, currency, customer, { intent: refund, step: 'cash' }, amount);
  if (!done.done) throw new TypeError(`the ledger refused what is given back: ${done.status}`);
  const why = { type: 'refunded_from_payment', refunded_from_payment: { refund } };
  return lined(world, desk, { customer, currency, amount, why });
}

/** The line of what a step put to what a customer has sent. */
export const fundedLine = (step: string): string => idsOf(step)('ccsbtxn');

/** A transfer has come in: it is the customer's to use, and the bank tells of it. */
export const funder =
  (worlds: () => World): Mover =>
  async (at, { id, input, made = [] }) => {
    const world = worlds();
    const desk = deskOfStep(at, id, fieldsOf(input.desk));
    const [sent] = made;
    if (!sent) throw new TypeError('a transfer that comes in is sealed with its step');
    const incoming = sent.thing as unknown as Incoming;
    const { currency, amount, end } = incoming;
    const customer = String(input.customer);
    const done = await world.money.cash(at, currency, customer, { intent: id, step: 'funded' }, amount);
    if (!done.done) throw new TypeError(`the ledger refused what came in: ${done.status}`);
    const why = { type: 'funded', funded: { bank_transfer: fieldsOf(sent.thing.transfer) } };
    const statements = await lined(world, desk, { customer, currency, amount, why, hidden: { end } });
    const notice = desk.ids('clf');
    const file: Thing = {
      ...{ id: notice, object: fileKind, created: desk.created, livemode: desk.livemode, currency, amount, entries: 1 },
      ...{ rail: input.rail ?? null, direction: 'received', format: 'camt.054', answer_to: input.file ?? null },
    };
    const text = bookedNotice(incoming, new Date(desk.created * 1000), notice, fundedLine(id));
    return {
      statements: [...statements, await world.objects.insertion(at, file), await world.contents.insertion(at, notice, Buffer.from(text))],
      due: desk.created,
    };
  };
