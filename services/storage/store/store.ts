import { join } from 'node:path';
import type { Log } from '#kernel/contract/implement.ts';
import { BlobStore } from './blob.ts';
import { Catalog } from './catalog.ts';

/** The index and the files of one data directory. */
export type Store = { readonly catalog: Catalog; readonly blobs: BlobStore; readonly now: () => number; readonly mayWrite: () => boolean };

export type StoreOptions = { readonly directory: string; readonly log: Log; readonly now: () => number; readonly mayWrite: () => boolean };

export async function openStore({ directory, log, now, mayWrite }: StoreOptions): Promise<Store> {
  const catalog = new Catalog(join(directory, 'index'));
  try {
    return { catalog, blobs: await BlobStore.open(catalog, directory, log), now, mayWrite };
  } catch (error) {
    await catalog.close();
    throw error;
  }
}

export async function closeStore({ catalog, blobs }: Store): Promise<void> {
  await blobs.close();
  await catalog.close();
}
