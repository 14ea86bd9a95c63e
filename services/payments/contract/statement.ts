import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { Found, Id, input, List, may, nothing, page, read, Text } from './field.ts';

const line = { on: 'BalanceTransaction' } as const;
const event = { on: 'Event' } as const;

/** What was booked, what there is, and what happened. */
export const statementOperations = {
  GetBalance: {
    ...read,
    on: 'Balance',
    at: 'collection',
    text: 'Read what there is, or what a connected account has, by currency.',
    input: input({ account: may(Id) }),
    output: Type.Object({ object: Type.String() }),
  },
  GetBalanceTransaction: { ...line, ...read, text: 'Read a line of the statement.', input: nothing, output: Found },
  ListBalanceTransactions: {
    ...line,
    ...read,
    at: 'collection',
    text: 'List the lines of the statement, newest first.',
    input: input({ ...page, source: may(Id), type: may(Text), currency: may(Text), payout: may(Id) }),
    output: List,
  },
  GetEvent: { ...event, ...read, text: 'Read an event.', input: nothing, output: Found },
  ListEvents: {
    ...event,
    ...read,
    at: 'collection',
    text: 'List what happened, newest first.',
    input: input({ ...page, type: may(Text), types: may(Type.Array(Text, { maxItems: 20 })) }),
    output: List,
  },
} as const satisfies Record<string, Operation>;
