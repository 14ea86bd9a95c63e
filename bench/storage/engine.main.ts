import type { Sealer } from '#kernel/contract/implement.ts';
import { randomFillSync } from 'node:crypto';
import { mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registerFaults } from '#kernel/contract/fault.ts';
import { errors } from '#services/storage/contract/error.ts';
import { newCoder } from '#services/storage/engine/stripe.ts';
import { createBucket, ownBucket } from '#services/storage/store/bucket.ts';
import { dayDefaultMs } from '#services/storage/store/limits.ts';
import { putObject, readLayout } from '#services/storage/store/object.ts';
import { rebuildDrive } from '#services/storage/store/scrub.ts';
import { readObject } from '#services/storage/store/version.ts';
import { openObject, takeIn } from '#services/storage/store/seal.ts';
import { closeStore, openStore, type Store } from '#services/storage/store/store.ts';
import { noiseObjects, textObjects } from './corpus.ts';
import { type BlobRecord, unpack } from '#services/storage/store/record.ts';

registerFaults(errors);

/** The keys of runs lie open; the runs themselves are sealed as ever. */
const sealer: Sealer = {
  seal: async (_: bigint, plain: Uint8Array) => Buffer.from(plain),
  open: async (_: bigint, sealed: Uint8Array) => Buffer.from(sealed),
  under: () => sealer,
  state: () => 'enabled',
};

const owner = { tenant: 5n, scope: 7n };
const who = {
  caller: { ...owner, principal: 'bench', credential: 3n, face: 'sigv4' as const },
  operation: 'PutObject',
  requestId: 'bench',
};
const mib = 1024 * 1024;
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** Bytes of data encoded per CPU-second. */
async function encoding(): Promise<number> {
  const coder = await newCoder();
  const stripe = await coder.borrow();
  const unit = 262_144;
  for (let at = 0; at < 100; at++) coder.encode(stripe, unit);
  let best = 0;
  for (let round = 0; round < 3; round++) {
    const before = cpu();
    for (let at = 0; at < 400; at++) coder.encode(stripe, unit);
    best = Math.max(best, (400 * 12 * unit) / (cpu() - before));
  }
  return best;
}

async function* pieces(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

async function put(any: Store, key: string, bytes: Uint8Array, name = 'bench'): Promise<void> {
  const store = any.partitions.of(name);
  const rules = { maxBytes: 1e12, mayWrite: () => true, signal: new AbortController().signal };
  const bucket = ownBucket(store.catalog, owner, name);
  const received = await takeIn(store, bucket, pieces(bytes), {}, rules, undefined);
  await putObject(store, bucket, received, { key, headers: {}, traits: {}, conditions: {}, who });
}

async function get(store: Store, key: string): Promise<number> {
  const object = readObject(store.catalog, ownBucket(store.catalog, owner, 'bench'), key);
  if (!object) throw new Error(`${key} is not there`);
  const { segments } = readLayout(store.catalog, object);
  let size = 0;
  for await (const bytes of await openObject(store, owner, segments, { done: store.blobs.pin(segments) })) size += bytes.length;
  return size;
}

/** Runs `count` pieces of work, so many at once; resolves with how many a CPU-second and a second of the wall bear. */
async function rate(count: number, atOnce: number, work: (at: number) => Promise<unknown>): Promise<{ perCpu: number; perSecond: number }> {
  let next = 0;
  const [before, began] = [cpu(), performance.now()];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let at = next++; at < count; at = next++) await work(at);
    }),
  );
  return { perCpu: count / (cpu() - before), perSecond: count / ((performance.now() - began) / 1000) };
}

/** Puts of 4 KiB into four buckets of an index of so many partitions: with four, each is in another. */
async function spreadPuts(partitions: number): Promise<{ perCpu: number; perSecond: number }> {
  const directory = mkdtempSync(join(tmpdir(), 'gamut-bench-storage-'));
  const store = await openStore({ directory, log: () => {}, now: Date.now, mayWrite: () => true, sealer, dayMs: dayDefaultMs, partitions });
  try {
    const names = ['crate', 'depot', 'versions', 'shelf'];
    for (const name of names) await createBucket(store, owner, { name, location: 'local', labels: {} });
    const noise = randomFillSync(Buffer.alloc(mib));
    const part = (at: number) => noise.subarray((at * 977) % (mib - 4096)).subarray(0, 4096);
    const one = (at: number) => put(store, `small-${at}`, part(at), names[at % names.length]!);
    await rate(1000, 64, one);
    return await rate(6000, 64, one);
  } finally {
    await closeStore(store);
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Bytes on drives for each byte put, of noise, when every extent that is full is sealed; names, records and room not counted. */
async function rawBytes(objects: Iterable<Uint8Array>): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'gamut-bench-storage-'));
  const store = await openStore({ directory, log: () => {}, now: Date.now, mayWrite: () => true, sealer, dayMs: dayDefaultMs });
  try {
    await createBucket(store, owner, { name: 'bench', location: 'local', labels: {} });
    let [came, count] = [0, 0];
    for (const bytes of objects) {
      came += bytes.length;
      await put(store, `object-${count++}`, bytes);
    }
    await store.upkeep.idle();
    const blobs = [...store.catalog.table.blob.getRange()].map(({ value }) => unpack<BlobRecord>(value));
    const extents = new Map([...store.blobs.packs.extents.values()].map((extent) => [extent.id, extent.state]));
    // What lies in the last extent is not sealed yet.
    const unsealed = blobs.reduce((sum, one) => sum + ('extent' in one && extents.get(one.extent) !== 'sealed' ? one.size : 0), 0);
    return bytesBelow(directory, 'shard') / (came - unsealed);
  } finally {
    await closeStore(store);
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Bytes of all files that lie in a folder of this name. */
function bytesBelow(directory: string, folder: string): number {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes(`/${folder}/`));
  return names.map((name) => statSync(join(directory, name))).reduce((sum, found) => sum + (found.isFile() ? found.size : 0), 0);
}

/** Bytes put for each byte that lies on drives before it is spread, records of their places not counted. */
async function compression(objects: Iterable<Uint8Array>): Promise<{ ratio: number; perCpu: number }> {
  const directory = mkdtempSync(join(tmpdir(), 'gamut-bench-storage-'));
  const store = await openStore({ directory, log: () => {}, now: Date.now, mayWrite: () => true, sealer, dayMs: dayDefaultMs });
  try {
    await createBucket(store, owner, { name: 'bench', location: 'local', labels: {} });
    const before = cpu();
    let [came, count] = [0, 0];
    const each = objects[Symbol.iterator]();
    const work = async () => {
      for (let next = each.next(); !next.done; next = each.next()) {
        came += next.value.length;
        await put(store, `object-${count++}`, next.value);
      }
    };
    await Promise.all(Array.from({ length: 16 }, work));
    const perCpu = came / (cpu() - before);
    const rows = [...store.catalog.table.blob.getRange()].map(({ value }) => unpack<BlobRecord>(value).size);
    const dictionaries = [...store.catalog.table.dictionary.getRange()].map(({ value }) => value.length);
    return { ratio: came / [...rows, ...dictionaries].reduce((sum, size) => sum + size, 0), perCpu };
  } finally {
    await closeStore(store);
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measure(): Promise<Record<string, number>> {
  const directory = mkdtempSync(join(tmpdir(), 'gamut-bench-storage-'));
  const store = await openStore({ directory, log: () => {}, now: Date.now, mayWrite: () => true, sealer, dayMs: dayDefaultMs });
  try {
    await createBucket(store, owner, { name: 'bench', location: 'local', labels: {} });
    const noise = randomFillSync(Buffer.alloc(mib));
    const text = Buffer.concat([...textObjects(2 * mib)]);
    const part = (of: Buffer, at: number) => of.subarray((at * 977) % (of.length - 4096)).subarray(0, 4096);
    const large = randomFillSync(Buffer.alloc(64 * mib));
    await rate(500, 64, (at) => put(store, `warm-${at}`, part(noise, at)));
    const smallPut = await rate(6000, 64, (at) => put(store, `small-${at}`, part(noise, at)));
    const smallGet = await rate(20_000, 64, (at) => get(store, `small-${at % 6000}`));
    await rate(500, 64, (at) => put(store, `warm-${at}`, part(text, at)));
    await store.dictionaries.idle();
    const textPut = await rate(6000, 64, (at) => put(store, `text-${at}`, part(text, at)));
    const textGet = await rate(20_000, 64, (at) => get(store, `text-${at % 6000}`));
    const largePut = await rate(8, 2, (at) => put(store, `large-${at}`, large));
    const largeGet = await rate(8, 2, (at) => get(store, `large-${at}`));
    const { drives } = store.blobs;
    const gone = [0, 5, 10, 15].map((number) => drives.drives[number]!);
    for (const drive of gone) renameSync(drive.spec.path, `${drive.spec.path}.away`);
    for (const drive of gone) await drive.check();
    const degraded = await rate(8, 2, (at) => get(store, `large-${at}`));
    for (const drive of gone) rmSync(`${drive.spec.path}.away`, { recursive: true });
    await drives.replace(5);
    const began = performance.now();
    const before = cpu();
    const rebuilt = await rebuildDrive(store.blobs, 5, async () => {});
    return {
      encode: await encoding(),
      smallPutPerCpu: smallPut.perCpu,
      smallPutPerSecond: smallPut.perSecond,
      smallGetPerCpu: smallGet.perCpu,
      textPutPerCpu: textPut.perCpu,
      textGetPerCpu: textGet.perCpu,
      largePutPerCpu: largePut.perCpu * 64 * mib,
      largeGetPerCpu: largeGet.perCpu * 64 * mib,
      largeGetPerSecond: largeGet.perSecond * 64 * mib,
      degradedPerSecond: degraded.perSecond * 64 * mib,
      rebuildPerSecond: rebuilt / ((performance.now() - began) / 1000),
      rebuildPerCpu: rebuilt / (cpu() - before),
    };
  } finally {
    await closeStore(store);
    rmSync(directory, { recursive: true, force: true });
  }
}

const text = await compression(textObjects(100 * mib));
const noise = await compression(noiseObjects(16 * mib));
const raw = { mixedRaw: await rawBytes(noiseObjects(200 * mib)), largeRaw: await rawBytes([randomFillSync(Buffer.alloc(64 * mib))]) };
const [together, apart] = [await spreadPuts(1), await spreadPuts(4)];
const spread = { apartPerSecond: apart.perSecond, togetherPerSecond: together.perSecond, apartPerCpu: apart.perCpu };
process.send?.({ ...spread, ...raw, ...(await measure()), textRatio: text.ratio, textPerCpu: text.perCpu, noiseRatio: noise.ratio });
