import type { TSchema } from 'typebox';
import { Type } from '#kernel/contract/type.ts';
import { personal } from '#kernel/contract/label.ts';
import { digitsMax, eventsMax, pageMax } from './limits.ts';

/** What the operations on accounts and on transfers have in common. */
export const base = { expose: ['rest', 'cli', 'console'], errors: [] } as const;
export const read = { ...base, effect: 'read', audit: 'window', repeat: 'natural', charge: ['request'], quota: ['requests'] } as const;
export const create = {
  ...base,
  at: 'collection',
  effect: 'write',
  audit: 'from-log',
  repeat: 'natural',
  charge: ['event', 'ingress'],
  quota: ['events'],
} as const;
export const itemsOf = (row: TSchema) => Type.Object({ items: Type.Array(row) });
export const listOf = (item: TSchema) =>
  Type.Object({ items: Type.Array(item), next: Type.Optional(Type.String()), version: Type.String() });

export const closed = { additionalProperties: false } as const;

const digits = (description: string) => Type.String({ pattern: '^[0-9]+$', minLength: 1, maxLength: digitsMax, description });

const U128 = digits('A number of 128 bits in decimal.');
const U64 = Type.String({ pattern: '^[0-9]+$', minLength: 1, maxLength: 20, description: 'A number of 64 bits in decimal.' });
const U32 = Type.Integer({ minimum: 0, maximum: 4_294_967_295 });
const U16 = Type.Integer({ minimum: 0, maximum: 65_535 });

/** What a row is about, often a person by a number. What was posted stays, as the law on accounts demands. */
const About = personal(U128, { purpose: 'to say what an entry is about', keep: 'law' });

const userData = {
  userData128: Type.Optional(About),
  userData64: Type.Optional(U64),
  userData32: Type.Optional(U32),
};

const AccountFlag = Type.Union([
  Type.Literal('linked'),
  Type.Literal('debitsMustNotExceedCredits'),
  Type.Literal('creditsMustNotExceedDebits'),
  Type.Literal('history'),
  Type.Literal('imported'),
  Type.Literal('closed'),
]);

const TransferFlag = Type.Union([
  Type.Literal('linked'),
  Type.Literal('pending'),
  Type.Literal('post'),
  Type.Literal('void'),
  Type.Literal('balancingDebit'),
  Type.Literal('balancingCredit'),
  Type.Literal('closingDebit'),
  Type.Literal('closingCredit'),
  Type.Literal('imported'),
]);

/** An account as it is asked for. */
export const NewAccount = Type.Object(
  {
    id: U128,
    ledger: U32,
    code: U16,
    flags: Type.Optional(Type.Array(AccountFlag, { maxItems: 6 })),
    timestamp: Type.Optional(U64),
    ...userData,
  },
  closed,
);

/** A transfer as it is asked for. */
export const NewTransfer = Type.Object(
  {
    id: U128,
    debitAccountId: Type.Optional(U128),
    creditAccountId: Type.Optional(U128),
    amount: Type.Optional(U128),
    pendingId: Type.Optional(U128),
    timeoutSeconds: Type.Optional(U32),
    ledger: Type.Optional(U32),
    code: Type.Optional(U16),
    flags: Type.Optional(Type.Array(TransferFlag, { maxItems: 9 })),
    timestamp: Type.Optional(U64),
    ...userData,
  },
  closed,
);

const balances = { debitsPending: U128, debitsPosted: U128, creditsPending: U128, creditsPosted: U128 };

export const AccountSpec = Type.Object({
  ledger: U32,
  code: U16,
  flags: Type.Array(AccountFlag),
  userData128: About,
  userData64: U64,
  userData32: U32,
});
export const AccountStatus = Type.Object({ ...balances, timestamp: U64 });

export const TransferSpec = Type.Object({
  debitAccountId: U128,
  creditAccountId: U128,
  amount: U128,
  pendingId: U128,
  timeoutSeconds: U32,
  ledger: U32,
  code: U16,
  flags: Type.Array(TransferFlag),
  userData128: About,
  userData64: U64,
  userData32: U32,
});
export const TransferStatus = Type.Object({ timestamp: U64 });

export const AccountRow = Type.Object({ id: U128, ...AccountSpec.properties, ...balances, timestamp: U64 });
export const TransferRow = Type.Object({ id: U128, ...TransferSpec.properties, timestamp: U64 });
export const BalanceRow = Type.Object({ ...balances, timestamp: U64 });

/** What became of one event of a batch: the reference's name of its result, and the timestamp. */
export const EventResult = Type.Object({ status: Type.String(), timestamp: U64 });

const range = {
  timestampMin: Type.Optional(U64),
  timestampMax: Type.Optional(U64),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: pageMax, default: 100, description: 'Rows at most.' })),
};

export const QueryInput = Type.Object(
  { ...userData, ledger: Type.Optional(U32), code: Type.Optional(U16), ...range, reversed: Type.Optional(Type.Boolean()) },
  closed,
);

export const AccountQueryInput = Type.Object(
  {
    ...userData,
    code: Type.Optional(U16),
    ...range,
    side: Type.Optional(Type.Union([Type.Literal('debits'), Type.Literal('credits'), Type.Literal('both')])),
    reversed: Type.Optional(Type.Boolean()),
  },
  closed,
);

export const ChangeInput = Type.Object(range, closed);
export const Ids = Type.Array(U128, { minItems: 1, maxItems: eventsMax });

const Side = Type.Object({ id: U128, ...balances, code: U16, flags: Type.Array(AccountFlag), timestamp: U64 });

/** One event between two accounts, with both as they were afterwards. */
export const ChangeRow = Type.Object({
  type: Type.String({ description: 'singlePhase, twoPhasePending, twoPhasePosted, twoPhaseVoided or twoPhaseExpired.' }),
  timestamp: U64,
  transfer: TransferRow,
  debit: Side,
  credit: Side,
});
