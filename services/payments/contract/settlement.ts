import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { exceptionTypes } from '../domain/settlement.ts';
import { Currency, Found, Id, input, List, may, nothing, oneOf, page, read, Text, write } from './field.ts';
import { amountMax, idsMax, missingDaysMax, settlementRulesMax, statementCharactersMax } from './limits.ts';

const account = { on: 'SettlementAccount' } as const;
const statement = { on: 'BankStatement' } as const;
const entry = { on: 'BankMovement' } as const;
const exception = { on: 'SettlementException' } as const;
const currency = may(Currency);

const Rule = input({
  type: oneOf(...exceptionTypes),
  currency,
  at_most: Type.Integer({ minimum: 0, maximum: amountMax, description: 'Largest difference, in the smallest unit of the currency.' }),
  older_than_days: may(Type.Integer({ minimum: 0, maximum: missingDaysMax })),
  resolution: oneOf('write_off', 'match'),
});
const Instant = Type.Integer({ minimum: 0, description: 'Seconds since 1970.' });

/** What banks moved, against what was expected of them. */
export const settlementOperations = {
  OpenSettlementAccount: {
    ...account,
    ...write,
    at: 'collection',
    text: 'Begin to settle a currency on an account at a bank; without an account on one of the simulated bank, which sends statements.',
    input: input({ currency: Currency, account: may(Type.String({ pattern: '^[A-Z0-9-]{4,34}$' })), test_clock: may(Id) }),
    output: Found,
  },
  GetSettlementAccount: {
    ...account,
    ...read,
    text: 'Read such an account, with what the ledger says of it.',
    input: nothing,
    output: Found,
  },
  ListSettlementAccounts: { ...account, ...read, at: 'collection', text: 'List such accounts.', input: input(page), output: List },
  ListExpectedMovements: {
    ...account,
    ...read,
    at: 'collection',
    text: 'List what is expected of the bank and has not moved.',
    input: input({ currency: Type.String({ pattern: '^[a-z]{3}$' }) }),
    output: List,
  },
  ImportBankStatement: {
    ...statement,
    ...write,
    at: 'collection',
    text: 'Take a statement (camt.053) or notification (camt.054) of a bank: what is in it is booked once, and matched at once.',
    input: input({ content: Type.String({ minLength: 1, maxLength: statementCharactersMax }) }),
    output: List,
  },
  GetBankStatement: { ...statement, ...read, text: 'Read what is known of a statement of a bank.', input: nothing, output: Found },
  GetBankStatementContents: {
    ...statement,
    ...read,
    text: 'Read a statement of a bank as it came: ISO 20022.',
    input: nothing,
    output: Type.Object({ id: Type.String(), object: Type.String(), content: Type.String() }),
  },
  ListBankStatements: {
    ...statement,
    ...read,
    at: 'collection',
    text: 'List statements of banks, newest first.',
    input: input({ ...page, currency }),
    output: List,
  },
  GetBankMovement: { ...entry, ...read, text: 'Read something that a bank moved.', input: nothing, output: Found },
  ListBankMovements: {
    ...entry,
    ...read,
    at: 'collection',
    text: 'List what banks moved, newest first.',
    input: input({ ...page, currency, state: may(oneOf('open', 'matched', 'written_off')), statement: may(Id) }),
    output: List,
  },
  GetSettlementException: { ...exception, ...read, text: 'Read an exception.', input: nothing, output: Found },
  ListSettlementExceptions: {
    ...exception,
    ...read,
    at: 'collection',
    text: 'List what does not belong together, newest first.',
    input: input({ ...page, currency, status: may(oneOf('open', 'resolved')), type: may(oneOf(...exceptionTypes)) }),
    output: List,
  },
  ResolveSettlementException: {
    ...exception,
    ...write,
    text: 'Say what an exception was: match it with what was expected, write it off, or dismiss it.',
    input: input({
      resolution: oneOf('match', 'write_off', 'dismiss'),
      expected: may(Type.Array(Id, { minItems: 1, maxItems: idsMax })),
      note: may(Text),
    }),
    output: Found,
  },
  GetSettlementRules: {
    ...exception,
    ...read,
    at: 'collection',
    text: 'Read which exceptions are resolved by themselves.',
    input: nothing,
    output: Found,
  },
  PutSettlementRules: {
    ...exception,
    ...write,
    repeat: 'natural',
    at: 'collection',
    text: 'Say which exceptions are resolved by themselves, and after how many days something counts as missing.',
    input: input({
      missing_after_days: may(Type.Integer({ minimum: 0, maximum: missingDaysMax })),
      rules: Type.Array(Rule, { maxItems: settlementRulesMax }),
    }),
    output: Found,
  },
  ExportJournal: {
    ...account,
    ...read,
    at: 'collection',
    text: 'Read the journal: every posted transfer of money, as CSV or in the language of Beancount.',
    input: input({ format: oneOf('csv', 'beancount'), currency, from: may(Instant), until: may(Instant) }),
    output: Type.Object({ id: Type.String(), object: Type.String(), format: Type.String(), lines: Type.Integer(), content: Type.String() }),
  },
} as const satisfies Record<string, Operation>;
