import { dueMax } from './limits.ts';
import type { ScratchTable } from './scratch.ts';

/** The shortest span, in microseconds, and into how many spans the time from now to something is divided. */
const [spanMin, spansMin] = [2 ** 20, 64];

/** What records on disk are found by that fall due in a span of time. */
const spanName = (end: number): string => `due ${end}`;

/** `forgotten`: a little later does as well, and so much at a time; `told`: nothing is to be missed. */
type When = 'forgotten' | 'told';

/**
 * When records on disk fall due. They are found by the end of a span of time, or its beginning where nothing is to be missed, and
 * spans are the longer the farther away they are: so few of them are known in memory, and no time lies on the disk.
 */
export class Due {
  readonly #table: ScratchTable;
  readonly #when: When;
  readonly #ends = new Set<number>();
  /** The first of them. */
  #first = Number.POSITIVE_INFINITY;
  #limit = Number.NEGATIVE_INFINITY;
  /** What was taken, and is still on disk as something that falls due. */
  #taken: Buffer[] = [];

  constructor(table: ScratchTable, when: When) {
    this.#table = table;
    this.#when = when;
  }

  /** Notes when a record falls due, within a change; one whose time is infinite never does. */
  put(time: number, name: string): void {
    if (!Number.isFinite(time)) return;
    const away = Number.isFinite(this.#limit) ? Math.max(0, time - this.#limit) : 0;
    const span = Math.max(spanMin, 2 ** Math.floor(Math.log2(away / spansMin + 1)));
    const end = (this.#when === 'told' ? Math.floor(time / span) : Math.ceil(time / span)) * span;
    this.#table.putUnder(spanName(end), name);
    this.#ends.add(end);
    this.#first = Math.min(this.#first, end);
  }

  /** The records of spans before a limit; those that are left, where they are too many, come with the next one. */
  *take(limit: number): Generator<Buffer> {
    this.#limit = Math.max(this.#limit, limit);
    if (this.#first >= limit || this.#taken.length > 0) return;
    let left: number = this.#when === 'told' ? Number.POSITIVE_INFINITY : dueMax;
    for (const end of [...this.#ends].filter((each) => each < limit).sort((a, b) => a - b)) {
      for (const [key, record] of this.#table.entriesUnder(spanName(end))) {
        if (left === 0) return;
        left -= 1;
        this.#taken.push(key);
        if (record) yield record;
      }
      this.#ends.delete(end);
      this.#first = Math.min(...this.#ends);
    }
  }

  /** Takes from the disk, within a change, what was taken. */
  sweep(): void {
    for (const key of this.#taken) this.#table.removeEntry(key);
  }

  /** Whether there is something to sweep; `swept` once that was done. */
  get isDirty(): boolean {
    return this.#taken.length > 0;
  }

  swept(): void {
    this.#taken = [];
  }
}
