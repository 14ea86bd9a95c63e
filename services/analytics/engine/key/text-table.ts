import type { Texts } from '../cell.ts';
import { HashTable } from '../hash-table.ts';
import { shownTextsMax } from '../limits.ts';
import { longer } from '../row-store.ts';
import { hashBytes } from '../spill/size.ts';
import { lengthAt, startAt, TextHeap } from './text-heap.ts';

const numbersFirst = 16;
/** Besides where it begins and its bytes, its hash and how often it is held are known of a text. */
const [stride, hashAt, holdsAt] = [4, 2, 3];

/** Different texts, each with a number from 1 on, as long as something holds it. */
export class TextTable {
  readonly #heap = new TextHeap();
  #known = new Int32Array(numbersFirst * stride);
  #next = 1;
  readonly #free: number[] = [];
  readonly #table = new HashTable();
  /** Texts that were made of their bytes or came as such, by number; not more than so many. */
  #shown: (string | undefined)[] = [];
  #shownCount = 0;
  /** What was looked for last, and its number. */
  #last: string | undefined;
  #lastNumber = 0;

  constructor() {
    this.#known[lengthAt] = -1;
  }

  get size(): number {
    return this.#table.size;
  }

  /** Bytes in memory, about. */
  get bytes(): number {
    return this.#heap.size + this.#table.size * (stride * 4 + hashBytes);
  }

  /** The number of a text, or 0. */
  find(text: string): number {
    if (text === this.#last) return this.#lastNumber;
    const length = this.#heap.write(text);
    return this.#sought(text, this.#find(this.#heap.hash(length), length));
  }

  /** The number of a text, which is put in where it is not there; nothing holds it then. */
  numberOf(text: string): number {
    if (text === this.#last && this.#lastNumber !== 0) return this.#lastNumber;
    const length = this.#heap.write(text);
    const hash = this.#heap.hash(length);
    const known = this.#find(hash, length);
    return this.#sought(text, known === 0 ? this.#show(this.#added(hash, length), text) : known);
  }

  #sought(text: string, number: number): number {
    this.#last = text;
    this.#lastNumber = number;
    return number;
  }

  hold(number: number): void {
    const at = number * stride + holdsAt;
    this.#known[at] = (this.#known[at] as number) + 1;
  }

  release(number: number): void {
    const at = number * stride + holdsAt;
    this.#known[at] = (this.#known[at] as number) - 1;
    this.drop(number);
  }

  /** Takes out a text that nothing holds. */
  drop(number: number): void {
    const at = number * stride;
    if ((this.#known[at + holdsAt] as number) > 0 || !this.has(number)) return;
    this.#table.delete(this.#known[at + hashAt] as number, number);
    this.#heap.leave(this.lengthOf(number));
    this.#known[at + lengthAt] = -1;
    this.#shown[number] = undefined;
    this.#last = undefined;
    this.#free.push(number);
    this.#heap.compact(this.#known, stride);
  }

  /** Whether a number that was given is still one of a text. */
  has(number: number): boolean {
    return this.lengthOf(number) >= 0;
  }

  /** The bytes of a text, of NULL -1. */
  lengthOf(number: number): number {
    return this.#known[number * stride + lengthAt] as number;
  }

  text(number: number): string {
    const shown = this.#shown[number];
    if (shown !== undefined) return shown;
    const text = this.#heap.text(this.#known[number * stride + startAt] as number, this.lengthOf(number));
    this.#show(number, text);
    return text;
  }

  #show(number: number, text: string): number {
    if (this.#shownCount >= shownTextsMax) [this.#shown, this.#shownCount] = [[], 0];
    this.#shownCount += 1;
    this.#shown[number] = text;
    return number;
  }

  /** The texts of some numbers, of which 0 is NULL, as a column. */
  column(numbers: ArrayLike<number>): Texts {
    return this.#heap.column(this.#known, stride, numbers);
  }

  /** The numbers of the texts of a column, which are put in where they are not there; 0 for NULL. */
  numbers(texts: Texts): Int32Array {
    const found = new Int32Array(texts.starts.length);
    for (let at = 0; at < found.length; at += 1) {
      if (texts.isNull(at)) continue;
      const length = this.#heap.take(texts, at);
      const hash = this.#heap.hash(length);
      found[at] = this.#find(hash, length) || this.#added(hash, length);
    }
    return found;
  }

  #added(hash: number, length: number): number {
    const number = this.#begin(hash, length, this.#heap.keep(length));
    this.#table.add(hash, number);
    return number;
  }

  /** Puts in the texts of a column, none of which is NULL, there, or twice in it. */
  fill(texts: Texts): Int32Array {
    const [numbers, hashes] = [new Int32Array(texts.starts.length), new Int32Array(texts.starts.length)];
    const { words, starts, ends } = texts;
    const moved = words && this.#heap.keepAll(words);
    for (let at = 0; at < numbers.length; at += 1) {
      const length = moved === undefined ? this.#heap.take(texts, at) : (ends[at] as number) - (starts[at] as number);
      const hash = moved === undefined ? this.#heap.hash(length) : this.#heap.hashAt(texts, at);
      hashes[at] = hash;
      numbers[at] = this.#begin(hash, length, moved === undefined ? this.#heap.keep(length) : moved + ((starts[at] as number) >> 2));
    }
    this.#table.addAll({ hashes, numbers });
    return numbers;
  }

  /** Makes room for so many texts in all. */
  reserve(count: number): void {
    if ((count + 1) * stride > this.#known.length) this.#lengthen((count + 1) * stride);
  }

  #lengthen(size: number): void {
    const before = this.#known.length;
    this.#known = longer(this.#known, new Int32Array(size));
    for (let at = before + lengthAt; at < size; at += stride) this.#known[at] = -1;
  }

  /** The number of what was written to the heap, or 0. */
  #find(hash: number, length: number): number {
    const { table, mask } = this.#table;
    const [known, heap] = [this.#known, this.#heap];
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const number = table[at * 2 + 1] as number;
      if (number === 0) return 0;
      if (table[at * 2] !== hash || known[number * stride + lengthAt] !== length) continue;
      if (heap.is(known[number * stride + startAt] as number, length)) return number;
    }
  }

  /** A number for a text that begins there in the heap. */
  #begin(hash: number, length: number, start: number): number {
    const number = this.#free.pop() ?? this.#next++;
    const at = number * stride;
    if (at + stride > this.#known.length) this.#lengthen(this.#known.length * 2);
    const known = this.#known;
    known[at + startAt] = start;
    known[at + lengthAt] = length;
    known[at + hashAt] = hash;
    known[at + holdsAt] = 0;
    return number;
  }
}
