import { OperationError } from '#kernel/contract/fault.ts';
import type { RepeatEntry, RepeatOutcome, StoredReply } from '#kernel/contract/repeat.ts';
import { newSeed } from '../domain/id.ts';
import type { Joint } from './commit.ts';

/**
 * An idempotency key that was not taken before the work began: `taking` goes into the first transaction of the work, which comes
 * to nothing when the key is another's, and `keeping` into the last one, with the reply as it is then known.
 */
export type Claim = {
  /** The statement that takes the key, for the first transaction; undefined once it is taken. */
  taking(): Joint | undefined;
  /** The transaction with it has committed. */
  taken(): void;
  /** The statement that keeps what is answered. */
  keeping(output: object): Promise<Joint>;
  /** The transaction with it has committed. */
  kept(): void;
};

/** The key was taken before: whatever was begun without it has not been done. */
export class KeyTaken extends Error {
  override readonly name = 'KeyTaken';
}

/** What work under an idempotency key is told: the seed of its ids, and whether it was begun before and not finished. */
export type Repetition = { readonly seed: string; readonly again: boolean; readonly claim?: Claim };
type Work = (taken: Repetition) => Promise<StoredReply>;

type Store = {
  /** The statement that takes a key, and ends its transaction where it cannot. */
  taking(entry: RepeatEntry, seed: string): Joint;
  keeping(entry: RepeatEntry, seed: string, reply: Pick<StoredReply, 'status' | 'bytes'>): Promise<Joint>;
  keep(entry: RepeatEntry, seed: string, reply: StoredReply): Promise<void>;
  keepError(entry: RepeatEntry, seed: string, error: unknown): Promise<void>;
  /** Whether somebody has the key. */
  isKnown(entry: RepeatEntry): Promise<boolean>;
  hold(entry: RepeatEntry): void;
  release(entry: RepeatEntry): void;
};

/** Runs work whose first transaction takes its key. */
export class Claims {
  readonly #store: Store;
  /** Keys that are being taken; each ends when it is known whose the key is. */
  readonly #settling = new Map<string, Promise<void>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Undefined: somebody had the key before, and nothing has been done. `name` tells keys apart. */
  async run(name: string, entry: RepeatEntry, work: Work): Promise<RepeatOutcome | undefined> {
    const before = this.#settling.get(name);
    if (before) return before.then(() => undefined);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#settling.set(name, promise);
    const settled = () => {
      if (this.#settling.get(name) === promise) this.#settling.delete(name);
      resolve();
    };
    return this.#begin(entry, work, settled).finally(settled);
  }

  async #begin(entry: RepeatEntry, work: Work, settled: () => void): Promise<RepeatOutcome | undefined> {
    const store = this.#store;
    const seed = newSeed();
    const now: { isTaken: boolean; kept?: Buffer; isKept: boolean } = { isTaken: false, isKept: false };
    const claim: Claim = {
      taking: () => (now.isTaken ? undefined : store.taking(entry, seed)),
      taken() {
        now.isTaken = true;
        store.hold(entry);
        settled();
      },
      async keeping(output) {
        now.kept = Buffer.from(JSON.stringify(output));
        return store.keeping(entry, seed, { status: 200, bytes: now.kept });
      },
      kept() {
        now.isKept = true;
      },
    };
    try {
      const reply = await work({ seed, again: false, claim });
      if (!now.isTaken) throw new TypeError('work under a key that took none');
      // What the work has kept is what is answered, unless something came after.
      if (!now.isKept || now.kept?.equals(reply.bytes) !== true) await store.keep(entry, seed, reply);
      return { kind: 'fresh', reply };
    } catch (error) {
      if (error instanceof KeyTaken) return undefined;
      const isRefused = error instanceof OperationError && !error.retry;
      // Refused before anything was done: but who was answered under the key is answered so again.
      if (!now.isTaken && isRefused && (await store.isKnown(entry))) return undefined;
      // Whether the key was taken is not known where the answer was lost.
      if (now.isTaken || !isRefused) await store.keepError(entry, seed, error);
      throw error;
    } finally {
      store.release(entry);
    }
  }
}
