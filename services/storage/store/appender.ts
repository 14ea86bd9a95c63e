import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { fault } from '#kernel/contract/fault.ts';
import type { Kernel } from '../engine/kernel.ts';
import type { Catalog } from './catalog.ts';
import type { DriveFile } from './drive.ts';
import { systemCode } from './system.ts';
import type { DriveSet } from './drive-set.ts';
import { type Extent, extentPath, extentsBefore, packExtent } from './extent.ts';
import { numberKey } from './key.ts';
import { appendBytes, appendTriesMax, appendWaitingBytes, copiesMin, copiesOfExtent, extentBytes, recordHeadBytes } from './limits.ts';
import { atStep } from './step.ts';
import { recordBytes, recordHead } from './record-frame.ts';

/** `relaxed`: it was acknowledged before it was on disk, so a machine that stopped may have taken it along. */
export type PackPlace = { readonly extent: number; readonly offset: number; readonly relaxed?: boolean };

type Waiting = {
  readonly id: Buffer;
  readonly pieces: readonly Uint8Array[];
  readonly size: number;
  readonly relaxed: boolean;
  readonly resolve: (place: PackPlace) => void;
  readonly reject: (error: unknown) => void;
};

/** `unsynced`: records were acknowledged that are not on disk yet. */
type Open = { readonly extent: Extent; readonly files: readonly DriveFile[]; unsynced: boolean };
type Asking = { readonly resolve: () => void; readonly reject: (error: unknown) => void };

const padding = Buffer.alloc(recordHeadBytes);

export type AppenderOptions = {
  readonly catalog: Catalog;
  readonly drives: DriveSet;
  readonly kernel: Kernel;
  readonly now: () => number;
  readonly extents: Map<number, Extent>;
  /** Called when an extent is full. */
  readonly onFull: (extent: Extent) => void;
  readonly partition: number;
  readonly extentBytes?: number;
};

/** Appends objects to the open extent. What comes while a sync runs is made durable by the next one, together. */
export class Appender {
  readonly #of: AppenderOptions;
  readonly #most: number;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** Those who wait for a sync. */
  #asking: Asking[] = [];
  #hadRelaxed = false;
  /** The last sync of an extent that was declared full. */
  #closing: Promise<void> = Promise.resolve();
  #open: Open | undefined;
  #running: Promise<void> | undefined;
  /** When the first object came into the open extent. */
  #begunAt: number | undefined;

  constructor(options: AppenderOptions) {
    this.#of = options;
    this.#most = options.extentBytes ?? extentBytes;
  }

  /** Goes on with an extent that was open when the store was closed, from behind whatever its files hold. */
  async resume(extent: Extent): Promise<void> {
    try {
      const files = await Promise.all(extent.drives.map((number) => this.#drive(number).open(extentPath(extent.id), 'r+')));
      const sizes = await Promise.all(files.map((file) => file.size()));
      extent.size = Math.ceil(Math.max(...sizes) / recordHeadBytes) * recordHeadBytes;
      this.#open = { extent, files, unsynced: false };
      if (extent.size > 0) this.#begunAt = this.#of.now();
    } catch (error) {
      if (systemCode(error) === undefined && (error as { code?: string }).code !== 'Unavailable') throw error;
      extent.size = this.#most;
      await this.#close(extent);
    }
  }

  /** Resolves with the place of the bytes when all copies are on disk; when they are `relaxed`, when they are with the system. */
  append(id: Buffer, pieces: readonly Uint8Array[], size: number, relaxed = false): Promise<PackPlace> {
    if (this.#waitingBytes > appendWaitingBytes) return Promise.reject(fault('Unavailable', 'Too many objects wait for their sync.'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ id, pieces, size, relaxed, resolve, reject });
      this.#waitingBytes += recordBytes(size);
      this.#hadRelaxed ||= relaxed;
      this.#start();
    });
  }

  /** Brings to disk what was acknowledged before. */
  async sync(): Promise<void> {
    if (!this.#hadRelaxed) return;
    if (this.#open?.unsynced || this.#running) await this.#ask();
    await this.#closing;
  }

  #ask(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#asking.push({ resolve, reject });
      this.#start();
    });
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Declares the open extent full, so that it is sealed; the next object begins another. */
  async rotate(): Promise<void> {
    await this.#running;
    const open = this.#open;
    if (!open || open.extent.size === 0) return;
    await this.#finish(open);
  }

  /** Declares the open extent full when its first object is older than this. */
  async rotateOlder(ageMs: number, now: number): Promise<void> {
    if (this.#open && this.#begunAt !== undefined && now - this.#begunAt >= ageMs) await this.rotate();
  }

  /** The extent that is written now. */
  get current(): Extent | undefined {
    return this.#open?.extent;
  }

  async close(): Promise<void> {
    await this.#running;
    await this.#closing;
    if (this.#open) await syncAll(this.#open);
    for (const file of this.#open?.files ?? []) await file.close();
    this.#open = undefined;
  }

  async #run(): Promise<void> {
    // What else this turn of the event loop brings joins the first sync.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0 || this.#asking.length > 0) {
      if (this.#asking.length > 0) await this.#answer();
      if (this.#waiting.length === 0) continue;
      const group = this.#take();
      try {
        const places = await this.#write(group);
        group.forEach(({ resolve }, at) => resolve(places[at]!));
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
  }

  async #answer(): Promise<void> {
    const asking = this.#asking.splice(0);
    try {
      if (this.#open) await syncAll(this.#open);
      for (const { resolve } of asking) resolve();
    } catch (error) {
      for (const { reject } of asking) reject(error);
    }
  }

  #take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { size } of this.#waiting) {
      bytes += recordBytes(size);
      if (count > 0 && bytes > Math.min(appendBytes, this.#most)) break;
      count++;
    }
    const group = this.#waiting.splice(0, count);
    this.#waitingBytes -= group.reduce((sum, { size }) => sum + recordBytes(size), 0);
    return group;
  }

  /** Writes a group to the open extent, and to another one when a drive of it fails meanwhile. */
  async #write(group: readonly Waiting[]): Promise<PackPlace[]> {
    const bytes = group.reduce((sum, { size }) => sum + recordBytes(size), 0);
    const isRelaxed = group.every(({ relaxed }) => relaxed);
    for (let tries = 0; tries < appendTriesMax; tries++) {
      if (this.#open && mustEnd(this.#open, bytes, this.#most)) await this.#finish(this.#open);
      const open = (this.#open ??= await this.#begin());
      const { parts, places } = this.#lay(group, open.extent);
      const done = await Promise.allSettled(open.files.map((file) => writeThrough(file, parts, open.extent.size, !isRelaxed)));
      const errors = done.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
      if (errors.length === 0) {
        open.extent.size += bytes;
        open.unsynced = isRelaxed;
        this.#begunAt ??= this.#of.now();
        if (!isRelaxed) atStep('packed-synced');
        return places;
      }
      const other = errors.find((error) => systemCode(error) === undefined || ['ENOSPC', 'EDQUOT'].includes(systemCode(error)!));
      if (other) {
        // On a full disk what did arrive must not keep the room that deletions need.
        await Promise.allSettled(open.files.map((file) => file.truncate(open.extent.size)));
        throw other;
      }
      await this.#finish(open);
    }
    throw fault('Unavailable', 'The drives fail one after the other.');
  }

  #lay(group: readonly Waiting[], { id: extent, secret, size: from }: Extent): { parts: Uint8Array[]; places: PackPlace[] } {
    const parts: Uint8Array[] = [];
    const places: PackPlace[] = [];
    let offset = from;
    for (const { id, pieces, size } of group) {
      parts.push(recordHead(this.#of.kernel, id, pieces, size, { extent, offset, secret }), ...pieces);
      const pad = recordBytes(size) - recordHeadBytes - size;
      if (pad > 0) parts.push(padding.subarray(0, pad));
      places.push({ extent, offset });
      offset += recordBytes(size);
    }
    return { parts, places };
  }

  /** Makes a new extent: known to the index first, so that no file is ever left that nobody knows. */
  async #begin(): Promise<Open> {
    const { catalog, drives, extents } = this.#of;
    let id = extentsBefore(this.#of.partition) + 1;
    for (const known of extents.keys()) id = Math.max(id, known + 1);
    const chosen = drives.choose(numberKey(BigInt(id)), copiesOfExtent);
    if (chosen.length < copiesMin) throw fault('Unavailable', `Fewer than ${copiesMin} drives are in use.`);
    const extent: Extent = {
      id,
      secret: randomBytes(4).readUInt32LE(),
      drives: chosen.map(({ number }) => number),
      state: 'open',
      size: 0,
      dead: 0,
    };
    extents.set(id, extent);
    const files: DriveFile[] = [];
    try {
      await catalog.commit(() => void catalog.table.extent.put(numberKey(BigInt(id)), packExtent(extent)));
      atStep('extent-begun');
      for (const drive of chosen) {
        files.push(await drive.open(extentPath(id), 'w+'));
        await drive.syncDirectory(dirname(extentPath(id)));
      }
      return { extent, files, unsynced: false };
    } catch (error) {
      for (const file of files) await file.close();
      // It holds nothing; upkeep drops it.
      extent.state = 'full';
      this.#of.onFull(extent);
      throw error;
    }
  }

  async #finish(open: Open): Promise<void> {
    const { extent, files } = open;
    if (this.#open?.extent === extent) this.#open = undefined;
    this.#begunAt = undefined;
    // A copy that fails now is away, and what the others hold is sealed without it.
    this.#closing = syncAll(open).catch(() => {});
    await this.#closing;
    for (const file of files) await file.close();
    await this.#close(extent);
  }

  async #close(extent: Extent): Promise<void> {
    const { catalog, onFull } = this.#of;
    extent.state = 'full';
    await catalog.commit(() => void catalog.table.extent.put(numberKey(BigInt(extent.id)), packExtent(extent)));
    onFull(extent);
  }

  #drive(number: number) {
    const drive = this.#of.drives.inUse(number);
    if (!drive) throw fault('Unavailable', `Drive ${number} is out.`);
    return drive;
  }
}

function mustEnd({ extent, files }: Open, bytes: number, most: number): boolean {
  return (extent.size > 0 && extent.size + bytes > most) || files.some(({ drive }) => !drive.isIn);
}

async function writeThrough(file: DriveFile, parts: readonly Uint8Array[], position: number, synced: boolean): Promise<void> {
  await file.write(parts, position);
  atStep('packed-written');
  if (synced) await file.datasync();
}

/** Brings what was acknowledged to disk, on every copy that does not fail; an error when fewer are left than must hold it. */
async function syncAll(open: Open): Promise<void> {
  if (!open.unsynced) return;
  const done = await Promise.allSettled(open.files.map((file) => file.datasync()));
  const failed = done.filter((one) => one.status === 'rejected');
  if (done.length - failed.length < copiesMin) throw failed[0]!.reason;
  open.unsynced = false;
}
