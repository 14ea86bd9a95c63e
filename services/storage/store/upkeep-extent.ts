import { fault } from '#kernel/contract/fault.ts';
import { CodedWriter, writeCoded } from './coded.ts';
import type { CodedReader } from './coded-reader.ts';
import { type BlobStore, idKey } from './blob.ts';
import { systemCode } from './system.ts';
import { type Extent, extentPath, packExtent } from './extent.ts';
import { stripeDataBytes } from './frame.ts';
import { newIdentity } from './identity.ts';
import { numberKey } from './key.ts';
import { deadShareMax, moveBatchMax, readPieceBytes, recordHeadBytes } from './limits.ts';
import { type BlobRecord, unpack } from './record.ts';
import { atStep } from './step.ts';
import { walkTable } from './walk.ts';
import { eachRecord, type FoundRecord, recordBytes } from './record-frame.ts';

const keyOf = (extent: Extent) => numberKey(BigInt(extent.id));

/** What an extent is due for. */
export function dueOf(extent: Extent): 'drop' | 'move' | 'seal' | undefined {
  if (extent.state === 'open') return undefined;
  if (extent.dead >= extent.size) return 'drop';
  if (extent.dead > extent.size * deadShareMax) return 'move';
  return extent.state === 'full' ? 'seal' : undefined;
}

/** Seals a full extent: its bytes go into 12+4, and then the copies are removed. */
export async function sealExtent(blobs: BlobStore, extent: Extent): Promise<void> {
  const { catalog, coder, drives, packs } = blobs;
  const { image } = await readImage(blobs, extent);
  const writer = new CodedWriter(newIdentity().toString('hex'), coder, drives);
  const spread = await catalog
    .commit(() => void catalog.table.garbage.put(idKey(writer.id), Buffer.from(writer.intended)))
    .then(() => writeCoded(writer, image))
    .catch((error: unknown) => {
      blobs.free([writer.id]);
      throw error;
    });
  atStep('seal-written');
  extent.size = image.length;
  // Together with its row: an object deleted in the same commit writes the row again, from what is known of the extent here.
  const sealed = catalog.commit(() => {
    extent.state = 'sealed';
    extent.coded = { id: writer.id, spread };
    catalog.table.extent.put(keyOf(extent), packExtent(extent));
    catalog.table.garbage.remove(idKey(writer.id));
  });
  await sealed.catch((error: unknown) => {
    extent.state = 'full';
    delete extent.coded;
    blobs.free([writer.id]);
    throw error;
  });
  atStep('seal-committed');
  await removeCopies(blobs, extent);
  packs.files.forget(extentPath(extent.id));
}

/** Moves what is alive in an extent to the open one, and drops it. */
export async function moveExtent(blobs: BlobStore, extent: Extent): Promise<void> {
  const { catalog, packs } = blobs;
  // What commits under way take of it is seen from here on.
  await catalog.commit(() => undefined);
  const { image, records } = await readImage(blobs, extent);
  for (let at = 0; at < records.length; at += moveBatchMax) {
    await Promise.all(records.slice(at, at + moveBatchMax).map((record) => moveRecord(blobs, extent, image, record)));
  }
  await dropExtent(blobs, extent);
  // Nobody may look for an extent that is no more with bytes that were not found: the index names the new places already.
  await catalog.commit(() => undefined);
  packs.files.forget(extentPath(extent.id));
}

async function moveRecord(blobs: BlobStore, extent: Extent, image: Buffer, { id, offset, size }: FoundRecord): Promise<void> {
  const name = id.toString('hex');
  const from = { extent: extent.id, offset };
  if (!isThere(blobs, name, from)) return;
  const bytes = image.subarray(offset + recordHeadBytes, offset + recordHeadBytes + size);
  const to = await blobs.packs.append(id, [bytes], size);
  atStep('move-appended');
  const moved = await blobs.catalog.commit(() => blobs.move(name, from, to));
  atStep('move-committed');
  if (!moved) blobs.packs.forget(to, size);
}

function isThere(blobs: BlobStore, name: string, from: { extent: number; offset: number }): boolean {
  try {
    const record = blobs.record(name);
    return 'extent' in record && record.extent === from.extent && record.offset === from.offset;
  } catch {
    return false;
  }
}

/** Forgets an extent in which nothing is alive, and removes its bytes. */
export async function dropExtent(blobs: BlobStore, extent: Extent): Promise<void> {
  const { catalog, packs } = blobs;
  const { coded } = extent;
  await catalog.commit(() => {
    catalog.table.extent.remove(keyOf(extent));
    if (coded) catalog.table.garbage.put(idKey(coded.id), Buffer.from(coded.spread));
  });
  atStep('extent-dropped');
  packs.extents.delete(extent.id);
  if (coded) blobs.free([coded.id]);
  else await removeCopies(blobs, extent);
  packs.files.forget(extentPath(extent.id));
}

async function removeCopies({ drives }: BlobStore, extent: Extent): Promise<void> {
  await Promise.all(extent.drives.map((number) => drives.inUse(number)?.remove(extentPath(extent.id))));
}

/** `isAll`: no copy is away. */
type Image = { readonly image: Buffer; readonly records: readonly FoundRecord[]; readonly isAll?: boolean };

/**
 * The bytes of an extent with every record that is whole in at least one copy. A record that the index knows and no copy
 * holds is an error: what may be left of it on a drive that is away must not be given up. Only what was relaxed, and is in none
 * of all copies, went with a machine that stopped.
 */
async function readImage(blobs: BlobStore, extent: Extent): Promise<Image> {
  const found = extent.coded ? await readSealed(blobs, extent, extent.coded) : await joinCopies(blobs, extent);
  const covered = found.records.reduce((sum, { size }) => sum + recordBytes(size), 0);
  if (covered < extent.size) await assertNoneMissing(blobs, extent, found);
  return found;
}

async function assertNoneMissing({ catalog }: BlobStore, extent: Extent, { records, isAll }: Image): Promise<void> {
  const have = new Set(records.map(({ offset }) => offset));
  for await (const rows of walkTable(catalog.table.blob)) {
    for (const { value } of rows) {
      const record = unpack<BlobRecord>(value);
      if ('extent' in record && record.extent === extent.id && !have.has(record.offset) && !(isAll && record.relaxed))
        throw fault('TooFewShards', `Extent ${extent.id} holds an object at ${record.offset} of which no copy is whole.`);
    }
  }
}

async function joinCopies(blobs: BlobStore, extent: Extent): Promise<Image> {
  const image = Buffer.alloc(extent.size);
  const records = new Map<number, FoundRecord>();
  let covered = 0;
  let copies = 0;
  for (const number of extent.drives) {
    const copy = await readCopy(blobs, extent, number);
    if (!copy) continue;
    copies++;
    await eachRecord(blobs.coder.kernel, copy, { extent: extent.id, secret: extent.secret }, (record) => {
      const { offset, size } = record;
      if (records.has(offset)) return;
      records.set(offset, record);
      covered += recordBytes(size);
      copy.copy(image, offset, offset, offset + recordBytes(size));
    });
    // Without a gap there is nothing that another copy could add.
    if (covered >= extent.size) break;
  }
  return { image, records: [...records.values()], isAll: copies === extent.drives.length };
}

async function readCopy({ drives, packs }: BlobStore, extent: Extent, number: number): Promise<Buffer | undefined> {
  const drive = drives.inUse(number);
  if (!drive) return undefined;
  const copy = Buffer.alloc(extent.size);
  try {
    await packs.files.use(drive, extentPath(extent.id), async (file) => {
      for (let at = 0; at < copy.length; at += readPieceBytes) await file.read(copy.subarray(at, at + readPieceBytes), at);
    });
    return copy;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

async function readSealed(blobs: BlobStore, extent: Extent, { id, spread }: NonNullable<Extent['coded']>): Promise<Image> {
  const reader: CodedReader = blobs.reader(id, extent.size, spread);
  try {
    const image = Buffer.alloc(extent.size);
    for (let at = 0; at < image.length; at += stripeDataBytes)
      image.set(await reader.read(at, Math.min(at + stripeDataBytes, image.length)), at);
    const records: FoundRecord[] = [];
    await eachRecord(blobs.coder.kernel, image, { extent: extent.id, secret: extent.secret }, (record) => void records.push(record));
    return { image, records, isAll: true };
  } finally {
    await reader.close();
  }
}
