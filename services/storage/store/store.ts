import type { Log, Sealer } from '#kernel/contract/implement.ts';
import type { Blobs } from '#seams/blobs/blobs.ts';
import { BlobStore } from './blob.ts';
import type { Catalog } from './catalog.ts';
import { Dictionaries } from './dictionary.ts';
import type { DriveSpec } from './drive.ts';
import { DriveSet } from './drive-set.ts';
import { Heat } from './heat.ts';
import { IndexKeeper } from './index-keeper.ts';
import { isOwn } from './holder.ts';
import { countPartitions, Partitions } from './partition.ts';
import { RemoteBlobs } from './remote.ts';
import { Unsynced } from './unsynced.ts';
import { Upkeep } from './upkeep.ts';
import { ChangeLock } from './worker/change-lock.ts';
import { ForeignPartition } from './worker/foreign-partition.ts';

/** A partition of the index, and what belongs to it: with most data directories the only one. */
export type Store = {
  readonly partition: number;
  /** All of them, this one among them. */
  readonly partitions: Partitions;
  readonly catalog: Catalog;
  readonly index: IndexKeeper;
  readonly blobs: BlobStore;
  readonly upkeep: Upkeep;
  readonly unsynced: Unsynced;
  readonly heat: Heat;
  readonly dictionaries: Dictionaries;
  readonly now: () => number;
  readonly mayWrite: () => boolean;
  readonly sealer: Sealer;
  /** How long a day of lifecycles, retentions and restores is; shorter only in trials. */
  readonly dayMs: number;
};

export type StoreOptions = Pick<Store, 'now' | 'mayWrite' | 'sealer' | 'dayMs'> & {
  readonly directory: string;
  readonly log: Log;
  /** Instead of sixteen directories below the store's own. */
  readonly specs?: readonly DriveSpec[];
  readonly extentBytes?: number;
  /** The operator's store, which takes the bytes instead of the drives. */
  readonly remote?: Blobs;
  /** How many partitions there are at least. */
  readonly partitions?: number;
  /** Which of several processes this is, that share the partitions. */
  readonly worker?: StoreWorker;
};

/** A process of several; `path` tells where another one is connected to. */
export type StoreWorker = { readonly index: number; readonly count: number; readonly path: (index: number) => string };

/** Opens what lies in a data directory; resolves with the first partition, which knows the others. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { directory, log, now, specs } = options;
  const { worker } = options;
  const follows = worker && worker.index > 0 ? { follows: worker.index } : {};
  const drives = await DriveSet.open({ directory, log, now, ...follows, ...(specs ? { specs } : {}) });
  const partitions = new Partitions(worker && (await ChangeLock.open(directory, worker)));
  try {
    const count = await countPartitions(directory, Math.max(options.partitions ?? 1, worker?.count ?? 1));
    for (let partition = 0; partition < count; partition++)
      if (worker && partition % worker.count !== worker.index)
        partitions.addForeign(new ForeignPartition(partition, partition % worker.count, worker.path, options));
      else partitions.add(await openPartition(options, drives, partition, partitions));
    return partitions.all[0]!;
  } catch (error) {
    for (const store of partitions.all) await closePartition(store);
    drives.close();
    throw error;
  }
}

async function openPartition(options: StoreOptions, drives: DriveSet, partition: number, partitions: Partitions): Promise<Store> {
  const { directory, log, now, extentBytes, remote, mayWrite, sealer, dayMs } = options;
  const index = await IndexKeeper.open({ directory, drives, partition, log, now });
  const { catalog } = index;
  try {
    await catalog.unveil(sealer);
    const blobs = await BlobStore.open(catalog, directory, {
      log,
      now,
      drives,
      partition,
      ...(remote ? { remote: new RemoteBlobs({ blobs: remote, catalog, log, now }) } : {}),
      ...(extentBytes === undefined ? {} : { extentBytes }),
    });
    const upkeep = new Upkeep(blobs, ({ id }) => log('error', 'too few shards are left to read a part of an object', { id }));
    const dictionaries = new Dictionaries(catalog, sealer, log);
    const unsynced = new Unsynced(catalog, blobs, log);
    const parts = { catalog, index, blobs, upkeep, dictionaries, unsynced, heat: new Heat(now) };
    return { partition, partitions, ...parts, now, mayWrite, sealer, dayMs };
  } catch (error) {
    await index.close();
    throw error;
  }
}

/** Closes a store with all its partitions. */
export async function closeStore({ partitions }: Pick<Store, 'partitions'>): Promise<void> {
  for (const store of partitions.all) await closePartition(store);
  for (const holder of partitions.holders) if (!isOwn(holder)) await holder.close();
  partitions.all[0]?.blobs.drives.close();
}

async function closePartition({ catalog, index, blobs, upkeep, dictionaries, unsynced }: Store): Promise<void> {
  await dictionaries.close();
  await unsynced.stop();
  // On a full disk it fails, and the next start makes the index again.
  await unsynced.sync().catch(() => {});
  catalog.lag.waitNoMore();
  await upkeep.stop();
  await blobs.close();
  await index.close();
}
