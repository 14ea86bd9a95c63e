import './fault.ts';
import { fault } from '#kernel/contract/fault.ts';
import type { Disk, DiskFile } from './disk.ts';
import { checksum } from '#wire/tigerbeetle/aegis.ts';
import { type Entry, entryKind, noParent, type ReadEntry, readEntry, readHeadOnly, writeEntry } from './entry.ts';
import { groupMaxBytes, segmentMaxBytes } from './limits.ts';

/** Where the log stands after a start: the last entry, its digest, and where the next one goes. */
type Tail = { readonly op: bigint; readonly digest: Buffer; readonly segment: string; readonly position: number };

export type LogOptions = {
  /** Entries behind this one are cut off, whether they are whole or not. */
  readonly cutBehind?: bigint;
  /** Called once with the reason when the disk fails; nothing is acknowledged afterwards. */
  readonly onFailure: (error: Error) => void;
};

const emptyChecksum = checksum(new Uint8Array());

export const segmentName = (op: bigint): string => `log-${op.toString(16).padStart(16, '0')}`;
export const isSegment = (name: string): boolean => /^log-[0-9a-f]{16}$/.test(name);
export const firstOp = (name: string): bigint => BigInt(`0x${name.slice(4)}`);

/** The append-only log: each entry carries its parent's digest; entries are written in groups, each on disk once written. */
export class Log {
  readonly #disk: Disk;
  readonly #options: LogOptions;
  #file: DiskFile;
  #position: number;
  #op: bigint;
  #digest: Buffer;
  #durable: bigint;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #marked = 0n;
  #waitingOp: bigint;
  /** Buffers of the group that is on its way to the disk. */
  #flying: Buffer[] = [];
  #committed: bigint;
  /** The last entry that a second disk has; undefined when this one is enough. */
  #second: bigint | undefined;
  /** Where the entries end that are not committed, in bytes since the log was opened. */
  #open: { readonly op: bigint; readonly end: number }[] = [];
  #openFrom = 0;
  #waiters: { readonly op: bigint; readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  #committedEnd = 0;
  #syncing: Promise<void> | undefined;
  #failed = false;
  #closed = false;
  #isTurning = false;
  #onProgress: () => void = () => undefined;
  #onAppend: (buffers: readonly Buffer[]) => void = () => undefined;
  /** Bytes appended since the log was opened. */
  appended = 0;

  constructor(disk: Disk, file: DiskFile, tail: Tail, options: LogOptions) {
    this.#disk = disk;
    this.#file = file;
    this.#position = tail.position;
    this.#op = tail.op;
    this.#digest = tail.digest;
    this.#durable = tail.op;
    this.#committed = tail.op;
    this.#waitingOp = tail.op;
    this.#options = options;
  }

  /** The last entry appended, and the last that is on disk. */
  get op(): bigint {
    return this.#op;
  }
  get durable(): bigint {
    return this.#durable;
  }
  get digest(): Buffer {
    return this.#digest;
  }
  /** The last entry that may be told of: it is on disk, and on the second disk where one is required. It never goes back. */
  get committed(): bigint {
    return this.#committed;
  }
  /** Bytes that are appended and not yet committed. */
  get openBytes(): number {
    return this.appended - this.#committedEnd;
  }
  /** The bytes of the entries that are appended and not yet on disk. */
  get unsynced(): readonly Buffer[] {
    return [...this.#flying, ...this.#waiting];
  }

  /** Calls back whenever more is on disk or committed. */
  onProgress(callback: () => void): void {
    this.#onProgress = callback;
  }

  /** Hands over the bytes of every entry as it is appended. */
  onAppend(callback: (buffers: readonly Buffer[]) => void): void {
    this.#onAppend = callback;
  }

  /** Takes back, after a start, what is known to be committed: the end of the log may not be. */
  doubt(committed: bigint): void {
    this.#committed = committed;
    this.#second = committed;
  }

  /** Says how far a second disk is, which is required from now on; undefined when none is. */
  require(second: bigint | undefined): void {
    this.#second = second;
    this.#commit();
    this.#onProgress();
  }

  #commit(): void {
    const most = this.#second === undefined || this.#second > this.#durable ? this.#durable : this.#second;
    if (most <= this.#committed) return;
    this.#committed = most;
    for (const { resolve } of this.#waiters.filter(({ op }) => op <= most)) resolve();
    this.#waiters = this.#waiters.filter(({ op }) => op > most);
    while (this.#openFrom < this.#open.length && (this.#open[this.#openFrom] as { op: bigint }).op <= most) {
      this.#committedEnd = (this.#open[this.#openFrom] as { end: number }).end;
      this.#openFrom += 1;
    }
    if (this.#openFrom < this.#open.length && this.#openFrom < 1024) return;
    this.#open = this.#open.slice(this.#openFrom);
    this.#openFrom = 0;
  }

  /** Appends an entry as the next one; its bytes must not change until it is on disk. */
  append(fields: Omit<Entry, 'op' | 'durable'>): bigint {
    if (this.#failed || this.#closed) throw fault('Unavailable', 'The ledger takes no more changes.');
    this.#op += 1n;
    const { buffers, bytes, digest } = writeEntry({ ...fields, op: this.#op, durable: this.#committed }, this.#digest);
    this.#enter(buffers, bytes, digest);
    this.#onAppend(buffers);
    return this.#op;
  }

  /** Takes an entry in that was made elsewhere and follows the last one here. */
  take(bytes: Buffer, digest: Buffer): void {
    if (this.#failed || this.#closed) throw fault('Unavailable', 'The ledger takes no more changes.');
    this.#op += 1n;
    this.#enter([bytes], bytes.length, digest);
  }

  #enter(buffers: readonly Buffer[], bytes: number, digest: Buffer): void {
    this.#digest = digest;
    this.#waiting.push(...buffers);
    this.#waitingBytes += bytes;
    this.#waitingOp = this.#op;
    this.appended += bytes;
    this.#open.push({ op: this.#op, end: this.appended });
    // What arrives in this turn goes with the same sync.
    this.#syncing ??= Promise.resolve().then(() => this.#run());
  }

  async #run(): Promise<void> {
    try {
      while (this.#waiting.length > 0) await this.#group();
    } catch (error) {
      // What the disk holds is unknown now, and asking it again would not tell.
      this.#failed = true;
      for (const { reject } of this.#waiters.splice(0)) reject(fault('Unavailable', 'The disk of the ledger failed.'));
      this.#options.onFailure(error as Error);
      return;
    }
    this.#syncing = undefined;
    if (this.#waiting.length > 0) this.#syncing = this.#run();
  }

  async #group(): Promise<void> {
    const buffers = this.#waiting;
    const bytes = this.#waitingBytes;
    const op = this.#waitingOp;
    this.#flying = buffers;
    this.#waiting = [];
    this.#waitingBytes = 0;
    if (this.#position >= segmentMaxBytes || this.#isTurning) await this.#nextSegment(op, buffers);
    await this.#file.write(joined(buffers), this.#position);
    this.#position += bytes;
    this.#durable = op;
    this.#flying = [];
    this.#commit();
    this.#onProgress();
  }

  /**
   * Writes down, when nothing waits, that everything so far is committed: damage to what was acknowledged last is told from an
   * unfinished write by it. It needs no sync of its own.
   */
  mark(): void {
    if (this.#syncing || this.#failed || this.#closed || this.#committed === this.#marked || this.#committed < this.#op) return;
    this.#mark();
  }

  #mark(): void {
    const none = { tenant: 0n, scope: 0n, credential: 0n, principal: '', client: 0n, session: 0n, number: 0, release: 0, operation: 0 };
    this.append({ ...none, kind: entryKind.mark, timestamp: 0n, request: 0n, bodyChecksum: emptyChecksum, body: Buffer.alloc(0) });
    this.#marked = this.#op;
  }

  /** Closes the segment and begins the next one with a mark. */
  async turn(): Promise<void> {
    await this.flushed();
    this.#isTurning = true;
    this.#mark();
    await this.reached(this.#op);
  }

  async #nextSegment(op: bigint, buffers: readonly Buffer[]): Promise<void> {
    await this.#file.close();
    const first = readHeadOnly(buffers[0] as Buffer, 0)?.op ?? op;
    this.#file = await this.#disk.open(segmentName(first), 'durable');
    this.#position = 0;
    this.#isTurning = false;
  }

  /** Resolves when the entry of this number is committed. */
  async reached(op: bigint): Promise<void> {
    if (this.#failed) throw fault('Unavailable', 'The disk of the ledger failed.');
    if (op > this.#committed) await new Promise<void>((resolve, reject) => this.#waiters.push({ op, resolve, reject }));
  }

  /** Resolves when everything so far is committed, or after `waitMs`. */
  async settled(waitMs: number): Promise<void> {
    const given = Promise.withResolvers<void>();
    const timer = setTimeout(given.resolve, waitMs);
    await Promise.race([this.reached(this.#op), given.promise]);
    clearTimeout(timer);
  }

  /** Resolves when everything appended so far is on disk. */
  async flushed(): Promise<void> {
    while (this.#syncing && !this.#failed) await this.#syncing;
  }

  async close(): Promise<void> {
    await this.flushed();
    this.#closed = true;
    if (!this.#failed) await this.#file.close();
  }

  /** Removes the segments whose entries are all up to `op`. */
  async forget(op: bigint): Promise<void> {
    const segments = this.#disk.list().filter(isSegment);
    for (const [index, name] of segments.entries()) {
      const next = segments[index + 1];
      if (next !== undefined && firstOp(next) <= op + 1n) await this.#disk.remove(name);
    }
  }
}

/** Small buffers are joined, so that a group is few writes. */
function joined(buffers: readonly Buffer[]): Buffer[] {
  const total = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
  return total <= groupMaxBytes ? [Buffer.concat(buffers)] : [...buffers];
}

/** Where reading begins: behind the last entry of a snapshot, or at the first entry. */
export type From = { readonly op: bigint; readonly digest: Buffer };

/**
 * Reads the log from behind `from`, hands each entry to `replay`, cuts what was never acknowledged off its end, and opens it
 * for more. Damage in what was acknowledged is refused with its place.
 */
export async function openLog(disk: Disk, from: From, replay: (entry: Entry, digest: Buffer) => void, options: LogOptions): Promise<Log> {
  const segments = disk.list().filter(isSegment);
  let op = from.op;
  let digest = from.digest;
  let tail: { segment: string; position: number } | undefined;
  for (const [index, name] of segments.entries()) {
    const next = segments[index + 1];
    if (next !== undefined && firstOp(next) <= from.op + 1n) continue;
    const bytes = await disk.read(name);
    let position = 0;
    for (let seen = firstOp(name) - 1n; position < bytes.length; ) {
      const read = readEntry(bytes, position);
      // What a snapshot stands on was on disk before it.
      if (!read && seen < from.op) throw damaged(`${name} at byte ${position}`, seen + 1n, 'a snapshot stands behind it');
      if (read && read.entry.op > (options.cutBehind ?? read.entry.op)) break;
      if (!read || (read.entry.op > from.op && !follows(read, op, digest))) {
        await refuseDamage(disk, segments.slice(index), position, op);
        break;
      }
      position += read.bytes;
      seen = read.entry.op;
      if (read.entry.op <= from.op) continue;
      op = read.entry.op;
      digest = Buffer.from(read.digest);
      replay(read.entry, digest);
    }
    tail = { segment: name, position };
    if (position < bytes.length) {
      await cut(disk, name, position, segments.slice(index + 1));
      break;
    }
  }
  if (op < from.op) throw damaged('its end', from.op, 'the log is shorter than the snapshot');
  const segment = tail?.segment ?? segmentName(op + 1n);
  const file = await disk.open(segment, 'durable');
  // What a killed process has written may be in the system's memory alone.
  await file.sync();
  return new Log(disk, file, { op, digest, segment, position: tail?.position ?? 0 }, options);
}

const follows = (read: ReadEntry, op: bigint, digest: Buffer): boolean => read.entry.op === op + 1n && read.parent.equals(digest);

/** A later head that was written after the entry missing here was known to be on disk: then this is damage, not an unfinished write. */
async function refuseDamage(disk: Disk, segments: readonly string[], position: number, op: bigint): Promise<void> {
  for (const [index, name] of segments.entries()) {
    const bytes = await disk.read(name);
    for (let at = index === 0 ? position : 0; at < bytes.length; at += 16) {
      const head = readHeadOnly(bytes, at);
      if (head && head.durable > op)
        throw damaged(`${segments[0]} at byte ${position}`, op + 1n, `entry ${head.op} proves that it was on disk`);
    }
  }
}

const damaged = (place: string, op: bigint, why: string) => fault('LogDamaged', `${place}: entry ${op} is damaged; ${why}.`);

async function cut(disk: Disk, name: string, position: number, later: readonly string[]): Promise<void> {
  const file = await disk.open(name);
  await file.truncate(position);
  await file.close();
  for (const segment of later) await disk.remove(segment);
}

export const fromStart: From = { op: 0n, digest: noParent };
