import { apart, none, Texts } from '../cell.ts';
import { longer } from '../row-store.ts';
import { hashWords } from './keyed-hash.ts';

const wordsFirst = 64;
/** Stands before the two bytes of each unit of a text that UTF-8 cannot say; no UTF-8 begins so. */
const unsaid = 0xff;
/** Longer texts are encoded by the platform, which takes longer to begin with. */
const shortMost = 48;
/** So many words are left behind before the heap is made anew. */
const deadMin = 4096;
/** In what is known of a text: where it begins, and its bytes, of which NULL and what is free have -1. */
export const [startAt, lengthAt] = [0, 1];

/** Words of so many bytes; none of NULL. */
const wordsOf = (length: number): number => (length + 3) >> 2;

/**
 * Bytes of texts behind each other, each from a whole word on and with zeros behind it, so that texts are hashed and compared by
 * words. The one that is looked for is written behind the last, where it stays if it is kept.
 */
export class TextHeap {
  #words = new Int32Array(wordsFirst);
  #bytes = Buffer.from(this.#words.buffer);
  #end = 0;
  #dead = 0;
  /** What is written behind the last text. */
  #written: string | undefined;
  #length = 0;

  /** Bytes of texts that were kept. */
  get size(): number {
    return (this.#end - this.#dead) * 4;
  }

  /** Writes a text; answers its bytes. */
  write(text: string): number {
    if (text === this.#written) return this.#length;
    this.#length = text.length > shortMost ? this.#encode(text) : this.#spell(text);
    this.#written = text;
    return this.#length;
  }

  #spell(text: string): number {
    const { length } = text;
    this.#room(length);
    const words = this.#words;
    let [word, all, to] = [0, 0, this.#end];
    for (let at = 0; at < length; at += 1) {
      const unit = text.charCodeAt(at);
      all |= unit;
      word |= unit << ((at & 3) * 8);
      if ((at & 3) !== 3) continue;
      words[to++] = word;
      word = 0;
    }
    if ((length & 3) !== 0) words[to] = word;
    return all < 0x80 ? length : this.#encode(text);
  }

  #encode(text: string): number {
    if (!text.isWellFormed()) {
      const length = text.length * 2 + 1;
      this.#room(length);
      this.#bytes[this.#end * 4] = unsaid;
      this.#bytes.write(text, this.#end * 4 + 1, 'utf16le');
      return length;
    }
    const length = Buffer.byteLength(text);
    this.#room(length);
    this.#bytes.write(text, this.#end * 4);
    return length;
  }

  /** Writes a text of a column that is not NULL; answers its bytes. */
  take({ bytes, starts, ends, others }: Texts, at: number): number {
    const [start, end] = [starts[at] as number, ends[at] as number];
    if (start === apart) return this.write(others[end] as string);
    const length = end - start;
    this.#written = undefined;
    this.#room(length);
    const words = this.#words;
    let [from, to] = [start, this.#end];
    for (; from + 3 < end; from += 4) {
      const [first, second] = [bytes[from] as number, bytes[from + 1] as number];
      words[to++] = first | (second << 8) | ((bytes[from + 2] as number) << 16) | ((bytes[from + 3] as number) << 24);
    }
    let word = 0;
    for (let shift = 0; from < end; from += 1, shift += 8) word |= (bytes[from] as number) << shift;
    if ((length & 3) !== 0) words[to] = word;
    return length;
  }

  /** The hash of a text of a column that is not NULL. */
  hashAt(texts: Texts, at: number): number {
    const { words, starts, ends } = texts;
    if (!words) return this.hash(this.take(texts, at));
    const [from, length] = [(starts[at] as number) >> 2, (ends[at] as number) - (starts[at] as number)];
    return hashWords(words, from, from + wordsOf(length), length);
  }

  /** Room for so many bytes behind the last text, the last word of them 0. */
  #room(length: number): void {
    const end = this.#end + wordsOf(length);
    if (end > this.#words.length) {
      this.#words = longer(this.#words.subarray(0, this.#end), new Int32Array(Math.max(this.#words.length * 2, end)));
      this.#bytes = Buffer.from(this.#words.buffer);
    }
    if (length > 0) this.#words[end - 1] = 0;
  }

  /** The hash of what was written, which depends on nothing else in this process. */
  hash(length: number): number {
    return hashWords(this.#words, this.#end, this.#end + wordsOf(length), length);
  }

  /** Whether a text of the same length is what was written. */
  is(start: number, length: number): boolean {
    const [words, end, count] = [this.#words, this.#end, wordsOf(length)];
    for (let at = 0; at < count; at += 1) if (words[start + at] !== words[end + at]) return false;
    return true;
  }

  /** Keeps what was written; answers where it begins. */
  keep(length: number): number {
    const start = this.#end;
    this.#end += wordsOf(length);
    this.#written = undefined;
    return start;
  }

  /** Leaves a text of so many bytes behind. */
  leave(length: number): void {
    this.#dead += wordsOf(length);
  }

  text(start: number, length: number): string {
    const [from, to] = [start * 4, start * 4 + length];
    if (length > 0 && this.#bytes[from] === unsaid) return this.#bytes.toString('utf16le', from + 1, to);
    return this.#bytes.toString('utf8', from, to);
  }

  /** A column of texts, of which so much is known at the places of these numbers, each of `stride` words. */
  column(known: Int32Array, stride: number, numbers: ArrayLike<number>): Texts {
    const count = numbers.length;
    let size = 0;
    for (let at = 0; at < count; at += 1) size += wordsOf(known[(numbers[at] as number) * stride + lengthAt] as number);
    const [words, starts, ends] = [new Int32Array(size), new Int32Array(count), new Int32Array(count)];
    const [own, others] = [this.#words, [] as string[]];
    let to = 0;
    for (let at = 0; at < count; at += 1) {
      const place = (numbers[at] as number) * stride;
      const [start, length] = [known[place + startAt] as number, known[place + lengthAt] as number];
      starts[at] = length < 0 ? none : to * 4;
      ends[at] = to * 4 + length;
      if (length > 0 && this.#bytes[start * 4] === unsaid) {
        starts[at] = apart;
        ends[at] = others.push(this.text(start, length)) - 1;
      } else for (let word = start, end = start + wordsOf(length); word < end; word += 1) words[to++] = own[word] as number;
    }
    return new Texts(Buffer.from(words.buffer), starts, ends, others, others.length === 0 ? words : undefined);
  }

  /** Keeps all texts of a column that has them by words; answers by how much later they begin here. */
  keepAll(from: Int32Array): number {
    const start = this.#end;
    this.#room(from.length * 4);
    this.#words.set(from, start);
    this.keep(from.length * 4);
    return start;
  }

  /** Moves texts together, of which so much is known, where more is left behind than is kept. */
  compact(known: Int32Array, stride: number): void {
    if (this.#dead < deadMin || this.#dead * 2 < this.#end) return;
    const from = this.#words;
    const words = new Int32Array(Math.max(wordsFirst, Math.ceil((this.#end - this.#dead) * 1.5)));
    let end = 0;
    for (let at = 0; at < known.length; at += stride) {
      const start = known[at + startAt] as number;
      const count = wordsOf(known[at + lengthAt] as number);
      known[at + startAt] = end;
      for (let word = 0; word < count; word += 1) words[end++] = from[start + word] as number;
    }
    this.#words = words;
    this.#bytes = Buffer.from(words.buffer);
    [this.#end, this.#dead, this.#written] = [end, 0, undefined];
  }
}
