import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { CircuitEntry } from '../circuit.ts';
import type { Spill } from './room.ts';
import { Scratch, type ScratchTable } from './scratch.ts';

const nameOf = ([operator, key]: CircuitEntry): string => `${operator} ${key}`;
/** Groups come before what is in their bags. */
const isGroup = ([, , written]: CircuitEntry): boolean => Array.isArray(written) && Array.isArray(written[0]) && written.length === 3;

/**
 * Entries that are read, of each name the last one, until all are known. What memory has no room for waits on disk, sealed, so
 * that a view needs no more memory to be loaded than it has to be at work.
 */
export class EntryStore {
  readonly #scratch: Scratch;
  readonly #table: ScratchTable;
  readonly #memoryBytes: number;
  #waiting = new Map<string, CircuitEntry>();
  /** How far operators had come, one entry each: by that they understand all others. */
  readonly #passed = new Map<number, CircuitEntry>();
  #bytes = 0;
  #isOnDisk = false;

  /** Without `spill` all of it is in memory. */
  constructor({ directory, memoryBytes, diskBytes }: Spill = { directory: '', memoryBytes: Number.POSITIVE_INFINITY, diskBytes: 0 }) {
    this.#scratch = new Scratch(join(directory, randomUUID()), diskBytes);
    this.#table = this.#scratch.table('entry');
    this.#memoryBytes = memoryBytes;
  }

  /** Takes entries that came together in so many bytes; an entry without contents takes away what had its name. */
  put(entries: readonly CircuitEntry[], bytes: number): void {
    for (const entry of entries) {
      if (entry[1] === '') {
        this.#passed.set(entry[0], entry);
        continue;
      }
      const name = nameOf(entry);
      // Taken out first, so that the order is that of the last ones.
      this.#waiting.delete(name);
      if (entry[2] !== null || this.#isOnDisk) this.#waiting.set(name, entry);
    }
    this.#bytes += bytes;
    if (this.#bytes > this.#memoryBytes) this.#write();
  }

  #write(): void {
    this.#table.change(() => {
      for (const [name, entry] of this.#waiting) {
        if (entry[2] === null) this.#table.remove(name);
        else this.#table.put(name, Buffer.from(JSON.stringify(entry)));
      }
    });
    this.#waiting = new Map();
    this.#bytes = 0;
    this.#isOnDisk = true;
  }

  /** Takes out the entries of an operator that are in memory, in an order in which they can be loaded. */
  take(operator: number): CircuitEntry[] {
    const own = [...this.#waiting.values()].filter(([at]) => at === operator);
    for (const entry of own) this.#waiting.delete(nameOf(entry));
    const passed = this.#passed.get(operator);
    this.#passed.delete(operator);
    return [...(passed ? [passed] : []), ...inOrder(own)];
  }

  /** All of them, in an order in which they can be loaded. */
  *entries(): Generator<CircuitEntry> {
    yield* this.#passed.values();
    if (!this.#isOnDisk) {
      yield* inOrder([...this.#waiting.values()]);
      return;
    }
    this.#write();
    for (const first of [true, false])
      for (const record of this.#table.values()) {
        const entry = JSON.parse(record.toString()) as CircuitEntry;
        if (isGroup(entry) === first) yield entry;
      }
  }

  close(): Promise<void> {
    return this.#scratch.close();
  }
}

const inOrder = (all: readonly CircuitEntry[]): CircuitEntry[] => [...all.filter(isGroup), ...all.filter((entry) => !isGroup(entry))];
