import { coldPagesMax, pageBytes } from './limits.ts';

/** Fills `into` with the words of entries from the one given on: of a file, at once. */
export type ReadEntries = (entry: number, into: Int32Array) => void;

/** Entries on a page of a run of `width` words each. */
const entriesOf = (width: number): number => Math.floor(pageBytes / 4 / width);

/** Compares two entries word by word, as numbers without sign: negative, zero or positive. */
export function order(one: Int32Array, at: number, other: Int32Array, there: number, width: number): number {
  for (let word = 0; word < width; word += 1) {
    const difference = (one[at + word]! >>> 0) - (other[there + word]! >>> 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The first of `count` sorted entries that is not before the key. */
function firstNotBefore(words: Int32Array, count: number, key: Int32Array, width: number): number {
  let from = 0;
  let to = count;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (order(words, middle * width, key, 0, width) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Sorted entries that lie in a file and never change. In memory are the first of each page and the pages read last. */
export class Run {
  readonly width: number;
  readonly count: number;
  readonly #fences: Int32Array;
  readonly #read: ReadEntries;
  readonly #pages = new Map<number, Int32Array>();

  constructor(width: number, count: number, fences: Int32Array, read: ReadEntries) {
    this.width = width;
    this.count = count;
    this.#fences = fences;
    this.#read = read;
  }

  /** The page that holds an entry; the entry begins at `base(entry)` of it. */
  page(entry: number): Int32Array {
    const entries = entriesOf(this.width);
    const page = Math.floor(entry / entries);
    const known = this.#pages.get(page);
    if (known) return known;
    const words = new Int32Array(Math.min(entries, this.count - page * entries) * this.width);
    this.#read(page * entries, words);
    this.#pages.set(page, words);
    const [oldest] = this.#pages.keys();
    if (this.#pages.size > coldPagesMax && oldest !== undefined) this.#pages.delete(oldest);
    return words;
  }

  base(entry: number): number {
    return (entry % entriesOf(this.width)) * this.width;
  }

  /** The first entry that is not before the key, which has the width of an entry; `count` when there is none. */
  find(key: Int32Array): number {
    const page = firstNotBefore(this.#fences, this.#fences.length / this.width, key, this.width) - 1;
    if (page < 0) return 0;
    const first = page * entriesOf(this.width);
    const words = this.page(first);
    return first + firstNotBefore(words, words.length / this.width, key, this.width);
  }
}

/** Collects the first entry of each page while a run is written or read from its beginning. */
export class Fences {
  readonly #width: number;
  readonly #words: Int32Array;
  #entries = 0;

  constructor(width: number, count: number) {
    this.#width = width;
    this.#words = new Int32Array(Math.ceil(count / entriesOf(width)) * width);
  }

  /** Takes the next entries. */
  take(words: Int32Array): void {
    const step = entriesOf(this.#width);
    const end = this.#entries + words.length / this.#width;
    for (let entry = Math.ceil(this.#entries / step) * step; entry < end; entry += step) {
      const at = (entry - this.#entries) * this.#width;
      this.#words.set(words.subarray(at, at + this.#width), (entry / step) * this.#width);
    }
    this.#entries = end;
  }

  get words(): Int32Array {
    return this.#words;
  }
}
