import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { type Database, open, type RootDatabase, TransactionFlags } from 'lmdb';
import { commitCause } from '#engine/lmdb/commit-cause.ts';
import { fault } from '#kernel/contract/fault.ts';
import type { LoggedEffect, Sealer } from '#kernel/contract/implement.ts';
import { type IndexRow, rowName } from './index-frame.ts';
import type { IndexLog } from './index-log.ts';
import type { Told } from '../domain/notification.ts';
import { numberKey } from './key.ts';
import { Lag } from './lag.ts';
import { batchMax, openReadersMax, waitingMax } from './limits.ts';
import { pack, type Tally, unpack } from './record.ts';
import { atStep } from './step.ts';
import { Table } from './table.ts';
import type { UnsyncedMark } from './unsynced-mark.ts';
import { openVeil, packEffect, type Veil } from './veil.ts';

export type { Table } from './table.ts';

/** The tables of the index, by what their keys lead to. Their order is that of the index log: new ones stand at the end. */
export const tableNames = [
  'bucket',
  'owned',
  'object',
  'version',
  'configuration',
  'layout',
  'upload',
  'part',
  'blob',
  'garbage',
  'extent',
  'effect',
  'tally',
  'counter',
  'dictionary',
  'token',
] as const;
export type TableName = (typeof tableNames)[number];

/** The counter that says which change of the index log is the last one in the index. */
export const sequenceKey: Buffer = Buffer.from('log');

/** An effect as the change that made it knows it; the batch gives it its offset. */
export type Effect = Omit<LoggedEffect, 'offset'> & { readonly told?: readonly Told[] };

/** What a change may do besides writing tables, gathered so that each commit writes it once. */
export type Batch = {
  /** Adds to what a bucket or scope holds. */
  count(place: bigint, objects: number, bytes: number): void;
  /** What it holds, this batch's changes included. */
  tally(place: bigint): Tally;
  /** Appends to the effects log. */
  log(effect: Effect): void;
  /** The next number of a named sequence, which is greater than `above`. */
  next(counter: Sequence, above?: bigint): bigint;
};

/** Named sequences: of buckets, of changes of buckets, and of the versions of objects. */
export type Sequence = 'bucket' | 'version' | 'object';

/** A change of the index. It runs inside the write transaction and must refuse before it writes: others share its commit. */
export type Change<T> = (batch: Batch) => T;

type Waiting = {
  readonly change: Change<unknown>;
  /** Whether its outcome may be told before the commit is synced. */
  readonly relaxed: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
};
type Outcome = { readonly value: unknown } | { readonly error: unknown };

/**
 * The index: LMDB, written in group commits. A change is told of its outcome only when its commit is on disk, unless it is
 * relaxed. Reads see the last commit and hold no transaction past their turn.
 */
export class Catalog {
  readonly table: Readonly<Record<TableName, Table>>;
  readonly #environment: RootDatabase<Buffer, Buffer>;
  readonly #rows: readonly Database<Buffer, Buffer>[];
  #index: IndexLog | undefined;
  /** What the commit that is being made changes. */
  #changes: IndexRow[] = [];
  readonly #watched = new Set<Set<string>>();
  #veil: Veil | undefined;
  #waiting: Waiting[] = [];
  #committing: Promise<void> | undefined;
  #logged = 0n;
  #closed = false;
  readonly #isForeign: boolean;
  readonly #listeners = new Set<() => void>();
  /** How far the disk is behind. */
  readonly lag: Lag = new Lag();

  /** `isForeign`: another process writes it, and here it is only read. */
  constructor(directory: string, isForeign = false) {
    if (!isForeign) mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#isForeign = isForeign;
    // Changes are gathered here and not by LMDB's wrapper: its own gathering leaves rejected promises behind when the disk is full.
    this.#environment = open<Buffer, Buffer>({
      path: directory,
      maxDbs: tableNames.length + 1,
      maxReaders: openReadersMax,
      encoding: 'binary',
      keyEncoding: 'binary',
      overlappingSync: false,
      eventTurnBatching: false,
      readOnly: isForeign,
    });
    this.forgetReaders();
    this.#rows = tableNames.map((name) => this.#environment.openDB<Buffer, Buffer>({ name, encoding: 'binary', keyEncoding: 'binary' }));
    this.table = Object.fromEntries(
      tableNames.map((name, at) => [name, new Table(this.#rows[at]!, (key, value) => void this.#changes.push([at, key, value]))]),
    ) as Record<TableName, Table>;
    this.#logged = this.#counter('effect');
    assertReader(this.#environment);
  }

  /** Frees what processes that were killed held while they read: pages that they saw are used again. */
  forgetReaders(): void {
    this.#environment.readerCheck();
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The number of the last change that the index holds, of those in its log. */
  get sequence(): bigint {
    return this.#counter(sequenceKey.toString());
  }

  /** Tells every change to the log from now on, and the mark when commits are not synced. */
  logTo(index: IndexLog, mark: UnsyncedMark): void {
    this.#index = index;
    this.lag.allow(mark);
  }

  /** Brings every commit to disk that was made before. */
  async sync(): Promise<void> {
    if (this.lag.since !== undefined) await this.commit(() => undefined);
  }

  /** Gathers the names of rows that commits change, until `unwatchChanges`. */
  watchChanges(): ReadonlySet<string> {
    const names = new Set<string>();
    this.#watched.add(names);
    return names;
  }

  unwatchChanges(names: ReadonlySet<string>): void {
    this.#watched.delete(names as Set<string>);
  }

  /** Writes rows as the log has them, up to a number; before anybody else changes anything. */
  async restore(rows: readonly IndexRow[], sequence: bigint): Promise<void> {
    await this.#environment.childTransaction(() => {
      for (const [table, key, value] of rows) void (value ? this.#rows[table]!.put(key, value) : this.#rows[table]!.remove(key));
      void this.#rows[tableNames.indexOf('counter')]!.put(sequenceKey, numberKey(sequence));
    });
    this.#logged = this.#counter('effect');
  }

  /** The offset of the last effect on disk. */
  get logged(): bigint {
    return this.#logged;
  }

  /** Calls back after commits that logged effects; returns how to stop. */
  onLogged(wake: () => void): () => void {
    this.#listeners.add(wake);
    return () => this.#listeners.delete(wake);
  }

  /** Opens what hides the headers and tags of objects; before anything of an object is read or written. */
  async unveil(sealer: Sealer): Promise<void> {
    const place = Buffer.from('veil');
    const { counter } = this.table;
    this.#veil = await openVeil(
      sealer,
      () => counter.get(place),
      (sealed) => this.commit(() => void counter.put(place, sealed)),
    );
  }

  /** How headers and tags of objects lie in the index. */
  get veil(): Veil {
    assert(this.#veil, 'the index is not open yet');
    return this.#veil;
  }

  /** What a bucket or scope holds, as committed. */
  tally(place: bigint): Tally {
    const found = this.table.tally.get(numberKey(place));
    return found ? unpack<Tally>(found) : { objects: 0, bytes: 0 };
  }

  /**
   * Runs the change in the next group commit; resolves with what it returned when that is on disk. A `relaxed` one resolves when
   * others see it, and is on disk with the next that is not, if none else then before long.
   */
  commit<T>(change: Change<T>, relaxed = false): Promise<T> {
    if (this.#closed) return Promise.reject(fault('Draining'));
    if (this.#isForeign) return Promise.reject(fault('Unavailable', 'Another process changes this.'));
    if (this.#waiting.length >= waitingMax) return Promise.reject(fault('Unavailable', 'Too many changes wait for their commit.'));
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ change, relaxed, resolve: resolve as (value: unknown) => void, reject });
      this.#committing ??= this.#commitAll();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#committing;
    if (this.lag.since !== undefined) await this.#commitGroup([]);
    await this.#environment.close();
  }

  async #commitAll(): Promise<void> {
    // What else this turn of the event loop brings joins the first commit.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) await this.#commitGroup(this.#waiting.splice(0, batchMax));
    this.#committing = undefined;
  }

  async #commitGroup(group: readonly Waiting[]): Promise<void> {
    const isRelaxed = group.length > 0 && group.every(({ relaxed }) => relaxed) && (await this.lag.may(this.#index));
    let outcomes: Outcome[];
    let logged = this.#logged;
    let told: Promise<void> | undefined;
    const run = () => {
      const batch = new OpenBatch(this.table, this.#counter('effect'), () => this.veil);
      const done = group.map(({ change }) => runChange(change, batch));
      logged = batch.flush();
      // The log is written while LMDB commits.
      told = this.#tell(!isRelaxed);
      return done;
    };
    try {
      outcomes = isRelaxed
        ? this.#environment.transactionSync(run, TransactionFlags.NO_SYNC_FLUSH)
        : await this.#environment.childTransaction(run);
      await told;
      if (!isRelaxed) await this.lag.noteSynced(this.#index);
    } catch (error) {
      this.#changes = [];
      // Before any other wait: LMDB's wrapper rejects a second promise beside the error, and nobody else would handle it.
      const reason = reasonOf(error);
      if (told) await told.then(() => this.#index?.takeBack());
      const cause = await reason;
      for (const { reject } of group) reject(cause);
      return;
    }
    atStep('index-committed');
    // What is not on disk is told to nobody who keeps it elsewhere.
    const more = !isRelaxed && logged > this.#logged;
    if (more) this.#logged = logged;
    group.forEach(({ resolve, reject }, at) => {
      const outcome = outcomes[at]!;
      if ('error' in outcome) reject(outcome.error);
      else resolve(outcome.value);
    });
    if (isRelaxed) this.lag.noteUnsynced();
    if (more) for (const wake of this.#listeners) wake();
  }

  /** Hands what this commit changes to the log, and writes its number into the index with it. */
  #tell(synced: boolean): Promise<void> | undefined {
    const rows = this.#changes;
    this.#changes = [];
    // LMDB syncs nothing for a commit without a change.
    const isDue = rows.length > 0 || (synced && this.lag.since !== undefined);
    if (!isDue || !this.#index) return undefined;
    for (const names of this.#watched) for (const [table, key] of rows) names.add(rowName(table, key));
    const told = this.#index.append(rows, synced);
    void this.#rows[tableNames.indexOf('counter')]!.put(sequenceKey, numberKey(this.#index.sequence));
    return told;
  }

  #counter(name: string): bigint {
    const found = this.table.counter.get(Buffer.from(name));
    return found ? found.readBigUInt64BE() : 0n;
  }
}

function runChange(change: Change<unknown>, batch: Batch): Outcome {
  try {
    return { value: change(batch) };
  } catch (error) {
    return { error };
  }
}

/** Whatever made a commit fail, nothing of it is to be seen. LMDB words a full disk as a short write. */
async function reasonOf(error: unknown): Promise<unknown> {
  const cause = await commitCause(error);
  // A commit that is not synced throws LMDB's own error, which has the number of the system's.
  const isLmdb = typeof (error as { readonly code?: unknown }).code === 'number';
  return cause === error && !isLmdb ? error : fault('DiskFull', { detail: 'The index could not be written.', cause });
}

/** A reader that cannot register would read recycled pages silently. */
function assertReader(environment: RootDatabase<Buffer, Buffer>): void {
  environment.get(Buffer.from('reader'));
  const registered = environment
    .readerList()
    .split('\n')
    .some((line) => line.trim().split(/\s+/)[0] === String(process.pid));
  if (!registered) throw fault('DataDirectory', 'This process could not register as a reader of the storage index.');
}

class OpenBatch implements Batch {
  readonly #table: Readonly<Record<TableName, Table>>;
  readonly #tallies = new Map<bigint, { objects: number; bytes: number }>();
  readonly #first: bigint;
  readonly #veil: () => Veil;
  #offset: bigint;

  constructor(table: Readonly<Record<TableName, Table>>, offset: bigint, veil: () => Veil) {
    this.#table = table;
    this.#veil = veil;
    this.#first = offset;
    this.#offset = offset;
  }

  count(place: bigint, objects: number, bytes: number): void {
    const sum = this.tally(place) as { objects: number; bytes: number };
    sum.objects += objects;
    sum.bytes += bytes;
  }

  tally(place: bigint): Tally {
    let sum = this.#tallies.get(place);
    if (!sum) {
      const found = this.#table.tally.get(numberKey(place));
      sum = found ? { ...unpack<Tally>(found) } : { objects: 0, bytes: 0 };
      this.#tallies.set(place, sum);
    }
    return sum;
  }

  log(effect: Effect): void {
    this.#offset += 1n;
    this.#table.effect.put(numberKey(this.#offset), packEffect({ ...effect, offset: this.#offset }, this.#veil()));
  }

  next(counter: Sequence, above = 0n): bigint {
    const key = Buffer.from(counter);
    const last = this.#table.counter.get(key)?.readBigUInt64BE() ?? 0n;
    const value = (last > above ? last : above) + 1n;
    this.#table.counter.put(key, numberKey(value));
    return value;
  }

  /** Writes what was gathered; returns the offset of the last effect. */
  flush(): bigint {
    for (const [place, sum] of this.#tallies) {
      if (sum.objects === 0 && sum.bytes === 0) this.#table.tally.remove(numberKey(place));
      else this.#table.tally.put(numberKey(place), pack(sum));
    }
    if (this.#offset > this.#first) this.#table.counter.put(Buffer.from('effect'), numberKey(this.#offset));
    return this.#offset;
  }
}
