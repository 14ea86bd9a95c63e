import { createHash, randomUUID } from 'node:crypto';
import { OperationError } from '#kernel/contract/fault.ts';
import type { Kernel, Log } from '#kernel/contract/implement.ts';
import {
  destinationBucket,
  type Inventory,
  inventoryManifest,
  type InventoryFile,
  inventoryPlaces,
  inventorySlot,
  inventoryTable,
} from '../domain/inventory.ts';
import { inventoryFiles } from '../engine/inventory-file.ts';
import { findBucket } from '../store/bucket.ts';
import { type Delivered, deliver, undeliver } from '../store/delivery.ts';
import { closeSlot, inventoryPages, type KeptInventory, listInventories } from '../store/inventory.ts';
import { inventoryRoundsPerDay, inventoryWaitMaxMs, inventoryWaitMinMs } from '../store/limits.ts';
import { inventoryService, mayDeliver } from '../store/log-target.ts';
import type { Holder } from '../store/holder.ts';
import type { BucketRecord } from '../store/record.ts';
import type { Store } from '../store/store.ts';
import { keepRounds, type Rounds } from './round.ts';

type Told = { readonly log: Log; readonly emit: Kernel<unknown>['emit'] };
const principal = 'inventory';

/** Writes the inventories of buckets when their day or week has come: a new one with the next round. */
export function keepInventories(store: Store, told: Told, signal: AbortSignal): Rounds {
  const waitMs = Math.min(inventoryWaitMaxMs, Math.max(inventoryWaitMinMs, store.dayMs / inventoryRoundsPerDay));
  return keepRounds((over) => runAll(store, told, over), { of: 'inventories', waitMs, log: told.log, signal });
}

async function runAll({ partitions }: Store, told: Told, signal: AbortSignal): Promise<void> {
  for (const store of partitions.all) await runPartition(store, told, signal);
}

async function runPartition(store: Store, told: Told, signal: AbortSignal): Promise<void> {
  const names = [...store.catalog.table.bucket.getKeys()].map((key) => Buffer.from(key).toString('utf8'));
  for (const name of names) {
    await new Promise((resolve) => setImmediate(resolve));
    for (let after: string | undefined, more = true; more && !signal.aborted; ) {
      const bucket = findBucket(store.catalog, name);
      const page = bucket ? listInventories(store.catalog, bucket, after) : { items: [] };
      for (const kept of page.items) if (bucket && !signal.aborted) await runOne(store, told, bucket, kept, signal);
      after = page.next;
      more = after !== undefined;
    }
  }
}

async function runOne(store: Store, { log, emit }: Told, source: BucketRecord, kept: KeptInventory, signal: AbortSignal): Promise<void> {
  const { inventory } = kept;
  const slot = inventorySlot(inventory, store.now(), store.dayMs);
  if (!inventory.isEnabled || kept.slot === slot) return;
  const { id, destination } = inventory;
  const fields = { bucket: source.name, id, destination: destinationBucket(destination.s3BucketDestination) ?? '' };
  const giveUp = (reason: string) => {
    emit(source, 'InventoryFailed', source.name, { ...fields, reason });
    return closeSlot(store, source, id, slot);
  };
  const holder = store.partitions.holderOf(fields.destination);
  const target = findBucket(holder.catalog, fields.destination);
  if (!target) return giveUp('The destination bucket does not exist.');
  try {
    const isWritten = await write(store, source, { holder, target }, inventory, signal);
    await (isWritten ? closeSlot(store, source, id, slot) : giveUp('The destination bucket does not let the inventory be delivered.'));
  } catch (error) {
    if (signal.aborted) return;
    // What will not pass by itself is given up until the next day; all else is tried with the next round.
    if (error instanceof OperationError && error.status < 500) return giveUp(error.message);
    log('warn', 'an inventory could not be written; it is tried again', { ...fields, error: String(error) });
  }
}

/** Writes an inventory: its files, then what leads to them, the checksum last. Answers whether the destination lets it. */
async function write(
  store: Store,
  source: BucketRecord,
  { holder, target }: { readonly holder: Holder; readonly target: BucketRecord },
  inventory: Inventory,
  signal: AbortSignal,
): Promise<boolean> {
  const at = store.now();
  const places = inventoryPlaces(inventory, source.name, at);
  const encryption = sealOf(inventory);
  const facts = {
    's3:x-amz-acl': 'bucket-owner-full-control',
    's3:x-amz-server-side-encryption': encryption?.algorithm,
    's3:x-amz-server-side-encryption-aws-kms-key-id': encryption?.keyId,
  };
  const may = (key: string) => mayDeliver(holder, source, target, key, { service: inventoryService, facts });
  if (![places.manifest, places.checksum, places.links, places.file(randomUUID())].every(may)) return false;
  const table = inventoryTable(inventory, source.name);
  const { format } = inventory.destination.s3BucketDestination;
  const files: InventoryFile[] = [];
  const writing = { store: holder, target, encryption, signal };
  try {
    const rows = inventoryPages(store, source, inventory);
    for await (const bytes of inventoryFiles(format === 'CSV' ? 'CSV' : 'Parquet', table, rows, signal)) {
      const key = places.file(randomUUID());
      const digest = createHash('md5');
      const body = digested(bytes, digest);
      const { size } = await put(writing, key, 'application/octet-stream', body);
      files.push({ key, size, md5: digest.digest('hex') });
    }
    const manifest = inventoryManifest(inventory, source.name, at, { schema: table.schema, files });
    await put(writing, places.links, 'text/plain', once(files.map(({ key }) => `s3://${target.name}/${key}\n`).join('')));
    await put(writing, places.manifest, 'application/json', once(manifest));
    await put(writing, places.checksum, 'text/plain', once(createHash('md5').update(manifest).digest('hex')));
  } catch (error) {
    // Files that no manifest names would be nobody's.
    const keys = files.map(({ key }) => key);
    if (keys.length > 0) await undeliver(holder, target, keys, principal).catch(() => {});
    throw error;
  }
  return true;
}

type Writing = { readonly store: Holder; readonly target: BucketRecord; readonly signal: AbortSignal } & Pick<Delivered, 'encryption'>;

const put = ({ store, target, encryption, signal }: Writing, key: string, contentType: string, body: Delivered['body']) =>
  deliver(store, target, { key, contentType, body, principal, signal, ...(encryption ? { encryption } : {}) });

function sealOf({ destination }: Inventory): Delivered['encryption'] {
  const { encryption } = destination.s3BucketDestination;
  if (encryption?.s3) return { algorithm: 'AES256' };
  return encryption?.kms && { algorithm: 'aws:kms', keyId: encryption.kms.keyId };
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  if (text !== '') yield Buffer.from(text);
}

async function* digested(bytes: AsyncIterable<Uint8Array>, digest: { update(bytes: Uint8Array): unknown }): AsyncGenerator<Uint8Array> {
  for await (const piece of bytes) {
    digest.update(piece);
    yield piece;
  }
}
