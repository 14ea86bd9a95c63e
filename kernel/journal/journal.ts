import assert from 'node:assert';
import { fault, OperationError } from '#kernel/contract/fault.ts';
import { realClock, type Clock } from './clock.ts';
import { processDirectory } from './directory.ts';
import { realDisk, type Disk } from './disk.ts';
import { recordSize, type Mark, type Position } from './frame.ts';
import { journalLimits, recordMaxBytes, type JournalLimits } from './limits.ts';
import { Queue, type Entry } from './queue.ts';
import type { Seal } from './seal.ts';
import { Writer } from './writer.ts';

export type JournalOptions = {
  /** The root below which each process has a directory. */
  readonly dir: string;
  readonly process: string;
  readonly seal: Seal;
  readonly disk?: Disk;
  readonly clock?: Clock;
  readonly limits?: Partial<JournalLimits>;
};

export type AppendOptions = {
  /** For what must be recorded on a full disk too (revoke, delete, shutdown, and what `admit` has let through). */
  readonly essential?: boolean;
};

const nothing = new Uint8Array(0);

/**
 * Opens the journal of a process for appending; there is one such process. What a crash has left is mended.
 * Faults: JournalCorrupt, JournalFormat, JournalFull (not even the reserve is there to begin with), JournalFailed.
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { dir, process, seal, disk = realDisk, clock = realClock } = options;
  const limits = { ...journalLimits, ...options.limits };
  const directory = processDirectory(dir, process);
  return new Journal(process, await Writer.open({ directory, process, seal, disk, clock, limits }), clock, limits);
}

/**
 * An append-only log of sealed records. All that is appended while one group is on its way to disk goes into the next.
 * The bytes appended belong to the journal from then on.
 */
export class Journal {
  readonly #process: string;
  readonly #writer: Writer;
  readonly #clock: Clock;
  readonly #limits: JournalLimits;
  readonly #queue = new Queue();
  #inFlight: readonly Entry[] = [];
  #pumping: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #timerDue = false;
  #failure: OperationError | undefined;
  #closed = false;

  /** Made by `openJournal` only. */
  constructor(process: string, writer: Writer, clock: Clock, limits: JournalLimits) {
    this.#process = process;
    this.#writer = writer;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** The fault that has ended this journal for good, if one has: the process is to be started anew. */
  get failure(): OperationError | undefined {
    return this.#failure;
  }

  /** Resolves when the record is durable. Faults: JournalFull (nothing was recorded), JournalFailed (not known), Draining. */
  append(type: number, bytes: Uint8Array, options?: AppendOptions): Promise<Position> {
    const kind = options?.essential ? 'essential' : 'ordinary';
    return new Promise((resolve, reject) => {
      // An entry with a record is always settled with a position.
      this.#enqueue({ kind, type, bytes, settle: { resolve: (position) => resolve(position!), reject } });
    });
  }

  /** Appends a record that goes with the next group, or after `lazyFlushMs`. Throws JournalFull when too many wait, and as `append`. */
  appendLazy(type: number, bytes: Uint8Array): void {
    this.#enqueue({ kind: 'lazy', type, bytes, settle: undefined });
  }

  /** Resolves when all appended so far, but what was refused, is durable; rejects with JournalFull while lazy records find no room. */
  flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#enqueue({ kind: 'wait', type: 0, bytes: nothing, settle: { resolve: () => resolve(), reject } });
    });
  }

  /**
   * Rejects with JournalFull or JournalFailed where no change may be begun. A caller asks before the change and appends its record as
   * essential afterwards, so that no change goes unrecorded.
   */
  async admit(): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (this.#writer.room.stale()) await this.flush();
    if (this.#writer.room.refusal !== undefined) throw fault('JournalFull', this.#writer.room.refusal);
  }

  /** Makes durable what was appended and closes. Rejects, closed, where some of it could not be. */
  async close(): Promise<void> {
    if (this.#closed) return;
    const flushed = this.#failure ? undefined : this.flush();
    this.#closed = true;
    try {
      await flushed;
    } finally {
      await this.#pumping;
      this.#cancelTimer?.();
      await this.#writer.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #enqueue(entry: Entry): void {
    assert(entry.bytes.length <= recordMaxBytes, `a record of ${entry.bytes.length} bytes is larger than ${recordMaxBytes}`);
    assert(Number.isInteger(entry.type) && entry.type >= 0 && entry.type < 256, 'the type of a record is a byte');
    if (this.#failure) throw this.#failure;
    if (this.#closed) throw fault('Draining', 'The journal is closed.');
    const { queueMaxBytes, reserveBytes } = this.#limits;
    const most = entry.kind === 'essential' ? queueMaxBytes + reserveBytes : queueMaxBytes;
    if (this.#queue.bytes + recordSize(entry.bytes) > most) throw fault('JournalFull', `${this.#queue.bytes} bytes wait for the disk.`);
    this.#queue.push(entry);
    this.#wake();
  }

  #wake(): void {
    if (this.#pumping) return;
    if (this.#due()) this.#pumping = this.#pump();
    else this.#startTimer();
  }

  #due(): boolean {
    return !this.#failure && (this.#queue.awaited > 0 || this.#timerDue);
  }

  async #pump(): Promise<void> {
    // What is appended in this turn of the event loop meets in one group.
    await Promise.resolve();
    try {
      while (this.#due()) {
        await this.#group();
        // While more wait the readers are told now and then; the system call costs as much as a group.
        if (!this.#due() || this.#writer.isBehind()) await this.#writer.publish();
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#pumping = undefined;
    this.#startTimer();
  }

  async #group(): Promise<void> {
    const { room } = this.#writer;
    if (room.stale()) await room.measure();
    const refused = room.refusal !== undefined;
    const { groupMaxBytes } = this.#limits;
    const group = refused ? this.#queue.takeAwaited(groupMaxBytes) : this.#queue.take(groupMaxBytes);
    this.#inFlight = group;
    try {
      if (refused || !(await this.#place(group))) await this.#placeEssential(group);
    } catch (error) {
      // The key may be away for a while; only the disk ends a journal.
      if (!(error instanceof OperationError) || error.code === 'JournalFailed') throw error;
      this.#refuse(group, error);
    }
    if (this.#queue.length === 0) this.#timerDue = false;
  }

  /** Makes a group durable and settles it; false where the disk has no space for it. */
  async #place(group: readonly Entry[]): Promise<boolean> {
    const records = group.filter((entry) => entry.kind !== 'wait');
    if (records.length > 0) {
      const place = await this.#writer.place(records);
      if (place === undefined) return false;
      this.#settle(group, place);
    } else {
      for (const entry of group) entry.settle?.resolve(undefined);
    }
    return true;
  }

  #settle(group: readonly Entry[], { segment, offset, sequence: first }: Mark): void {
    const process = this.#process;
    let sequence = first;
    for (const entry of group) {
      if (entry.kind === 'wait') entry.settle?.resolve(undefined);
      else entry.settle?.resolve({ process, segment, offset, sequence });
      if (entry.kind !== 'wait') sequence++;
    }
  }

  /** With no room, what is essential is written with the help of the reserve, the rest is refused, and lazy records stay. */
  async #placeEssential(group: readonly Entry[]): Promise<void> {
    const full = fault('JournalFull', this.#writer.room.refusal);
    const waits = group.filter((entry) => entry.kind === 'wait');
    this.#refuse(
      group.filter((entry) => entry.kind === 'ordinary' || entry.kind === 'lazy'),
      full,
    );
    await this.#useReserve(group.filter((entry) => entry.kind === 'essential'));
    if (this.#queue.length > this.#queue.awaited) this.#refuse(waits, full);
    else for (const wait of waits) wait.settle?.resolve(undefined);
  }

  async #useReserve(essential: readonly Entry[]): Promise<void> {
    let bytes = 0;
    for (const entry of essential) bytes += recordSize(entry.bytes);
    const refusal = this.#writer.room.essentialRefusal(bytes);
    if (refusal !== undefined) return this.#refuse(essential, fault('JournalFull', refusal));
    while (!(await this.#place(essential))) {
      if (!(await this.#writer.release())) return this.#refuse(essential, fault('JournalFull', 'The reserve is used up.'));
    }
  }

  #refuse(group: readonly Entry[], error: OperationError): void {
    this.#queue.refuse(group, error);
    this.#timerDue = false;
  }

  /** Lazy records that no group has taken get one of their own. */
  #startTimer(): void {
    if (this.#cancelTimer || this.#closed || this.#failure || this.#queue.length === 0) return;
    this.#cancelTimer = this.#clock.after(this.#limits.lazyFlushMs, () => {
      this.#cancelTimer = undefined;
      this.#timerDue = true;
      this.#wake();
    });
  }

  /** Nothing is known any more of what was on its way, and nothing more is taken. */
  #fail(error: unknown): void {
    const known = error instanceof OperationError && error.code === 'JournalFailed';
    this.#failure = known ? error : fault('JournalFailed', { detail: String(error), cause: error });
    for (const entry of this.#inFlight) entry.settle?.reject(this.#failure);
    this.#queue.refuse(this.#queue.take(Number.POSITIVE_INFINITY), this.#failure);
  }
}
