import { readU128, writeU128 } from './header.ts';

/** Bits of an account's flags. */
export const accountFlag = {
  linked: 1,
  debitsMustNotExceedCredits: 2,
  creditsMustNotExceedDebits: 4,
  history: 8,
  imported: 16,
  closed: 32,
} as const;

/** Bits of a transfer's flags. */
export const transferFlag = {
  linked: 1,
  pending: 2,
  post: 4,
  void: 8,
  balancingDebit: 16,
  balancingCredit: 32,
  closingDebit: 64,
  closingCredit: 128,
  imported: 256,
} as const;

/** Bits of the flags of filters; `reversed` stands alone in a query's. */
export const filterFlag = { debits: 1, credits: 2, reversed: 4 } as const;
export const queryFlag = { reversed: 1 } as const;

/** An account: ids, amounts and userData128 are u128, userData64 and timestamp u64. */
export type Account = {
  id: bigint;
  debitsPending: bigint;
  debitsPosted: bigint;
  creditsPending: bigint;
  creditsPosted: bigint;
  userData128: bigint;
  userData64: bigint;
  userData32: number;
  reserved: number;
  ledger: number;
  code: number;
  flags: number;
  timestamp: bigint;
};

export type Transfer = {
  id: bigint;
  debitAccountId: bigint;
  creditAccountId: bigint;
  amount: bigint;
  pendingId: bigint;
  userData128: bigint;
  userData64: bigint;
  userData32: number;
  timeout: number;
  ledger: number;
  code: number;
  flags: number;
  timestamp: bigint;
};

export type Balance = { debitsPending: bigint; debitsPosted: bigint; creditsPending: bigint; creditsPosted: bigint; timestamp: bigint };

export type AccountFilter = {
  accountId: bigint;
  userData128: bigint;
  userData64: bigint;
  userData32: number;
  code: number;
  timestampMin: bigint;
  timestampMax: bigint;
  limit: number;
  flags: number;
};

export type QueryFilter = {
  userData128: bigint;
  userData64: bigint;
  userData32: number;
  ledger: number;
  code: number;
  timestampMin: bigint;
  timestampMax: bigint;
  limit: number;
  flags: number;
};

/** The words that accounts and transfers share: five u128, then user data, one u32, ledger, code, flags, timestamp. */
function writeRow(
  fields: readonly bigint[],
  row: Omit<Transfer, 'id' | 'debitAccountId' | 'creditAccountId' | 'amount' | 'pendingId'>,
): Buffer {
  const bytes = Buffer.alloc(128);
  fields.forEach((field, index) => writeU128(bytes, field, index * 16));
  writeU128(bytes, row.userData128, 80);
  bytes.writeBigUInt64LE(row.userData64, 96);
  bytes.writeUInt32LE(row.userData32, 104);
  bytes.writeUInt32LE(row.timeout, 108);
  bytes.writeUInt32LE(row.ledger, 112);
  bytes.writeUInt16LE(row.code, 116);
  bytes.writeUInt16LE(row.flags, 118);
  bytes.writeBigUInt64LE(row.timestamp, 120);
  return bytes;
}

const readRow = (bytes: Buffer, start: number) => ({
  userData128: readU128(bytes, start + 80),
  userData64: bytes.readBigUInt64LE(start + 96),
  userData32: bytes.readUInt32LE(start + 104),
  ledger: bytes.readUInt32LE(start + 112),
  code: bytes.readUInt16LE(start + 116),
  flags: bytes.readUInt16LE(start + 118),
  timestamp: bytes.readBigUInt64LE(start + 120),
});

export function writeAccount(account: Account): Buffer {
  const { id, debitsPending, debitsPosted, creditsPending, creditsPosted } = account;
  return writeRow([id, debitsPending, debitsPosted, creditsPending, creditsPosted], { ...account, timeout: account.reserved });
}

export function readAccount(bytes: Buffer, start = 0): Account {
  const [id, debitsPending, debitsPosted, creditsPending, creditsPosted] = fiveOf(bytes, start);
  return {
    id,
    debitsPending,
    debitsPosted,
    creditsPending,
    creditsPosted,
    reserved: bytes.readUInt32LE(start + 108),
    ...readRow(bytes, start),
  };
}

export function writeTransfer(transfer: Transfer): Buffer {
  const { id, debitAccountId, creditAccountId, amount, pendingId } = transfer;
  return writeRow([id, debitAccountId, creditAccountId, amount, pendingId], transfer);
}

export function readTransfer(bytes: Buffer, start = 0): Transfer {
  const [id, debitAccountId, creditAccountId, amount, pendingId] = fiveOf(bytes, start);
  return { id, debitAccountId, creditAccountId, amount, pendingId, timeout: bytes.readUInt32LE(start + 108), ...readRow(bytes, start) };
}

function fiveOf(bytes: Buffer, start: number): [bigint, bigint, bigint, bigint, bigint] {
  const one = (index: number) => readU128(bytes, start + index * 16);
  return [one(0), one(1), one(2), one(3), one(4)];
}

export function readBalance(bytes: Buffer, start = 0): Balance {
  const [debitsPending, debitsPosted, creditsPending, creditsPosted] = fiveOf(bytes, start);
  return { debitsPending, debitsPosted, creditsPending, creditsPosted, timestamp: bytes.readBigUInt64LE(start + 64) };
}

export function writeAccountFilter(filter: AccountFilter): Buffer {
  const bytes = Buffer.alloc(128);
  writeU128(bytes, filter.accountId, 0);
  writeU128(bytes, filter.userData128, 16);
  bytes.writeBigUInt64LE(filter.userData64, 32);
  bytes.writeUInt32LE(filter.userData32, 40);
  bytes.writeUInt16LE(filter.code, 44);
  writeRange(bytes, filter, 104);
  return bytes;
}

export function readAccountFilter(bytes: Buffer, start = 0): AccountFilter & { reserved: boolean } {
  return {
    accountId: readU128(bytes, start),
    userData128: readU128(bytes, start + 16),
    userData64: bytes.readBigUInt64LE(start + 32),
    userData32: bytes.readUInt32LE(start + 40),
    code: bytes.readUInt16LE(start + 44),
    ...readRange(bytes, start + 104),
    reserved: isSet(bytes, start + 46, start + 104),
  };
}

export function writeQueryFilter(filter: QueryFilter): Buffer {
  const bytes = Buffer.alloc(64);
  writeU128(bytes, filter.userData128, 0);
  bytes.writeBigUInt64LE(filter.userData64, 16);
  bytes.writeUInt32LE(filter.userData32, 24);
  bytes.writeUInt32LE(filter.ledger, 28);
  bytes.writeUInt16LE(filter.code, 32);
  writeRange(bytes, filter, 40);
  return bytes;
}

export function readQueryFilter(bytes: Buffer, start = 0): QueryFilter & { reserved: boolean } {
  return {
    userData128: readU128(bytes, start),
    userData64: bytes.readBigUInt64LE(start + 16),
    userData32: bytes.readUInt32LE(start + 24),
    ledger: bytes.readUInt32LE(start + 28),
    code: bytes.readUInt16LE(start + 32),
    ...readRange(bytes, start + 40),
    reserved: isSet(bytes, start + 34, start + 40),
  };
}

type Range = { timestampMin: bigint; timestampMax: bigint; limit: number; flags: number };

function writeRange(bytes: Buffer, range: Range, start: number): void {
  bytes.writeBigUInt64LE(range.timestampMin, start);
  bytes.writeBigUInt64LE(range.timestampMax, start + 8);
  bytes.writeUInt32LE(range.limit, start + 16);
  bytes.writeUInt32LE(range.flags, start + 20);
}

const readRange = (bytes: Buffer, start: number): Range => ({
  timestampMin: bytes.readBigUInt64LE(start),
  timestampMax: bytes.readBigUInt64LE(start + 8),
  limit: bytes.readUInt32LE(start + 16),
  flags: bytes.readUInt32LE(start + 20),
});

/** Whether a reserved field holds anything. */
function isSet(bytes: Buffer, start: number, end: number): boolean {
  for (let index = start; index < end; index += 1) if (bytes[index] !== 0) return true;
  return false;
}
