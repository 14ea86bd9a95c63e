import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { Lines } from './checkout.ts';
import { Found, Id, input, List, may, Metadata, nothing, oneOf, page, read, Text, write } from './field.ts';
import { trialDaysMax } from './limits.ts';

const on = { on: 'Quote' } as const;
const Instant = Type.Integer({ minimum: 0, description: 'Seconds since 1970.' });
const described = {
  ...{ description: may(Text), footer: may(Text), header: may(Text), metadata: Metadata, expires_at: may(Instant) },
  collection_method: may(oneOf('charge_automatically', 'send_invoice')),
  invoice_settings: may(input({ days_until_due: may(Type.Integer({ minimum: 0 })) })),
  subscription_data: may(
    input({ description: may(Text), metadata: Metadata, trial_period_days: may(Type.Integer({ minimum: 1, maximum: trialDaysMax })) }),
  ),
};

/** What is offered to a customer: who accepts it subscribes, or is invoiced. */
export const quoteOperations = {
  CreateQuote: {
    ...on,
    ...write,
    at: 'collection',
    text: 'Begin an offer to a customer: a draft.',
    input: input({ customer: Id, line_items: may(Lines), ...described }),
    output: Found,
  },
  GetQuote: { ...on, ...read, text: 'Read an offer.', input: nothing, output: Found },
  ListQuotes: {
    ...on,
    ...read,
    at: 'collection',
    text: 'List offers, newest first.',
    input: input({ ...page, customer: may(Id), status: may(oneOf('accepted', 'canceled', 'draft', 'open')) }),
    output: List,
  },
  ListQuoteItems: { ...on, ...read, text: 'List what is offered.', input: input(page), output: List },
  ListQuoteUpfrontItems: { ...on, ...read, text: 'List what is to be paid when an offer is accepted.', input: input(page), output: List },
  UpdateQuote: {
    ...on,
    ...write,
    text: 'Change an offer that is a draft.',
    input: input({ line_items: may(Lines), ...described }),
    output: Found,
  },
  FinalizeQuote: {
    ...on,
    ...write,
    text: 'Make the offer: from now on it can be accepted.',
    input: input({ expires_at: may(Instant) }),
    output: Found,
  },
  AcceptQuote: { ...on, ...write, text: 'Accept an offer: its customer subscribes, or has an invoice.', input: nothing, output: Found },
  CancelQuote: { ...on, ...write, text: 'Take an offer back.', input: nothing, output: Found },
} as const satisfies Record<string, Operation>;
