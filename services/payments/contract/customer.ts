import { Type } from '#kernel/contract/type.ts';
import type { Operation } from '#kernel/contract/contract.ts';
import {
  Address,
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
  Shipping,
  Text,
  write,
} from './field.ts';

const on = { on: 'Customer' } as const;

const fields = {
  email: may(Text),
  name: may(Text),
  description: may(Text),
  phone: may(Text),
  address: may(Address),
  shipping: may(Shipping),
  metadata: Metadata,
  balance: may(Type.Integer()),
  invoice_prefix: may(Text),
  next_invoice_sequence: may(Type.Integer({ minimum: 1 })),
  preferred_locales: may(Type.Array(Text, { maxItems: 20 })),
  tax_exempt: may(oneOf('none', 'exempt', 'reverse')),
  invoice_settings: may(input({ default_payment_method: may(Text), footer: may(Text) })),
};

/** Who pays, so that it can be recognised the next time. */
export const customerOperations = {
  CreateCustomer: {
    ...on,
    ...write,
    at: 'collection',
    text: 'Make a customer.',
    input: input({ ...fields, payment_method: may(Text), source: may(Id), test_clock: may(Id) }),
    output: Found,
  },
  GetCustomer: { ...on, ...read, text: 'Read a customer.', input: nothing, output: Found },
  ListCustomers: {
    ...on,
    ...read,
    at: 'collection',
    text: 'List customers, newest first.',
    input: input({ ...page, email: may(Text), test_clock: may(Id) }),
    output: List,
  },
  SearchCustomers: { ...on, ...read, at: 'collection', text: 'Find customers by a query.', input: searchInput, output: Search },
  UpdateCustomer: {
    ...on,
    ...write,
    text: 'Change a customer.',
    input: input({ ...fields, source: may(Id), default_source: may(Id) }),
    output: Found,
  },
  DeleteCustomer: {
    ...on,
    ...write,
    repeat: 'natural',
    essential: true,
    text: 'Delete a customer; its payments stay.',
    input: nothing,
    output: Found,
  },
} as const satisfies Record<string, Operation>;
