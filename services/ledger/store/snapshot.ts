import './fault.ts';
import { hash } from 'node:crypto';
import { fault } from '#kernel/contract/fault.ts';
import type { LoggedEffect } from '#kernel/contract/implement.ts';
import { pendingStatus } from '../engine/column.ts';
import { chunkRowsMax } from '../engine/limits.ts';
import { expiresAt } from '../engine/create-transfer.ts';
import type { Rows } from '../engine/rows.ts';
import { createState, type State } from '../engine/state.ts';
import { chunkName, restoreChunks } from './chunk.ts';
import type { Disk } from './disk.ts';
import type { Session } from './session.ts';
import { noBurnt, type SegmentMeta, Spill } from './spill.ts';

/** Since format 2 ids and lists may lie in files of their own, and burnt ids that do are left out. */
const version = 2;
const versionMin = 1;

/** One ledger as it lies in a snapshot: counts, what is not in a table, and the digests of its full chunks. */
type LedgerPart = {
  tenant: bigint;
  scope: bigint;
  op: bigint;
  timestamp: bigint;
  accounts: number;
  transfers: number;
  events: number;
  burnt: number;
  /** The first of the burnt ids that lie in the snapshot. */
  burntFrom?: number;
  segments?: readonly SegmentMeta[];
  late: number[];
  ordered: number;
  transferChunks: string[];
  eventChunks: string[];
};

type Meta = {
  version: number;
  sequence: number;
  op: bigint;
  digest: string;
  sessions: (Omit<Session, 'deliver' | 'last'> & { last: Omit<Session['last'], 'body'> & { body: string } })[];
  effects: LoggedEffect[];
  ledgers: LedgerPart[];
};

export type LedgerState = {
  readonly tenant: bigint;
  readonly scope: bigint;
  readonly op: bigint;
  readonly state: State;
  /** Digests of the full chunks found on disk at a start. */
  readonly transferChunks?: readonly string[];
  readonly eventChunks?: readonly string[];
  /** What ids and lists in files were found then. */
  readonly spill?: Spill;
};

/** What the files of a ledger hold besides a snapshot. */
export type Beside = {
  chunks(scope: bigint, table: 't' | 'e'): readonly string[];
  segments(scope: bigint): readonly SegmentMeta[];
};

/** Everything that a start needs besides the log behind it. */
export type Snapshot = {
  readonly sequence: number;
  readonly op: bigint;
  readonly digest: Buffer;
  readonly sessions: readonly Session[];
  readonly effects: readonly LoggedEffect[];
  readonly ledgers: readonly LedgerState[];
};

const written = (_: string, value: unknown) => (typeof value === 'bigint' ? { bigint: `${value}` } : value);
const read = (_: string, value: unknown) =>
  typeof value === 'object' && value !== null && 'bigint' in value ? BigInt(value.bigint as string) : value;
const bytesOf = (words: Int32Array) => Buffer.from(Buffer.from(words.buffer, words.byteOffset, words.byteLength));
/** The rows of the last chunk that is not full. */
const tailOf = (rows: Rows) => (rows.full < rows.chunks ? bytesOf(rows.words(rows.full)) : Buffer.alloc(0));

/** The rows of a table from a full chunk on. */
function wholeTable(rows: Rows, from = 0): Buffer {
  const first = from / chunkRowsMax;
  return Buffer.concat(Array.from({ length: rows.chunks - first }, (_, chunk) => bytesOf(rows.words(first + chunk))));
}

/** The first row of the last chunk whose burnt ids are all in files. */
const burntFromOf = (segments: readonly SegmentMeta[]): number => Math.floor((segments.at(-1)?.burntTo ?? 0) / chunkRowsMax) * chunkRowsMax;

/** A snapshot as bytes. It is made in one turn: what may change is copied; full chunks are written apart and named by their digests. */
export function encodeSnapshot(snapshot: Snapshot, { chunks, segments }: Beside): Buffer {
  const meta: Meta = {
    version,
    sequence: snapshot.sequence,
    op: snapshot.op,
    digest: snapshot.digest.toString('hex'),
    sessions: snapshot.sessions.map(({ deliver: _, last, ...session }) => ({
      ...session,
      last: { ...last, body: last.body.toString('base64') },
    })),
    effects: [...snapshot.effects],
    ledgers: snapshot.ledgers.map(({ tenant, scope, op, state }) => ({
      tenant,
      scope,
      op,
      timestamp: state.timestamp,
      accounts: state.accounts.count,
      transfers: state.transfers.count,
      events: state.events.count,
      burnt: state.burnt.count,
      burntFrom: burntFromOf(segments(scope)),
      segments: segments(scope),
      late: [...state.lateEvents],
      ordered: state.orderedEvent,
      transferChunks: [...chunks(scope, 't')],
      eventChunks: [...chunks(scope, 'e')],
    })),
  };
  const head = Buffer.from(JSON.stringify(meta, written));
  const parts = snapshot.ledgers.flatMap(({ scope, state }) => [
    wholeTable(state.accounts),
    tailOf(state.transfers),
    tailOf(state.events),
    Buffer.from(state.status.bytes(state.transfers.count)),
    wholeTable(state.burnt, burntFromOf(segments(scope))),
  ]);
  const length = Buffer.alloc(8);
  length.writeUInt32LE(head.length, 0);
  const body = Buffer.concat([length, head, ...parts]);
  return Buffer.concat([hash('sha256', body, 'buffer'), body]);
}

/** The newest snapshot that is whole, or undefined when there is none. One that is damaged is passed over for the one before. */
export async function loadSnapshot(disk: Disk, memoryRows?: number): Promise<Snapshot | undefined> {
  let newest: { meta: Meta; bytes: Buffer } | undefined;
  for (const name of disk.list().filter(isSnapshot)) {
    const bytes = await disk.read(name);
    if (bytes.length < 40 || !hash('sha256', bytes.subarray(32), 'buffer').equals(bytes.subarray(0, 32))) continue;
    const meta = JSON.parse(bytes.toString('utf8', 40, 40 + bytes.readUInt32LE(32)), read) as Meta;
    if (meta.version < versionMin || meta.version > version)
      throw fault('LogDamaged', `${name} is in the format ${meta.version}, which this release cannot read`);
    if (meta.sequence > (newest?.meta.sequence ?? -1)) newest = { meta, bytes };
  }
  return newest && restore(disk, newest.meta, newest.bytes, memoryRows);
}

const isSnapshot = (name: string): boolean => /^snapshot-[01]$/.test(name);

async function restore(disk: Disk, meta: Meta, bytes: Buffer, memoryRows: number | undefined): Promise<Snapshot> {
  let at = 40 + bytes.readUInt32LE(32);
  const take = (size: number): Buffer => {
    at += size;
    return Buffer.from(bytes.subarray(at - size, at));
  };
  const words = (count: number): Int32Array => {
    const own = take(count * 4);
    const target = new Int32Array(count);
    Buffer.from(target.buffer).set(own);
    return target;
  };
  const ledgers: LedgerState[] = [];
  for (const part of meta.ledgers) {
    const state = createState();
    const spill = new Spill(disk, part.scope, state, memoryRows);
    await restoreState(disk, state, spill, part, take, words);
    ledgers.push({ ...part, state, spill });
  }
  const sessions = meta.sessions.map((session) => ({
    ...session,
    deliver: undefined,
    last: { ...session.last, body: Buffer.from(session.last.body, 'base64') },
  }));
  return { sequence: meta.sequence, op: meta.op, digest: Buffer.from(meta.digest, 'hex'), sessions, effects: meta.effects, ledgers };
}

async function restoreState(
  disk: Disk,
  state: State,
  spill: Spill,
  part: LedgerPart,
  take: (size: number) => Buffer,
  words: (count: number) => Int32Array,
): Promise<void> {
  fill(state.accounts, part.accounts, words);
  for (let row = 0; row < state.accounts.count; row += 1) state.accountIndex.add(state.accounts.chunk(row), state.accounts.base(row), row);
  const transfers = { disk, name: chunkName(part.scope, 't'), digests: part.transferChunks, rows: state.transfers, count: part.transfers };
  const events = { disk, name: chunkName(part.scope, 'e'), digests: part.eventChunks, rows: state.events, count: part.events };
  const transferTail = words((part.transfers - part.transferChunks.length * chunkRowsMax) * state.transfers.width);
  const eventTail = words((part.events - part.eventChunks.length * chunkRowsMax) * state.events.width);
  const status = take(part.transfers);
  const { burntFrom = 0, segments = [] } = part;
  if (burntFrom > 0) state.burnt.coldFrom(burntFrom, noBurnt);
  fill(state.burnt, part.burnt - burntFrom, words);
  for (let row = 0; row < part.transfers; row += 1) if (status[row] !== 0) state.status.set(row, status[row] as number);
  const [spilled, burntSpilled] = [segments.at(-1)?.to ?? 0, segments.at(-1)?.burntTo ?? 0];
  const enter = (row: number, chunk: Int32Array, base: number) => {
    if (row >= spilled) state.transferIndex.add(chunk, base, row);
    if (status[row] !== pendingStatus.pending) return;
    const expires = expiresAt(chunk, base);
    if (expires !== undefined) state.expiry.push(expires, row);
  };
  await restoreChunks(transfers, transferTail, enter);
  await restoreChunks(events, eventTail, () => undefined);
  for (let row = burntSpilled; row < state.burnt.count; row += 1)
    state.transferIndex.addBurnt(state.burnt.chunk(row), state.burnt.base(row), row);
  await spill.open(segments);
  state.lateEvents.push(...part.late);
  state.orderedEvent = part.ordered;
  state.timestamp = part.timestamp;
}

/** Puts a whole table back. */
function fill(rows: Rows, count: number, words: (count: number) => Int32Array): void {
  for (let left = count; left > 0; ) {
    const some = Math.min(left, chunkRowsMax);
    rows.restore(words(some * rows.width));
    left -= some;
  }
}
