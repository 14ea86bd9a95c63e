import type { Operation } from '#kernel/contract/contract.ts';
import { Currency, Found, input, List, may, nothing, oneOf, page, read, Text, write } from './field.ts';

const on = { on: 'BankAccount' } as const;

/** The accounts of the business at banks, one of each currency. Stripe's API has them in its dashboard. */
export const bankAccountOperations = {
  PutBankAccount: {
    ...on,
    ...write,
    at: 'collection',
    repeat: 'natural',
    text: 'Say where payouts of a currency go from now on; those that were made go where they were to go.',
    input: input({
      currency: Currency,
      account_number: { ...Text, description: 'An IBAN for euros.' },
      routing_number: may({ ...Text, description: 'Nine digits for dollars; a BIC for other currencies but euros.' }),
      account_holder_name: may(Text),
      account_holder_type: may(oneOf('individual', 'company')),
    }),
    output: Found,
  },
  GetBankAccount: { ...on, ...read, text: 'Read an account that payouts go to.', input: nothing, output: Found },
  ListBankAccounts: { ...on, ...read, at: 'collection', text: 'List the accounts that payouts go to.', input: input(page), output: List },
} as const satisfies Record<string, Operation>;
