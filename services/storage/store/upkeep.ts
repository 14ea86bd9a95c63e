import { OperationError } from '#kernel/contract/fault.ts';
import type { BlobStore } from './blob.ts';
import type { CodedPlace } from './coded-reader.ts';
import type { Extent } from './extent.ts';
import { driveWaitMs, repairsMax, upkeepWaitMs } from './limits.ts';
import { repairCoded } from './repair.ts';
import { dropExtent, dueOf, moveExtent, sealExtent } from './upkeep-extent.ts';

/** A run of shards that needs repair. `lost` when it had too few left when it was last looked at. */
export type Concerned = { readonly place: CodedPlace; readonly shards: Set<number>; lost: boolean };

/**
 * The work that goes on behind requests: full extents are sealed, mostly dead ones emptied, damage is repaired. One thing at a
 * time; what fails is tried again later.
 */
export class Upkeep {
  readonly #blobs: BlobStore;
  readonly #extents = new Set<Extent>();
  readonly #damaged = new Set<Extent>();
  readonly #repairs = new Map<string, Concerned>();
  readonly #later = new Map<NodeJS.Timeout, () => void>();
  readonly #onLost: (place: CodedPlace) => void;
  #running: Promise<void> | undefined;
  #stopped = false;
  repaired = 0;
  repairedBytes = 0;

  constructor(blobs: BlobStore, onLost: (place: CodedPlace) => void) {
    this.#blobs = blobs;
    this.#onLost = onLost;
    blobs.concern.work = (extent, damaged) => this.look(extent, damaged);
    blobs.concern.damage = (place, shards, lost) => this.repair(place, shards, lost);
    for (const extent of blobs.packs.extents.values()) this.look(extent);
  }

  /** Looks whether an extent is due for something. */
  look(extent: Extent, damaged = false): void {
    if (damaged && extent.state === 'open') this.#damaged.add(extent);
    if (this.#stopped || !(dueOf(extent) ?? this.#isShort(extent))) return;
    this.#extents.add(extent);
    this.#wake();
  }

  /** An open extent of which a copy is away or damaged is closed early. */
  #isShort(extent: Extent): boolean {
    if (extent.state !== 'open' || extent.size === 0) return false;
    return this.#damaged.has(extent) || extent.drives.some((number) => !this.#blobs.drives.inUse(number));
  }

  /** Asks for shards to be made again. */
  repair(place: CodedPlace, shards: readonly number[], lost = false): void {
    const known = this.#repairs.get(place.id);
    if (lost && !known?.lost) this.#onLost(place);
    if (this.#stopped || (!known && this.#repairs.size >= repairsMax)) return;
    const entry = known ?? { place, shards: new Set<number>(), lost };
    for (const shard of shards) entry.shards.add(shard);
    entry.lost = lost;
    this.#repairs.set(place.id, entry);
    this.#wake();
  }

  /** What waits for repair. */
  get waiting(): { readonly extents: number; readonly repairs: readonly Concerned[] } {
    return { extents: this.#extents.size, repairs: [...this.#repairs.values()] };
  }

  /** Resolves when nothing is left that can be done now. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  /** Tries again at once what waits for better times: a drive has come. */
  retry(): void {
    const waiting = [...this.#later];
    this.#later.clear();
    for (const [timer, again] of waiting) {
      clearTimeout(timer);
      again();
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#later.keys()) clearTimeout(timer);
    await this.#running;
  }

  #wake(): void {
    if (this.#stopped) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    // In turns, so that neither waits for the end of the other: writes that go on make extents due for ever.
    let mends = true;
    while (!this.#stopped) {
      const [extent] = this.#extents;
      const concerned = this.#repairs.values().find(({ shards }) => shards.size > 0);
      mends = !mends && concerned !== undefined;
      if (extent && !mends) {
        this.#extents.delete(extent);
        await this.#try(
          'an extent',
          () => this.#tend(extent),
          () => this.look(extent),
        );
      } else if (concerned) await this.#mend(concerned);
      else return;
    }
  }

  async #tend(extent: Extent): Promise<void> {
    const { packs } = this.#blobs;
    if (packs.extents.get(extent.id) !== extent) return;
    if (this.#isShort(extent) && packs.appender.current === extent) await packs.appender.rotate();
    this.#damaged.delete(extent);
    const due = dueOf(extent);
    if (due === 'drop') await dropExtent(this.#blobs, extent);
    // One that is awaited comes again once it is known what is alive in it.
    else if (due === 'move' && !packs.isAwaited(extent)) await moveExtent(this.#blobs, extent);
    else if (due === 'seal') await sealExtent(this.#blobs, extent);
  }

  async #mend(concerned: Concerned): Promise<void> {
    const shards = [...concerned.shards];
    concerned.shards.clear();
    const again = () => {
      const known = this.#repairs.get(concerned.place.id);
      if (known) for (const shard of shards) known.shards.add(shard);
      this.#wake();
    };
    await this.#try(
      'a run of shards',
      async () => {
        const bytes = await repairCoded(this.#blobs, concerned.place.id, shards);
        if (bytes === undefined) return this.#wait(again, driveWaitMs);
        this.repaired += 1;
        this.repairedBytes += bytes;
        if (concerned.shards.size === 0) this.#repairs.delete(concerned.place.id);
      },
      again,
    );
  }

  async #try(what: string, work: () => Promise<void>, again: () => void): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#stopped) return;
      // Too few drives or a full disk is the world's; anything else is a bug, and is told as one.
      const known = error instanceof OperationError || (error as NodeJS.ErrnoException).code !== undefined;
      this.#blobs.log(known ? 'warn' : 'error', `upkeep of ${what} failed; it is tried again`, {
        error: known ? String(error) : String((error as Error).stack),
      });
      this.#wait(again, known ? driveWaitMs : upkeepWaitMs);
    }
  }

  #wait(again: () => void, ms: number): void {
    const timer = setTimeout(() => {
      this.#later.delete(timer);
      again();
    }, ms);
    timer.unref();
    this.#later.set(timer, again);
  }
}
