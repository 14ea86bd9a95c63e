import { fault } from '#kernel/contract/fault.ts';
import { headBytes } from '../engine/limits.ts';
import type { Coder } from '../engine/stripe.ts';
import { Appender, type PackPlace } from './appender.ts';
import type { Catalog } from './catalog.ts';
import { shardPath } from './coded.ts';
import { type CodedPlace, CodedReader, type OnDamage } from './coded-reader.ts';
import { systemCode } from './system.ts';
import type { DriveSet } from './drive-set.ts';
import { type Extent, extentFolder, extentPath, packExtent, unpackExtent } from './extent.ts';
import { FileCache } from './file-cache.ts';
import { frameAt, geometryOf, stripeDataBytes, unitOf } from './frame.ts';
import { numberKey } from './key.ts';
import { filesOpenMax } from './limits.ts';
import { openRecord, recordBytes } from './record-frame.ts';

export type PackOptions = {
  readonly catalog: Catalog;
  readonly drives: DriveSet;
  readonly coder: Coder;
  readonly now: () => number;
  readonly onDamage: OnDamage;
  /** Called with extents that have work for upkeep: full, mostly dead, or with a damaged copy. */
  readonly onWork: (extent: Extent, damaged?: boolean) => void;
  readonly extentBytes?: number;
  /** Of the index. */
  readonly partition: number;
};

/** Small objects, packed in extents. */
export class PackStore {
  readonly extents = new Map<number, Extent>();
  readonly files = new FileCache(filesOpenMax);
  readonly appender: Appender;
  readonly #of: PackOptions;
  /** Offsets of records that are on disk and of which no commit has said yet that it takes them, by extent. */
  readonly #flying = new Map<number, Set<number>>();

  private constructor(options: PackOptions) {
    this.#of = options;
    const { catalog, drives, coder, now, onWork, extentBytes, partition } = options;
    this.appender = new Appender({
      catalog,
      drives,
      kernel: coder.kernel,
      now,
      extents: this.extents,
      onFull: onWork,
      partition,
      ...(extentBytes === undefined ? {} : { extentBytes }),
    });
  }

  /** Reads the list of extents, goes on with the one that was open, and removes files of extents that are no more. */
  static async open(options: PackOptions): Promise<PackStore> {
    const store = new PackStore(options);
    const { catalog, drives, onWork } = options;
    const folder = extentFolder(options.partition);
    for (const { value } of catalog.table.extent.getRange()) {
      const extent = unpackExtent(value);
      store.extents.set(extent.id, extent);
    }
    const known = new Map(
      [...store.extents.values()].filter(({ state }) => state !== 'sealed').map((extent) => [extentPath(extent.id), extent]),
    );
    for (const drive of drives.allIn) {
      for (const name of await drive.list(folder)) {
        if (!known.get(`${folder}/${name}`)?.drives.includes(drive.number)) await drive.remove(`${folder}/${name}`);
      }
    }
    for (const extent of store.extents.values()) {
      if (extent.state === 'open') await store.appender.resume(extent);
      else if (extent.state === 'full') onWork(extent);
    }
    return store;
  }

  /** The bytes of a packed object; undefined when its extent is no more, because it was moved meanwhile. */
  async read(id: string, place: PackPlace, size: number): Promise<Buffer | undefined> {
    const extent = this.extents.get(place.extent);
    if (!extent) return undefined;
    const key = Buffer.from(id, 'hex');
    return extent.coded ? this.#readCoded(extent, extent.coded, key, place, size) : this.#readCopies(extent, key, place, size);
  }

  async #readCopies(extent: Extent, id: Buffer, place: PackPlace, size: number): Promise<Buffer | undefined> {
    const { drives, coder, onWork } = this.#of;
    const path = extentPath(extent.id);
    let away = 0;
    for (let turn = 0; turn < extent.drives.length; turn++) {
      const drive = drives.inUse(extent.drives[(place.offset / 64 + turn) % extent.drives.length]!);
      if (!drive) {
        away++;
        continue;
      }
      try {
        const bytes = Buffer.allocUnsafeSlow(recordBytes(size));
        const got = await this.files.use(drive, path, (file) => file.read(bytes, place.offset));
        const found = openRecord(coder.kernel, bytes.subarray(0, got), id, { ...place, secret: extent.secret });
        if (found) {
          if (turn > away) onWork(extent, true);
          return found;
        }
      } catch (error) {
        if (systemCode(error) === undefined) throw error;
        // Sealed or moved while it was being read: the next look finds it there.
        if (extent.coded || !this.extents.has(extent.id)) return this.read(id.toString('hex'), place, size);
        if (systemCode(error) === 'ENOENT') await drive.check();
        away++;
      }
    }
    if (away > 0) throw fault('TooFewShards', 'No copy of the object is whole.');
    throw fault('ObjectDamaged', 'No copy of the object agrees with its checksum.');
  }

  async #readCoded(extent: Extent, coded: NonNullable<Extent['coded']>, id: Buffer, place: PackPlace, size: number): Promise<Buffer> {
    const { coder, drives, onDamage } = this.#of;
    const length = recordBytes(size);
    const at = { ...place, secret: extent.secret };
    const whole: CodedPlace = { id: coded.id, size: extent.size, spread: coded.spread };
    const quick = await this.#readUnchecked(whole, place.offset, length);
    const found = quick && openRecord(coder.kernel, quick, id, at);
    if (found) return found;
    const reader = new CodedReader(whole, coder, drives, onDamage);
    try {
      const bytes = await readSpan(reader, place.offset, place.offset + length);
      const mended = openRecord(coder.kernel, bytes, id, at);
      if (!mended) throw fault('ObjectDamaged', 'The record of the object does not agree with its checksum.');
      return mended;
    } finally {
      await reader.close();
    }
  }

  /** The bytes straight out of the shards: the record's own checksum tells whether they are right. */
  async #readUnchecked(place: CodedPlace, offset: number, length: number): Promise<Buffer | undefined> {
    const geometry = geometryOf(place.size);
    const out = Buffer.allocUnsafeSlow(length);
    for (let done = 0; done < length; ) {
      const at = offset + done;
      const stripe = Math.floor(at / stripeDataBytes);
      const unit = unitOf(geometry, stripe);
      const within = at - stripe * stripeDataBytes;
      const shard = Math.floor(within / unit);
      const from = within - shard * unit;
      const part = out.subarray(done, done + Math.min(unit - from, length - done));
      const drive = this.#of.drives.inUse(place.spread[shard]!);
      if (!drive) return undefined;
      try {
        const got = await this.files.use(drive, shardPath(place.id, shard), (file) => file.read(part, frameAt(stripe) + headBytes + from));
        if (got < part.length) return undefined;
      } catch (error) {
        if (systemCode(error) === undefined) throw error;
        return undefined;
      }
      done += part.length;
    }
    return out;
  }

  /**
   * Packs bytes; resolves with their place when they are on disk, or `relaxed` with the system. Whoever asked says what becomes of
   * them: `landed` or `forget`.
   */
  async append(id: Buffer, pieces: readonly Uint8Array[], size: number, relaxed = false): Promise<PackPlace> {
    const place = await this.appender.append(id, pieces, size, relaxed);
    const flying = this.#flying.get(place.extent) ?? new Set();
    this.#flying.set(place.extent, flying.add(place.offset));
    return relaxed ? { ...place, relaxed } : place;
  }

  /** Within a change: the index points at the record from now on. */
  landed({ extent: id, offset }: PackPlace): void {
    const flying = this.#flying.get(id);
    if (!flying?.delete(offset) || flying.size > 0) return;
    this.#flying.delete(id);
    const extent = this.extents.get(id);
    if (extent) this.#of.onWork(extent);
  }

  /** Whether the extent holds records that the index may point at soon: what is alive in it is not known yet. */
  isAwaited({ id }: Extent): boolean {
    return this.#flying.has(id);
  }

  /** Notes that a record is dead. Within a change, so that the count is written with it. */
  release(place: PackPlace, size: number): void {
    const extent = this.extents.get(place.extent);
    if (!extent) return;
    extent.dead += recordBytes(size);
    this.#of.catalog.table.extent.put(numberKey(BigInt(extent.id)), packExtent(extent));
    this.#of.onWork(extent);
  }

  /** Notes that a record that was never in the index is dead. */
  forget(place: PackPlace, size: number): void {
    const extent = this.extents.get(place.extent);
    if (extent) extent.dead += recordBytes(size);
    this.landed(place);
  }

  async close(): Promise<void> {
    await this.appender.close();
    await this.files.close();
  }
}

/** Bytes that may lie in more than one stripe. */
async function readSpan(reader: CodedReader, first: number, end: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let at = first; at < end; ) {
    const next = Math.min(end, (Math.floor(at / stripeDataBytes) + 1) * stripeDataBytes);
    pieces.push(await reader.read(at, next));
    at = next;
  }
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}
