import { transferFlag } from '#wire/tigerbeetle/record.ts';
import { accountStatus, transferStatus } from '#wire/tigerbeetle/status.ts';
import { column, pendingStatus, recordWords } from './column.ts';
import { createAccount } from './create-account.ts';
import { createTransfer, expiresAt } from './create-transfer.ts';
import { copyWords } from './rows.ts';
import type { State } from './state.ts';

/** Words of one result: the timestamp, the status, and nothing. */
export const resultWords = 4;

const linked = 1;
/** Transfers that are looked up ahead: what they need of memory fits the cache next to the processor. */
const groupEvents = 128;
const accountImported = 16;
const { created, linkedEventFailed, linkedEventChainOpen, timestampMustBeZero } = transferStatus;
const half = 0x8000_0000;

/** Statuses that depend on the state of the moment: a transfer that failed with one may not come again under its id. */
const passing: ReadonlySet<number> = new Set([
  transferStatus.debitAccountNotFound,
  transferStatus.creditAccountNotFound,
  transferStatus.pendingTransferNotFound,
  transferStatus.exceedsCredits,
  transferStatus.exceedsDebits,
  transferStatus.debitAccountAlreadyClosed,
  transferStatus.creditAccountAlreadyClosed,
]);

export type Kind = 'account' | 'transfer';

/**
 * Creates the `count` events of one batch that begins at word `start`, whose last event has the timestamp given, and writes a
 * result of four words for each into `results` from `out`. Linked events succeed or fail together.
 */
export function createBatch(
  state: State,
  kind: Kind,
  words: Int32Array,
  start: number,
  count: number,
  timestamp: bigint,
  results: Int32Array,
  out: number,
): void {
  const first = timestamp - BigInt(count) + 1n;
  const firstHigh = Number(first >> 32n);
  const firstLow = Number(first & 0xffff_ffffn);
  const lastHigh = Number(timestamp >> 32n);
  const lastLow = Number(timestamp & 0xffff_ffffn);
  const importedBit = kind === 'account' ? accountImported : transferFlag.imported;
  const imported = count > 0 && ((words[start + column.code]! >>> 16) & importedBit) !== 0;
  const made = kind === 'account' ? state.accounts.count : state.transfers.count;
  const { ids, debits, credits } = state.batch;
  state.batch.timed = false;
  let chain = -1;
  let broken = false;
  for (let index = 0; index < count; index += 1) {
    const at = start + index * recordWords;
    if (kind === 'transfer' && index % groupEvents === 0) prepare(state, words, at, index, Math.min(groupEvents, count - index));
    const flags = words[at + column.code]! >>> 16;
    const low = firstLow + index;
    const high = low > 0xffff_ffff ? firstHigh + 1 : firstHigh;
    const isLinked = (flags & linked) !== 0;
    if (isLinked && chain < 0) {
      chain = index;
      state.undo.begin(state);
    }
    let status: number;
    if (isLinked && index === count - 1) status = linkedEventChainOpen;
    else if (broken) status = linkedEventFailed;
    else {
      status = timely(kind, words, at, (flags & importedBit) !== 0, imported, lastHigh, lastLow);
      state.idHash = ids[index]!;
      if (status === 0)
        status =
          kind === 'account'
            ? createAccount(state, words, at, high, low | 0)
            : createTransfer(state, words, at, high, low | 0, debits[index]!, credits[index]!);
    }
    if (status !== created && chain >= 0 && !broken) {
      broken = true;
      state.undo.discard(state);
      for (let event = chain; event < index; event += 1) results[out + event * resultWords + 2] = linkedEventFailed;
    }
    if (kind === 'transfer' && passing.has(status)) burn(state, words, at);
    writeResult(state, kind, results, out + index * resultWords, status, high, low);
    if (chain >= 0 && (!isLinked || status === linkedEventChainOpen)) {
      if (!broken) state.undo.persist();
      chain = -1;
      broken = false;
    }
  }
  if (state.batch.timed) awaitExpiry(state, made);
}

/** Looks up what some transfers need of memory before any of them is made: no transfer makes an account. */
function prepare(state: State, words: Int32Array, start: number, index: number, count: number): void {
  const { batch, accountIndex, accounts, transferIndex } = state;
  let seen = transferIndex.prepare(words, start, recordWords, count, batch.ids, index);
  for (let event = 0; event < count; event += 1) {
    const at = start + event * recordWords;
    const debit = accountIndex.find(words, at + column.debitAccount);
    const credit = accountIndex.find(words, at + column.creditAccount);
    batch.debits[index + event] = debit;
    batch.credits[index + event] = credit;
    // The balances lie behind the id, in the next line of the cache.
    if (debit >= 0) seen ^= accounts.chunk(debit)[accounts.base(debit) + column.ledger]!;
    if (credit >= 0) seen ^= accounts.chunk(credit)[accounts.base(credit) + column.ledger]!;
  }
  batch.seen = seen;
}

/** The checks of an imported batch; zero when the event may go on. The codes differ between accounts and transfers. */
function timely(
  kind: Kind,
  words: Int32Array,
  at: number,
  isImported: boolean,
  batchImported: boolean,
  lastHigh: number,
  lastLow: number,
): number {
  const codes = kind === 'account' ? accountStatus : transferStatus;
  if (isImported !== batchImported) return isImported ? codes.importedEventNotExpected : codes.importedEventExpected;
  const low = words[at + column.timestamp]! >>> 0;
  const high = words[at + column.timestamp + 1]! >>> 0;
  if (!isImported) return low !== 0 || high !== 0 ? timestampMustBeZero : 0;
  if ((low === 0 && high === 0) || high >= half) return codes.importedEventTimestampOutOfRange;
  return high > lastHigh || (high === lastHigh && low >= lastLow) ? codes.importedEventTimestampMustNotAdvance : 0;
}

/** Keeps the id of a transfer that failed for a passing reason. */
function burn(state: State, words: Int32Array, at: number): void {
  const chunk = state.burnt.room();
  const base = state.burnt.base(state.burnt.count);
  copyWords(words, at, chunk, base, 4);
  state.transferIndex.addBurnt(words, at, state.burnt.count);
  state.burnt.count += 1;
}

function writeResult(state: State, kind: Kind, results: Int32Array, at: number, status: number, high: number, low: number): void {
  const exists = kind === 'account' ? accountStatus.exists : transferStatus.exists;
  const isOwn = status === created || status === exists;
  results[at] = isOwn ? state.madeLow : low;
  results[at + 1] = isOwn ? state.madeHigh : high;
  results[at + 2] = status;
  results[at + 3] = 0;
}

/** Puts the new pending transfers with a timeout where they are found when it is over. */
function awaitExpiry(state: State, from: number): void {
  for (let row = from; row < state.transfers.count; row += 1) {
    if (state.status.get(row) !== pendingStatus.pending) continue;
    const expires = expiresAt(state.transfers.chunk(row), state.transfers.base(row));
    if (expires !== undefined) state.expiry.push(expires, row);
  }
}

/** Turns the results of a batch into the sparse form in place: index and status of those that were not created. */
export function sparse(results: Int32Array, out: number, count: number): number {
  let kept = 0;
  for (let index = 0; index < count; index += 1) {
    const status = results[out + index * resultWords + 2]!;
    if (status >>> 0 === created) continue;
    results[out + kept * 2] = index;
    results[out + kept * 2 + 1] = status;
    kept += 1;
  }
  return kept;
}
