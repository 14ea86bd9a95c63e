import { checkMoney } from '../amount.ts';
import {
  creditableOf,
  creditedInvoice,
  creditedLine,
  creditedTotal,
  customLine,
  creditNumber,
  linesIn,
  memoOf,
  newCreditNote,
  type Split,
} from '../../domain/credit-note.ts';
import { spoken } from '../../domain/currency.ts';
import { type Fields, fieldsOf, numberOf, textOf, type Thing } from '../../domain/json.ts';
import { isOpen } from '../../domain/payment-intent.ts';
import { shareOf } from '../../domain/period.ts';
import { changed } from '../change.ts';
import { deskFor } from '../clock.ts';
import { invalid, missing, refuse } from '../fault.ts';
import { invoicesOf } from '../invoice.ts';
import { creditNotesMax } from '../limits.ts';
import { asJson } from '../payment.ts';
import { eventsOf, found, type World, writtenDesk } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf, sliced } from './list.ts';

const kind = 'credit_note';

/** What is credited, line by line; an amount alone is a line of its own. */
function linesGiven({ desk, input }: Request, invoice: Thing): Thing[] {
  const given = (input.lines ?? []) as readonly Fields[];
  if ((given.length === 0) === (input.amount == null))
    throw invalid('amount', 'You must pass exactly one of amount and lines.', 'parameter_missing');
  if (given.length === 0) return [customLine({ unit_amount: input.amount ?? 0 }, desk.ids('cnli'), desk.livemode)];
  return given.map((each, index) => {
    const id = desk.ids('cnli');
    if (each.type === 'custom_line_item') {
      if (each.unit_amount == null)
        throw invalid(`lines[${index}][unit_amount]`, 'A line of its own has a unit_amount.', 'parameter_missing');
      return customLine(each, id, desk.livemode);
    }
    const line = linesIn(invoice).find((other) => other.id === each.invoice_line_item);
    if (!line) throw missing('invoice line item', String(each.invoice_line_item), `lines[${index}][invoice_line_item]`);
    const part = numberOf(each.quantity);
    const amount =
      numberOf(each.amount) ?? (part === undefined ? Number(line.amount) : shareOf(Number(line.amount), part, Number(line.quantity)));
    if (amount > Number(line.amount)) throw invalid(`lines[${index}]`, 'More is to be credited than stands on the line.');
    return creditedLine(line, amount, id);
  });
}

/** How it comes back: of a paid invoice the request says so, of an open one less is owed. */
function splitOf({ input }: Request, invoice: Thing, total: number): Split {
  const [refund, credit, outside] = [input.refund_amount, input.credit_amount, input.out_of_band_amount].map((each) => Number(each ?? 0));
  const back = { refund: refund ?? 0, credit: credit ?? 0, outside: outside ?? 0 };
  const sum = back.refund + back.credit + back.outside;
  if (invoice.status === 'open') {
    if (sum > 0) throw invalid('refund_amount', 'Nothing was paid yet of an open invoice: what is credited is not owed any more.');
    return { ...back, before: total };
  }
  if (sum !== total)
    throw invalid(
      'credit_amount',
      `The sum of credit_amount, refund_amount and out_of_band_amount must equal the total of the credit note (${total}).`,
    );
  return { ...back, before: 0 };
}

async function create(asked: Request): Promise<Thing> {
  const { world, input } = asked;
  const { at } = asked.desk;
  const before = await found(world, at, 'invoice', String(input.invoice), 'invoice');
  const customer = String(before.thing.customer);
  const payer = await world.objects.get(at, 'customer', customer);
  const desk = payer ? await deskFor(world, asked.desk, payer.thing) : asked.desk;
  const [id, step] = [desk.ids('cn'), desk.ids('step')];
  const subject = textOf(before.hidden.intent) ?? invoicesOf(customer);
  await world.steps.on(at, invoicesOf(customer), async () => {
    const work = async () => {
      if (desk.again && (await world.steps.wasTaken(at, step))) return;
      const written = await writtenNote({ ...asked, desk }, id);
      await world.steps.take(at, { id: step, kind: 'credit_note', subject, input: written });
    };
    return subject === invoicesOf(customer) ? work() : world.steps.on(at, subject, work);
  });
  return (await found(world, at, kind, id)).thing;
}

/** What is written down before any money moves. */
async function writtenNote(request: Request, id: string): Promise<Fields> {
  const { world, desk, input } = request;
  const { thing: invoice } = await found(world, desk.at, 'invoice', String(input.invoice));
  if (invoice.status !== 'open' && invoice.status !== 'paid')
    throw refuse(
      'StateInvalid',
      `The invoice ${invoice.id} has a status of ${String(invoice.status)}: only one that is open or paid is credited.`,
    );
  const lines = linesGiven(request, invoice);
  const { total } = creditedTotal(lines);
  if (total < 1) throw invalid('amount', 'The total of a credit note is at least 1.');
  const most = creditableOf(invoice);
  const [asked, left] = [total, most].map((amount) => spoken(amount, String(invoice.currency)));
  if (total > most) throw invalid('amount', `The total of the credit note (${asked}) is more than what is left of the invoice (${left}).`);
  const split = splitOf(request, invoice, total);
  // What is left must be an amount that a card can be charged, or nothing.
  if (split.before > 0 && most > total) checkMoney(most - total, String(invoice.currency));
  const { items } = await world.objects.list(desk.at, kind, { limit: creditNotesMax, where: [[`body->>'invoice' = ?`, invoice.id]] });
  if (items.length >= creditNotesMax) throw refuse('StateInvalid', `An invoice has at most ${creditNotesMax} credit notes.`);
  const { memo = null, metadata = null, reason = null } = input;
  const given: Fields = { memo, metadata, reason };
  return {
    note: id,
    invoice: invoice.id,
    lines: asJson(lines),
    split: asJson(split),
    count: items.length + 1,
    given,
    desk: writtenDesk(desk),
  };
}

/** What a credit note would be: nothing is kept, and nothing moves. */
async function previewed(request: Request): Promise<Thing> {
  const { world, desk, input } = request;
  const { thing: invoice } = await found(world, desk.at, 'invoice', String(input.invoice), 'invoice');
  const id = desk.ids('cn');
  const { lines, split, given, count } = await writtenNote(request, id);
  const own = { id, created: desk.created, livemode: desk.livemode };
  return newCreditNote(fieldsOf(given), invoice, lines as Thing[], split as unknown as Split, creditNumber(invoice, Number(count)), own);
}

/** What was credited of an open invoice is owed again. */
async function voids({ world, desk, id }: Request): Promise<Thing> {
  const note = await found(world, desk.at, kind, id);
  const first = await found(world, desk.at, 'invoice', String(note.thing.invoice));
  return world.steps.on(desk.at, invoicesOf(String(note.thing.customer)), () =>
    world.steps.on(desk.at, String(first.hidden.intent), async () => {
      const [kept, invoice] = [await found(world, desk.at, kind, id), await found(world, desk.at, 'invoice', first.thing.id)];
      if (desk.again && kept.hidden.voidedBy === desk.seed) return kept.thing;
      if (kept.thing.status === 'void') throw refuse('StateInvalid', `The credit note ${id} is void already.`);
      const payment = await world.objects.get(desk.at, 'payment_intent', String(invoice.hidden.intent));
      if (invoice.thing.status !== 'open' || !payment || !isOpen(payment.thing))
        throw refuse('StateInvalid', `You can only void credit notes of invoices that are open and not being paid.`);
      const total = Number(kept.thing.total);
      const split: Split = { refund: 0, credit: 0, outside: 0, before: total };
      const next: Thing = { ...kept.thing, status: 'void', voided_at: desk.created };
      const owed = creditedInvoice(invoice.thing, split, total, -1);
      await world.objects.commit(desk.at, [
        await world.objects.change(desk.at, kept, next, { ...kept.hidden, voidedBy: desk.seed }),
        await world.objects.change(desk.at, invoice, owed),
        await world.objects.change(desk.at, payment, { ...payment.thing, amount: owed.amount_remaining ?? 0 }),
        ...(await eventsOf(world, desk, [['credit_note.voided', next]])),
      ]);
      return next;
    }),
  );
}

export const creditNoteHandlers = (world: World) =>
  handlersOf(world, {
    CreateCreditNote: create,
    PreviewCreditNote: previewed,
    PreviewCreditNoteLines: async (request) => sliced(linesIn(await previewed(request)), request.input, '/v1/credit_notes/preview/lines'),
    GetCreditNote: async ({ world, desk, id }) => (await found(world, desk.at, kind, id)).thing,
    ListCreditNoteLines: async ({ world, desk, id, input }) =>
      sliced(linesIn((await found(world, desk.at, kind, id)).thing), input, `/v1/credit_notes/${id}/lines`),
    ListCreditNotes: ({ world, desk, input }) => {
      const filters = { customer: 'customer = ?', invoice: `body->>'invoice' = ?` };
      return listed(world.objects, desk.at, kind, pageOf(input, filters), '/v1/credit_notes');
    },
    UpdateCreditNote: ({ world, desk, id, input }) =>
      changed(world, desk, kind, id, ({ thing }) => ({ next: memoOf(thing, input) }), 'credit_note.updated'),
    VoidCreditNote: voids,
  }) satisfies Partial<All>;
