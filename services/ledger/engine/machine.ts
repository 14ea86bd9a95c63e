import { bodyBytesMax } from '#wire/tigerbeetle/limits.ts';
import { readTrailer, trailerBytes, writeTrailer } from '#wire/tigerbeetle/multi-batch.ts';
import type { Operation } from '#wire/tigerbeetle/operation.ts';
import { readAccountFilter, readQueryFilter } from '#wire/tigerbeetle/record.ts';
import { createBatch, resultWords, sparse } from './batch.ts';
import { getChangeEvents } from './change-event.ts';
import { recordWords } from './column.ts';
import { copyWords, type Rows } from './rows.ts';
import { getAccountBalances, getAccountTransfers, queryAccounts, queryTransfers, type Results } from './query.ts';
import type { State } from './state.ts';
import type { IdIndex } from './id-index.ts';

/** Results of one request; what a request answers lies here until the next one. */
const words = new Int32Array(bodyBytesMax / 4);
const bytes = Buffer.from(words.buffer);
const dense = new Int32Array((bodyBytesMax / 128) * resultWords);

/** Most results that fit one reply. */
function resultsMax(operation: Operation): number {
  const trailer = operation.batched ? trailerBytes(operation.resultBytes, 1) : 0;
  return Math.floor((bodyBytesMax - trailer) / operation.resultBytes);
}

/** Most events of one batch. */
function eventsMax(operation: Operation): number {
  const trailer = operation.batched ? trailerBytes(operation.eventBytes, 1) : 0;
  return Math.min(Math.floor((bodyBytesMax - trailer) / operation.eventBytes), resultsMax(operation));
}

/** Events of each batch of a request's body; undefined when the body does not fit the operation or its results would not fit a reply. */
export function batchesOf(operation: Operation, body: Buffer): number[] | undefined {
  const { eventBytes, resultBytes, batched, many } = operation;
  if (!batched && body.length % eventBytes !== 0) return undefined;
  const counts = batched ? readTrailer(body, eventBytes) : [body.length / eventBytes];
  if (!counts) return undefined;
  let expected = 0;
  let at = 0;
  for (const count of counts) {
    if (many ? count > eventsMax(operation) : count !== 1) return undefined;
    expected += many ? count : Math.min(limitOf(operation, body, at), resultsMax(operation));
    at += count * eventBytes;
  }
  const reply = expected * resultBytes + (batched ? trailerBytes(resultBytes, counts.length) : 0);
  return reply <= bodyBytesMax ? counts : undefined;
}

/** The limit that a filter asks for. */
function limitOf(operation: Operation, body: Buffer, at: number): number {
  if (operation.verb === 'getChangeEvents') return body.readUInt32LE(at + 16);
  return body.readUInt32LE(at + operation.eventBytes - 8);
}

/** Whether an operation changes the ledger. */
export const changes = (operation: Operation): boolean => operation.verb === 'createAccounts' || operation.verb === 'createTransfers';

/** Events that take a timestamp of their own. */
export function stampsOf(operation: Operation, counts: readonly number[]): number {
  return changes(operation) ? counts.reduce((sum, count) => sum + count, 0) : 0;
}

/**
 * Executes a valid request whose last event has the timestamp given; answers its results, which lie in a buffer of this module
 * until the next call. Pure but for the state: the same requests at the same timestamps give the same state and results.
 */
export function execute(state: State, operation: Operation, body: Buffer, counts: readonly number[], timestamp: bigint): Buffer {
  const replies: number[] = [];
  let event = 0;
  let out = 0;
  let last = timestamp - BigInt(stampsOf(operation, counts));
  const changing = changes(operation);
  const input = changing ? wordsOf(body) : undefined;
  for (const [index, count] of counts.entries()) {
    let made: number;
    if (input) {
      last += BigInt(count);
      made = create(state, operation, input, event, count, last, out);
    } else {
      const later = trailerBytes(operation.resultBytes, counts.length) * (operation.batched ? 1 : 0);
      const room = Math.floor((bodyBytesMax - later - out * 4) / operation.resultBytes);
      made = read(state, operation, body, event * operation.eventBytes, count, out, room);
    }
    replies[index] = made;
    event += count;
    out += (made * operation.resultBytes) / 4;
  }
  if (changing) state.timestamp = timestamp;
  const end = operation.batched ? writeTrailer(bytes, out * 4, operation.resultBytes, replies) : out * 4;
  return bytes.subarray(0, end);
}

/** The words of a body; it is copied when it does not lie at a multiple of four. */
export function wordsOf(body: Buffer): Int32Array {
  const whole = body.byteOffset % 4 === 0 ? body : Buffer.from(body.buffer.slice(body.byteOffset, body.byteOffset + body.length));
  return new Int32Array(whole.buffer, whole.byteOffset, body.length >>> 2);
}

function create(
  state: State,
  operation: Operation,
  input: Int32Array,
  event: number,
  count: number,
  timestamp: bigint,
  out: number,
): number {
  const kind = operation.verb === 'createAccounts' ? 'account' : 'transfer';
  const target = operation.sparse ? dense : words;
  const at = operation.sparse ? 0 : out;
  createBatch(state, kind, input, event * recordWords, count, timestamp, target, at);
  if (!operation.sparse) return count;
  const kept = sparse(dense, 0, count);
  copyWords(dense, 0, words, out, kept * 2);
  return kept;
}

function read(state: State, operation: Operation, body: Buffer, at: number, count: number, out: number, room: number): number {
  const { verb } = operation;
  if (verb === 'lookupAccounts') return lookUp(state.accounts, state.accountIndex, body, at, count, out);
  if (verb === 'lookupTransfers') return lookUp(state.transfers, state.transferIndex, body, at, count, out);
  const results: Results = { words, at: out, count: 0, limit: Math.min(room, resultsMax(operation), limitOf(operation, body, at)) };
  if (verb === 'getAccountTransfers') getAccountTransfers(state, readAccountFilter(body, at), results);
  else if (verb === 'getAccountBalances') getAccountBalances(state, readAccountFilter(body, at), results);
  else if (verb === 'queryAccounts') queryAccounts(state, readQueryFilter(body, at), results);
  else if (verb === 'queryTransfers') queryTransfers(state, readQueryFilter(body, at), results);
  else changeEvents(state, body, at, results);
  return results.count;
}

function changeEvents(state: State, body: Buffer, at: number, results: Results): void {
  const from = body.readBigUInt64LE(at);
  const to = body.readBigUInt64LE(at + 8);
  const isReserved = body.subarray(at + 20, at + 64).some((byte) => byte !== 0);
  const max = (1n << 63n) - 1n;
  if (isReserved || results.limit === 0 || from > max || to > max || (to !== 0n && from > to)) return;
  getChangeEvents(state, from, to, results);
}

function lookUp(rows: Rows, index: IdIndex, body: Buffer, at: number, count: number, out: number): number {
  const ids = wordsOf(body.subarray(at, at + count * 16));
  let found = 0;
  for (let id = 0; id < count; id += 1) {
    const row = index.find(ids, id * 4);
    if (row < 0) continue;
    copyWords(rows.chunk(row), rows.base(row), words, out + found * recordWords, recordWords);
    found += 1;
  }
  return found;
}
