import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { Amount, Found, Id, input, List, may, Metadata, nothing, oneOf, page, read, Text, write } from './field.ts';
import { idsMax } from './limits.ts';

const on = { on: 'CreditNote' } as const;
const count = Type.Integer({ minimum: 1 });
const Line = input({
  ...{ type: oneOf('custom_line_item', 'invoice_line_item'), invoice_line_item: may(Id), amount: may(Amount), quantity: may(count) },
  ...{ unit_amount: may(Amount), description: may(Text) },
});

const credited = {
  ...{ invoice: Id, amount: may(Amount), lines: may(Type.Array(Line, { minItems: 1, maxItems: idsMax })), memo: may(Text) },
  ...{ credit_amount: may(Amount), refund_amount: may(Amount), out_of_band_amount: may(Amount), metadata: Metadata },
  reason: may(oneOf('duplicate', 'fraudulent', 'order_change', 'product_unsatisfactory')),
};

/** What takes from an invoice that has ended: less is owed, or something comes back. */
export const creditNoteOperations = {
  CreateCreditNote: {
    ...on,
    ...write,
    at: 'collection',
    text: 'Credit an invoice, or a part of it.',
    input: input(credited),
    output: Found,
  },
  PreviewCreditNote: {
    ...on,
    ...read,
    at: 'collection',
    posted: true,
    text: 'Say what a credit note would be; none is made.',
    input: input(credited),
    output: Found,
  },
  PreviewCreditNoteLines: {
    ...on,
    ...read,
    at: 'collection',
    posted: true,
    text: 'List the lines that a credit note would have.',
    input: input({ ...page, ...credited }),
    output: List,
  },
  GetCreditNote: { ...on, ...read, text: 'Read a credit note.', input: nothing, output: Found },
  ListCreditNoteLines: { ...on, ...read, text: 'List the lines of a credit note.', input: input(page), output: List },
  ListCreditNotes: {
    ...on,
    ...read,
    at: 'collection',
    text: 'List credit notes, newest first.',
    input: input({ ...page, customer: may(Id), invoice: may(Id) }),
    output: List,
  },
  UpdateCreditNote: {
    ...on,
    ...write,
    text: 'Change what is said of a credit note.',
    input: input({ memo: may(Text), metadata: Metadata }),
    output: Found,
  },
  VoidCreditNote: { ...on, ...write, text: 'Take a credit note back, of an invoice that is still open.', input: nothing, output: Found },
} as const satisfies Record<string, Operation>;
