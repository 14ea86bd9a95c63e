import type { Call } from '#kernel/contract/call.ts';
import { fault } from '#kernel/contract/fault.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import type { inventoryOperations } from '../../contract/inventory.ts';
import { checkInventory, destinationBucket, type Inventory } from '../../domain/inventory.ts';
import type { storage } from '../../service.ts';
import { bucketOf } from '../bucket.ts';
import type { BucketHistory } from '../history.ts';
import { listInventories, putInventory, readInventory, removeInventory } from '../inventory.ts';
import type { BucketRecord } from '../record.ts';
import { namedKey } from '../seal.ts';
import type { Store } from '../store.ts';

type InventoryCall<O extends keyof typeof inventoryOperations> = Call<typeof storage, O>;

/** The handlers of the inventories of buckets. */
export function inventoryHandlers(store: Store, history: BucketHistory) {
  const { catalog } = store;
  const begin = (call: InventoryCall<keyof typeof inventoryOperations>): BucketRecord => {
    const bucket = bucketOf(catalog, call.ref.name);
    call.charge('request', 1, bucket);
    return bucket;
  };
  return {
    async GetBucketInventoryConfiguration(call: InventoryCall<'GetBucketInventoryConfiguration'>) {
      const found = readInventory(catalog, begin(call), call.input.id);
      if (!found) throw fault('NoSuchConfiguration');
      return { output: found.inventory };
    },
    async ListBucketInventoryConfigurations(call: InventoryCall<'ListBucketInventoryConfigurations'>) {
      const { items, next } = listInventories(catalog, begin(call), call.input.after);
      return { output: { configurations: items.map(({ inventory }) => inventory), ...(next === undefined ? {} : { next }) } };
    },
    async PutBucketInventoryConfiguration(call: InventoryCall<'PutBucketInventoryConfiguration'>) {
      const bucket = begin(call);
      const inventory = checkInventory(call.input);
      await checkDestination(store, call, inventory);
      history.put(await putInventory(store, bucket, inventory));
      return { output: {} };
    },
    async DeleteBucketInventoryConfiguration(call: InventoryCall<'DeleteBucketInventoryConfiguration'>) {
      history.put(await removeInventory(store, begin(call), call.input.id));
      return { output: {} };
    },
  };
}

/** The destination must be there, and its owner's the account that is named; whether it lets the lists in is asked at each of them. */
async function checkDestination(
  { partitions }: Store,
  call: InventoryCall<'PutBucketInventoryConfiguration'>,
  { destination }: Inventory,
): Promise<void> {
  const { accountId, encryption, ...to } = destination.s3BucketDestination;
  const target = partitions.find(destinationBucket(to) ?? '');
  if (!target) throw fault('InvalidS3DestinationBucket');
  if (accountId !== undefined && accountId !== formatId(target.scope))
    throw fault('InvalidArgument', 'The destination bucket is not of the account that is named.');
  const named = namedKey('aws:kms', encryption?.kms?.keyId);
  if (named !== undefined) await call.useKey(named, target.tenant);
}
