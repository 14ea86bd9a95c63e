import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { Amount, Currency, Found, input, List, may, nothing, oneOf, page, read, Text, write } from './field.ts';
import { messageMax, referenceMax } from './limits.ts';

const on = { on: 'Customer' } as const;

/** What customers send by bank transfer, and pay out of. */
export const cashOperations = {
  CreateFundingInstructions: {
    ...on,
    ...write,
    text: 'Tell a customer where to send money.',
    input: input({
      currency: Currency,
      funding_type: oneOf('bank_transfer'),
      bank_transfer: input({
        type: oneOf('eu_bank_transfer', 'us_bank_transfer'),
        eu_bank_transfer: may(input({ country: may(Text) })),
        requested_address_types: may(Type.Array(Text, { maxItems: 5 })),
      }),
    }),
    output: Found,
  },
  FundCashBalance: {
    ...on,
    ...write,
    text: 'Have the simulated bank of a customer send money, to try things with.',
    input: input({ amount: Amount, currency: Currency, reference: may(Type.String({ minLength: 1, maxLength: referenceMax })) }),
    output: Found,
  },
  GetCashBalance: { ...on, ...read, text: 'Read what a customer has sent and not used.', input: nothing, output: Found },
  UpdateCashBalance: {
    ...on,
    ...write,
    text: 'Say whether what a customer sends pays what waits for it by itself, or only when that is asked for.',
    input: input({ settings: may(input({ reconciliation_mode: may(oneOf('automatic', 'manual', 'merchant_default')) })) }),
    output: Found,
  },
  ApplyCustomerBalance: {
    ...write,
    on: 'PaymentIntent',
    text: 'Pay a payment out of what its customer has sent.',
    input: input({ amount: may(Amount), currency: may(Currency) }),
    output: Found,
  },
  ListCashBalanceTransactions: {
    ...on,
    ...read,
    text: 'List what a customer has sent and used, newest first.',
    input: input(page),
    output: List,
  },
  ReceiveTransfer: {
    ...write,
    on: 'ClearingFile',
    at: 'collection',
    text: 'Take in a credit transfer of a clearing house (pacs.008), and answer the report that goes back (pacs.002).',
    input: input({ message: Type.String({ maxLength: messageMax }) }),
    output: Type.Object({ id: Type.String(), object: Type.String(), format: Type.String(), content: Type.String() }),
  },
} as const satisfies Record<string, Operation>;
