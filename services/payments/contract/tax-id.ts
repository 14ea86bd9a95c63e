import type { Operation } from '#kernel/contract/contract.ts';
import { taxIdTypes } from '../domain/tax-id.ts';
import { Found, Id, input, List, may, oneOf, page, read, Text, write } from './field.ts';

const on = { on: 'TaxId' } as const;
const Owner = input({ type: oneOf('customer', 'self'), customer: may(Id) });

/** Numbers by which tax offices know a business or its customers; a customer's stand on their invoices. */
export const taxIdOperations = {
  CreateTaxId: {
    ...on,
    ...write,
    at: 'collection',
    text: 'Say the tax id of a customer, or of the business itself.',
    input: input({ type: oneOf(...taxIdTypes), value: Text, customer: may(Id), owner: may(Owner) }),
    output: Found,
  },
  GetTaxId: { ...on, ...read, text: 'Read a tax id.', input: input({ customer: may(Id) }), output: Found },
  ListTaxIds: {
    ...on,
    ...read,
    at: 'collection',
    text: 'List tax ids of a customer or of the business, newest first.',
    input: input({ ...page, customer: may(Id), owner: may(Owner) }),
    output: List,
  },
  DeleteTaxId: { ...on, ...write, repeat: 'natural', text: 'Delete a tax id.', input: input({ customer: may(Id) }), output: Found },
} as const satisfies Record<string, Operation>;
