import { readU128 } from './header.ts';
import type { Balance, Transfer } from './record.ts';

/** Kinds of change events, by their number. */
export const changeTypes = ['singlePhase', 'twoPhasePending', 'twoPhasePosted', 'twoPhaseVoided', 'twoPhaseExpired'] as const;

/** An account as it was after an event. */
export type ChangedAccount = Balance & {
  id: bigint;
  userData128: bigint;
  userData64: bigint;
  userData32: number;
  code: number;
  flags: number;
};

/** What happened between two accounts; `timestamp` is the event's, and the transfer's own unless it expired. */
export type ChangeEvent = {
  type: (typeof changeTypes)[number] | 'unknown';
  timestamp: bigint;
  transfer: Transfer;
  debit: ChangedAccount;
  credit: ChangedAccount;
};

export function readChangeEvent(bytes: Buffer, start = 0): ChangeEvent {
  const big = (offset: number) => readU128(bytes, start + offset);
  const debit = readSide(bytes, start + 128, bytes.readBigUInt64LE(start + 368));
  const credit = readSide(bytes, start + 240, bytes.readBigUInt64LE(start + 376));
  const transfer: Transfer = {
    id: big(0),
    debitAccountId: debit.id,
    creditAccountId: credit.id,
    amount: big(16),
    pendingId: big(32),
    userData128: big(48),
    userData64: bytes.readBigUInt64LE(start + 64),
    userData32: bytes.readUInt32LE(start + 72),
    timeout: bytes.readUInt32LE(start + 76),
    code: bytes.readUInt16LE(start + 80),
    flags: bytes.readUInt16LE(start + 82),
    ledger: bytes.readUInt32LE(start + 84),
    timestamp: bytes.readBigUInt64LE(start + 360),
  };
  const type = changeTypes[bytes[start + 88] as number] ?? 'unknown';
  return { type, timestamp: bytes.readBigUInt64LE(start + 352), transfer, debit, credit };
}

function readSide(bytes: Buffer, start: number, timestamp: bigint): ChangedAccount {
  const big = (offset: number) => readU128(bytes, start + offset);
  return {
    id: big(0),
    debitsPending: big(16),
    debitsPosted: big(32),
    creditsPending: big(48),
    creditsPosted: big(64),
    userData128: big(80),
    userData64: bytes.readBigUInt64LE(start + 96),
    userData32: bytes.readUInt32LE(start + 104),
    code: bytes.readUInt16LE(start + 108),
    flags: bytes.readUInt16LE(start + 110),
    timestamp,
  };
}

/** Which change events are asked for: between two timestamps, zero for no bound. */
export function writeChangeFilter(filter: { timestampMin: bigint; timestampMax: bigint; limit: number }): Buffer {
  const bytes = Buffer.alloc(64);
  bytes.writeBigUInt64LE(filter.timestampMin, 0);
  bytes.writeBigUInt64LE(filter.timestampMax, 8);
  bytes.writeUInt32LE(filter.limit, 16);
  return bytes;
}
