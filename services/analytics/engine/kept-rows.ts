import type { Row, Type } from '../domain/value.ts';
import type { Entry } from './operator.ts';
import { longer, RowStore } from './row-store.ts';
import { RowSize } from './spill/row-size.ts';

/** Bytes of a row besides its columns, and of each value, about. */
const [rowBytes, valueBytes] = [48, 8];
/** What has become of a row: one that came since the last time was never written down. */
const [free, kept, made, keptGone, madeGone] = [0, 1, 2, 3, 4];

/** Rows that come and are forgotten, in columns by number; what steps did since the last time is kept or undone. */
export class KeptRows {
  readonly rows: RowStore;
  /** The step that goes on. */
  step = 1;
  #states: Uint8Array<ArrayBuffer>;
  /** The step that a row came in. */
  #born: Int32Array<ArrayBuffer>;
  #made: number[] = [];
  #gone: number[] = [];
  /** Rows that are to be written down anew. */
  #renamed: number[] = [];
  #size = 0;
  readonly #rowSize: RowSize;

  constructor(types: readonly Type[], stored: ReadonlySet<number>) {
    this.rows = new RowStore(types, stored);
    this.#rowSize = new RowSize(rowBytes + stored.size * valueBytes);
    this.#states = new Uint8Array(this.rows.capacity);
    this.#born = new Int32Array(this.rows.capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes in memory, about. */
  get bytes(): number {
    return this.#size * this.#rowSize.bytes;
  }

  /** Rows that came and went since the last time. */
  get changed(): number {
    return this.#made.length + this.#gone.length;
  }

  /** Whether nothing is to be written down or may be taken back. */
  get isSettled(): boolean {
    return this.changed === 0 && this.#renamed.length === 0;
  }

  /** Takes a row out of memory, which is written down. */
  release(id: number): void {
    this.#size -= 1;
    this.#free(id);
  }

  /** Puts back a row that left the memory, by its number; answers its place. */
  restore(number: number, row: Row): number {
    this.reserve(1);
    const id = this.rows.beginAs(number);
    this.rows.put(id, row);
    this.#states[id] = kept;
    this.#size += 1;
    return id;
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

  begin(): number {
    const id = this.rows.begin();
    this.#states[id] = made;
    this.#born[id] = this.step;
    this.#made.push(id);
    this.#size += 1;
    return id;
  }

  /** Takes a row away; `isSeen`: what came out of this step may tell of it. */
  remove(id: number, isSeen: boolean): void {
    this.#size -= 1;
    if (!isSeen && this.#states[id] === made && this.#born[id] === this.step) {
      this.#free(id);
      return;
    }
    this.#states[id] = this.#states[id] === made ? madeGone : keptGone;
    this.#gone.push(id);
  }

  #free(id: number): void {
    this.#states[id] = free;
    this.rows.end(id);
  }

  settle(): Entry[] {
    const entries: Entry[] = this.rows.superseded();
    const [first] = this.#made;
    if (first !== undefined) this.#rowSize.sample(this.rows.rowOf(first));
    for (const id of this.#renamed.splice(0)) if (this.#states[id] === kept) entries.push(this.#entry(id));
    for (const id of this.#made) {
      if (this.#states[id] !== made) continue;
      this.#states[id] = kept;
      entries.push(this.#entry(id));
    }
    for (const id of this.#gone) {
      if (this.#states[id] === keptGone) entries.push([String(this.rows.numberOf(id)), null]);
      this.#free(id);
    }
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
    this.#end();
  }

  #end(): void {
    this.#made = [];
    this.#gone = [];
    this.step += 1;
  }

  #entry(id: number): Entry {
    return [String(this.rows.numberOf(id)), [this.rows.textsOf(id), 1, 0]];
  }

  *dump(): Generator<Entry> {
    for (let id = 1; id < this.rows.next; id += 1) if (this.#states[id] === kept || this.#states[id] === made) yield this.#entry(id);
  }

  /** Takes a row that was written down under a name; `keep` puts it in, and answers its number, or 0 where it is none. */
  load(name: string, keep: () => number): void {
    const isRenamed = this.rows.place(name);
    this.#lengthen();
    const id = keep();
    this.rows.placed();
    if (id > 0) this.#states[id] = kept;
    if (isRenamed && id > 0) this.#renamed.push(id);
    this.#end();
  }
}
