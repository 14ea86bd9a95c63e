import type { Place } from '../domain/placement.ts';
import type { NodeAddress } from '#engine/storage-node/address.ts';
import { nodeAway, notServed } from '#engine/storage-node/failure.ts';
import type { Disk, DiskFile, OpenFlags, Room } from './disk.ts';
import { latePauseMs } from './limits.ts';
import { systemCode } from './system.ts';

/** Where drive number n is, and in which failure domains; `at`, when a storage node holds it. */
export type DriveSpec = Place & { readonly path: string; readonly at?: NodePlace };

/** Where a node is reached, and the key that it shares with storage. */
export type NodePlace = { readonly address: NodeAddress; readonly key: Buffer };

/** `in`: in use. `out`: it failed or is away, and nothing is asked of it until it is replaced. */
export type DriveState = { readonly state: 'in' } | { readonly state: 'out'; readonly reason: string; readonly since: number };

/** The empty file by which an operator says that a directory is a new drive in the place of the one that is out. */
export const replacementMark = 'replace';

/** Why a drive is out that may come back. */
const away = 'it is gone';

/** Why one is that a node holds. */
const nodeReasons: ReadonlyMap<string, string> = new Map([
  [nodeAway, 'its node is away'],
  [notServed, 'its node does not serve it'],
]);

const mayComeBack = new Set([away, ...nodeReasons.values()]);

/** Errors of the system that speak of the drive and not of one file. */
const drivesOwn = new Set([
  'EIO',
  'ENODEV',
  'ENXIO',
  'EROFS',
  'EUCLEAN',
  'ESTALE',
  'ENOTCONN',
  'EMEDIUMTYPE',
  'ENOTDIR',
  'EACCES',
  'EPERM',
  'ETIMEDOUT',
]);

/**
 * One directory that stands for one drive, here or at a node. Every error of the system passes `judge`: one that is the drive's
 * own takes it out.
 */
export class Drive {
  readonly spec: DriveSpec;
  /** Random, written on it: tells this drive from another one that is mounted in its place. */
  id = '';
  /** Reads that nobody waits for any more, and until when it is remembered that there were some. */
  #late = 0;
  #lateUntil = 0;
  #state: DriveState = { state: 'in' };
  readonly #disk: Disk;
  readonly #onOut: (drive: Drive, reason: string) => void;
  readonly #now: () => number;

  constructor(spec: DriveSpec, disk: Disk, now: () => number, onOut: (drive: Drive, reason: string) => void) {
    this.spec = spec;
    this.#disk = disk;
    this.#now = now;
    this.#onOut = onOut;
  }

  get number(): number {
    return this.spec.number;
  }

  get state(): DriveState {
    return this.#state;
  }

  get isIn(): boolean {
    return this.#state.state === 'in';
  }

  /** Notes a read that took so long that others were asked. */
  noteLate(read: Promise<unknown>): void {
    this.#late += 1;
    const end = () => {
      this.#late -= 1;
      this.#lateUntil = performance.now() + latePauseMs;
    };
    read.then(end, end);
  }

  /** Whether others are to be asked first. */
  get isLate(): boolean {
    return this.#late > 0 || performance.now() < this.#lateUntil;
  }

  /** Takes the drive out of use. */
  takeOut(reason: string): void {
    if (!this.isIn) return;
    this.#state = { state: 'out', reason, since: this.#now() };
    this.#disk.forget();
    this.#onOut(this, reason);
  }

  /** Whether it was away, and is there again as it was. One that failed is not asked: it would fail again. */
  async isBack(): Promise<boolean> {
    if (this.#state.state !== 'out' || !mayComeBack.has(this.#state.reason)) return false;
    return (await this.readIdentity().catch(() => undefined)) === this.id;
  }

  /** Puts it into use, under the identity written on it. */
  putIn(id: string): void {
    this.id = id;
    this.#disk.forget();
    this.#state = { state: 'in' };
  }

  /** Where it is, for people. */
  get name(): string {
    return this.#disk.name;
  }

  /** The identity written on the drive, with `both` in both of its copies; undefined when it has none, an error when it cannot be read. */
  readIdentity(both = false): Promise<string | undefined> {
    return this.#disk.readIdentity(both);
  }

  async writeIdentity(id: string): Promise<void> {
    await this.#disk.writeIdentity(this.number, id);
  }

  /** What lies on it, whether it is in use or not; an error when it cannot be read. */
  contents(): Promise<string[]> {
    return this.#disk.list('');
  }

  /** The room of the file system that it lies on; undefined when it cannot be looked at. */
  room(): Promise<Room | undefined> {
    return this.#disk.room();
  }

  /** Whether the operator put another one in its place: the mark lies there, and nothing that was written here before. */
  async isReplaced(): Promise<boolean> {
    const names = await this.contents().catch((): string[] => []);
    return names.includes(replacementMark) && !names.some((name) => /^(?:shard|(?:extent|index)(?:-\d+)?)$/.test(name));
  }

  /** Looks whether the drive is still the one it was; takes it out when it is not. With `both`, mends the copy of its identity too. */
  async check(both = false): Promise<void> {
    if (!this.isIn) return;
    try {
      const found = await this.readIdentity(both);
      if (found !== this.id) this.takeOut(found === undefined ? away : 'another drive is in its place');
    } catch (error) {
      const code = systemCode(error);
      this.takeOut(nodeReasons.get(code ?? '') ?? `it cannot be read: ${code ?? String(error)}`);
    }
  }

  /** Passes an error on; one that is the drive's own takes it out. */
  judge(error: unknown): unknown {
    const code = systemCode(error);
    if (code === undefined) return error;
    const reason = nodeReasons.get(code) ?? (drivesOwn.has(code) ? code : undefined);
    if (reason !== undefined) this.takeOut(reason);
    return error;
  }

  async open(path: string, flags: OpenFlags): Promise<DriveFile> {
    return new DriveFile(this, await this.#judged(this.#disk.open(path, flags)));
  }

  /** Makes the names in a directory of the drive durable. */
  async syncDirectory(path: string): Promise<void> {
    await this.#judged(this.#disk.syncDirectory(path));
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#judged(this.#disk.rename(from, to));
  }

  /** Removes a file; one that is not there is no error, nor is a drive that is out. */
  async remove(path: string): Promise<void> {
    if (!this.isIn) return;
    await this.#disk.remove(path).catch((error: unknown) => void this.judge(error));
  }

  /** The names in a directory of the drive; none when it is not there. */
  async list(path: string): Promise<string[]> {
    try {
      return await this.#disk.list(path);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw this.judge(error);
    }
  }

  async #judged<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw this.judge(error);
    }
  }
}

/** An open file of a drive. */
export class DriveFile {
  readonly drive: Drive;
  readonly #file: DiskFile;

  constructor(drive: Drive, file: DiskFile) {
    this.drive = drive;
    this.#file = file;
  }

  /** Fills `into` from `position` on as far as the file goes; resolves with the number of bytes. */
  async read(into: Uint8Array, position: number): Promise<number> {
    try {
      return await this.#file.read(into, position);
    } catch (error) {
      throw this.drive.judge(error);
    }
  }

  /** Writes all parts from `position` on. */
  async write(parts: readonly Uint8Array[], position: number): Promise<void> {
    try {
      await this.#file.write(parts, position);
    } catch (error) {
      throw this.drive.judge(error);
    }
  }

  async datasync(): Promise<void> {
    try {
      await this.#file.datasync();
    } catch (error) {
      throw this.drive.judge(error);
    }
  }

  async truncate(size: number): Promise<void> {
    await this.#file.truncate(size);
  }

  size(): Promise<number> {
    return this.#file.size();
  }

  /** Closes the file; a second time is no error. */
  async close(): Promise<void> {
    await this.#file.close().catch((error: unknown) => void this.drive.judge(error));
  }
}
