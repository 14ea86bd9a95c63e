import { shards } from '../engine/stripe.ts';
import type { BlobStore } from './blob.ts';
import { CodedReader, openShard } from './coded-reader.ts';
import { systemCode } from './system.ts';
import type { Extent } from './extent.ts';
import { extentPath } from './extent.ts';
import { geometryOf, runFileBytes } from './frame.ts';
import { readPieceBytes, rebuildsMax, scrubBytesPerSecondMin } from './limits.ts';
import { type CodedRun, codedRuns, evenOut, repairCoded, shardsOn } from './repair.ts';
import { eachRecord } from './record-frame.ts';

/** What a look at everything that is stored found. */
export type ScrubReport = { runs: number; extents: number; bytes: number; damagedShards: number; damagedCopies: number };

/** Waits as long as so many bytes read are to take; rejects when the work is to end. */
export type Pace = (bytes: number) => Promise<void>;

/** Reads every byte on every drive and compares it with its checksum. What is damaged is handed to upkeep. */
export async function scrub(blobs: BlobStore, pace: Pace): Promise<ScrubReport> {
  const report: ScrubReport = { runs: 0, extents: 0, bytes: 0, damagedShards: 0, damagedCopies: 0 };
  await blobs.drives.checkIdentities();
  for await (const runs of codedRuns(blobs)) {
    for (const run of runs) {
      const missing = await missingShards(blobs, run);
      const bytes = runFileBytes(geometryOf(run.size)) * shards;
      report.runs++;
      report.bytes += bytes;
      report.damagedShards += missing.length;
      if (missing.length > 0) blobs.concern.damage(run, missing, false);
      else await evenOut(blobs, run.id);
      await pace(bytes);
    }
  }
  for (const extent of [...blobs.packs.extents.values()]) {
    if (extent.state === 'sealed') continue;
    const damaged = await damagedCopies(blobs, extent);
    report.extents++;
    report.bytes += extent.size * extent.drives.length;
    report.damagedCopies += damaged;
    if (damaged > 0) blobs.concern.work(extent, true);
    await pace(extent.size * extent.drives.length);
  }
  return report;
}

/** Bytes that a scrub would read now. */
export async function scrubBytes(blobs: BlobStore): Promise<number> {
  let bytes = 0;
  for await (const runs of codedRuns(blobs)) for (const { size } of runs) bytes += runFileBytes(geometryOf(size)) * shards;
  for (const { state, size, drives } of blobs.packs.extents.values()) if (state !== 'sealed') bytes += size * drives.length;
  return bytes;
}

/** Bytes that are to be read in a second, so that so many are read within the days. */
export function scrubPace(bytes: number, days: number): number {
  return Math.max(bytes / (days * 86_400), scrubBytesPerSecondMin);
}

async function missingShards(blobs: BlobStore, run: CodedRun): Promise<number[]> {
  const reader = new CodedReader(run, blobs.coder, blobs.drives, () => {});
  try {
    const whole = await reader.verify();
    return whole.flatMap((good, shard) => (good ? [] : [shard]));
  } finally {
    await reader.close();
  }
}

/** How many copies of an extent lack a record that another one has. */
async function damagedCopies(blobs: BlobStore, extent: Extent): Promise<number> {
  const size = extent.size;
  const found: Set<number>[] = [];
  for (const number of extent.drives) {
    const drive = blobs.drives.inUse(number);
    if (!drive) continue;
    const copy = Buffer.alloc(size);
    try {
      await blobs.packs.files.use(drive, extentPath(extent.id), async (file) => {
        for (let at = 0; at < size; at += readPieceBytes) await file.read(copy.subarray(at, at + readPieceBytes), at);
      });
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
    }
    const offsets = new Set<number>();
    await eachRecord(blobs.coder.kernel, copy, { extent: extent.id, secret: extent.secret }, ({ offset }) => void offsets.add(offset));
    found.push(offsets);
  }
  const all = new Set(found.flatMap((offsets) => [...offsets]));
  return found.filter((offsets) => offsets.size < all.size).length;
}

/** Makes everything again that ought to lie on a drive and does not. Resolves with the bytes written. */
export async function rebuildDrive(blobs: BlobStore, number: number, pace: Pace): Promise<number> {
  let bytes = 0;
  for await (const runs of codedRuns(blobs)) {
    let next = 0;
    const some = async () => {
      for (let run = runs[next++]; run; run = runs[next++]) {
        const made = await rebuildRun(blobs, run, number);
        bytes += made;
        await pace(made);
      }
    };
    await Promise.all(Array.from({ length: rebuildsMax }, some));
  }
  // Copies of extents are not made again: what lost one is sealed.
  for (const extent of blobs.packs.extents.values()) {
    if (extent.drives.includes(number) && extent.state !== 'sealed') blobs.concern.work(extent, true);
  }
  return bytes;
}

async function rebuildRun(blobs: BlobStore, run: CodedRun, drive: number): Promise<number> {
  const wanted: number[] = [];
  for (const shard of shardsOn(run.spread, drive)) if (!(await isThere(blobs, run, shard))) wanted.push(shard);
  const made = wanted.length === 0 ? 0 : ((await repairCoded(blobs, run.id, wanted)) ?? 0);
  return made + (await evenOut(blobs, run.id));
}

async function isThere(blobs: BlobStore, run: CodedRun, shard: number): Promise<boolean> {
  const file = await openShard(blobs.drives, run, shard);
  if (!file) return false;
  try {
    return (await file.size()) === runFileBytes(geometryOf(run.size));
  } finally {
    await file.close();
  }
}
