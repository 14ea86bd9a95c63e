import type { IndexLog } from './index-log.ts';
import type { UnsyncedMark } from './unsynced-mark.ts';

/** How far the disk is behind what was acknowledged: since when there are commits that are not synced, and who waits for that. */
export class Lag {
  readonly #listeners = new Set<() => void>();
  readonly #waiting = new Set<(isSynced: boolean) => void>();
  #mark: UnsyncedMark | undefined;
  #since: number | undefined;
  #isLast = false;

  /** From here on commits may be made that are not synced; the mark says so to a start after the machine stopped. */
  allow(mark: UnsyncedMark): void {
    this.#mark = mark;
  }

  /** When the first commit was made that is not synced, in milliseconds since 1970; undefined when all are. */
  get since(): number | undefined {
    return this.#since;
  }

  /** Calls back after commits that are not synced; returns how to stop. */
  onUnsynced(wake: () => void): () => void {
    this.#listeners.add(wake);
    return () => this.#listeners.delete(wake);
  }

  /** Resolves when every commit that was made before is on disk; false when nobody is to wait for that any more. */
  whenSynced(): Promise<boolean> {
    if (this.#since === undefined || this.#isLast) return Promise.resolve(this.#since === undefined);
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  /** Sends those away who wait. */
  waitNoMore(): void {
    this.#isLast = true;
    this.#tell(false);
  }

  /** Whether a commit may be told before it is synced: a machine that stops must leave enough to make the index again. */
  async may(index: IndexLog | undefined): Promise<boolean> {
    if (!index?.isEnough || !this.#mark) return false;
    // Where the mark cannot be written, there is nothing to be gained by haste.
    return this.#mark.set().then(
      () => true,
      () => false,
    );
  }

  noteUnsynced(): void {
    this.#since ??= Date.now();
    for (const wake of this.#listeners) wake();
  }

  /** After a commit that was synced, and with it all before; before anybody is told of it. */
  async noteSynced(index: IndexLog | undefined): Promise<void> {
    if (this.#since !== undefined) {
      this.#since = undefined;
      this.#tell(true);
    }
    // From here on the log lacks what was acknowledged: the index, which is synced, must be trusted instead of it. Where the mark
    // cannot be taken away, a start finds the gap in the log and refuses to guess.
    if (this.#mark?.isSet && !index?.isWhole) await this.#mark.clear().catch(() => {});
  }

  #tell(isSynced: boolean): void {
    for (const resolve of this.#waiting) resolve(isSynced);
    this.#waiting.clear();
  }
}
