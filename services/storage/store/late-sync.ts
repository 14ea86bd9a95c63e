import { relaxedRunsMax } from './limits.ts';

/** Runs of shards that were acknowledged and are synced after, so many at once. */
export class LateSyncs {
  readonly #running = new Map<string, Promise<unknown>>();

  /** Begins a sync; resolves at once while few are under way, and otherwise when one of them is done. */
  async add(id: string, sync: () => Promise<unknown>, onFailure: (error: unknown) => void): Promise<void> {
    while (this.#running.size >= relaxedRunsMax) await Promise.race(this.#running.values());
    const running = sync()
      .catch(onFailure)
      .finally(() => this.#running.delete(id));
    this.#running.set(id, running);
  }

  /** Resolves when those of these runs are done. */
  async of(ids: readonly string[]): Promise<void> {
    await Promise.all(ids.map((id) => this.#running.get(id)));
  }

  /** Resolves when all are done that were begun. */
  async all(): Promise<void> {
    await Promise.all(this.#running.values());
  }
}
