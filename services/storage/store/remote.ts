import { createHash } from 'node:crypto';
import { fault } from '#kernel/contract/fault.ts';
import type { Log } from '#kernel/contract/implement.ts';
import type { Blobs, Body } from '#seams/blobs/blobs.ts';
import { BlobsError } from '#seams/blobs/error.ts';
import type { Catalog } from './catalog.ts';
import { newIdentity } from './identity.ts';
import type { RemotePlace } from './record.ts';
import { RemoteGate } from './remote-gate.ts';
import { RemoteLives } from './remote-life.ts';
import { missing, pieceKey, remoteFault } from './remote-place.ts';
import { RemoteRemoval } from './remote-removal.ts';

/** The row of the index that names the prefix under which everything lies. */
const deploymentRow = Buffer.from('deployment');
/** The object by which a store is known again. */
const markerKey = 'deployment';

export type RemoteOptions = { readonly blobs: Blobs; readonly catalog: Catalog; readonly log: Log; readonly now: () => number };

/**
 * Bytes of objects in the operator's store, any S3: each blob in pieces, which are objects of their own below a prefix of this
 * deployment's and of the environment. They come here sealed. The store may be away, also at the start; then what needs it is refused.
 */
export class RemoteBlobs {
  readonly lives: RemoteLives;
  readonly removal: RemoteRemoval;
  readonly #of: RemoteOptions;
  #deployment: string | undefined;
  #opening: Promise<Blobs> | undefined;
  readonly #gate = new RemoteGate();
  #isAway = false;

  constructor(options: RemoteOptions) {
    this.#of = options;
    this.#deployment = options.catalog.table.counter.get(deploymentRow)?.toString();
    this.lives = new RemoteLives(options.catalog);
    this.removal = new RemoteRemoval({ ...options, lives: this.lives, store: () => this.#open(), told: (work) => this.#told(work) });
  }

  /** Whether the last request failed. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /** Whether a key is one of the names that this deployment gives: its store is then this very platform. */
  isOwn(key: string): boolean {
    return this.#deployment !== undefined && key.includes(`${this.#deployment}/`);
  }

  /** Waits until few enough pieces are on their way; then sends one. `sent` resolves when the store has it. */
  async put(scope: bigint, id: string, piece: number, bytes: Uint8Array): Promise<{ readonly sent: Promise<void> }> {
    await this.#gate.enter();
    const sent = this.#within(async () => (await this.#open()).put(pieceKey(scope, id, piece), bodyOf(bytes)));
    // Its failure is met by whoever waits for it, later.
    sent.catch(() => {});
    return { sent };
  }

  /** Bytes of a piece. ObjectDamaged: the store has not got all of them any more. */
  async read({ remote }: RemotePlace, id: string, piece: number, from: number, bytes: number): Promise<Uint8Array> {
    await this.#gate.enter();
    const found = await this.#within(async () => (await this.#open()).read(pieceKey(remote, id, piece), from, bytes));
    if (found.length !== bytes) throw fault('ObjectDamaged', 'The store has lost a part of the object.');
    return found;
  }

  /** What was begun is not waited for: a silent store must not keep anybody from stopping. */
  close(): void {
    this.removal.close();
  }

  #open(): Promise<Blobs> {
    this.#opening ??= this.#find().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** Makes our place in a store that we have never used; later only the store in which that was done will do. */
  async #find(): Promise<Blobs> {
    const { blobs, catalog } = this.#of;
    const known = catalog.table.counter.get(deploymentRow)?.toString();
    const deployment = known ?? `storage-${newIdentity().toString('hex')}`;
    this.#deployment = deployment;
    const store = blobs.within(`${deployment}/`);
    if (known === undefined) {
      await blobs.ensureBucket();
      await store.put(markerKey, bodyOf(Buffer.from(deployment)));
      await catalog.commit(() => void catalog.table.counter.put(deploymentRow, Buffer.from(deployment)));
      return store;
    }
    const marker = await store.read(markerKey, 0, deployment.length).catch((error: unknown) => {
      if (error instanceof BlobsError && missing.has(error.code)) return undefined;
      throw error;
    });
    if (marker?.toString() !== deployment)
      throw new BlobsError('OtherStore', `This is another store: it has no ${deployment}/${markerKey}.`);
    return store;
  }

  /** One request of those that have entered. */
  #within<T>(work: () => Promise<T>): Promise<T> {
    return this.#told(async () => {
      let failure: unknown;
      try {
        return await work();
      } catch (error) {
        failure = error;
        throw error;
      } finally {
        this.#gate.leave(failure);
      }
    });
  }

  /** Words errors of the store for callers, and says once in the log what it said. */
  async #told<T>(work: () => Promise<T>): Promise<T> {
    try {
      const done = await work();
      this.#isAway = false;
      return done;
    } catch (error) {
      if (!(error instanceof BlobsError)) throw error;
      if (!this.#isAway) this.#of.log('warn', 'the store that keeps the bytes of objects fails', { error: error.message });
      this.#isAway = true;
      throw remoteFault(error);
    }
  }
}

function bodyOf(bytes: Uint8Array): Body {
  return {
    sizeBytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    async *pieces() {
      yield bytes;
    },
  };
}
