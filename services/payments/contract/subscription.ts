import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import {
  Currency,
  Flag,
  Found,
  Id,
  input,
  List,
  may,
  Metadata,
  nothing,
  oneOf,
  page,
  read,
  Search,
  searchInput,
  Text,
  write,
} from './field.ts';
import { amountMax, invoiceRatesMax, retriesMax, retryDaysMax, subscriptionItemsMax, trialDaysMax } from './limits.ts';

const on = { on: 'Subscription' } as const;
const Instant = Type.Integer({ minimum: 0, description: 'Seconds since 1970.' });
const Rates = Type.Array(Id, { maxItems: invoiceRatesMax });
const Quantity = Type.Integer({ minimum: 0, maximum: amountMax });
const proration = oneOf('always_invoice', 'create_prorations', 'none');
const collection = oneOf('charge_automatically', 'send_invoice');
const behavior = oneOf('allow_incomplete', 'default_incomplete');
const item = { metadata: Metadata, quantity: may(Quantity), tax_rates: may(Rates) };

/** What is taken off: by a coupon, or by a word that stands for one. */
export const Discounts = Type.Array(input({ coupon: may(Id), promotion_code: may(Id) }), { maxItems: 1 });

const said = {
  ...{ collection_method: may(collection), days_until_due: may(Type.Integer({ minimum: 0, maximum: 3650 })) },
  ...{ default_payment_method: may(Id), default_tax_rates: may(Rates), description: may(Text), metadata: Metadata },
  trial_settings: may(input({ end_behavior: input({ missing_payment_method: oneOf('cancel', 'create_invoice') }) })),
  payment_settings: may(input({ save_default_payment_method: may(oneOf('off', 'on_subscription')) })),
  ...{ cancel_at: may(Instant), cancel_at_period_end: may(Flag), discounts: may(Discounts), off_session: may(Flag) },
  ...{ payment_behavior: may(behavior), proration_behavior: may(proration) },
  trial_end: may(Type.Union([Instant, oneOf('now')])),
  add_invoice_items: may(
    Type.Array(input({ price: Id, quantity: may(Quantity), tax_rates: may(Rates) }), { maxItems: subscriptionItemsMax }),
  ),
};
const feedback = oneOf(
  ...['customer_service', 'low_quality', 'missing_features', 'other', 'switched_service', 'too_complex', 'too_expensive', 'unused'],
);
const Details = input({ comment: may(Text), feedback: may(feedback) });
const mode = may(input({ type: oneOf('flexible') }));

export const subscriptionOperations = {
  CreateSubscription: {
    ...on,
    ...write,
    at: 'collection',
    text: 'Subscribe a customer to prices, and invoice the first period.',
    input: input({
      ...{ customer: Id, currency: may(Currency), ...said, billing_cycle_anchor: may(Instant), billing_mode: mode },
      items: Type.Array(input({ price: Id, ...item }), { minItems: 1, maxItems: subscriptionItemsMax }),
      ...{ trial_period_days: may(Type.Integer({ minimum: 1, maximum: trialDaysMax })), trial_from_plan: may(Flag) },
    }),
    output: Found,
  },
  GetSubscription: { ...on, ...read, text: 'Read a subscription.', input: nothing, output: Found },
  SearchSubscriptions: { ...on, ...read, at: 'collection', text: 'Find subscriptions by a query.', input: searchInput, output: Search },
  ListSubscriptions: {
    ...on,
    ...read,
    at: 'collection',
    text: 'List subscriptions that have not ended, or those of a status, newest first.',
    input: input({
      ...{ ...page, customer: may(Id), price: may(Id), test_clock: may(Id), collection_method: may(collection) },
      status: may(oneOf('active', 'all', 'canceled', 'ended', 'incomplete', 'incomplete_expired', 'past_due', 'trialing', 'unpaid')),
    }),
    output: List,
  },
  UpdateSubscription: {
    ...on,
    ...write,
    text: 'Change a subscription: what is not used any more comes back, and what is new is billed, by the second.',
    input: input({
      ...{ ...said, billing_cycle_anchor: may(oneOf('now', 'unchanged')), proration_date: may(Instant) },
      ...{ cancellation_details: may(Details) },
      items: may(Type.Array(input({ id: may(Id), price: may(Id), deleted: may(Flag), ...item }), { maxItems: 2 * subscriptionItemsMax })),
    }),
    output: Found,
  },
  CancelSubscription: {
    ...on,
    ...write,
    essential: true,
    text: 'End a subscription now.',
    input: input({ cancellation_details: may(Details), invoice_now: may(Flag), prorate: may(Flag) }),
    output: Found,
  },
  DeleteSubscriptionDiscount: {
    ...on,
    ...write,
    text: 'Take the discount off a subscription: its next invoices are without it.',
    input: nothing,
    output: Found,
  },
  GetDiscount: {
    ...read,
    on: 'Discount',
    text: 'Read what was taken off.',
    input: nothing,
    output: Found,
  },
} as const satisfies Record<string, Operation>;

const one = { on: 'SubscriptionItem' } as const;
const changing = {
  ...{ payment_behavior: may(behavior), proration_behavior: may(proration), proration_date: may(Instant), off_session: may(Flag) },
};

export const subscriptionItemOperations = {
  CreateSubscriptionItem: {
    ...one,
    ...write,
    at: 'collection',
    text: 'Add a price to a subscription.',
    input: input({ subscription: Id, price: Id, ...item, ...changing }),
    output: Found,
  },
  GetSubscriptionItem: { ...one, ...read, text: 'Read an item of a subscription.', input: nothing, output: Found },
  ListSubscriptionItems: {
    ...one,
    ...read,
    at: 'collection',
    text: 'List the items of a subscription.',
    input: input({ ...page, subscription: Id }),
    output: List,
  },
  UpdateSubscriptionItem: {
    ...one,
    ...write,
    text: 'Change an item of a subscription.',
    input: input({ price: may(Id), ...item, ...changing }),
    output: Found,
  },
  DeleteSubscriptionItem: {
    ...one,
    ...write,
    text: 'Take an item from a subscription.',
    input: input({ proration_behavior: may(proration), proration_date: may(Instant) }),
    output: Found,
  },
} as const satisfies Record<string, Operation>;

/** How invoices are collected that were not paid. At Stripe that stands in the dashboard. */
export const collectionOperations = {
  GetCollectionPolicy: {
    ...read,
    on: 'CollectionPolicy',
    at: 'collection',
    text: 'Read when payments of invoices that failed are tried again.',
    input: nothing,
    output: Found,
  },
  PutCollectionPolicy: {
    ...write,
    repeat: 'natural',
    on: 'CollectionPolicy',
    at: 'collection',
    text: 'Say after how many days a payment that failed is tried again, each time, and what becomes of the subscription after the last.',
    input: input({
      retry_after_days: Type.Array(Type.Integer({ minimum: 1, maximum: retryDaysMax }), { maxItems: retriesMax }),
      then: oneOf('cancel', 'unpaid', 'past_due'),
    }),
    output: Found,
  },
} as const satisfies Record<string, Operation>;

const line = { on: 'CustomerBalanceTransaction' } as const;

export const customerBalanceOperations = {
  CreateCustomerBalanceTransaction: {
    ...line,
    ...write,
    at: 'collection',
    text: 'Change what a customer has with the business: less than nothing is credit, and goes to their next invoices.',
    input: input({
      ...{ customer: Id, amount: Type.Integer({ minimum: -amountMax, maximum: amountMax }), currency: Currency },
      ...{ description: may(Text), metadata: Metadata },
    }),
    output: Found,
  },
  GetCustomerBalanceTransaction: { ...line, ...read, text: 'Read such a change.', input: input({ customer: Id }), output: Found },
  UpdateCustomerBalanceTransaction: {
    ...line,
    ...write,
    text: 'Change what is said of such a change; its amount stays.',
    input: input({ customer: Id, description: may(Text), metadata: Metadata }),
    output: Found,
  },
  ListCustomerBalanceTransactions: {
    ...line,
    ...read,
    at: 'collection',
    text: 'List changes of what a customer has, newest first.',
    input: input({ ...page, customer: Id, invoice: may(Id) }),
    output: List,
  },
} as const satisfies Record<string, Operation>;
