import { type Fields, merged, numberOf, type Thing } from './json.ts';

type Own = { readonly id: string; readonly created: number; readonly livemode: boolean };
const day = 86_400;
/** How long a draft that goes on by itself may still be changed. */
export const draftSeconds = 3_600;

/** A draft of an invoice, before anything stands on it. */
export function newInvoice(given: Fields, customer: Thing, { id, created, livemode }: Own): Thing {
  const days = numberOf(given.days_until_due);
  const due = given.due_date ?? (days === undefined ? null : created + days * day);
  return {
    ...{ id, object: 'invoice', account_country: null, account_name: null, account_tax_ids: null, amount_due: 0, amount_overpaid: 0 },
    ...{ amount_paid: 0, amount_remaining: 0, amount_shipping: 0, application: null, attempt_count: 0, attempted: false },
    ...{
      auto_advance: given.auto_advance ?? false,
      automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    },
    ...{
      automatically_finalizes_at: given.auto_advance === true ? created + draftSeconds : null,
      billing_reason: 'manual',
      collection_method: given.collection_method ?? 'charge_automatically',
    },
    ...{ confirmation_secret: null, created, currency: given.currency ?? 'usd', custom_fields: null, customer: customer.id },
    ...{ customer_account: null, customer_address: customer.address ?? null, customer_email: customer.email ?? null },
    ...{ customer_name: customer.name ?? null, customer_phone: customer.phone ?? null, customer_shipping: customer.shipping ?? null },
    ...{ customer_tax_exempt: customer.tax_exempt ?? 'none', customer_tax_ids: [], default_payment_method: null, default_source: null },
    ...{ default_tax_rates: [], description: null, discounts: [], due_date: due, effective_at: null, ending_balance: null, footer: null },
    ...{ from_invoice: null, hosted_invoice_url: null, invoice_pdf: null, issuer: { type: 'self' }, last_finalization_error: null },
    ...{ latest_revision: null, livemode, metadata: {}, next_payment_attempt: null, number: null, on_behalf_of: null, parent: null },
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    ...{ period_end: created, period_start: created, post_payment_credit_notes_amount: 0, pre_payment_credit_notes_amount: 0 },
    ...{ receipt_number: null, rendering: null, shipping_cost: null, shipping_details: null, starting_balance: 0 },
    ...{
      statement_descriptor: given.statement_descriptor ?? null,
      status: 'draft',
      subscription: null,
      test_clock: customer.test_clock ?? null,
    },
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    ...{ total_pretax_credit_amounts: [], webhooks_delivered_at: null },
    ...describedInvoice(given, {}),
  };
}

/** What is said of an invoice, over what was. */
export function describedInvoice(given: Fields, before: Fields): Fields {
  const names = ['default_payment_method', 'description', 'footer'] as const;
  const said = Object.fromEntries(names.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]]))) as Fields;
  return { ...said, metadata: merged(before.metadata, given.metadata) };
}

/** The invoice with its lines counted: what is due is never less than nothing. */
export function dueInvoice(invoice: Thing, counted: Fields): Thing {
  const due = Math.max(0, Number(counted.total));
  return { ...invoice, ...counted, amount_due: due, amount_remaining: due };
}

/** The invoice after its money came. */
export const paidInvoice = (invoice: Thing, now: number, amount: number): Thing => ({
  ...invoice,
  ...{ status: 'paid', amount_paid: amount, amount_remaining: 0, attempted: true, attempt_count: Number(invoice.attempt_count) + 1 },
  next_payment_attempt: null,
  status_transitions: { ...(invoice.status_transitions as Fields), paid_at: now },
});

export const failedInvoice = (invoice: Thing): Thing => ({
  ...invoice,
  ...{ attempted: true, attempt_count: Number(invoice.attempt_count) + 1 },
});

export const unfitInvoice = ({ id, status }: Thing, doing: string): string =>
  `You cannot ${doing} the invoice ${id}: it has a status of ${String(status)}.`;

export const voidedInvoice = (invoice: Thing, now: number): Thing => ({
  ...invoice,
  ...{ status: 'void', auto_advance: false, next_payment_attempt: null },
  status_transitions: { ...(invoice.status_transitions as Fields), voided_at: now },
});
