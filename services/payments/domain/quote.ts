import { type Fields, fieldsOf, merged, type Thing } from './json.ts';

type Own = { readonly id: string; readonly created: number; readonly livemode: boolean };
type Sums = { readonly subtotal: number; readonly total: number; readonly tax: number };

/** How long somebody may accept what is offered, if nobody says. */
const openSeconds = 30 * 86_400;

const sumsOf = (items: readonly Thing[]): Fields => {
  const sum = (name: string) => items.reduce((total, item) => total + Number(item[name]), 0);
  return {
    ...{ amount_subtotal: sum('amount_subtotal'), amount_total: sum('amount_total') },
    total_details: { amount_discount: sum('amount_discount'), amount_shipping: 0, amount_tax: sum('amount_tax') },
  };
};

const isRecurring = ({ price }: Thing): boolean => fieldsOf(price).type === 'recurring';

/** What is to be paid at once, and what again and again. */
function computedOf(items: readonly Thing[]): Fields {
  const again = items.filter(isRecurring);
  const { interval = null, interval_count = null } = fieldsOf(fieldsOf(again[0]?.price).recurring);
  return { recurring: again.length === 0 ? null : { ...sumsOf(again), interval, interval_count }, upfront: sumsOf(items) };
}

export const recurringIn = (items: readonly Thing[]): Thing[] => items.filter(isRecurring);
export const onceIn = (items: readonly Thing[]): Thing[] => items.filter((item) => !isRecurring(item));

const plain = ['description', 'footer', 'header'] as const;

export function newQuote(given: Fields, customer: Thing, { id, created, livemode }: Own): Thing {
  const made: Thing = {
    ...{ id, object: 'quote', amount_subtotal: 0, amount_total: 0, application: null, application_fee_amount: null },
    ...{ application_fee_percent: null, automatic_tax: { enabled: false, liability: null, provider: null, status: null } },
    ...{ collection_method: 'charge_automatically', computed: computedOf([]), created, currency: null, customer: customer.id },
    ...{ customer_account: null, default_tax_rates: [], description: null, discounts: [], expires_at: created + openSeconds, footer: null },
    ...{ from_quote: null, header: null, invoice: null, invoice_settings: { days_until_due: null, issuer: { type: 'self' } }, livemode },
    ...{ metadata: {}, number: null, on_behalf_of: null, status: 'draft' },
    status_transitions: { accepted_at: null, canceled_at: null, finalized_at: null },
    subscription: null,
    subscription_data: { description: null, effective_date: null, metadata: {}, trial_period_days: null },
    ...{ subscription_schedule: null, test_clock: customer.test_clock ?? null, transfer_data: null },
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
  };
  return changedQuote(made, given);
}

export function changedQuote(before: Thing, given: Fields): Thing {
  const next: Thing = { ...before, metadata: merged(before.metadata, given.metadata) };
  for (const name of plain) if (given[name] !== undefined) next[name] = given[name];
  for (const name of ['collection_method', 'expires_at'] as const) if (given[name] != null) next[name] = given[name];
  for (const name of ['invoice_settings', 'subscription_data'] as const)
    if (given[name] != null) next[name] = { ...fieldsOf(before[name]), ...fieldsOf(given[name]) };
  return next;
}

/** The quote with what is offered, and what that comes to. */
export const offering = (quote: Thing, items: readonly Thing[], { subtotal, total, tax }: Sums, currency: string): Thing => ({
  ...quote,
  ...{ amount_subtotal: subtotal, amount_total: total, computed: computedOf(items), currency },
  total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: tax },
});

/** The quote in another state, since when that is. */
export const movedQuote = (quote: Thing, status: 'open' | 'accepted' | 'canceled', at: number, more: Fields = {}): Thing => ({
  ...quote,
  ...more,
  status,
  status_transitions: {
    ...fieldsOf(quote.status_transitions),
    [status === 'open' ? 'finalized_at' : `${status}_at`]: at,
  },
});
