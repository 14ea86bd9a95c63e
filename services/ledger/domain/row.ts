import {
  type Account,
  type AccountFilter,
  accountFlag,
  filterFlag,
  queryFlag,
  type QueryFilter,
  type Transfer,
  transferFlag,
} from '#wire/tigerbeetle/record.ts';

type Flags<F extends Readonly<Record<string, number>>> = (keyof F & string)[];

function bitsOf(table: Readonly<Record<string, number>>, names: readonly string[] = []): number {
  return names.reduce((bits, name) => bits | (table[name] ?? 0), 0);
}

function namesOf<F extends Readonly<Record<string, number>>>(table: F, bits: number): Flags<F> {
  return (Object.keys(table) as Flags<F>).filter((name) => (bits & (table[name] ?? 0)) !== 0);
}

type UserData = { userData128?: string; userData64?: string; userData32?: number };
export type NewAccount = UserData & { id: string; ledger: number; code: number; flags?: string[]; timestamp?: string };
export type NewTransfer = UserData & {
  id: string;
  debitAccountId?: string;
  creditAccountId?: string;
  amount?: string;
  pendingId?: string;
  timeoutSeconds?: number;
  ledger?: number;
  code?: number;
  flags?: string[];
  timestamp?: string;
};

/** A number in decimal; undefined when it has more bits than it may. */
export function parseNumber(text: string, bits: number): bigint | undefined {
  if (!/^[0-9]{1,39}$/.test(text)) return undefined;
  const value = BigInt(text);
  return value < 1n << BigInt(bits) ? value : undefined;
}

/** Reads numbers of an input; `refuse` says which one does not fit. */
export type Numbers = (text: string | undefined, bits: number, path: string) => bigint;
export function numbersOr(refuse: (path: string) => never): Numbers {
  return (text, bits, path) => (text === undefined ? 0n : (parseNumber(text, bits) ?? refuse(path)));
}

const userDataOf = (row: UserData, number: Numbers, path: string) => ({
  userData128: number(row.userData128, 128, `${path}/userData128`),
  userData64: number(row.userData64, 64, `${path}/userData64`),
  userData32: row.userData32 ?? 0,
});

export function accountOf(asked: NewAccount, number: Numbers, path: string): Account {
  return {
    id: number(asked.id, 128, `${path}/id`),
    debitsPending: 0n,
    debitsPosted: 0n,
    creditsPending: 0n,
    creditsPosted: 0n,
    ...userDataOf(asked, number, path),
    reserved: 0,
    ledger: asked.ledger,
    code: asked.code,
    flags: bitsOf(accountFlag, asked.flags),
    timestamp: number(asked.timestamp, 64, `${path}/timestamp`),
  };
}

export function transferOf(asked: NewTransfer, number: Numbers, path: string): Transfer {
  return {
    id: number(asked.id, 128, `${path}/id`),
    debitAccountId: number(asked.debitAccountId, 128, `${path}/debitAccountId`),
    creditAccountId: number(asked.creditAccountId, 128, `${path}/creditAccountId`),
    amount: number(asked.amount, 128, `${path}/amount`),
    pendingId: number(asked.pendingId, 128, `${path}/pendingId`),
    ...userDataOf(asked, number, path),
    timeout: asked.timeoutSeconds ?? 0,
    ledger: asked.ledger ?? 0,
    code: asked.code ?? 0,
    flags: bitsOf(transferFlag, asked.flags),
    timestamp: number(asked.timestamp, 64, `${path}/timestamp`),
  };
}

const balancesOf = (row: { debitsPending: bigint; debitsPosted: bigint; creditsPending: bigint; creditsPosted: bigint }) => ({
  debitsPending: `${row.debitsPending}`,
  debitsPosted: `${row.debitsPosted}`,
  creditsPending: `${row.creditsPending}`,
  creditsPosted: `${row.creditsPosted}`,
});
export { balancesOf };

const userTextOf = (row: Account | Transfer) => ({
  userData128: `${row.userData128}`,
  userData64: `${row.userData64}`,
  userData32: row.userData32,
});

export function accountSpec(row: Account) {
  return { ledger: row.ledger, code: row.code, flags: namesOf(accountFlag, row.flags), ...userTextOf(row) };
}

export function accountRow(row: Account) {
  return { id: `${row.id}`, ...accountSpec(row), ...balancesOf(row), timestamp: `${row.timestamp}` };
}

export function transferSpec(row: Transfer) {
  return {
    debitAccountId: `${row.debitAccountId}`,
    creditAccountId: `${row.creditAccountId}`,
    amount: `${row.amount}`,
    pendingId: `${row.pendingId}`,
    timeoutSeconds: row.timeout,
    ledger: row.ledger,
    code: row.code,
    flags: namesOf(transferFlag, row.flags),
    ...userTextOf(row),
  };
}

export function transferRow(row: Transfer) {
  return { id: `${row.id}`, ...transferSpec(row), timestamp: `${row.timestamp}` };
}

/** Names of account flags, for rows that are read from elsewhere. */
export const accountFlagNames = (bits: number) => namesOf(accountFlag, bits);

type Range = { timestampMin?: string; timestampMax?: string; limit?: number; reversed?: boolean };

const rangeOf = (asked: Range, number: Numbers) => ({
  timestampMin: number(asked.timestampMin, 64, '/timestampMin'),
  timestampMax: number(asked.timestampMax, 64, '/timestampMax'),
  limit: asked.limit ?? 100,
});

export function queryFilterOf(asked: UserData & Range & { ledger?: number; code?: number }, number: Numbers): QueryFilter {
  return {
    ...userDataOf(asked, number, ''),
    ledger: asked.ledger ?? 0,
    code: asked.code ?? 0,
    ...rangeOf(asked, number),
    flags: asked.reversed ? queryFlag.reversed : 0,
  };
}

export function accountFilterOf(
  accountId: bigint,
  asked: UserData & Range & { code?: number; side?: 'debits' | 'credits' | 'both' },
  number: Numbers,
): AccountFilter {
  const side = asked.side ?? 'both';
  const debits = side === 'credits' ? 0 : filterFlag.debits;
  const credits = side === 'debits' ? 0 : filterFlag.credits;
  return {
    accountId,
    ...userDataOf(asked, number, ''),
    code: asked.code ?? 0,
    ...rangeOf(asked, number),
    flags: debits | credits | (asked.reversed ? filterFlag.reversed : 0),
  };
}
