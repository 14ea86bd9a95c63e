import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { Amount, byPage, CardInput, closed, Currency, Flag, Found, Id, input, List, may, Metadata, nothing, oneOf } from './field.ts';
import { page, read, Text, write } from './field.ts';
import { amountMax, invoiceRatesMax, subscriptionItemsMax, trialDaysMax } from './limits.ts';

const session = { on: 'CheckoutSession' } as const;
const Url = Type.String({ pattern: '^https?://', maxLength: 5000 });
const Recurring = input({
  interval: oneOf('day', 'month', 'week', 'year'),
  interval_count: may(Type.Integer({ minimum: 1, maximum: 1095 })),
});
const PriceData = input({
  ...{ currency: Currency, unit_amount: may(Amount), unit_amount_decimal: may(Text), product: may(Id), recurring: may(Recurring) },
  product_data: may(input({ name: Text, metadata: Metadata })),
});
const Line = input({
  ...{ price: may(Id), price_data: may(PriceData), quantity: may(Type.Integer({ minimum: 1, maximum: amountMax })) },
  tax_rates: may(Type.Array(Id, { maxItems: invoiceRatesMax })),
});
/** What somebody buys, or is offered. */
export const Lines = Type.Array(Line, { minItems: 1, maxItems: subscriptionItemsMax });
const mode = oneOf('payment', 'subscription');

const selling = {
  ...{ line_items: Lines, metadata: Metadata, customer_creation: may(oneOf('always', 'if_required')) },
  payment_intent_data: may(
    input({
      ...{
        description: may(Text),
        metadata: Metadata,
        setup_future_usage: may(oneOf('off_session', 'on_session')),
        transfer_group: may(Text),
      },
      statement_descriptor: may(Type.String({ maxLength: 22 })),
    }),
  ),
  subscription_data: may(
    input({ description: may(Text), metadata: Metadata, trial_period_days: may(Type.Integer({ minimum: 1, maximum: trialDaysMax })) }),
  ),
  payment_method_types: may(Type.Array(oneOf('card'), { minItems: 1, maxItems: 1 })),
};

/** A page of the platform's own on which somebody buys. */
export const checkoutOperations = {
  CreateCheckoutSession: {
    ...session,
    ...write,
    at: 'collection',
    text: 'Make a page on which somebody buys.',
    input: input({
      ...{ mode, ...selling, success_url: Url, cancel_url: may(Url), customer: may(Id), customer_email: may(Text) },
      ...{ client_reference_id: may(Type.String({ maxLength: 200 })), expires_at: may(Type.Integer({ minimum: 0 })) },
      ui_mode: may(oneOf('hosted_page', 'hosted')),
    }),
    output: Found,
  },
  GetCheckoutSession: {
    ...session,
    ...read,
    ...byPage,
    text: 'Read a session.',
    input: input({ client_secret: may(Text) }),
    output: Found,
  },
  ListCheckoutSessions: {
    ...session,
    ...read,
    at: 'collection',
    text: 'List sessions, newest first.',
    input: input({
      ...{ ...page, customer: may(Id), payment_intent: may(Id), subscription: may(Id), payment_link: may(Id) },
      status: may(oneOf('open', 'complete', 'expired')),
    }),
    output: List,
  },
  ListCheckoutLineItems: { ...session, ...read, text: 'List what is bought.', input: input(page), output: List },
  ExpireCheckoutSession: { ...session, ...write, text: 'Close a page on which nobody has bought.', input: nothing, output: Found },
  CompleteCheckoutSession: {
    ...session,
    ...write,
    ...byPage,
    text: 'Buy, as the page does for whoever filled it in.',
    input: input({ client_secret: Text, card: CardInput, email: may(Text), name: may(Text) }),
    output: Found,
  },
} as const satisfies Record<string, Operation>;

const link = { on: 'PaymentLink' } as const;
const After = Type.Object({ type: oneOf('hosted_confirmation', 'redirect'), redirect: may(input({ url: Url })) }, closed);

/** An address that makes a new page for each who comes. */
export const paymentLinkOperations = {
  CreatePaymentLink: {
    ...link,
    ...write,
    at: 'collection',
    text: 'Make an address at which anybody buys the same.',
    input: input({ ...selling, after_completion: may(After) }),
    output: Found,
  },
  GetPaymentLink: { ...link, ...read, text: 'Read a payment link.', input: nothing, output: Found },
  ListPaymentLinks: {
    ...link,
    ...read,
    at: 'collection',
    text: 'List payment links, newest first.',
    input: input({ ...page, active: may(Flag) }),
    output: List,
  },
  ListPaymentLinkItems: { ...link, ...read, text: 'List what a payment link sells.', input: input(page), output: List },
  UpdatePaymentLink: {
    ...link,
    ...write,
    text: 'Change a payment link, or close it.',
    input: input({ active: may(Flag), metadata: Metadata, after_completion: may(After) }),
    output: Found,
  },
  OpenPaymentLink: {
    ...link,
    ...write,
    ...byPage,
    text: 'Make a page for somebody who came to the address.',
    input: input({ client_secret: Text }),
    output: Found,
  },
} as const satisfies Record<string, Operation>;
