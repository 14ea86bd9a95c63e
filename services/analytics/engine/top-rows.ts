import type { Type, Value } from '../domain/value.ts';
import { Expiry } from './expiry.ts';
import type { KeySlots } from './key-slot.ts';
import type { Entry } from './operator.ts';
import { stampAt } from './place.ts';
import { longer, RowStore } from './row-store.ts';

/** What has become of a row: one that came since the last time was never written down. */
const [free, kept, made, keptGone, madeGone] = [0, 1, 2, 3, 4];

/** The first rows of each partition, in their order: those behind them are not kept. */
export class TopRows {
  readonly rows: RowStore;
  readonly keys: KeySlots;
  readonly most: number;
  /** The rows of a slot in their order, from `slot * most` on. */
  ranked: Int32Array<ArrayBuffer>;
  step = 1;
  /** What partitions were before each step that changed them: the slot, how many rows, and these. */
  journal: number[] = [];
  readonly #expiry = new Expiry<number>();
  #states: Uint8Array<ArrayBuffer>;
  /** The step that a row came in. */
  #born: Int32Array<ArrayBuffer>;
  #made: number[] = [];
  #gone: number[] = [];
  #renamed: number[] = [];
  #size = 0;

  constructor(types: readonly Type[], keys: KeySlots, most: number) {
    this.rows = new RowStore(types, new Set(types.keys()));
    this.keys = keys;
    this.most = most;
    this.ranked = new Int32Array(most * 16);
    this.#states = new Uint8Array(this.rows.capacity);
    this.#born = new Int32Array(this.rows.capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** Makes room for so many rows more, so that arrays are the same until these have come. */
  reserve(count: number): void {
    this.rows.loaded((id) => this.#states[id] !== free);
    this.rows.reserve(count);
    this.#lengthen();
  }

  #lengthen(): void {
    const { capacity } = this.rows;
    if (capacity <= this.#states.length) return;
    this.#states = longer(this.#states, new Uint8Array(capacity));
    this.#born = longer(this.#born, new Int32Array(capacity));
  }

  /** Remembers what a partition was before this step. */
  touch(slot: number): void {
    const { cells, width } = this.keys.places;
    if (cells[slot * width + stampAt] === this.step) return;
    cells[slot * width + stampAt] = this.step;
    const count = this.keys.rowsOf(slot);
    this.journal.push(slot, count);
    for (let at = 0; at < count; at += 1) this.journal.push(this.ranked[slot * this.most + at] as number);
  }

  /** Puts a new row into a partition, in front of those from a place on; the last one goes where there are too many. */
  insert(slot: number, place: number): number {
    this.touch(slot);
    const from = slot * this.most;
    if (from + this.most > this.ranked.length) this.ranked = longer(this.ranked, new Int32Array((from + this.most) * 2));
    const { ranked, most } = this;
    let count = this.keys.rowsOf(slot);
    if (count === most) {
      count -= 1;
      this.#remove(ranked[from + count] as number);
    } else this.keys.count(slot, 1);
    const id = this.rows.begin();
    for (let at = from + count; at > from + place; at -= 1) ranked[at] = ranked[at - 1] as number;
    ranked[from + place] = id;
    this.#states[id] = made;
    this.#born[id] = this.step;
    this.#made.push(id);
    this.#size += 1;
    return id;
  }

  #remove(id: number): void {
    this.#size -= 1;
    if (this.#states[id] === made && this.#born[id] === this.step) {
      // Nobody has seen it.
      this.#states[id] = free;
      this.rows.end(id);
      return;
    }
    this.#states[id] = this.#states[id] === made ? madeGone : keptGone;
    this.#gone.push(id);
  }

  expire(slot: number, time: Value): void {
    if (typeof time !== 'number') return;
    this.keys.places.cells[slot * this.keys.places.width + this.keys.beside] = time;
    this.#expiry.add(time, slot);
  }

  /** Forgets partitions whose time is before a limit; what was made of them stays. */
  forget(limit: number): void {
    const { cells, width } = this.keys.places;
    for (const slot of this.#expiry.take(limit)) {
      const count = this.keys.rowsOf(slot);
      // The slot may be another partition's by now.
      if (count === 0 || (cells[slot * width + this.keys.beside] as number) >= limit) continue;
      this.touch(slot);
      for (let at = 0; at < count; at += 1) this.#remove(this.ranked[slot * this.most + at] as number);
      this.keys.count(slot, -count);
    }
  }

  settle(): Entry[] {
    const entries: Entry[] = this.rows.superseded();
    for (const id of this.#renamed.splice(0)) if (this.#states[id] === kept) entries.push(this.#entry(id));
    for (const id of this.#made) {
      if (this.#states[id] !== made) continue;
      this.#states[id] = kept;
      entries.push(this.#entry(id));
    }
    for (const id of this.#gone) {
      if (this.#states[id] === keptGone) entries.push([String(id), null]);
      this.#free(id);
    }
    this.#expiry.settle();
    this.#end();
    return entries;
  }

  undo(): void {
    for (const id of this.#gone)
      if (this.#states[id] === keptGone) {
        this.#states[id] = kept;
        this.#size += 1;
      }
    for (const id of this.#made) {
      if (this.#states[id] === made) this.#size -= 1;
      if (this.#states[id] === made || this.#states[id] === madeGone) this.#free(id);
    }
    this.#restore();
    this.#expiry.undo();
    this.#end();
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

  #free(id: number): void {
    this.#states[id] = free;
    this.rows.end(id);
  }

  #end(): void {
    const slots = new Set<number>();
    for (let at = 0; at < this.journal.length; at += 2 + (this.journal[at + 1] as number)) slots.add(this.journal[at] as number);
    for (const slot of slots) if (this.keys.rowsOf(slot) === 0) this.keys.close(slot);
    this.journal = [];
    this.#made = [];
    this.#gone = [];
    this.step += 1;
  }

  #entry(id: number): Entry {
    return [String(id), [this.rows.textsOf(id), 1, 0]];
  }

  *dump(): Generator<Entry> {
    for (let id = 1; id < this.rows.next; id += 1) if (this.#states[id] === kept || this.#states[id] === made) yield this.#entry(id);
  }

  /** Takes a row that was written down under a name; `keep` puts it in, and answers its number. */
  load(name: string, keep: () => number): void {
    const isRenamed = this.rows.place(name);
    this.#lengthen();
    const id = keep();
    this.rows.placed();
    if (id > 0) this.#states[id] = kept;
    if (isRenamed && id > 0) this.#renamed.push(id);
    this.journal = [];
    this.#made = [];
    this.#gone = [];
    this.step += 1;
  }
}
