import { type Blobs, openBlobs as openStore } from '#seams/blobs/blobs.ts';
import type { Caller } from '../contract/caller.ts';
import { fault } from '../contract/fault.ts';
import type { Placed } from '../contract/provider.ts';
import { runningPlatform } from '../supervise/client.ts';
import { formatId } from '../tenancy/id.ts';

/** Blobs of environments, in the service's own name: in the operator's store, each under a prefix, or in a bucket of the platform's. */
export type BlobStore = {
  /** Whether this platform has a store at all. */
  readonly isThere: boolean;
  /** The operator's store as a whole, where there is one. */
  readonly external?: Blobs;
  /** The blobs of an environment. Unavailable: the store is away now. */
  at(placed: Placed): Promise<Blobs>;
  close(): void;
};

type Options = {
  readonly data: string;
  readonly service: string;
  /** The process, under whose name it comes. */
  readonly name: string;
  /** The operator's store; the platform's own storage where there is none. */
  readonly url?: string;
  /** Whether the platform's own storage runs. */
  readonly hasStorage: boolean;
  readonly serviceToken: (caller: Caller) => Promise<string>;
  readonly ca: string;
};

/** Opens the need of blobs. */
export function openBlobs({ data, service, name, url, hasStorage, serviceToken, ca }: Options): BlobStore {
  const external = url === undefined ? undefined : openStore(url);
  let opened: { readonly door: string; readonly stores: Map<bigint, Blobs> } | undefined;

  async function door(): Promise<string> {
    const found = (await runningPlatform(data).catch(() => undefined))?.doors['storage.s3']?.url;
    if (found === undefined) throw fault('Unavailable', 'The storage is away.');
    return found;
  }

  const closeOwn = () => {
    for (const store of opened?.stores.values() ?? []) store.close();
    opened = undefined;
  };

  return {
    isThere: external !== undefined || hasStorage,
    ...(external ? { external } : {}),
    async at({ tenant, scope }) {
      if (external) return external.within(`${formatId(scope)}/`);
      const found = await door();
      if (opened?.door !== found) {
        closeOwn();
        opened = { door: found, stores: new Map() };
      }
      const known = opened.stores.get(scope);
      if (known) return known;
      const bearer = () => serviceToken({ tenant, scope, principal: name, credential: 0n, face: 'service' });
      const store = openStore(`${found}/gamut-${service}-${formatId(scope)}`, { bearer, ca });
      opened.stores.set(scope, store);
      return store;
    },
    close() {
      external?.close();
      closeOwn();
    },
  };
}
