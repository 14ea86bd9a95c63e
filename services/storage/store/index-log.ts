import { dirname } from 'node:path';
import type { Log } from '#kernel/contract/implement.ts';
import { fault } from '#kernel/contract/fault.ts';
import type { Drive, DriveFile } from './drive.ts';
import type { DriveSet } from './drive-set.ts';
import { countDamagedCopies, indexFolder, indexPath, readIndexFrames, openCopies, readIndexName, withCopies } from './index-file.ts';
import { type IndexFrame, type IndexRow, packIndexFrame } from './index-frame.ts';
import { copiesOfIndex, indexLogMinBytes, indexLogsMax } from './limits.ts';

/** `id`: the drive may be replaced by another under the same number, and this file then lies nowhere. */
type Copy = { readonly drive: Drive; readonly id: string; readonly file: DriveFile };

/**
 * What the index held at some moment, its base, and every change since, on three drives and with checksums: the index is made
 * again from them, and held against them. A base is written while changes go on, so its rows may be newer than the moment for
 * which it stands; the changes behind that moment, done once more, make them right.
 */
export class IndexLog {
  readonly #drives: DriveSet;
  readonly #log: Log;
  readonly #folder: string;
  #copies: Copy[] = [];
  #number = 0;
  #at = 0;
  #base: { readonly number: number; readonly bytes: number } | undefined;
  #logs: number[] = [];
  /** Bytes of the logs behind the base. */
  #bytes = 0;
  #sequence = 0n;
  #before = { at: 0, sequence: 0n };
  #appending: Promise<void> = Promise.resolve();
  #behind = false;
  /** Whether something was appended and not synced. */
  #unsynced = false;

  private constructor(drives: DriveSet, log: Log, folder: string) {
    this.#drives = drives;
    this.#log = log;
    this.#folder = folder;
  }

  /** Finds the newest base and the logs behind it. */
  static async open(drives: DriveSet, log: Log, partition: number): Promise<IndexLog> {
    const folder = indexFolder(partition);
    const found = new IndexLog(drives, log, folder);
    const names = (await Promise.all(drives.allIn.map((drive) => drive.list(folder)))).flat().map(readIndexName);
    const numbers = (kind: 'base' | 'log') =>
      [...new Set(names.flatMap((name) => (name?.kind === kind ? [name.number] : [])))].toSorted((a, b) => a - b);
    const base = numbers('base').at(-1);
    found.#number = Math.max(0, ...names.map((name) => name?.number ?? 0));
    if (base !== undefined) {
      found.#logs = numbers('log').filter((number) => number >= base);
      found.#base = { number: base, bytes: await found.#sizeOf(indexPath(folder, { number: base, kind: 'base' })) };
      for (const number of found.#logs) found.#bytes += await found.#sizeOf(indexPath(folder, { number, kind: 'log' }));
    }
    return found;
  }

  /** Whether there is anything from which the index could be made again. */
  get isKnown(): boolean {
    return this.#base !== undefined;
  }

  /** Bytes of base and logs. */
  get bytes(): number {
    return (this.#base?.bytes ?? 0) + this.#bytes;
  }

  /** Whether the logs alone would bear the loss of the index: everything is in them, on as many drives as are wanted. */
  get isEnough(): boolean {
    return this.isWhole && this.isKnown && this.copies >= this.#wanted;
  }

  get #wanted(): number {
    return Math.min(copiesOfIndex, this.#drives.allIn.length);
  }

  /** Whether every change since the base is in the logs. */
  get isWhole(): boolean {
    return !this.#behind;
  }

  /** Bytes of the logs behind the base. */
  get changedBytes(): number {
    return this.#bytes;
  }

  /** How many drives hold what is appended now. */
  get copies(): number {
    return this.#copies.filter(isLive).length;
  }

  /** The number of the last change that is told. */
  get sequence(): bigint {
    return this.#sequence;
  }

  /** Whether a new base should be written: too few copies, too long a log, or changes that are in no log. */
  get isDue(): boolean {
    const most = Math.max(indexLogMinBytes, this.#base?.bytes ?? 0);
    return this.#behind || !this.#base || this.copies < this.#wanted || this.#bytes > most || this.#logs.length > indexLogsMax;
  }

  /** The rows of the base, and what was changed since, in order. Refuses when something between is lost. */
  async *history(): AsyncGenerator<IndexFrame, void> {
    if (!this.#base) return;
    const { allIn } = this.#drives;
    let last: bigint | undefined;
    for await (const frame of framesOf(allIn, indexPath(this.#folder, { number: this.#base.number, kind: 'base' }))) {
      if (frame.kind === 'end') last = frame.sequence;
      yield frame;
    }
    if (last === undefined) throw fault('DataDirectory', 'The base of the storage index is damaged on every drive.');
    for (const number of this.#logs) {
      for await (const frame of framesOf(allIn, indexPath(this.#folder, { number, kind: 'log' }))) {
        if (frame.sequence !== last + 1n) throw fault('DataDirectory', `Changes of the storage index are lost behind ${last}.`);
        last = frame.sequence;
        yield frame;
      }
    }
    if (this.#copies.length === 0) this.#sequence = last;
  }

  /**
   * Appends what one commit changes; resolves when it is on disk, with all before it, or could not be brought there: then a new
   * base is due. What need not be `synced` is left to the system, up to the next that need.
   */
  append(rows: readonly IndexRow[], synced = true): Promise<void> {
    this.#before = { at: this.#at, sequence: this.#sequence };
    if (rows.length === 0) return synced ? (this.#appending = this.#sync()) : Promise.resolve();
    this.#sequence += 1n;
    if (this.#copies.length === 0) {
      this.#behind = true;
      return Promise.resolve();
    }
    const parts = packIndexFrame({ kind: 'changes', sequence: this.#sequence, rows }, this.#at);
    this.#appending = this.#write(parts, this.#at, synced);
    this.#at += sizeOf(parts);
    this.#bytes += sizeOf(parts);
    return this.#appending;
  }

  /** Notes that the logs do not tell everything: a new base is due. */
  distrust(): void {
    this.#behind = true;
  }

  /** Takes back what was appended last: its commit failed. */
  async takeBack(): Promise<void> {
    const { at, sequence } = this.#before;
    this.#bytes -= this.#at - at;
    this.#at = at;
    this.#sequence = sequence;
    await this.#keep((copy) => copy.file.truncate(at));
  }

  async #write(parts: readonly Buffer[], at: number, synced: boolean): Promise<void> {
    // What is appended while a sync runs is for the next one.
    this.#unsynced = !synced;
    await this.#keep(async ({ file }) => {
      await file.write(parts, at);
      if (synced) await file.datasync();
    });
    this.#notice();
  }

  async #sync(): Promise<void> {
    if (!this.#unsynced) return;
    this.#unsynced = false;
    await this.#keep(({ file }) => file.datasync());
    this.#notice();
  }

  /** Without a copy left, the logs tell not everything any more. */
  #notice(): void {
    if (this.#copies.length > 0 || this.#behind) return;
    this.#behind = true;
    this.#log('error', 'changes of the index are in no log; a new base is written as soon as the drives take it', {});
  }

  /** Does something with every copy; one that fails is given up. */
  async #keep(step: (copy: Copy) => Promise<void>): Promise<void> {
    const copies = this.#copies;
    const done = await Promise.allSettled(
      copies.map((copy) => (isLive(copy) ? step(copy) : Promise.reject(new Error('the drive is out')))),
    );
    this.#copies = copies.filter((_, index) => done[index]!.status === 'fulfilled');
    for (const copy of copies) if (!this.#copies.includes(copy)) await copy.file.close();
  }

  /** Goes on in new files, on as many drives as are wanted; resolves with the number of the last change before them. */
  async turn(sequence = this.#sequence): Promise<bigint> {
    const number = (this.#number += 1);
    const path = indexPath(this.#folder, { number, kind: 'log' });
    const chosen = this.#drives.choose(Buffer.from(this.#folder), Math.min(copiesOfIndex, this.#drives.allIn.length));
    const opened = await Promise.allSettled(chosen.map((drive) => openNew(drive, path)));
    const copies = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    if (copies.length === 0) throw (opened[0] as PromiseRejectedResult | undefined)?.reason ?? fault('Unavailable', 'No drive is in use.');
    for (let running: Promise<void> | undefined; running !== this.#appending || this.#unsynced; ) {
      if (running === this.#appending) this.#appending = this.#sync();
      await (running = this.#appending);
    }
    const old = this.#copies;
    if (old.length === 0) this.#sequence = sequence;
    this.#copies = copies;
    this.#at = 0;
    this.#logs.push(number);
    const last = this.#sequence;
    for (const { file } of old) await file.close();
    return last;
  }

  /** Writes a base that stands for the last change before the files of the last turn, and removes what it replaces. */
  async write(pages: AsyncIterable<readonly IndexRow[]>, last: bigint): Promise<void> {
    const number = this.#number;
    const path = indexPath(this.#folder, { number, kind: 'base' });
    let copies: Copy[] = [];
    let at = 0;
    const put = async (frame: IndexFrame) => {
      const parts = packIndexFrame(frame, at);
      at += sizeOf(parts);
      const from = at - sizeOf(parts);
      const done = await Promise.allSettled(copies.map(({ file }) => file.write(parts, from)));
      const failed = done.find((one) => one.status === 'rejected');
      if (failed) throw failed.reason;
    };
    try {
      copies = await Promise.all(this.#copies.map(({ drive }) => openNew(drive, `${path}.new`)));
      if (copies.length === 0) throw fault('Unavailable', 'No drive takes a base of the index.');
      for await (const rows of pages) await put({ kind: 'rows', sequence: last, rows });
      await put({ kind: 'end', sequence: last, rows: [] });
      for (const { file } of copies) await file.datasync();
      for (const { drive } of copies) await drive.rename(`${path}.new`, path);
      for (const { drive } of copies) await drive.syncDirectory(this.#folder);
    } finally {
      for (const { file } of copies) await file.close();
    }
    this.#base = { number, bytes: at };
    this.#logs = this.#logs.filter((one) => one >= number);
    this.#bytes = this.#at;
    this.#behind = false;
    await this.#clear(number);
  }

  /** Removes what no rebuild needs any more. */
  async #clear(from: number): Promise<void> {
    for (const drive of this.#drives.allIn) {
      for (const name of await drive.list(this.#folder)) {
        const known = readIndexName(name);
        if (!known || known.number < from) await drive.remove(`${this.#folder}/${name}`);
      }
    }
  }

  /** How many copies are not whole; a new base mends that. */
  async countDamaged(): Promise<number> {
    if (!this.#base) return 0;
    let damaged = 0;
    const current = { number: this.#number, end: this.#at };
    const names = [{ number: this.#base.number, kind: 'base' as const }, ...this.#logs.map((number) => ({ number, kind: 'log' as const }))];
    for (const name of names) {
      const path = indexPath(this.#folder, name);
      const end = name.kind === 'log' && name.number === current.number ? current.end : await this.#sizeOf(path);
      const holders = await this.#holders(path);
      damaged += Math.max(0, Math.min(copiesOfIndex, this.#drives.allIn.length) - holders.length);
      damaged += await withCopies(holders, path, (copies) => countDamagedCopies(copies, end));
    }
    return damaged;
  }

  async close(): Promise<void> {
    await this.#appending;
    await this.#sync();
    for (const { file } of this.#copies) await file.close();
    this.#copies = [];
  }

  async #holders(path: string): Promise<Drive[]> {
    const name = path.slice(this.#folder.length + 1);
    const names = await Promise.all(this.#drives.allIn.map((drive) => drive.list(this.#folder)));
    return this.#drives.allIn.filter((_, at) => names[at]?.includes(name));
  }

  /** The size of the largest copy of a file. */
  async #sizeOf(path: string): Promise<number> {
    return withCopies(await this.#holders(path), path, async (copies) =>
      Math.max(0, ...(await Promise.all(copies.map((file) => file.size())))),
    );
  }
}

async function openNew(drive: Drive, path: string): Promise<Copy> {
  const file = await drive.open(path, 'w+');
  await drive.syncDirectory(dirname(path));
  return { drive, id: drive.id, file };
}

const isLive = ({ drive, id }: Copy): boolean => drive.isIn && drive.id === id;

async function* framesOf(drives: readonly Drive[], path: string): AsyncGenerator<IndexFrame, void> {
  const copies = await openCopies(drives, path);
  try {
    yield* readIndexFrames(copies);
  } finally {
    for (const file of copies) await file.close();
  }
}

const sizeOf = (parts: readonly Buffer[]): number => parts.reduce((sum, part) => sum + part.length, 0);
