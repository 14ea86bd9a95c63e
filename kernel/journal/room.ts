import type { Clock } from './clock.ts';
import { listSegments } from './directory.ts';
import type { Disk } from './disk.ts';
import type { JournalLimits } from './limits.ts';
import type { SegmentSize } from './recover.ts';
import type { Reserve } from './reserve.ts';

/** Whether the journal may grow: its size, the wait of its oldest segment, the space free and the reserve. */
export class Room {
  /** Why ordinary appends are refused now. */
  refusal: string | undefined;
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #directory: string;
  readonly #limits: JournalLimits;
  readonly #reserve: Reserve;
  #segments: SegmentSize[];
  #free = Number.POSITIVE_INFINITY;
  #diskFull = false;
  #measuredMs = Number.NEGATIVE_INFINITY;

  constructor(disk: Disk, clock: Clock, directory: string, limits: JournalLimits, reserve: Reserve, segments: SegmentSize[]) {
    this.#disk = disk;
    this.#clock = clock;
    this.#directory = directory;
    this.#limits = limits;
    this.#reserve = reserve;
    this.#segments = segments;
  }

  /** A segment that was begun; it is the one that grows from now on. */
  add(segment: SegmentSize): void {
    this.#segments.push(segment);
    this.#judge();
  }

  grow(bytes: number): void {
    const live = this.#segments.at(-1);
    if (live) live.bytes += bytes;
    this.#judge();
  }

  /** True where the last look is too old to stand on, by a clock that may jump. */
  stale(): boolean {
    const ageMs = Math.abs(this.#clock.now() - this.#measuredMs);
    return ageMs >= (this.refusal === undefined ? this.#limits.measureMs : this.#limits.probeMs);
  }

  /** Looks at what the reader has trimmed and at the space free, and fills the reserve. */
  async measure(): Promise<void> {
    const present = new Set(await listSegments(this.#disk, this.#directory));
    this.#segments = this.#segments.filter((segment) => present.has(segment.number));
    this.#diskFull = !(await this.#reserve.fill());
    this.#free = await this.#disk.free(this.#directory);
    this.#measuredMs = this.#clock.now();
    this.#judge();
  }

  /** Notes that a write has found no space. */
  noteDiskFull(): void {
    this.#diskFull = true;
    this.#measuredMs = this.#clock.now();
    this.#judge();
  }

  /** Why even an essential append of so many bytes is refused: the margin above the size limit is used up too. */
  essentialRefusal(bytes: number): string | undefined {
    const { journalMaxBytes, reserveBytes } = this.#limits;
    return this.#total() + bytes > journalMaxBytes + reserveBytes ? 'The margin for essential records is used up.' : undefined;
  }

  #judge(): void {
    this.refusal = this.#reason();
  }

  #reason(): string | undefined {
    const { journalMaxBytes, journalAgeMaxMs, freeFloorBytes } = this.#limits;
    if (this.#diskFull) return 'The disk is full.';
    if (this.#free < freeFloorBytes) return `The disk has ${this.#free} bytes free, less than the ${freeFloorBytes} kept free.`;
    const total = this.#total();
    if (total >= journalMaxBytes) return `It holds ${total} bytes of at most ${journalMaxBytes}.`;
    // The oldest segment waits since the one after it was begun.
    const waitsMs = this.#clock.now() - (this.#segments[1]?.createdMs ?? this.#clock.now());
    if (waitsMs > journalAgeMaxMs) return `Its oldest segment waits for ${waitsMs} ms, more than ${journalAgeMaxMs}.`;
    return undefined;
  }

  #total(): number {
    let total = 0;
    for (const segment of this.#segments) total += segment.bytes;
    return total;
  }
}
