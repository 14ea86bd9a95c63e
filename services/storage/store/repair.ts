import { shards } from '../engine/stripe.ts';
import { crowding, place, rank } from '../domain/placement.ts';
import { type BlobStore, idKey } from './blob.ts';
import { nowhere, shardPath, type Spread } from './coded.ts';
import { CodedReader } from './coded-reader.ts';
import type { Drive, DriveFile } from './drive.ts';
import type { Extent } from './extent.ts';
import { packExtent } from './extent.ts';
import { frameAt, sealFrame } from './frame.ts';
import { numberKey } from './key.ts';
import { type BlobRecord, pack, unpack } from './record.ts';
import { atStep } from './step.ts';
import { walkTable } from './walk.ts';

/** Who a run of shards belongs to: a blob, or a sealed extent. */
type Owner = { readonly size: number; readonly spread: Spread; readonly extent?: Extent };

function ownerOf({ catalog, packs }: BlobStore, id: string): Owner | undefined {
  const found = catalog.table.blob.get(idKey(id));
  const record = found && unpack<BlobRecord>(found);
  if (record && 'spread' in record) return { size: record.size, spread: Uint8Array.from(record.spread) };
  for (const extent of packs.extents.values())
    if (extent.coded?.id === id) return { size: extent.size, spread: Uint8Array.from(extent.coded.spread), extent };
  return undefined;
}

const busy = new Map<string, Promise<unknown>>();

/** One repair of a run at a time: who comes later waits, and looks again at what is left to do. */
async function alone<T>(id: string, work: () => Promise<T>): Promise<T> {
  while (busy.has(id)) await busy.get(id);
  const running = work();
  const settled = running.catch(() => undefined).finally(() => busy.delete(id));
  busy.set(id, settled);
  return running;
}

/** Makes those of the named shards again that are not whole. Resolves as `makeShards` does. */
export function repairCoded(blobs: BlobStore, id: string, suspected: readonly number[]): Promise<number | undefined> {
  return alone(id, async () => {
    const owner = ownerOf(blobs, id);
    // Deleted meanwhile.
    if (!owner) return 0;
    const reader = blobs.reader(id, owner.size, owner.spread);
    try {
      const whole = await reader.verify(suspected);
      const wanted = suspected.filter((shard) => !whole[shard]);
      return wanted.length === 0 ? 0 : await makeShards(blobs, id, owner, wanted);
    } finally {
      await reader.close();
    }
  });
}

/**
 * Makes shards of a run again from the others, each on its own drive or, when that is out, on one that has none of them.
 * Resolves with the bytes written; undefined when a shard has no drive to go to yet.
 */
async function makeShards(blobs: BlobStore, id: string, owner: Owner, wanted: readonly number[]): Promise<number | undefined> {
  const targets = chooseTargets(blobs, id, owner.spread, wanted);
  if (targets.size === 0) return undefined;
  const bytes = await writeShards(blobs, id, owner, targets);
  atStep('repair-written');
  await adoptSpread(blobs, id, targets);
  return targets.size < wanted.length ? undefined : bytes;
}

function chooseTargets({ drives }: BlobStore, id: string, spread: Spread, wanted: readonly number[]): Map<number, Drive> {
  const targets = new Map<number, Drive>();
  const held = [...new Set(spread)].flatMap((number) => drives.inUse(number)?.spec ?? []);
  const spare = place(
    Buffer.from(id, 'hex'),
    drives.allIn.map(({ spec }) => spec),
    shards,
    held,
  );
  for (const shard of wanted) {
    const drive = drives.inUse(spread[shard]!) ?? drives.inUse(spare.shift()?.number ?? nowhere);
    if (drive) targets.set(shard, drive);
  }
  return targets;
}

async function writeShards(blobs: BlobStore, id: string, owner: Owner, targets: ReadonlyMap<number, Drive>): Promise<number> {
  const wanted = [...targets.keys()];
  const run = { id, size: owner.size, spread: owner.spread };
  // Of the shards that are being made again it is known that they are missing.
  const reader = new CodedReader(run, blobs.coder, blobs.drives, (of, missing, lost) => {
    const more = missing.filter((shard) => !targets.has(shard));
    if (lost || more.length > 0) blobs.concern.damage(of, more, lost);
  });
  const files = new Map<number, DriveFile>();
  let bytes = 0;
  try {
    for (const [shard, drive] of targets) files.set(shard, await drive.open(`${shardPath(id, shard)}.new`, 'w+'));
    await reader.rebuild(wanted, async (stripe, { stripe: number, unit, id: key }) => {
      const writes = wanted.map((shard) =>
        files.get(shard)!.write([sealFrame(blobs.coder, stripe, shard, unit, { id: key, stripe: number })], frameAt(number)),
      );
      await Promise.all(writes);
      bytes += unit * wanted.length;
    });
    for (const [shard, file] of files) {
      await file.datasync();
      await file.close();
      await file.drive.rename(`${shardPath(id, shard)}.new`, shardPath(id, shard));
      await file.drive.syncDirectory(`shard/${id.slice(0, 2)}`);
      blobs.packs.files.forget(shardPath(id, shard));
    }
    return bytes;
  } finally {
    for (const file of files.values()) await file.close();
    await reader.close();
  }
}

/**
 * Moves shards of a run to where they belong: what was written while a node or a rack was away lies crowded on the others, and
 * would be lost with one of them. Resolves with the bytes written.
 */
export function evenOut(blobs: BlobStore, id: string): Promise<number> {
  return alone(id, async () => {
    let bytes = 0;
    for (let moves = 0; moves < shards; moves++) {
      const owner = ownerOf(blobs, id);
      const move = owner && findMove(blobs, id, owner.spread);
      if (!move) break;
      const targets = new Map([[move.shard, move.to]]);
      bytes += await writeShards(blobs, id, owner, targets);
      await adoptSpread(blobs, id, targets);
      await move.from.remove(shardPath(id, move.shard));
    }
    return bytes;
  });
}

/** A shard that is better off on another drive. */
function findMove({ drives }: BlobStore, id: string, spread: Spread): { shard: number; from: Drive; to: Drive } | undefined {
  const all = drives.drives.map(({ spec }) => spec);
  const placed = [...spread].flatMap((number, shard) => {
    const from = drives.drive(number);
    return from ? [{ shard, from }] : [];
  });
  const held = placed.map(({ from }) => from.spec);
  const before = crowding(held, all);
  if (before === 0) return undefined;
  const free = rank(
    Buffer.from(id, 'hex'),
    drives.allIn.map(({ spec }) => spec).filter(({ number }) => !spread.includes(number)),
  );
  for (const { shard, from } of placed) {
    if (!from.isIn) continue;
    const rest = held.filter((spec) => spec !== from.spec);
    const to = free.find((spec) => crowding([...rest, spec], all) < before);
    const drive = to && drives.inUse(to.number);
    if (drive) return { shard, from, to: drive };
  }
  return undefined;
}

/** Writes down where shards lie now. A blob that was deleted meanwhile takes the new files with it. */
async function adoptSpread(blobs: BlobStore, id: string, targets: ReadonlyMap<number, Drive>): Promise<void> {
  const { catalog } = blobs;
  const kept = await catalog.commit(() => {
    const owner = ownerOf(blobs, id);
    if (!owner) return false;
    const spread = Uint8Array.from(owner.spread);
    for (const [shard, drive] of targets) spread[shard] = drive.number;
    const { extent } = owner;
    if (extent?.coded) {
      extent.coded.spread = spread;
      catalog.table.extent.put(numberKey(BigInt(extent.id)), packExtent(extent));
    } else {
      const record = unpack<BlobRecord>(catalog.table.blob.get(idKey(id))!);
      catalog.table.blob.put(idKey(id), pack({ size: record.size, references: record.references, spread } satisfies BlobRecord));
    }
    return true;
  });
  if (!kept) for (const [shard, drive] of targets) await drive.remove(shardPath(id, shard));
}

export type CodedRun = { readonly id: string; readonly size: number; readonly spread: Spread };

/** Every run of shards there is, in pages: blobs first, then sealed extents. */
export async function* codedRuns({ catalog, packs }: BlobStore): AsyncGenerator<CodedRun[], void> {
  for await (const rows of walkTable(catalog.table.blob)) {
    yield rows.flatMap(({ key, value }) => {
      const record = unpack<BlobRecord>(value);
      return 'spread' in record ? [{ id: key.toString('hex'), size: record.size, spread: record.spread }] : [];
    });
  }
  yield [...packs.extents.values()].flatMap(({ coded, size }) => (coded ? [{ id: coded.id, size, spread: coded.spread }] : []));
}

/** The shards of a run that ought to be on a drive, or that have none. */
export function shardsOn(spread: Spread, drive: number): number[] {
  return Array.from({ length: shards }, (_, shard) => shard).filter((shard) => spread[shard] === drive || spread[shard] === nowhere);
}
