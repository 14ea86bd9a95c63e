import { readValue, type Type, type Value } from '../domain/value.ts';
import type { Batch, Vector } from './batch.ts';
import type { Kept, KeptValue } from './accumulator.ts';
import type { Bag, Tally } from './bag.ts';
import { Expiry } from './expiry.ts';
import type { Entry, Owned, State } from './operator.ts';
import { pageRowsMax } from './limits.ts';
import { keysAt, Places, rowsAt, stampAt } from './place.ts';
import { type Runs, runsOf } from './run.ts';
import { bagPages, groupPages, loadPage } from './slot-page.ts';
import { freeStamp } from './spill/away.ts';
import { countBytes, hashBytes, objectBytes } from './spill/size.ts';
import { SpilledSlots } from './spill/spilled-slots.ts';

/** Groups from disk are written down so much fewer at once than others, since they take memory meanwhile. */
const recordsShare = 16;
/** The stamp of a group that no step has seen yet. */
const opened = -1;
const changesFirst = 16;

function lengthened<T extends Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

type Shape = {
  readonly types: readonly Type[];
  readonly kinds: readonly Kept[];
  /** Whether there is one group, without keys, even without rows. */
  readonly isWhole: boolean;
  /** The key by whose time a group is forgotten. */
  readonly closesBy: number | undefined;
};

/**
 * Groups, each in a slot: its numbers in those of `places`, what is no number behind each other in `values`. A group whose
 * rows have all gone gives its slot to another.
 */
export class Slots implements State {
  readonly places: Places;
  readonly values: unknown[] = [];
  /** How many of the values are one slot's. */
  readonly depth: number;
  step = 1;
  /**
   * Slots in the order in which steps changed them since the last time, each with the place, in `before` and `valuesBefore`, of
   * what it was before, which is -1 where it was not there.
   */
  changed = new Int32Array(changesFirst * 2);
  before: Float64Array<ArrayBuffer>;
  readonly valuesBefore: unknown[] = [];
  count = 0;
  #countBefore = 0;
  readonly types: readonly Type[];
  readonly kinds: readonly Kept[];
  /** Where each kind's numbers stand in a slot, or its value among those of the slot. */
  readonly starts: readonly number[];
  readonly #beside: readonly KeptValue[];
  readonly isWhole: boolean;
  readonly closesBy: number | undefined;
  readonly #expiry = new Expiry<number>();
  readonly #forgotten = new Set<number>();
  /** What is in the bags of all groups. */
  readonly tally: Tally = { held: 0 };
  #free: number[] = [];
  #next = 0;
  /** Undefined where groups cannot leave the memory: there is but one. */
  readonly spilling: SpilledSlots | undefined;

  /** Undefined where no key is a time beside others. */
  readonly runs: Runs | undefined;

  constructor({ types, kinds, isWhole, closesBy }: Shape) {
    this.types = types;
    this.kinds = kinds;
    this.isWhole = isWhole;
    this.closesBy = closesBy;
    this.places = new Places(
      types,
      kinds.flatMap(({ cells }) => cells ?? []),
    );
    this.runs = runsOf(types);
    this.#beside = kinds.filter((kind) => kind.cells === undefined);
    this.depth = this.#beside.length;
    let [cell, value] = [keysAt + types.length, 0];
    this.starts = kinds.map(({ cells }) => {
      const start = cells ? cell : value;
      if (cells) cell += cells.length;
      else value += 1;
      return start;
    });
    this.before = new Float64Array(changesFirst * this.places.width);
    this.spilling = isWhole ? undefined : new SpilledSlots(this, types, kinds);
  }

  /** Bytes in memory, about. */
  get bytes(): number {
    const { places, depth, tally } = this;
    return places.size * (places.width * 8 + hashBytes + depth * objectBytes) + places.keyBytes + tally.held * countBytes;
  }

  get heldBytes(): number {
    return this.spilling ? 0 : this.bytes;
  }

  get size(): number {
    return this.places.size + this.tally.held + (this.spilling?.away ?? 0);
  }

  /** Slots that were ever used. */
  get end(): number {
    return this.#next;
  }

  rowsOf(slot: number): number {
    return this.places.cells[slot * this.places.width + rowsAt] as number;
  }

  keysOf(slot: number): readonly Value[] {
    return this.places.keysOf(slot);
  }

  /** The group that there is without any row. */
  openFirst(): void {
    this.touch(this.slotOf([]));
  }

  /** A new slot, which has no keys yet. */
  begin(): number {
    const isNew = this.#free.length === 0;
    const slot = isNew ? this.#next++ : (this.#free.pop() as number);
    this.places.begin(slot, isNew);
    this.places.cells[slot * this.places.width + stampAt] = opened;
    for (let at = 0; at < this.depth; at += 1) this.values[slot * this.depth + at] = (this.#beside[at] as KeptValue).first(this.tally);
    return slot;
  }

  /** Opens a group by the numbers of its keys, which are then to be put into it. */
  openCells(hash: number): number {
    const slot = this.begin();
    this.places.add(hash, slot);
    return slot;
  }

  /** The same of a group of which it is known that it is not there. */
  openLate(hash: number): number {
    const slot = this.begin();
    this.places.addLate(hash, slot);
    return slot;
  }

  open(keys: readonly Value[]): number {
    const slot = this.begin();
    this.places.put(slot, keys);
    this.places.add(this.places.hashOf(slot), slot);
    this.opened(slot);
    return slot;
  }

  /** What is to be done once a group that was opened has its keys: what is on disk of it comes back, */
  opened(slot: number): void {
    this.expire(slot);
    this.spilling?.recall(slot);
  }

  /** and it is forgotten in its time. */
  expire(slot: number): void {
    const { places, runs } = this;
    if (runs) runs.newest = Math.max(runs.newest, places.cells[slot * places.width + keysAt + (runs.by[0] as number)] as number);
    if (this.closesBy !== undefined) this.#expiry.add(this.timeOf(slot), slot);
  }

  /** The time by which a group is forgotten. */
  timeOf(slot: number): Value {
    const { closesBy, places } = this;
    if (closesBy === undefined) return null;
    return places.columns[closesBy]?.valueOf(places.cells[slot * places.width + keysAt + closesBy] as number) ?? null;
  }

  /** Forgets groups whose time is before a limit: no row of theirs comes any more, and what they made stays. */
  forget(limit: number): void {
    this.spilling?.recallDue(limit);
    for (const slot of this.#expiry.take(limit)) {
      const time = this.timeOf(slot);
      // The slot may be another group's by now.
      if (typeof time !== 'number' || time >= limit || this.places.get(this.keysOf(slot)) !== slot) continue;
      const { cells, width } = this.places;
      if (cells[slot * width + stampAt] !== this.step) this.touch(slot);
      cells[slot * width + rowsAt] = 0;
      this.#forgotten.add(slot);
    }
  }

  isForgotten(slot: number): boolean {
    return this.#forgotten.has(slot);
  }

  /** Remembers what a group was before this step. */
  touch(slot: number): void {
    const at = this.count;
    if (at * 2 === this.changed.length) this.changed = lengthened(this.changed, new Int32Array(at * 4));
    this.count += 1;
    this.changed[at * 2] = slot;
    const { cells, width } = this.places;
    const from = slot * width;
    const isNew = cells[from + stampAt] === opened;
    this.changed[at * 2 + 1] = isNew ? -1 : this.#keep(slot);
    cells[from + stampAt] = this.step;
  }

  #keep(slot: number): number {
    const at = this.#countBefore;
    this.#countBefore += 1;
    const { cells, width } = this.places;
    const [from, to] = [slot * width, at * width];
    if (to === this.before.length) this.before = lengthened(this.before, new Float64Array(to * 2));
    for (let place = 0; place < width; place += 1) this.before[to + place] = cells[from + place] as number;
    for (let place = 0; place < this.depth; place += 1) {
      const held = this.values[slot * this.depth + place];
      const { shown } = this.#beside[place] as KeptValue;
      this.valuesBefore[at * this.depth + place] = shown ? shown(held as Bag) : held;
    }
    return at;
  }

  /** Begins a step; answers how many changes there were before it. */
  mark(): number {
    this.step += 1;
    return this.count;
  }

  /** The groups that are new since the last time: their keys, how many rows, and what is kept of them, in columns. */
  parts(): Batch {
    const size = this.count;
    const { cells, width } = this.places;
    const at = (place: number): Vector => {
      const values = new Float64Array(size);
      for (let row = 0; row < size; row += 1) values[row] = cells[(this.changed[row * 2] as number) * width + place] as number;
      return { values, nulls: undefined };
    };
    const slots = Array.from({ length: size }, (_, row) => this.changed[row * 2] as number);
    const own = this.types.map((_, place) => this.places.column(place, slots));
    const kept = this.kinds.flatMap(({ cells: first }, kind): Vector[] => {
      const start = this.starts[kind] as number;
      if (first) return first.map((_, cell) => at(start + cell));
      return [{ values: slots.map((slot) => this.values[slot * this.depth + start] as Value), nulls: undefined }];
    });
    return { size, columns: [...own, at(rowsAt), ...kept], weights: undefined };
  }

  settle(): Entry[] {
    const changed = new Set<number>();
    for (let at = 0; at < this.count; at += 1) changed.add(this.changed[at * 2] as number);
    const entries = [...this.#entries(changed, true)];
    for (const slot of changed) if (this.rowsOf(slot) === 0 && !this.isWhole) this.close(slot);
    this.#expiry.settle();
    this.#end();
    return entries;
  }

  #end(): void {
    this.count = this.#countBefore = 0;
    this.valuesBefore.length = 0;
    this.#forgotten.clear();
  }

  close(slot: number): void {
    this.spilling?.close(slot);
    this.empty(slot);
  }

  /** Takes a group out of memory. */
  empty(slot: number): void {
    if (this.closesBy !== undefined) this.#expiry.remove(this.timeOf(slot), slot);
    this.places.delete(slot);
    this.#release(slot);
  }

  /** Gives a slot back that is in no table. */
  giveBack(slot: number): void {
    this.places.release(slot);
    this.#release(slot);
  }

  #release(slot: number): void {
    for (let at = 0; at < this.depth; at += 1) {
      if (this.#beside[at]?.bag) this.tally.held -= (this.values[slot * this.depth + at] as Bag).size;
      this.values[slot * this.depth + at] = null;
    }
    this.places.cells[slot * this.places.width + stampAt] = freeStamp;
    this.#free.push(slot);
  }

  undo(): void {
    const { cells, width } = this.places;
    for (let at = this.count - 1; at >= 0; at -= 1) {
      const [slot, place] = [this.changed[at * 2] as number, this.changed[at * 2 + 1] as number];
      if (place < 0) {
        this.close(slot);
        continue;
      }
      cells.set(this.before.subarray(place * width, (place + 1) * width), slot * width);
      for (const [beside, { bag }] of this.#beside.entries()) {
        const held = slot * this.depth + beside;
        if (bag) (this.values[held] as Bag).undo();
        else this.values[held] = this.valuesBefore[place * this.depth + beside];
      }
    }
    this.#expiry.undo();
    this.#end();
    // What was not undone within a step must not look as if it were.
    this.step += 1;
  }

  /** Pages of groups and of what is in their bags, or of what changed there since the last time. */
  *#entries(slots: Iterable<number>, changedOnly: boolean): Generator<Entry> {
    for (const page of groupPages(this, slots, !changedOnly)) yield ['', page];
    for (const [at, kind] of this.kinds.entries())
      if (!kind.cells && kind.bag) for (const page of bagPages(this, at, this.#counts(slots, at, changedOnly))) yield ['', page];
  }

  *#counts(slots: Iterable<number>, at: number, changedOnly: boolean): Generator<readonly [number, Value, number]> {
    for (const slot of slots) {
      const bag = this.values[slot * this.depth + (this.starts[at] as number)] as Bag;
      const counts = changedOnly ? bag.settle().values() : values(bag);
      // With its group goes what is in its bags.
      if (this.rowsOf(slot) !== 0 || this.isWhole) for (const [value, count] of counts) yield [slot, value, count];
    }
  }

  *dump(): Generator<Entry> {
    yield* this.#entries([...this.places.values()], false);
    let records: Buffer[] = [];
    for (const record of this.spilling?.records() ?? []) {
      records.push(record);
      if (records.length < pageRowsMax / recordsShare) continue;
      yield* this.#entriesOf(records);
      records = [];
    }
    if (records.length > 0) yield* this.#entriesOf(records);
  }

  /** The entries of groups on disk, without those that are in memory too. */
  *#entriesOf(records: readonly Buffer[]): Generator<Entry> {
    const slots = records.map((record) => {
      const slot = this.begin();
      this.spilling?.restore(slot, record);
      return slot;
    });
    try {
      yield* this.#entries(
        slots.filter((slot) => this.places.get(this.keysOf(slot)) < 0),
        false,
      );
    } finally {
      for (const slot of slots) this.giveBack(slot);
    }
  }

  load([, written]: Entry, own?: Owned): void {
    if (written instanceof Uint8Array) loadPage(this, written, own);
    else this.#loadOne(written);
  }

  /** Takes what was once written down of one group, or of one value in a bag of a group that came before. */
  #loadOne(written: unknown): void {
    const [texts, ...rest] = written as [(string | null)[], ...unknown[]];
    const keys = texts.map((text, at) => (text === null ? null : readValue(this.types[at] as Type, text)));
    if (rest.length === 3) {
      const [at, text, count] = rest as [number, string, number];
      const slot = this.slotOf(keys);
      const bag = this.values[slot * this.depth + (this.starts[at] as number)] as Bag;
      // It is otherwise than what may be on disk of it.
      this.places.cells[slot * this.places.width + stampAt] = this.step;
      bag.load(readValue((this.kinds[at] as KeptValue).bag as Type, text), count);
      return;
    }
    const [rows, kept] = rest as [number, unknown[]];
    const slot = this.slotOf(keys);
    const { cells, width } = this.places;
    cells[slot * width + stampAt] = this.step;
    cells[slot * width + rowsAt] = rows;
    for (const [at, kind] of this.kinds.entries()) {
      const start = this.starts[at] as number;
      if (kind.cells) cells.set(kind.read(kept[at] as never), slot * width + start);
      else this.values[slot * this.depth + start] = kind.read(kept[at] as never, this.tally);
    }
  }

  /** The slot of keys, which is opened where there is none; what is on disk of it comes back. */
  slotOf(keys: readonly Value[]): number {
    const known = this.places.get(keys);
    return known < 0 ? this.open(keys) : known;
  }
}

function* values(bag: Bag): Generator<readonly [Value, number]> {
  for (const [, counted] of bag.counts()) yield counted;
}
