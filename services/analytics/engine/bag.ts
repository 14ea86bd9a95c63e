import { compareValues, keyOf, type Value } from '../domain/value.ts';

type Known = Exclude<Value, null>;

/** So many values are looked through one by one. */
const fewMost = 8;

/** Stands for lists in which nothing ever was: many bags stay empty. */
const nothing: never[] = [];

/** The same for equal values: most of them are themselves. */
const nameOf = (value: Known): Known => (typeof value === 'object' ? keyOf(value) : value === 0 ? 0 : value);

/** How many different values are in some bags together. */
export type Tally = { held: number };

/** Values of a group with how often each is there, so that rows may go again. Most bags are small: they have no table. */
export class Bag {
  readonly #tally: Tally;
  #names: Known[] = nothing;
  /** The values, where any is not its own name. */
  #values: Known[] | undefined;
  #counts: number[] = nothing;
  /** Where a name stands, once there are many. */
  #places: Map<Known, number> | undefined;
  /** Values that were changed since the last time, with how often they were there before. */
  #changed: Known[] | undefined;
  #before: number[] | undefined;
  #least: Known | undefined;
  #greatest: Known | undefined;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  /** How many different values there are. */
  get size(): number {
    return this.#names.length;
  }

  #placeOf(name: Known): number {
    return this.#places ? (this.#places.get(name) ?? -1) : this.#names.indexOf(name);
  }

  /** How often a value is there. */
  countOf(value: Known): number {
    const place = this.#placeOf(nameOf(value));
    return place < 0 ? 0 : (this.#counts[place] as number);
  }

  /** Adds (or takes away) a value so often; answers 1 where it is now there and was not, -1 for the reverse. */
  change(value: Known, weight: number): number {
    const name = nameOf(value);
    const place = this.#placeOf(name);
    const before = place < 0 ? 0 : (this.#counts[place] as number);
    this.#note(value, before);
    this.#set(place, name, value, before + weight);
    return Number(before + weight > 0) - Number(before > 0);
  }

  // A list that is written with its first value takes no room for more.
  #note(value: Known, before: number): void {
    if (this.#changed) this.#changed.push(value);
    else this.#changed = [value];
    if (this.#before) this.#before.push(before);
    else this.#before = [before];
  }

  #set(place: number, name: Known, value: Known, count: number): void {
    if (place < 0) {
      if (count !== 0) this.#add(name, value, count);
    } else if (count === 0) this.#remove(place);
    else this.#counts[place] = count;
    if (count > 0) {
      if (this.#least !== undefined && compareValues(value, this.#least) < 0) this.#least = value;
      if (this.#greatest !== undefined && compareValues(value, this.#greatest) > 0) this.#greatest = value;
    } else {
      if (this.#least !== undefined && compareValues(value, this.#least) === 0) this.#least = undefined;
      if (this.#greatest !== undefined && compareValues(value, this.#greatest) === 0) this.#greatest = undefined;
    }
  }

  #add(name: Known, value: Known, count: number): void {
    this.#tally.held += 1;
    if (!this.#values && !Object.is(name, value)) this.#values = [...this.#names];
    this.#values?.push(value);
    const place = this.#names.length;
    if (this.#names === nothing) [this.#names, this.#counts] = [[name], [count]];
    else {
      this.#names.push(name);
      this.#counts.push(count);
    }
    if (this.#places) this.#places.set(name, place);
    else if (place >= fewMost) this.#places = new Map(this.#names.map((each, at) => [each, at]));
  }

  /** The last value takes the place of one that went. */
  #remove(place: number): void {
    this.#tally.held -= 1;
    const [name, count] = [this.#names.pop() as Known, this.#counts.pop() as number];
    const value = this.#values?.pop();
    if (place === this.#names.length) {
      this.#places?.delete(name);
      return;
    }
    this.#places?.delete(this.#names[place] as Known);
    this.#places?.set(name, place);
    this.#names[place] = name;
    this.#counts[place] = count;
    if (this.#values) this.#values[place] = value as Known;
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
    const values = this.#values ?? this.#names;
    for (let at = 0; at < values.length; at += 1) {
      const value = values[at] as Known;
      if ((this.#counts[at] as number) > 0 && (best === undefined || compareValues(value, best) * sign > 0)) best = value;
    }
    return best;
  }

  /** All of them, by their keys. */
  *counts(): Generator<readonly [string, readonly [Known, number]]> {
    for (const [at, value] of (this.#values ?? this.#names).entries()) yield [keyOf(value), [value, this.#counts[at] as number]];
  }

  /** What changed since the last time this was asked, by its key; the counts are those of now. */
  settle(): Map<string, readonly [Known, number]> {
    const changed = new Map<string, readonly [Known, number]>();
    for (const value of this.#changed ?? []) {
      const place = this.#placeOf(nameOf(value));
      changed.set(keyOf(value), [value, place < 0 ? 0 : (this.#counts[place] as number)]);
    }
    this.#changed = this.#before = undefined;
    return changed;
  }

  /** Puts back what changed since `settle`. */
  undo(): void {
    const [changed, before] = [this.#changed ?? [], this.#before ?? []];
    for (let at = changed.length - 1; at >= 0; at -= 1) {
      const [value, count] = [changed[at] as Known, before[at] as number];
      const name = nameOf(value);
      this.#set(this.#placeOf(name), name, value, count);
    }
    this.#changed = this.#before = undefined;
  }

  /** Puts back a count that was kept. */
  load(value: Known, count: number): void {
    const name = nameOf(value);
    this.#set(this.#placeOf(name), name, value, count);
  }
}
