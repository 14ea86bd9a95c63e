import { existsSync } from 'node:fs';
import type { Drive, DriveSpec } from '../store/drive.ts';
import type { DriveSet } from '../store/drive-set.ts';
import { driveCheckMs, driveGraceMs, extentAgeMaxMs, indexCheckMs } from '../store/limits.ts';
import { rebuildDrive, scrub, scrubBytes, scrubPace, type ScrubReport } from '../store/scrub.ts';
import type { Store } from '../store/store.ts';
import { alone, type DriveAgreement } from '../store/worker/drive-agreement.ts';

export type Rebuild = { readonly drive: number; readonly startedAt: number; bytes: number };

type KeeperOptions = {
  readonly graceMs?: number;
  readonly checkMs?: number;
  /** How processes agree that share the drives. */
  readonly agree?: (drives: DriveSet, look: () => void) => DriveAgreement;
};

/**
 * Keeps drives whole by itself: looks whether they are there, makes a directory of our own again when it is gone, rebuilds
 * what a new drive should hold, and reads everything once in so many days.
 */
export class DriveKeeper {
  readonly #store: Store;
  readonly #local: (spec: DriveSpec) => boolean;
  readonly #stop = new AbortController();
  readonly #graceMs: number;
  readonly #agreement: DriveAgreement;
  readonly #startedAt: number;
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> | undefined;
  #scrubbing: Promise<void> | undefined;
  /** The rebuild that is going on. */
  rebuilding: Rebuild | undefined;
  lastScrub: (ScrubReport & { readonly endedAt: number }) | undefined;

  constructor(store: Store, directory: string, { graceMs = driveGraceMs, checkMs = driveCheckMs, agree = alone }: KeeperOptions = {}) {
    this.#store = store;
    this.#startedAt = store.now();
    this.#local = ({ path, at }) => !at && path.startsWith(`${directory}/`);
    this.#graceMs = graceMs;
    this.#timer = setInterval(() => this.look(), checkMs);
    this.#timer.unref();
    const { drives } = store.blobs;
    this.#agreement = agree(drives, () => this.look());
    drives.onChange(() => this.look());
    this.look();
    this.#scrubbing = this.#scrubAlways();
  }

  /** Looks at the drives; who asks while it looks joins. */
  look(): void {
    if (this.#stop.signal.aborted) return;
    this.#work ??= this.#check()
      .catch((error: unknown) => this.#store.blobs.log('error', 'the drives could not be looked after', { error: String(error) }))
      .finally(() => {
        this.#work = undefined;
      });
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopped'));
    clearInterval(this.#timer);
    await this.#work;
    await this.#scrubbing;
  }

  async #check(): Promise<void> {
    const { drives } = this.#store.blobs;
    const { all } = this.#store.partitions;
    for (const drive of drives.drives) {
      await drive.check();
      if (!drive.isIn) this.#mindCopies(drive.number);
    }
    for (const { index, blobs } of all) {
      await index.tend();
      await blobs.packs.appender.rotateOlder(extentAgeMaxMs, this.#store.now());
    }
    await this.#agreement.rejoin();
    for (const drive of this.#agreement.follows ? [] : drives.drives) {
      if (await drive.isBack()) await drives.comeBack(drive.number);
      else if (!drive.isIn && (this.#isGone(drive) || (await drive.isReplaced()))) await drives.replace(drive.number);
    }
    for (const number of drives.lost) {
      if (this.#stop.signal.aborted) return;
      if (drives.inUse(number) && this.#agreement.isDue(number)) await this.#rebuild(number);
    }
  }

  /** A directory of our own that is gone is no drive that may come back. */
  #isGone({ state, spec }: Drive): boolean {
    if (state.state !== 'out' || !this.#local(spec) || existsSync(spec.path)) return false;
    return this.#store.now() - state.since >= this.#graceMs;
  }

  /** What lost a copy is sealed at once. */
  #mindCopies(number: number): void {
    for (const { blobs, upkeep } of this.#store.partitions.all)
      for (const extent of blobs.packs.extents.values()) if (extent.drives.includes(number)) upkeep.look(extent);
  }

  async #rebuild(number: number): Promise<void> {
    const rebuild: Rebuild = { drive: number, startedAt: this.#store.now(), bytes: 0 };
    this.rebuilding = rebuild;
    try {
      const { all } = this.#store.partitions;
      for (const { blobs } of all)
        await rebuildDrive(blobs, number, async (bytes) => {
          rebuild.bytes += bytes;
          this.#stop.signal.throwIfAborted();
        });
      await this.#agreement.rebuilt(number);
      for (const { upkeep } of all) upkeep.retry();
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    } finally {
      this.rebuilding = undefined;
    }
  }

  /** Reads everything at the pace at which it is done in the days allowed. */
  async #scrubAlways(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#pause(1000);
        const report = await this.#scrubAll();
        this.lastScrub = { ...report, endedAt: this.#store.now() };
        for (const { index } of this.#store.partitions.all)
          if (this.#store.now() - (index.lastCheck?.endedAt ?? this.#startedAt) >= indexCheckMs) await index.check();
        if (report.bytes === 0) await this.#pause(driveCheckMs);
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.#store.blobs.log('warn', 'a scrub broke off; the next one begins anew', { error: String(error) });
        await this.#pause(driveCheckMs).catch(() => {});
      }
    }
  }

  async #scrubAll(): Promise<ScrubReport> {
    const sum = { runs: 0, extents: 0, bytes: 0, damagedShards: 0, damagedCopies: 0 };
    const { all } = this.#store.partitions;
    let due = 0;
    for (const { blobs } of all) due += await scrubBytes(blobs);
    const bytesPerSecond = scrubPace(due, this.#store.blobs.drives.scrubDays);
    for (const { blobs } of all) {
      const report = await scrub(blobs, (bytes) => this.#pause((bytes / bytesPerSecond) * 1000));
      for (const name of Object.keys(sum) as (keyof ScrubReport)[]) sum[name] += report[name];
    }
    return sum;
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#stop;
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', end);
        resolve();
      }, ms);
      timer.unref();
      signal.addEventListener('abort', end, { once: true });
    });
  }
}
