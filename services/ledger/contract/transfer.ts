import { Type } from '#kernel/contract/type.ts';
import type { Operation } from '#kernel/contract/contract.ts';
import { envelope, PageInput } from '#kernel/contract/crud.ts';
import {
  ChangeInput,
  ChangeRow,
  closed,
  create,
  EventResult,
  Ids,
  itemsOf,
  listOf,
  NewTransfer,
  QueryInput,
  read,
  TransferRow,
  TransferSpec,
  TransferStatus,
} from './field.ts';
import { eventsMax } from './limits.ts';

const on = { on: 'Transfer' } as const;

export const Transfer = envelope(TransferSpec, TransferStatus);

/** The operations on transfers, in the protocol's words, and the two that every kind has. */
export const transferOperations = {
  ListTransfers: {
    ...on,
    ...read,
    at: 'collection',
    text: 'List transfers in the order they were made.',
    input: PageInput,
    output: listOf(Transfer),
  },
  GetTransfer: { ...on, ...read, text: 'Read a transfer.', input: Type.Object({}, closed), output: Transfer },
  CreateTransfers: {
    ...on,
    ...create,
    text: 'Make transfers; each has its own result, linked ones succeed or fail together. The id makes it safe to ask again.',
    input: Type.Object({ transfers: Type.Array(NewTransfer, { minItems: 1, maxItems: eventsMax }) }, closed),
    output: Type.Object({ results: Type.Array(EventResult) }),
  },
  LookupTransfers: {
    ...on,
    ...read,
    at: 'collection',
    text: 'Read transfers by their ids; those that are not there are left out.',
    input: Type.Object({ ids: Ids }, closed),
    output: itemsOf(TransferRow),
  },
  QueryTransfers: {
    ...on,
    ...read,
    at: 'collection',
    text: 'Find transfers by their fields.',
    input: QueryInput,
    output: itemsOf(TransferRow),
  },
  GetChangeEvents: {
    ...on,
    ...read,
    at: 'collection',
    text: 'Read what happened, oldest first: each event with both accounts as they were afterwards.',
    input: ChangeInput,
    output: itemsOf(ChangeRow),
  },
} as const satisfies Record<string, Operation>;
