import type { Log } from '#kernel/contract/implement.ts';
import type { Blobs } from '#seams/blobs/blobs.ts';
import type { Catalog } from './catalog.ts';
import { remoteRemovalsMax, remoteWaitMs } from './limits.ts';
import type { RemoteLives } from './remote-life.ts';
import { blobOfKey, blobPrefix, pieceKey, type RemoteMark } from './remote-place.ts';

export type RemovalParts = {
  readonly catalog: Catalog;
  readonly lives: RemoteLives;
  readonly log: Log;
  readonly now: () => number;
  readonly store: () => Promise<Blobs>;
  /** Words what fails. */
  readonly told: <T>(work: () => Promise<T>) => Promise<T>;
};

/** What a search of the store found: objects in it; those of ours that nobody needs, which were removed; those of another copy of us. */
export type SweepReport = { readonly endedAt: number; readonly objects: number; readonly orphans: number; readonly foreign: number };

const idKey = (id: string) => Buffer.from(id, 'hex');

/**
 * Removes from the operator's store what no commit points at any more. Each blob is written down as garbage until the store has
 * confirmed that it is gone; what fails is tried again, also after a restart.
 */
export class RemoteRemoval {
  readonly #of: RemovalParts;
  readonly #doomed = new Map<string, RemoteMark>();
  #running: Promise<void> | undefined;
  #later: NodeJS.Timeout | undefined;
  #closed = false;
  lastSweep: SweepReport | undefined;

  constructor(parts: RemovalParts) {
    this.#of = parts;
  }

  /** Blobs that wait for their removal. */
  get waiting(): number {
    return this.#doomed.size;
  }

  /** Removes a blob that is written down as garbage, as soon as the store takes it. */
  doom(id: string, mark: RemoteMark): void {
    this.#doomed.set(id, mark);
    this.#wake();
  }

  /** Tries again at once what failed. */
  retry(): void {
    clearTimeout(this.#later);
    this.#later = undefined;
    if (this.#doomed.size > 0) this.#wake();
  }

  /** Resolves when what was asked for so far is removed, or has failed for now. */
  async settled(): Promise<void> {
    await this.#running;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#later);
  }

  #wake(): void {
    if (this.#closed || this.#running || this.#later) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      if (this.#doomed.size > 0) this.#wake();
    });
  }

  async #run(): Promise<void> {
    // What else this turn brings comes along.
    await new Promise((resolve) => setImmediate(resolve));
    const all = [...this.#doomed];
    for (let at = 0; at < all.length && !this.#closed; at += remoteRemovalsMax) {
      try {
        await this.#removeGroup(all.slice(at, at + remoteRemovalsMax));
      } catch {
        // What the store said is in the log already.
        if (!this.#closed) this.#wait();
        return;
      }
    }
  }

  async #removeGroup(group: readonly (readonly [string, RemoteMark])[]): Promise<void> {
    const { catalog, told } = this.#of;
    const results = await Promise.allSettled(group.map(([id, mark]) => told(() => this.#remove(id, mark))));
    const gone = group.filter((_, at) => results[at]?.status === 'fulfilled');
    await catalog.commit(() => {
      for (const [id] of gone) catalog.table.garbage.remove(idKey(id));
    });
    for (const [id] of gone) this.#doomed.delete(id);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  async #remove(id: string, { remote, pieces }: RemoteMark): Promise<void> {
    const store = await this.#of.store();
    if (pieces === undefined) for await (const { key } of store.list(blobPrefix(remote, id))) await store.remove(key);
    else for (let piece = 0; piece < pieces; piece++) await store.remove(pieceKey(remote, id, piece));
  }

  #wait(): void {
    this.#later = setTimeout(() => this.retry(), remoteWaitMs);
    this.#later.unref();
  }

  /**
   * Removes every object whose id this index gave out and knows no more: a request of which we were told that it failed may still
   * have had its effect. What others gave out, as another copy of this data directory does, is counted and left alone.
   */
  async sweep(): Promise<SweepReport> {
    const { told, store, now, log, lives } = this.#of;
    const found = await told(async () => {
      const place = await store();
      let [objects, orphans, foreign] = [0, 0, 0];
      for await (const { key } of place.list('')) {
        if (this.#closed) break;
        const id = blobOfKey(key);
        if (id === undefined) continue;
        objects += 1;
        if (this.#isKnown(id)) continue;
        if (!lives.gaveOut(id)) {
          foreign += 1;
          continue;
        }
        orphans += 1;
        await place.remove(key);
      }
      return { objects, orphans, foreign };
    });
    if (found.orphans > 0) log('info', 'objects that nobody knew of were removed from the store of bytes', { objects: found.orphans });
    if (found.foreign > (this.lastSweep?.foreign ?? 0))
      log('warn', 'the store of bytes has objects that another copy of this data directory wrote; they stay', { objects: found.foreign });
    this.lastSweep = { endedAt: now(), ...found };
    return this.lastSweep;
  }

  #isKnown(id: string): boolean {
    const { blob, garbage } = this.#of.catalog.table;
    return blob.doesExist(idKey(id)) || garbage.doesExist(idKey(id));
  }
}
