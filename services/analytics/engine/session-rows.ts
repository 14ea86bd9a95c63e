import type { Type } from '../domain/value.ts';
import { Expiry } from './expiry.ts';
import { KeptRows } from './kept-rows.ts';
import type { KeySlots } from './key-slot.ts';
import type { Entry } from './operator.ts';
import { stampAt } from './place.ts';
import { longer, type RowStore } from './row-store.ts';
import { SpilledPartitions } from './spill/spilled-partition.ts';

/** Rows that came or went, each with the start and end of its session then. */
export type Moves = { readonly ids: number[]; readonly starts: number[]; readonly ends: number[]; readonly weights: number[] };

type Shape = {
  readonly types: readonly Type[];
  readonly stored: ReadonlySet<number>;
  readonly keys: KeySlots;
  readonly keyTypes: readonly Type[];
  readonly isClosing: boolean;
};

/** Rows of partitions in the order of their times, and the session of each. */
export class SessionRows {
  readonly kept: KeptRows;
  readonly rows: RowStore;
  readonly #keys: KeySlots;
  readonly #isClosing: boolean;
  readonly #expiry = new Expiry<number>();
  /** The rows of a slot; those that came with the step that goes on stand last, in the order in which they came. */
  readonly #lists: number[][] = [];
  /** The time of a row, and until when it goes on. */
  #times = new Float64Array(0);
  #until = new Float64Array(0);
  /** The start, NaN before it is known, and end of a row's session. */
  #starts = new Float64Array(0);
  #ends = new Float64Array(0);
  /** How many rows of a slot stood in it before the step. */
  #touched = new Map<number, number>();
  /** The rows of slots before what changed since the last time. */
  #before = new Map<number, readonly number[]>();
  /** Rows with the start and end that they had. */
  #bounds: number[] = [];
  #isLoading = false;

  readonly spilling: SpilledPartitions;

  constructor({ types, stored, keys, keyTypes, isClosing }: Shape) {
    this.kept = new KeptRows(types, stored);
    this.rows = this.kept.rows;
    this.#keys = keys;
    this.#isClosing = isClosing;
    this.spilling = new SpilledPartitions(this.#partitions(), keyTypes);
  }

  /** The rows of partitions as they are put on disk: beside each row its time, until when it goes on, and its session. */
  #partitions() {
    const [rows, { kept }, keys] = [this, this, this.#keys];
    return {
      ...{ kept, keys, under: (slot: number) => this.#lists[slot] ?? [] },
      get isSettled() {
        if (rows.#isLoading) rows.#loaded();
        return kept.isSettled && rows.#before.size === 0;
      },
      beside: (slot: number) =>
        (this.#lists[slot] ?? []).flatMap((id) => [this.#times, this.#until, this.#starts, this.#ends].map((of) => of[id] as number)),
      restore: (slot: number, ids: readonly number[], beside: readonly (number | null)[]) => this.#restore(slot, ids, beside as number[]),
      clear: (slot: number) => {
        for (const end of this.#endsOf(slot)) this.#expiry.remove(end, slot);
        this.#lists[slot] = [];
      },
      // Sessions are in their order.
      timeOf: (slot: number) =>
        this.#isClosing ? (this.#ends[this.#lists[slot]?.[0] ?? -1] ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY,
    };
  }

  /** When the sessions of a slot end. */
  #endsOf(slot: number): Set<number> {
    return new Set((this.#lists[slot] ?? []).map((id) => this.#ends[id] as number));
  }

  #restore(slot: number, ids: readonly number[], beside: readonly number[]): void {
    this.#lengthen();
    const numbers = [this.#times, this.#until, this.#starts, this.#ends];
    for (const [at, id] of ids.entries())
      for (const [place, of] of numbers.entries()) of[id] = beside[at * numbers.length + place] as number;
    this.#lists[slot] = [...ids];
    this.#counted(slot);
    if (this.#isClosing) for (const end of this.#endsOf(slot)) this.#expiry.add(end, slot);
  }

  /** Notes how many rows a slot has. */
  #counted(slot: number): void {
    this.#keys.count(slot, (this.#lists[slot] ?? []).length - this.#keys.rowsOf(slot));
  }

  /** Notes what a slot was before what changes it. */
  #touch(slot: number): void {
    const { cells, width } = this.#keys.places;
    cells[slot * width + stampAt] = this.kept.step;
    if (!this.#before.has(slot)) this.#before.set(slot, (this.#lists[slot] ?? []).slice());
  }

  /** Begins a step of so many rows. */
  begin(count: number): void {
    if (this.#isLoading) {
      this.#isLoading = false;
      this.#loaded();
    }
    this.kept.step += 1;
    this.kept.reserve(count);
    this.#lengthen();
  }

  #lengthen(): void {
    const { capacity } = this.rows;
    if (capacity <= this.#times.length) return;
    this.#times = longer(this.#times, new Float64Array(capacity));
    this.#until = longer(this.#until, new Float64Array(capacity));
    this.#starts = longer(this.#starts, new Float64Array(capacity));
    this.#ends = longer(this.#ends, new Float64Array(capacity));
  }

  /** A new row of a partition, with its time and until when it goes on. */
  add(slot: number, time: number, until: number): number {
    const list = (this.#lists[slot] ??= []);
    if (!this.#touched.has(slot)) this.#touched.set(slot, list.length);
    this.#touch(slot);
    const id = this.kept.begin();
    list.push(id);
    this.#times[id] = time;
    this.#until[id] = until;
    this.#starts[id] = Number.NaN;
    return id;
  }

  /** What the rows that were added change of sessions. */
  moves(): Moves {
    const moves: Moves = { ids: [], starts: [], ends: [], weights: [] };
    for (const [slot, known] of this.#touched) this.#arrange(slot, this.#ordered(slot, known), moves);
    this.#touched.clear();
    return moves;
  }

  /** Puts the rows of a slot into their order; answers where those that are new begin. */
  #ordered(slot: number, known: number): number {
    const list = this.#lists[slot] as number[];
    const times = this.#times;
    let least = Number.POSITIVE_INFINITY;
    let isOrdered = true;
    for (let at = known; at < list.length; at += 1) {
      const time = times[list[at] as number] as number;
      least = Math.min(least, time);
      if (at > 0 && (times[list[at - 1] as number] as number) > time) isOrdered = false;
    }
    if (isOrdered) return known;
    list.sort((left, right) => (times[left] as number) - (times[right] as number));
    return list.findIndex((id) => (times[id] as number) >= least);
  }

  /** Makes sessions anew from the one that a place may be part of, up to where they are as they were. */
  #arrange(slot: number, place: number, moves: Moves): void {
    const list = this.#lists[slot] as number[];
    const [times, until, starts] = [this.#times, this.#until, this.#starts];
    let fresh = 0;
    for (let at = place; at < list.length; at += 1) if (Number.isNaN(starts[list[at] as number])) fresh += 1;
    let from = place;
    const last = place > 0 ? (list[place - 1] as number) : 0;
    if (last > 0 && (this.#ends[last] as number) > (times[list[place] as number] as number))
      while (from > 0 && starts[list[from - 1] as number] === starts[last]) from -= 1;
    while (from < list.length && fresh > 0) {
      const start = times[list[from] as number] as number;
      let end = start;
      let to = from;
      while (to < list.length && (to === from || (times[list[to] as number] as number) < end)) {
        end = Math.max(end, until[list[to] as number] as number);
        to += 1;
      }
      for (; from < to; from += 1) fresh -= this.#move(list[from] as number, start, end, moves);
      if (this.#isClosing) this.#expiry.add(end, slot);
    }
  }

  /** Gives a row its session; answers 1 where it had none. */
  #move(id: number, start: number, end: number, { ids, starts, ends, weights }: Moves): number {
    const [before, until] = [this.#starts[id] as number, this.#ends[id] as number];
    if (before === start && until === end) return 0;
    const isNew = Number.isNaN(before);
    if (!isNew) {
      ids.push(id);
      starts.push(before);
      ends.push(until);
      weights.push(-1);
    }
    ids.push(id);
    starts.push(start);
    ends.push(end);
    weights.push(1);
    this.#bounds.push(id, before, until);
    this.#starts[id] = start;
    this.#ends[id] = end;
    return isNew ? 1 : 0;
  }

  /** Forgets sessions that end before a limit; what was made of them stays. */
  forget(limit: number): void {
    this.spilling.recallDue(limit);
    for (const slot of this.#expiry.take(limit)) {
      const list = this.#lists[slot] ?? [];
      let count = 0;
      while (count < list.length && (this.#ends[list[count] as number] as number) < limit) count += 1;
      if (count === 0) continue;
      this.#touch(slot);
      for (const id of list.splice(0, count)) this.kept.remove(id, true);
    }
  }

  settle(): Entry[] {
    this.#expiry.settle();
    this.#end();
    return this.kept.settle();
  }

  undo(): void {
    for (let at = this.#bounds.length - 3; at >= 0; at -= 3) {
      this.#starts[this.#bounds[at] as number] = this.#bounds[at + 1] as number;
      this.#ends[this.#bounds[at] as number] = this.#bounds[at + 2] as number;
    }
    for (const [slot, list] of this.#before) this.#lists[slot] = [...list];
    this.#expiry.undo();
    this.#end();
    this.kept.undo();
  }

  #end(): void {
    for (const slot of this.#before.keys()) {
      this.#counted(slot);
      if (this.#keys.rowsOf(slot) === 0) this.#keys.close(slot);
    }
    this.#keys.settle();
    this.#touched.clear();
    this.#before.clear();
    this.#bounds = [];
  }

  /** Takes a row that was written down under a name; `keep` puts it in, and answers its number. */
  load(name: string, keep: () => number): void {
    this.#isLoading = true;
    this.kept.load(name, () => {
      this.#lengthen();
      return keep();
    });
    for (const slot of this.#before.keys()) this.#counted(slot);
    this.#touched.clear();
    this.#before.clear();
  }

  /** Makes the sessions of what was loaded. */
  #loaded(): void {
    const moves: Moves = { ids: [], starts: [], ends: [], weights: [] };
    for (const [slot, list] of this.#lists.entries()) if (list.length > 0) this.#arrange(slot, this.#ordered(slot, 0), moves);
    this.#bounds = [];
  }
}
