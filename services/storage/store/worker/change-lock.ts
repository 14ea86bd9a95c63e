import { readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fault } from '#kernel/contract/fault.ts';
import { changeLockLookMs, changeLockWaitMs } from '../limits.ts';
import { systemCode } from '../system.ts';

/**
 * Keeps changes of buckets apart that several processes make: a link that names who holds it, made and read in one step. One whose
 * holder was killed is taken away by the holder's next start, which is before its next change; nobody guesses whether another lives.
 */
export class ChangeLock {
  readonly #path: string;
  readonly #index: number;

  private constructor(path: string, index: number) {
    this.#path = path;
    this.#index = index;
  }

  /** Opens it, and takes away what this process left when it was killed; the first one also what processes left that are no more. */
  static async open(directory: string, { index, count }: { readonly index: number; readonly count: number }): Promise<ChangeLock> {
    const path = join(directory, 'bucket-change');
    const holder = await readlink(path).catch((error: unknown) => {
      if (systemCode(error) !== 'ENOENT') throw error;
    });
    if (holder === String(index) || (index === 0 && Number(holder) >= count)) await rm(path, { force: true });
    return new ChangeLock(path, index);
  }

  /** Makes a change while no other process makes one; who holds the lock when called again is the caller's to order. */
  async hold<T>(change: () => Promise<T>): Promise<T> {
    await this.#take();
    try {
      return await change();
    } finally {
      await rm(this.#path, { force: true });
    }
  }

  async #take(): Promise<void> {
    const until = performance.now() + changeLockWaitMs;
    for (;;) {
      try {
        return await symlink(String(this.#index), this.#path);
      } catch (error) {
        if (systemCode(error) !== 'EEXIST') throw error;
      }
      if (performance.now() > until) throw fault('Unavailable', 'Another process changes a bucket.');
      await pause(changeLockLookMs);
    }
  }
}
