import type { Disk, DiskFile } from '#kernel/journal/disk.ts';
import { SimulatedFile } from './file.ts';
import type { Random } from './random.ts';
import type { Life, Scheduler } from './scheduler.ts';

/** A change of names that the disk has not been asked to keep. */
type NameChange = { readonly remove?: string; readonly add?: string; readonly file?: SimulatedFile };

/** Ways for a disk to lie, by which a test shows that the simulator would find it out. */
export type Lie = 'datasync' | 'syncDirectory';

const nameCost = 256;

/** A disk in memory that keeps only what was synced, fills up, and fails, as the seed decides. */
export class SimulatedDisk {
  /** Bytes there are; more than used means free. */
  capacity = Number.POSITIVE_INFINITY;
  /** The next so many data syncs fail. */
  failingSyncs = 0;
  failedSyncs = 0;
  /** When a write last found no space though the reserve had given all back. */
  exhaustedAtStep = Number.NEGATIVE_INFINITY;
  /** Breaches of what a process may do with a disk, such as a second sync after one that failed. */
  readonly breaches: string[] = [];
  readonly #random: Random;
  readonly #scheduler: Scheduler;
  readonly #lie: Lie | undefined;
  readonly #failed = new WeakSet<Life>();
  #names = new Map<string, SimulatedFile>();
  #durableNames = new Map<string, SimulatedFile>();
  #pendingNames: NameChange[] = [];

  constructor(random: Random, scheduler: Scheduler, lie: Lie | undefined) {
    this.#random = random;
    this.#scheduler = scheduler;
    this.#lie = lie;
  }

  get used(): number {
    let used = nameCost * this.#names.size;
    for (const file of this.#names.values()) used += file.current.length;
    return used;
  }

  /** True where a sync of this life has failed. */
  hasFailed(life: Life): boolean {
    return this.#failed.has(life);
  }

  /** The power goes. All lives on this disk are to be ended before. */
  crash(): void {
    for (const change of this.#random.survivors(this.#pendingNames)) rename(this.#durableNames, change);
    this.#pendingNames = [];
    this.#names = new Map(this.#durableNames);
    for (const file of new Set(this.#names.values())) file.crash(this.#random);
  }

  /** The disk as one life sees it: every call takes time, and may be cut short by the end of the life. */
  for(life: Life): Disk {
    const perform = <T>(work: () => T, abandon?: () => void) => this.#scheduler.perform(life, work, abandon);
    const either = (work: () => void) => perform(work, () => this.#random.chance(0.5) && work());
    return {
      makeDirectory: () => perform(() => undefined),
      list: (path) => perform(() => this.#list(path)),
      open: (path, mode) => perform(() => this.#open(life, path, mode)),
      rename: (from, to) => either(() => this.#rename({ remove: from, add: to, file: this.#find(from) })),
      unlink: (path) => either(() => this.#rename({ remove: path, file: this.#find(path) })),
      syncDirectory: () => either(() => this.#syncNames()),
      free: () => perform(() => Math.max(0, this.capacity - this.used)),
      watch: () => ({
        changed: (withinMs) => new Promise((resolve) => this.#scheduler.clock(life).after(this.#random.below(withinMs), resolve)),
        close: () => undefined,
      }),
    };
  }

  #list(path: string): string[] {
    const prefix = `${path}/`;
    return [...this.#names.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  }

  #find(path: string): SimulatedFile {
    const file = this.#names.get(path);
    if (file === undefined) throw systemError('ENOENT', path);
    return file;
  }

  #open(life: Life, path: string, mode: 'read' | 'write' | 'create'): DiskFile {
    if (mode !== 'create') return this.#handle(life, this.#find(path));
    const known = this.#names.get(path);
    if (known) {
      known.truncate(0);
      return this.#handle(life, known);
    }
    if (this.used + nameCost > this.capacity) throw this.#noSpace(path);
    const file = new SimulatedFile();
    this.#rename({ add: path, file });
    return this.#handle(life, file);
  }

  #handle(life: Life, file: SimulatedFile): DiskFile {
    const perform = <T>(work: () => T, abandon?: () => void) => this.#scheduler.perform(life, work, abandon);
    return {
      size: () => perform(() => file.current.length),
      read: (into, offset) => perform(() => file.current.copy(into, 0, Math.min(offset, file.current.length))),
      write: (parts, offset) => {
        const bytes = Buffer.concat(parts);
        const part = () => this.#write(life, file, bytes.subarray(0, this.#random.below(bytes.length + 1)), offset);
        return perform(() => this.#write(life, file, bytes, offset), part);
      },
      truncate: (size) =>
        perform(
          () => file.truncate(size),
          () => this.#random.chance(0.5) && file.truncate(size),
        ),
      datasync: () =>
        perform(
          () => this.#sync(life, file),
          () => this.#random.chance(0.5) && this.#sync(life, file),
        ),
      close: () => perform(() => undefined),
    };
  }

  /** A full disk takes a part of a write before it says so. */
  #write(life: Life, file: SimulatedFile, bytes: Buffer, offset: number): void {
    if (this.#failed.has(life)) this.breaches.push('a write after a sync that failed');
    const grows = Math.max(0, offset + bytes.length - file.current.length);
    const lacks = grows - Math.max(0, this.capacity - this.used);
    if (grows === 0 || lacks <= 0) return file.write(bytes, offset);
    file.write(bytes.subarray(0, this.#random.below(Math.max(0, bytes.length - lacks) + 1)), offset);
    throw this.#noSpace('write');
  }

  #noSpace(what: string): Error {
    const reserved = [...this.#names].some(([name, file]) => name.endsWith('/reserve') && file.current.length > 0);
    if (!reserved) this.exhaustedAtStep = this.#scheduler.steps;
    return systemError('ENOSPC', what);
  }

  #sync(life: Life, file: SimulatedFile): void {
    if (this.#failed.has(life)) this.breaches.push('a sync after a sync that failed');
    if (this.#lie === 'datasync') return;
    if (this.failingSyncs === 0) return file.sync();
    this.failingSyncs--;
    this.failedSyncs++;
    this.#failed.add(life);
    file.failSync(this.#random);
    throw systemError('EIO', 'fdatasync');
  }

  #rename(change: NameChange): void {
    rename(this.#names, change);
    this.#pendingNames.push(change);
  }

  #syncNames(): void {
    if (this.#lie === 'syncDirectory') return;
    for (const change of this.#pendingNames) rename(this.#durableNames, change);
    this.#pendingNames = [];
  }
}

function rename(names: Map<string, SimulatedFile>, { remove, add, file }: NameChange): void {
  if (remove !== undefined && names.get(remove) === file) names.delete(remove);
  if (add !== undefined && file !== undefined) names.set(add, file);
}

function systemError(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}
