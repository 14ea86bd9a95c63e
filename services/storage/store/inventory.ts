import { fault } from '#kernel/contract/fault.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import { inventoriesMax } from '../contract/limits.ts';
import { ownerGrants } from '../domain/acl.ts';
import type { Inventory, InventoryEntry } from '../domain/inventory.ts';
import { expirationOf } from '../domain/lifecycle.ts';
import { changeBucket, sameBucket } from './bucket.ts';
import type { Catalog } from './catalog.ts';
import { configurationKey, readConfiguration } from './configuration.ts';
import { afterPrefix } from './key.ts';
import { inventoryPageMax, inventoriesListedMax } from './limits.ts';
import { listObjects, listVersions } from './list.ts';
import type { BucketRecord, ObjectRecord, Seal } from './record.ts';
import type { Store } from './store.ts';
import { versionIdOf } from './version.ts';

/** An inventory as it is kept: `slot` is the last day or week for which it was written, or given up. */
export type KeptInventory = { readonly inventory: Inventory; readonly slot?: number };

const kind = 'inventory/';
const keyOf = (bucket: BucketRecord, id: string) => configurationKey(bucket, `${kind}${id}`);
const read = (value: Buffer) => JSON.parse(value.toString('utf8')) as KeptInventory;

export function readInventory({ table }: Catalog, bucket: BucketRecord, id: string): KeptInventory | undefined {
  const found = table.configuration.get(keyOf(bucket, id));
  return found && read(found);
}

/** The inventories of a bucket in order of id, as many as a page holds, from behind one on. */
export function listInventories({ table }: Catalog, bucket: BucketRecord, after?: string): { items: KeptInventory[]; next?: string } {
  const start = after === undefined ? keyOf(bucket, '') : Buffer.concat([keyOf(bucket, after), Buffer.alloc(1)]);
  const end = afterPrefix(keyOf(bucket, ''));
  const found = [...table.configuration.getRange({ start, ...(end ? { end } : {}), limit: inventoriesListedMax + 1 })];
  const items = found.slice(0, inventoriesListedMax).map(({ value }) => read(value));
  const last = items.at(-1);
  return { items, ...(found.length > inventoriesListedMax && last ? { next: last.inventory.id } : {}) };
}

/** Puts an inventory; one of its id that is there is written anew on its days. */
export async function putInventory(store: Store, place: BucketRecord, inventory: Inventory): Promise<BucketRecord> {
  const { table } = store.catalog;
  return changeBucket(store, place, (bucket) => {
    const known = readInventory(store.catalog, bucket, inventory.id);
    const end = afterPrefix(keyOf(bucket, ''));
    const count = known ? 0 : table.configuration.getKeysCount({ start: keyOf(bucket, ''), ...(end ? { end } : {}) });
    if (count >= inventoriesMax) throw fault('TooManyConfigurations');
    table.configuration.put(keyOf(bucket, inventory.id), Buffer.from(JSON.stringify({ ...known, inventory } satisfies KeptInventory)));
    return {};
  });
}

export async function removeInventory(store: Store, place: BucketRecord, id: string): Promise<BucketRecord> {
  return changeBucket(store, place, (bucket) => {
    if (!readInventory(store.catalog, bucket, id)) throw fault('NoSuchConfiguration');
    store.catalog.table.configuration.remove(keyOf(bucket, id));
    return {};
  });
}

/** Notes that an inventory is done with for a day or week. */
export async function closeSlot({ catalog }: Store, place: BucketRecord, id: string, slot: number): Promise<void> {
  await catalog.commit(() => {
    const bucket = sameBucket(catalog, place);
    const known = readInventory(catalog, bucket, id);
    if (known) catalog.table.configuration.put(keyOf(bucket, id), Buffer.from(JSON.stringify({ ...known, slot })));
  });
}

/** What an inventory tells of a bucket now, page by page. What is written meanwhile may be told or not. */
export function* inventoryPages(store: Store, bucket: BucketRecord, inventory: Inventory): Generator<InventoryEntry[]> {
  const { catalog } = store;
  const prefix = inventory.filter?.prefix ?? '';
  const isAll = inventory.includedObjectVersions === 'All';
  const rules = readConfiguration(catalog, bucket, 'lifecycle')?.rules ?? [];
  const entry = (key: string, object: ObjectRecord, latest: boolean): InventoryEntry => {
    const owner = object.owner ?? formatId(bucket.scope);
    const expiration = latest && !object.deleteMarker ? expirationOf(rules, { key, ...object }, store.dayMs) : undefined;
    return {
      key,
      versionId: versionIdOf(object),
      latest,
      deleteMarker: object.deleteMarker === true,
      size: object.size,
      modifiedAt: object.modifiedAt,
      etag: object.etag,
      storageClass: object.storageClass ?? 'STANDARD',
      isMultipart: object.partsCount !== undefined,
      encryption: encryptionOf(object.seal),
      ...(object.lock ? { lock: object.lock } : {}),
      ...(object.checksum ? { checksumAlgorithm: object.checksum.algorithm } : {}),
      grants: object.acl ?? ownerGrants(owner),
      owner,
      ...(expiration ? { expiresAt: expiration.at } : {}),
    };
  };
  for (let after = '', marker: string | undefined; ; ) {
    const query = { prefix, delimiter: '', after, afterPrefix: '', limit: inventoryPageMax };
    if (isAll) {
      const { items, next } = listVersions(catalog, bucket, query, marker);
      yield items.map(({ key, object, latest }) => entry(key, object, latest));
      const last = items.at(-1);
      if (!next || !last) return;
      after = last.key;
      marker = versionIdOf(last.object);
    } else {
      const { items, next } = listObjects(catalog, bucket, query);
      yield items.map(({ key, object }) => entry(key, object, true));
      if (!next) return;
      after = items.at(-1)?.key ?? after;
    }
  }
}

function encryptionOf(seal: Seal | undefined): InventoryEntry['encryption'] {
  if (!seal) return 'NOT-SSE';
  if (seal.kind === 'customer') return 'SSE-C';
  return seal.algorithm === 'AES256' ? 'SSE-S3' : 'SSE-KMS';
}
