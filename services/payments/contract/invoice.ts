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
import { amountMax, invoiceRatesMax } from './limits.ts';
import { Discounts } from './subscription.ts';

const item = { on: 'InvoiceItem' } as const;
const Rates = Type.Array(Id, { maxItems: invoiceRatesMax });
const Instant = Type.Integer({ minimum: 0 });

export const invoiceItemOperations = {
  CreateInvoiceItem: {
    ...item,
    ...write,
    at: 'collection',
    text: 'Say what is to stand on the next invoice of a customer, or on a draft.',
    input: input({
      ...{
        customer: Id,
        invoice: may(Id),
        amount: may(Type.Integer({ minimum: -amountMax, maximum: amountMax })),
        currency: may(Currency),
      },
      pricing: may(input({ price: Id })),
      ...{ quantity: may(Type.Integer({ minimum: 0, maximum: amountMax })), description: may(Text), discountable: may(Flag) },
      ...{ tax_rates: may(Rates), metadata: Metadata, period: may(input({ start: Instant, end: Instant })) },
    }),
    output: Found,
  },
  GetInvoiceItem: { ...item, ...read, text: 'Read an item.', input: nothing, output: Found },
  ListInvoiceItems: {
    ...item,
    ...read,
    at: 'collection',
    text: 'List items, newest first.',
    input: input({ ...page, customer: may(Id), invoice: may(Id), pending: may(Flag) }),
    output: List,
  },
  UpdateInvoiceItem: {
    ...item,
    ...write,
    text: 'Change an item that stands on no invoice yet, or on a draft.',
    input: input({
      amount: may(Type.Integer({ minimum: -amountMax, maximum: amountMax })),
      ...{ quantity: may(Type.Integer({ minimum: 0, maximum: amountMax })), description: may(Text), discountable: may(Flag) },
      ...{ tax_rates: may(Rates), metadata: Metadata, period: may(input({ start: Instant, end: Instant })) },
    }),
    output: Found,
  },
  DeleteInvoiceItem: {
    ...item,
    ...write,
    repeat: 'natural',
    text: 'Take an item away that stands on no invoice yet, or on a draft.',
    input: nothing,
    output: Found,
  },
} as const satisfies Record<string, Operation>;

const on = { on: 'Invoice' } as const;
const described = { default_payment_method: may(Id), description: may(Text), footer: may(Text), metadata: Metadata };

export const invoiceOperations = {
  CreateInvoice: {
    ...on,
    ...write,
    at: 'collection',
    text: 'Begin an invoice: a draft.',
    input: input({
      ...{ customer: Id, currency: may(Currency), ...described, default_tax_rates: may(Rates), due_date: may(Instant) },
      ...{ collection_method: may(oneOf('charge_automatically', 'send_invoice')), days_until_due: may(Type.Integer({ minimum: 0 })) },
      ...{ pending_invoice_items_behavior: may(oneOf('exclude', 'include')), statement_descriptor: may(Type.String({ maxLength: 22 })) },
      ...{ discounts: may(Discounts), auto_advance: may(Flag) },
    }),
    output: Found,
  },
  GetInvoice: { ...on, ...read, text: 'Read an invoice.', input: nothing, output: Found },
  SearchInvoices: { ...on, ...read, at: 'collection', text: 'Find invoices by a query.', input: searchInput, output: Search },
  ListInvoices: {
    ...on,
    ...read,
    at: 'collection',
    text: 'List invoices, newest first.',
    input: input({
      ...{ ...page, customer: may(Id), status: may(oneOf('draft', 'open', 'paid', 'uncollectible', 'void')) },
      ...{ collection_method: may(oneOf('charge_automatically', 'send_invoice')), subscription: may(Id) },
    }),
    output: List,
  },
  UpdateInvoice: {
    ...on,
    ...write,
    text: 'Change what is said of an invoice, and whether it goes on by itself.',
    input: input({ ...described, auto_advance: may(Flag) }),
    output: Found,
  },
  DeleteInvoice: { ...on, ...write, repeat: 'natural', text: 'Delete a draft.', input: nothing, output: Found },
  ListInvoiceLines: { ...on, ...read, text: 'List the lines of an invoice.', input: input(page), output: List },
  SendInvoice: {
    ...on,
    ...write,
    text: 'Say that an invoice is with its customer; in test environments alone, where no mail goes out.',
    input: nothing,
    output: Found,
  },
  FinalizeInvoice: {
    ...on,
    ...write,
    text: 'End a draft: it has a number and is to be paid.',
    input: input({ auto_advance: may(Flag) }),
    output: Found,
  },
  PayInvoice: {
    ...on,
    ...write,
    text: 'Take the money of an invoice, or say that it came another way.',
    input: input({ payment_method: may(Id), off_session: may(Flag), paid_out_of_band: may(Flag) }),
    output: Found,
  },
  VoidInvoice: { ...on, ...write, text: 'Say that an invoice does not count.', input: nothing, output: Found },
  MarkInvoiceUncollectible: { ...on, ...write, text: 'Say that an invoice will not be paid.', input: nothing, output: Found },
} as const satisfies Record<string, Operation>;
