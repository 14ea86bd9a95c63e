import type { Type, Value } from '../domain/value.ts';
import { Expiry } from './expiry.ts';
import { KeptRows } from './kept-rows.ts';
import type { KeySlots } from './key-slot.ts';
import type { Entry } from './operator.ts';
import { stampAt } from './place.ts';
import { longer, type RowStore } from './row-store.ts';
import { SpilledPartitions } from './spill/spilled-partition.ts';

/** The first rows of each partition, in their order: those behind them are not kept. */
export class TopRows {
  readonly kept: KeptRows;
  readonly rows: RowStore;
  readonly keys: KeySlots;
  readonly most: number;
  /** The rows of a slot in their order, from `slot * most` on. */
  ranked: Int32Array<ArrayBuffer>;
  /** What partitions were before each step that changed them: the slot, how many rows, and these. */
  journal: number[] = [];
  readonly #expiry = new Expiry<number>();

  readonly spilling: SpilledPartitions;

  constructor(types: readonly Type[], keys: KeySlots, keyTypes: readonly Type[], most: number) {
    this.kept = new KeptRows(types, new Set(types.keys()));
    this.rows = this.kept.rows;
    this.keys = keys;
    this.most = most;
    this.ranked = new Int32Array(most * 16);
    this.spilling = new SpilledPartitions(this.#partitions(), keyTypes);
  }

  /** The rows of partitions as they are put on disk, and when each is forgotten. */
  #partitions() {
    const [rows, { kept, keys }] = [this, this];
    const under = (slot: number) => [...this.ranked.subarray(slot * this.most, slot * this.most + keys.rowsOf(slot))];
    return {
      ...{ kept, keys, under },
      get isSettled() {
        return kept.isSettled && rows.journal.length === 0;
      },
      beside: (slot: number) => [this.#timeOf(slot)],
      restore: (slot: number, ids: readonly number[], [time = null]: readonly (number | null)[]) => {
        this.#lengthen(slot);
        this.ranked.set(ids, slot * this.most);
        keys.count(slot, ids.length);
        this.expire(slot, time);
      },
      clear: (slot: number) => {
        this.#expiry.remove(this.#timeOf(slot), slot);
        keys.count(slot, -keys.rowsOf(slot));
      },
      timeOf: (slot: number) => this.#timeOf(slot) ?? Number.POSITIVE_INFINITY,
    };
  }

  /** When a partition is forgotten; null where it is not. */
  #timeOf(slot: number): number | null {
    const { cells, width } = this.keys.places;
    const time = cells[slot * width + this.keys.beside] as number;
    return Number.isNaN(time) ? null : time;
  }

  #lengthen(slot: number): void {
    const end = (slot + 1) * this.most;
    if (end > this.ranked.length) this.ranked = longer(this.ranked, new Int32Array(end * 2));
  }

  /** Remembers what a partition was before this step. */
  touch(slot: number): void {
    const { cells, width } = this.keys.places;
    if (cells[slot * width + stampAt] === this.kept.step) return;
    cells[slot * width + stampAt] = this.kept.step;
    const count = this.keys.rowsOf(slot);
    this.journal.push(slot, count);
    for (let at = 0; at < count; at += 1) this.journal.push(this.ranked[slot * this.most + at] as number);
  }

  /** Puts a new row into a partition, in front of those from a place on; the last one goes where there are too many. */
  insert(slot: number, place: number): number {
    this.touch(slot);
    const from = slot * this.most;
    this.#lengthen(slot);
    const { ranked, most } = this;
    let count = this.keys.rowsOf(slot);
    if (count === most) {
      count -= 1;
      this.kept.remove(ranked[from + count] as number, false);
    } else this.keys.count(slot, 1);
    const id = this.kept.begin();
    for (let at = from + count; at > from + place; at -= 1) ranked[at] = ranked[at - 1] as number;
    ranked[from + place] = id;
    return id;
  }

  expire(slot: number, time: Value): void {
    if (typeof time !== 'number') return;
    this.keys.places.cells[slot * this.keys.places.width + this.keys.beside] = time;
    this.#expiry.add(time, slot);
  }

  /** Forgets partitions whose time is before a limit; what was made of them stays. */
  forget(limit: number): void {
    this.spilling.recallDue(limit);
    const { cells, width } = this.keys.places;
    for (const slot of this.#expiry.take(limit)) {
      const count = this.keys.rowsOf(slot);
      // The slot may be another partition's by now.
      if (count === 0 || !((cells[slot * width + this.keys.beside] as number) < limit)) continue;
      this.touch(slot);
      for (let at = 0; at < count; at += 1) this.kept.remove(this.ranked[slot * this.most + at] as number, true);
      this.keys.count(slot, -count);
    }
  }

  settle(): Entry[] {
    this.#expiry.settle();
    this.#end();
    return this.kept.settle();
  }

  undo(): void {
    this.#restore();
    this.#expiry.undo();
    this.#end();
    this.kept.undo();
  }

  /** Puts partitions back as they were, the latest change first. */
  #restore(): void {
    const { journal } = this;
    const starts: number[] = [];
    for (let at = 0; at < journal.length; at += 2 + (journal[at + 1] as number)) starts.push(at);
    for (const start of starts.reverse()) {
      const [slot, count] = [journal[start] as number, journal[start + 1] as number];
      for (let at = 0; at < count; at += 1) this.ranked[slot * this.most + at] = journal[start + 2 + at] as number;
      this.keys.count(slot, count - this.keys.rowsOf(slot));
    }
  }

  #end(): void {
    const slots = new Set<number>();
    for (let at = 0; at < this.journal.length; at += 2 + (this.journal[at + 1] as number)) slots.add(this.journal[at] as number);
    for (const slot of slots) if (this.keys.rowsOf(slot) === 0) this.keys.close(slot);
    this.journal = [];
    this.keys.settle();
  }

  /** Takes a row that was written down under a name; `keep` puts it in, and answers its number. */
  load(name: string, keep: () => number): void {
    this.kept.load(name, keep);
    this.journal = [];
  }
}
