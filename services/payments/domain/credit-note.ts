import { type Fields, fieldsOf, merged, numberOf, type Thing } from './json.ts';
import { shareOf } from './period.ts';

type Own = { readonly id: string; readonly created: number; readonly livemode: boolean };

/** What of a credit note comes back how: to the card, to the customer's balance, or another way; or is not owed any more. */
export type Split = { readonly refund: number; readonly credit: number; readonly outside: number; readonly before: number };

/** A part of a line of an invoice that is credited: its discounts and taxes come back in proportion. */
export function creditedLine(line: Thing, amount: number, id: string): Thing {
  const whole = Number(line.amount);
  const discounts = (line.discount_amounts as Fields[]).map((each) => ({ ...each, amount: shareOf(Number(each.amount), amount, whole) }));
  const taxes = ((line.taxes ?? []) as Fields[]).map((each) => ({
    ...each,
    ...{ amount: shareOf(Number(each.amount), amount, whole), taxable_amount: shareOf(Number(each.taxable_amount), amount, whole) },
  }));
  return {
    ...{ id, object: 'credit_note_line_item', amount, description: line.description ?? null, discount_amount: sum(discounts) },
    ...{ discount_amounts: discounts, invoice_line_item: line.id, livemode: line.livemode ?? false, metadata: {} },
    ...{ pretax_credit_amounts: [], quantity: line.quantity ?? null, tax_rates: [], taxes, type: 'invoice_line_item' },
    ...{ unit_amount: null, unit_amount_decimal: null },
  };
}

/** Something that is credited and stands on no line. */
export function customLine(given: Fields, id: string, livemode: boolean): Thing {
  const [unit, quantity] = [Number(given.unit_amount), numberOf(given.quantity) ?? 1];
  return {
    ...{ id, object: 'credit_note_line_item', amount: unit * quantity, description: given.description ?? null, discount_amount: 0 },
    ...{ discount_amounts: [], livemode, metadata: {}, pretax_credit_amounts: [], quantity, tax_rates: [], taxes: [] },
    ...{ type: 'custom_line_item', unit_amount: unit, unit_amount_decimal: String(unit) },
  };
}

const sum = (all: readonly Fields[]): number => all.reduce((total, { amount }) => total + Number(amount), 0);

/** What lines come to. */
export function creditedTotal(lines: readonly Thing[]): Fields & { total: number } {
  const taxes = lines.flatMap(({ taxes }) => taxes as Fields[]);
  const off = lines.flatMap(({ discount_amounts }) => discount_amounts as Fields[]);
  const added = sum(taxes.filter(({ tax_behavior }) => tax_behavior === 'exclusive'));
  const included = sum(taxes) - added;
  const subtotal = sum(lines);
  const total = subtotal - sum(off) + added;
  return {
    ...{ amount: total, discount_amount: sum(off), discount_amounts: off, subtotal, subtotal_excluding_tax: subtotal - included },
    ...{ total, total_excluding_tax: total - added - included, total_taxes: taxes },
  };
}

const countDigits = 2;

/** The number of a credit note: that of its invoice, and how many there are. */
export const creditNumber = ({ number }: Thing, count: number): string =>
  `${String(number)}-CN-${String(count).padStart(countDigits, '0')}`;

export function newCreditNote(given: Fields, invoice: Thing, lines: readonly Thing[], split: Split, number: string, own: Own): Thing {
  const { id, created, livemode } = own;
  const { total } = creditedTotal(lines);
  return {
    ...{ id, object: 'credit_note', ...creditedTotal(lines), amount_shipping: 0, created, currency: invoice.currency ?? '' },
    ...{ customer: invoice.customer ?? null, customer_account: null, customer_balance_transaction: null, effective_at: created },
    ...{ invoice: invoice.id, lines: { object: 'list', data: lines, has_more: false, url: `/v1/credit_notes/${id}/lines` }, livemode },
    ...{ memo: given.memo ?? null, metadata: merged({}, given.metadata), number, pdf: null },
    ...{ out_of_band_amount: split.outside > 0 ? split.outside : null, post_payment_amount: total - split.before },
    ...{ pre_payment_amount: split.before, pretax_credit_amounts: [], reason: given.reason ?? null, refunds: [], shipping_cost: null },
    ...{ status: 'issued', type: split.before > 0 ? 'pre_payment' : 'post_payment', voided_at: null },
  };
}

/** The invoice after a part of it was credited, or with `way` -1 after that was taken back. */
export function creditedInvoice(invoice: Thing, { before }: Split, total: number, way: 1 | -1): Thing {
  const field = before > 0 ? 'pre_payment_credit_notes_amount' : 'post_payment_credit_notes_amount';
  return {
    ...invoice,
    [field]: Number(invoice[field]) + way * total,
    ...{ amount_due: Number(invoice.amount_due) - way * before, amount_remaining: Number(invoice.amount_remaining) - way * before },
  };
}

/** What may still be credited of an invoice. */
export const creditableOf = (invoice: Thing): number =>
  invoice.status === 'open'
    ? Number(invoice.amount_remaining)
    : Number(invoice.total) - Number(invoice.pre_payment_credit_notes_amount) - Number(invoice.post_payment_credit_notes_amount);

export const memoOf = (before: Thing, given: Fields): Thing => ({
  ...before,
  ...(given.memo === undefined ? {} : { memo: given.memo ?? null }),
  metadata: merged(before.metadata, given.metadata),
});

export const linesIn = (invoice: Thing): readonly Thing[] => (fieldsOf(invoice.lines).data ?? []) as Thing[];
