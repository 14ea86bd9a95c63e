import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { CardInput, Found, Id, input, List, may, Metadata, oneOf, page, read, Text, write } from './field.ts';

const on = { on: 'Source' } as const;
const Typed = Type.Object({ object: Type.Enum(['card']), ...CardInput.properties }, { additionalProperties: false });
const address = Object.fromEntries(['city', 'country', 'line1', 'line2', 'state', 'zip'].map((part) => [`address_${part}`, may(Text)]));

/** Cards of customers as integrations of old know them: each is a payment method whose id begins with `card_`. */
export const sourceOperations = {
  CreateSource: {
    ...on,
    ...write,
    at: 'collection',
    text: 'Keep a card for a customer, of a token or as it is typed.',
    input: input({ customer: Id, source: Type.Union([Id, Typed]), metadata: Metadata }),
    output: Found,
  },
  GetSource: { ...on, ...read, text: "Read a customer's card.", input: input({ customer: Id }), output: Found },
  ListSources: {
    ...on,
    ...read,
    at: 'collection',
    text: "List a customer's cards, newest first.",
    input: input({ ...page, customer: Id, object: may(oneOf('card', 'bank_account', 'source')) }),
    output: List,
  },
  UpdateSource: {
    ...on,
    ...write,
    text: "Change what is said of a customer's card.",
    input: input({
      ...{ customer: Id, name: may(Text), metadata: Metadata, ...address },
      exp_month: may(Type.Integer({ minimum: 1, maximum: 12 })),
      exp_year: may(Type.Integer({ minimum: 2000, maximum: 2100 })),
    }),
    output: Found,
  },
  DeleteSource: { ...on, ...write, repeat: 'natural', text: 'Take a card from a customer.', input: input({ customer: Id }), output: Found },
} as const satisfies Record<string, Operation>;
