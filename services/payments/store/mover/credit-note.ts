import { creditedInvoice, creditNumber, newCreditNote, type Split } from '../../domain/credit-note.ts';
import { paidInvoice } from '../../domain/invoice.ts';
import { type Fields, fieldsOf, textOf, type Thing } from '../../domain/json.ts';
import { isOpen } from '../../domain/payment-intent.ts';
import { balanced } from '../balance.ts';
import { refuse } from '../fault.ts';
import type { Kept } from '../object.ts';
import { asJson } from '../payment.ts';
import type { Ending, Mover } from '../step.ts';
import { afterPaid, dueAt, nothingElse, type Outcome } from '../subscription.ts';
import { type Desk, deskOfStep, eventsOf, found, type Told, type World, writtenDesk } from '../world.ts';
import { refunder } from './refund.ts';

/** Credits an invoice: less of it is owed, or its money goes back to the card or to the customer's balance, in one stroke of the books. */
export const creditor =
  (worlds: () => World): Mover =>
  async (at, { id: step, subject, input }) => {
    const world = worlds();
    const desk = deskOfStep(at, step, fieldsOf(input.desk));
    const kept = await found(world, at, 'invoice', String(input.invoice));
    const lines = input.lines as Thing[];
    const split = input.split as unknown as Split;
    const number = creditNumber(kept.thing, Number(input.count));
    const own = { id: String(input.note), created: desk.created, livemode: desk.livemode };
    const note = newCreditNote(fieldsOf(input.given), kept.thing, lines, split, number, own);
    const invoice = creditedInvoice(kept.thing, split, Number(note.total), 1);
    if (split.before > 0) return lessOwed(world, desk, kept, invoice, note);
    const refunded = split.refund > 0 ? await refundedBy(worlds, desk, kept, { step, subject, split, note }) : undefined;
    if (refunded?.ending.refusal) return refunded.ending;
    const back = await creditedBy(world, desk, kept, note, split.credit);
    const refund = refunded && { amount_refunded: split.refund, payment_record_refund: null, refund: refunded.id, type: 'refund' };
    const shown: Thing = { ...note, customer_balance_transaction: back.line ?? null, refunds: refund ? [refund] : [] };
    return {
      statements: [
        ...(refunded?.ending.statements ?? []),
        ...back.statements,
        await world.objects.insertion(at, shown, { split: asJson(split) }),
        await world.objects.change(at, kept, invoice),
        ...(await eventsOf(world, desk, [['credit_note.created', shown], ...back.told])),
      ],
    };
  };

type Refunding = { readonly step: string; readonly subject: string; readonly split: Split; readonly note: Thing };

/** The refund that is a part of it: its step is this step's, so that both are written or none. */
async function refundedBy(worlds: () => World, desk: Desk, invoice: Kept, { step, subject, split, note }: Refunding) {
  const world = worlds();
  const { thing } = await found(world, desk.at, 'payment_intent', String(invoice.hidden.intent));
  const id = `re_${note.id.slice('cn_'.length)}`;
  const input: Fields = {
    ...{ refund: id, charge: textOf(thing.latest_charge) ?? '', amount: split.refund, given: { metadata: {}, reason: null } },
    desk: writtenDesk(desk),
  };
  const ending: Ending = await refunder(worlds)(desk.at, { id: `${step} refund`, kind: 'refund', subject, input });
  return { id, ending };
}

async function creditedBy(world: World, desk: Desk, invoice: Kept, note: Thing, amount: number) {
  if (amount === 0) return { ...nothingElse, line: undefined };
  const payer = await found(world, desk.at, 'customer', String(invoice.thing.customer));
  const change = { amount: -amount, currency: String(note.currency), type: 'credit_note' } as const;
  const moved = await balanced(world, desk, payer.thing, note.id, { ...change, given: { credit_note: note.id } });
  const told: Told[] = [['customer.updated', moved.next, payer.thing]];
  return { statements: [await world.objects.change(desk.at, payer, moved.next), ...moved.statements], told, line: moved.line?.id };
}

/** Less is owed: the payment is of less, or, where nothing is left, called off, and the invoice is paid. */
async function lessOwed(world: World, desk: Desk, before: Kept, invoice: Thing, note: Thing): Promise<Ending> {
  const { at } = desk;
  const payment = await found(world, at, 'payment_intent', String(before.hidden.intent));
  if (before.thing.status !== 'open' || !isOpen(payment.thing))
    return { statements: [], refusal: refuse('StateInvalid', `The invoice ${before.thing.id} is being paid; it cannot be credited now.`) };
  const left = Number(invoice.amount_remaining);
  const isPaid = left === 0;
  const intent: Thing = isPaid
    ? { ...payment.thing, status: 'canceled', canceled_at: desk.created, cancellation_reason: 'void_invoice' }
    : { ...payment.thing, amount: left };
  const next = isPaid
    ? { ...paidInvoice(invoice, desk.created, Number(invoice.amount_paid)), attempt_count: invoice.attempt_count ?? 0 }
    : invoice;
  const after: Outcome = isPaid ? await afterPaid(world, at, before) : nothingElse;
  const paid: Told[] = isPaid
    ? [
        ['payment_intent.canceled', intent],
        ['invoice.paid', next],
        ['invoice.payment_succeeded', next],
      ]
    : [];
  return {
    statements: [
      await world.objects.insertion(at, note, { split: { refund: 0, credit: 0, outside: 0, before: note.pre_payment_amount ?? 0 } }),
      await world.objects.change(at, before, next, isPaid ? dueAt(before.hidden, undefined) : before.hidden),
      await world.objects.change(at, payment, intent),
      ...after.statements,
      ...(await eventsOf(world, desk, [['credit_note.created', note], ...paid, ...after.told])),
    ],
  };
}
