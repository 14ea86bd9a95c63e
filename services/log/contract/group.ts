import { Type } from '#kernel/contract/type.ts';
import type { Operation } from '#kernel/contract/contract.ts';
import { envelope, PageInput } from '#kernel/contract/crud.ts';
import { personal } from '#kernel/contract/label.ts';

const closed = { additionalProperties: false } as const;
const everywhere = ['rest', 'cli', 'console'] as const;
const none = Type.Object({}, closed);

/** What a program says of itself, in which a person's name or address may stand. */
const Told = personal(Type.String(), { purpose: 'to tell members of a group apart', keep: 'resource' });

/** Groups are made by their members; nothing of them is wished for beforehand. */
export const GroupSpec = Type.Object({}, closed);
export const GroupStatus = Type.Object({
  state: Type.String({ description: 'Empty, PreparingRebalance, CompletingRebalance, Stable, Assigning, Reconciling or Dead.' }),
  type: Type.String({ description: 'classic or consumer.' }),
  protocol: Type.String(),
  members: Type.Array(Type.Object({ id: Told, clientId: Told, host: Told })),
  offsets: Type.Array(
    Type.Object({ topic: Type.String(), partition: Type.Integer(), committed: Type.Integer(), end: Type.Integer(), lag: Type.Integer() }),
  ),
});
export const Group = envelope(GroupSpec, GroupStatus);

/** What a transactional producer is about. */
export const TransactionSpec = Type.Object({}, closed);
export const TransactionStatus = Type.Object({
  state: Type.String(),
  producerId: Type.Integer(),
  producerEpoch: Type.Integer(),
  timeoutMs: Type.Integer(),
  startedAt: Type.Integer({ description: 'Milliseconds since 1970, -1 when none is open.' }),
  partitions: Type.Array(Type.Object({ topic: Type.String(), partition: Type.Integer() })),
});
export const Transaction = envelope(TransactionSpec, TransactionStatus);

const page = (item: ReturnType<typeof envelope>) =>
  Type.Object({ items: Type.Array(item), next: Type.Optional(Type.String()), version: Type.String() });
const read = { effect: 'read', audit: 'window', repeat: 'natural', expose: everywhere } as const;
const inner = { input: none, output: Type.Object({}) } as const;

/** The operations on groups and transactional producers. Those without a surface are steps of the Kafka protocol. */
export const groupOperations = {
  ListGroups: { ...read, on: 'Group', at: 'collection', text: 'List groups in order of name.', input: PageInput, output: page(Group) },
  GetGroup: { ...read, on: 'Group', text: 'Read a group: members, offsets, lag.', errors: ['NoSuchGroup'], input: none, output: Group },
  DeleteGroup: {
    on: 'Group',
    effect: 'write',
    audit: 'before-reply',
    repeat: 'natural',
    essential: true,
    expose: everywhere,
    text: 'Delete a group without members, and its offsets.',
    errors: ['NoSuchGroup', 'GroupNotEmpty'],
    ...inner,
  },
  JoinGroup: { ...inner, on: 'Group', effect: 'read', audit: 'window', repeat: 'natural', text: 'Be a member of a group.' },
  CommitOffsets: { ...inner, on: 'Group', effect: 'read', audit: 'window', repeat: 'natural', text: 'Say how far a group has read.' },
  DeleteOffsets: {
    ...inner,
    on: 'Group',
    effect: 'write',
    audit: 'before-reply',
    repeat: 'natural',
    text: 'Forget how far a group has read topics.',
    input: Type.Object(
      { topics: Type.Array(Type.Object({ name: Type.String(), partitions: Type.Array(Type.Integer()) }), { maxItems: 1000 }) },
      closed,
    ),
    errors: ['NoSuchGroup', 'GroupNotEmpty'],
  },
  ListTransactions: {
    ...read,
    on: 'Transaction',
    at: 'collection',
    text: 'List transactional producers in order of name.',
    input: PageInput,
    output: page(Transaction),
  },
  GetTransaction: {
    ...read,
    on: 'Transaction',
    text: 'Read a transactional producer.',
    errors: ['NoSuchTransaction'],
    input: none,
    output: Transaction,
  },
  AbortTransaction: {
    on: 'Transaction',
    effect: 'write',
    audit: 'before-reply',
    repeat: 'natural',
    expose: everywhere,
    text: 'Abort the transaction that a producer has open; the producer is fenced.',
    errors: ['NoSuchTransaction'],
    input: none,
    output: Transaction,
  },
  WriteIdempotently: {
    ...inner,
    on: 'Transaction',
    at: 'collection',
    effect: 'read',
    audit: 'window',
    repeat: 'natural',
    text: 'Get an id to produce under, so that what is sent twice is appended once.',
  },
  WriteTransaction: { ...inner, on: 'Transaction', effect: 'read', audit: 'window', repeat: 'natural', text: 'Write in transactions.' },
} as const satisfies Record<string, Operation>;
