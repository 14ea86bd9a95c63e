import { compareValues, keyOf, type Value } from '../domain/value.ts';

type Known = Exclude<Value, null>;
type Held = { readonly value: Known; count: number };

/** The same for equal values: most of them are themselves. */
const nameOf = (value: Known): Known => (typeof value === 'object' ? keyOf(value) : value === 0 ? 0 : value);

/** Values of a group with how often each is there, so that rows may go again. */
export class Bag {
  readonly held = new Map<Known, Held>();
  #journal: [Known, Known, number][] = [];
  #least: Known | undefined;
  #greatest: Known | undefined;

  /** Adds (or takes away) a value so often; answers 1 where it is now there and was not, -1 for the reverse. */
  change(value: Known, weight: number): number {
    const key = nameOf(value);
    const known = this.held.get(key);
    const before = known?.count ?? 0;
    this.#journal.push([key, value, before]);
    this.#set(key, value, before + weight);
    return Number(before + weight > 0) - Number(before > 0);
  }

  #set(key: Known, value: Known, count: number): void {
    const known = this.held.get(key);
    if (count === 0) this.held.delete(key);
    else if (known) known.count = count;
    else this.held.set(key, { value, count });
    if (count > 0) {
      if (this.#least !== undefined && compareValues(value, this.#least) < 0) this.#least = value;
      if (this.#greatest !== undefined && compareValues(value, this.#greatest) > 0) this.#greatest = value;
    } else {
      if (this.#least !== undefined && compareValues(value, this.#least) === 0) this.#least = undefined;
      if (this.#greatest !== undefined && compareValues(value, this.#greatest) === 0) this.#greatest = undefined;
    }
  }

  get least(): Value {
    if (this.#least === undefined) this.#least = this.#best(-1);
    return this.#least ?? null;
  }

  get greatest(): Value {
    if (this.#greatest === undefined) this.#greatest = this.#best(1);
    return this.#greatest ?? null;
  }

  #best(sign: number): Known | undefined {
    let best: Known | undefined;
    for (const { value, count } of this.held.values())
      if (count > 0 && (best === undefined || compareValues(value, best) * sign > 0)) best = value;
    return best;
  }

  /** All of them, by their keys. */
  *counts(): Generator<readonly [string, readonly [Known, number]]> {
    for (const { value, count } of this.held.values()) yield [keyOf(value), [value, count]];
  }

  /** What changed since the last time this was asked, by its key; the counts are those of now. */
  settle(): Map<string, readonly [Known, number]> {
    const changed = new Map<string, readonly [Known, number]>();
    for (const [key, value] of this.#journal) changed.set(keyOf(value), [value, this.held.get(key)?.count ?? 0]);
    this.#journal = [];
    return changed;
  }

  /** Puts back what changed since `settle`. */
  undo(): void {
    for (const [key, value, count] of this.#journal.reverse()) this.#set(key, value, count);
    this.#journal = [];
  }

  /** Puts back a count that was kept. */
  load(value: Known, count: number): void {
    this.#set(nameOf(value), value, count);
  }
}
