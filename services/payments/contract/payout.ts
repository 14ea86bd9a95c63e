import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { Amount, Currency, Found, Id, input, List, may, Metadata, nothing, oneOf, page, read, Text, write } from './field.ts';
import { rateBasisPointsMax, rateFixedMax, rateRowsMax } from './limits.ts';

const on = { on: 'Payout' } as const;
/** The connected account that asks. */
const account = { account: may(Id) };

/** What leaves for the bank of the business. */
export const payoutOperations = {
  CreatePayout: {
    ...on,
    ...write,
    at: 'collection',
    text: 'Send money to the bank of the business; the rails to it are simulated.',
    input: input({
      ...{ ...account, amount: Amount, currency: Currency },
      description: may(Text),
      destination: may(Id),
      metadata: Metadata,
      method: may(oneOf('standard', 'instant')),
      source_type: may(oneOf('card')),
      statement_descriptor: may(Type.String({ maxLength: 22 })),
    }),
    output: Found,
  },
  GetPayout: { ...on, ...read, text: 'Read a payout.', input: input(account), output: Found },
  ListPayouts: {
    ...on,
    ...read,
    at: 'collection',
    text: 'List payouts, newest first.',
    input: input({ ...page, ...account, destination: may(Id), status: may(oneOf('pending', 'in_transit', 'paid', 'failed', 'canceled')) }),
    output: List,
  },
  UpdatePayout: {
    ...on,
    ...write,
    text: 'Change the metadata of a payout.',
    input: input({ ...account, metadata: Metadata }),
    output: Found,
  },
  CancelPayout: { ...on, ...write, text: 'Call a payout off that has not gone yet.', input: input(account), output: Found },
  ReversePayout: {
    ...on,
    ...write,
    text: 'Take a payout back from the bank that has it, by a debit.',
    input: input({ ...account, metadata: Metadata }),
    output: Found,
  },
} as const satisfies Record<string, Operation>;

const Row = input({
  currency: may(Currency),
  country: may(Type.String({ pattern: '^[A-Z]{2}$', description: 'Of the card.' })),
  brand: may(Text),
  basis_points: Type.Integer({ minimum: 0, maximum: rateBasisPointsMax, description: 'Hundredths of a percent.' }),
  fixed: Type.Integer({ minimum: 0, maximum: rateFixedMax, description: 'In the smallest unit of the currency.' }),
});

/** What a payment costs. Stripe's API has no such thing: there it stands in a contract. */
export const feeOperations = {
  GetFeeSchedule: {
    ...read,
    on: 'FeeSchedule',
    at: 'collection',
    text: 'Read what payments cost.',
    input: nothing,
    output: Found,
  },
  PutFeeSchedule: {
    ...write,
    repeat: 'natural',
    on: 'FeeSchedule',
    at: 'collection',
    text: 'Say what payments cost from now on: the first row that fits a card counts; without one there is no fee.',
    input: input({ rates: Type.Array(Row, { maxItems: rateRowsMax }) }),
    output: Found,
  },
} as const satisfies Record<string, Operation>;
