import { Type } from '#kernel/contract/type.ts';
import type { Operation } from '#kernel/contract/contract.ts';
import { envelope, PageInput } from '#kernel/contract/crud.ts';
import {
  AccountQueryInput,
  AccountRow,
  AccountSpec,
  AccountStatus,
  BalanceRow,
  closed,
  create,
  EventResult,
  Ids,
  itemsOf,
  listOf,
  NewAccount,
  QueryInput,
  read,
  TransferRow,
} from './field.ts';
import { eventsMax } from './limits.ts';

const on = { on: 'Account' } as const;

export const Account = envelope(AccountSpec, AccountStatus);

/** The operations on accounts, in the protocol's words, and the two that every kind has. */
export const accountOperations = {
  ListAccounts: {
    ...on,
    ...read,
    at: 'collection',
    text: 'List accounts in the order they were made.',
    input: PageInput,
    output: listOf(Account),
  },
  GetAccount: { ...on, ...read, text: 'Read an account with its balances.', input: Type.Object({}, closed), output: Account },
  CreateAccounts: {
    ...on,
    ...create,
    text: 'Make accounts; each has its own result, linked ones succeed or fail together.',
    input: Type.Object({ accounts: Type.Array(NewAccount, { minItems: 1, maxItems: eventsMax }) }, closed),
    output: Type.Object({ results: Type.Array(EventResult) }),
  },
  LookupAccounts: {
    ...on,
    ...read,
    at: 'collection',
    text: 'Read accounts by their ids; those that are not there are left out.',
    input: Type.Object({ ids: Ids }, closed),
    output: itemsOf(AccountRow),
  },
  QueryAccounts: {
    ...on,
    ...read,
    at: 'collection',
    text: 'Find accounts by their fields.',
    input: QueryInput,
    output: itemsOf(AccountRow),
  },
  GetAccountTransfers: {
    ...on,
    ...read,
    text: 'List the transfers of an account.',
    input: AccountQueryInput,
    output: itemsOf(TransferRow),
  },
  GetAccountBalances: {
    ...on,
    ...read,
    text: 'List the balances of an account after each of its transfers; it must have been made with the flag history.',
    input: AccountQueryInput,
    output: itemsOf(BalanceRow),
  },
} as const satisfies Record<string, Operation>;
