import type { Log, Sealer } from '#kernel/contract/implement.ts';
import type { Blobs } from '#seams/blobs/blobs.ts';
import { BlobStore } from './blob.ts';
import type { Catalog } from './catalog.ts';
import { Dictionaries } from './dictionary.ts';
import type { DriveSpec } from './drive.ts';
import { DriveSet } from './drive-set.ts';
import { Heat } from './heat.ts';
import { IndexKeeper } from './index-keeper.ts';
import { RemoteBlobs } from './remote.ts';
import { Unsynced } from './unsynced.ts';
import { Upkeep } from './upkeep.ts';

/** The index and the drives of one data directory. */
export type Store = {
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
};

export async function openStore({ directory, log, specs, extentBytes, remote, ...more }: StoreOptions): Promise<Store> {
  const { now } = more;
  const drives = await DriveSet.open({ directory, log, now, ...(specs ? { specs } : {}) });
  const index = await IndexKeeper.open(directory, drives, log, now);
  const { catalog } = index;
  try {
    await catalog.unveil(more.sealer);
    const blobs = await BlobStore.open(catalog, directory, {
      log,
      now,
      drives,
      ...(remote ? { remote: new RemoteBlobs({ blobs: remote, catalog, log, now }) } : {}),
      ...(extentBytes === undefined ? {} : { extentBytes }),
    });
    const upkeep = new Upkeep(blobs, ({ id }) => log('error', 'too few shards are left to read a part of an object', { id }));
    const dictionaries = new Dictionaries(catalog, more.sealer, log);
    const unsynced = new Unsynced(catalog, blobs, log);
    return { catalog, index, blobs, upkeep, dictionaries, unsynced, heat: new Heat(now), ...more };
  } catch (error) {
    await index.close();
    throw error;
  }
}

export async function closeStore({ catalog, index, blobs, upkeep, dictionaries, unsynced }: Store): Promise<void> {
  await dictionaries.close();
  await unsynced.stop();
  // On a full disk it fails, and the next start makes the index again.
  await unsynced.sync().catch(() => {});
  catalog.lag.waitNoMore();
  await upkeep.stop();
  await blobs.close();
  await index.close();
}
