import Type from 'typebox';
import type { Operation } from '#kernel/contract/contract.ts';
import { envelope, PageInput } from '#kernel/contract/crud.ts';
import {
  ChangeInput,
  ChangeRow,
  closed,
  EventResult,
  Ids,
  NewTransfer,
  QueryInput,
  TransferRow,
  TransferSpec,
  TransferStatus,
} from './field.ts';
import { eventsMax } from './limits.ts';

const everywhere = ['rest', 'cli', 'console'] as const;
const base = { on: 'Transfer', expose: everywhere, errors: [] } as const;
const read = { ...base, effect: 'read', audit: 'window', repeat: 'natural', charge: ['request'], quota: ['requests'] } as const;

export const Transfer = envelope(TransferSpec, TransferStatus);
const itemsOf = (row: Type.TSchema) => Type.Object({ items: Type.Array(row) });

/** The operations on transfers, in the protocol's words, and the two that every kind has. */
export const transferOperations = {
  ListTransfers: {
    ...read,
    at: 'collection',
    text: 'List transfers in the order they were made.',
    input: PageInput,
    output: Type.Object({ items: Type.Array(Transfer), next: Type.Optional(Type.String()), version: Type.String() }),
  },
  GetTransfer: { ...read, text: 'Read a transfer.', input: Type.Object({}, closed), output: Transfer },
  CreateTransfers: {
    ...base,
    at: 'collection',
    effect: 'write',
    audit: 'from-log',
    repeat: 'natural',
    charge: ['event', 'ingress'],
    quota: ['events'],
    text: 'Make transfers; each has its own result, linked ones succeed or fail together. The id makes it safe to ask again.',
    input: Type.Object({ transfers: Type.Array(NewTransfer, { minItems: 1, maxItems: eventsMax }) }, closed),
    output: Type.Object({ results: Type.Array(EventResult) }),
  },
  LookupTransfers: {
    ...read,
    at: 'collection',
    text: 'Read transfers by their ids; those that are not there are left out.',
    input: Type.Object({ ids: Ids }, closed),
    output: itemsOf(TransferRow),
  },
  QueryTransfers: { ...read, at: 'collection', text: 'Find transfers by their fields.', input: QueryInput, output: itemsOf(TransferRow) },
  GetChangeEvents: {
    ...read,
    at: 'collection',
    text: 'Read what happened, oldest first: each event with both accounts as they were afterwards.',
    input: ChangeInput,
    output: itemsOf(ChangeRow),
  },
} as const satisfies Record<string, Operation>;
