import type { Value } from '../domain/value.ts';
import type { Vector } from './batch.ts';
import { Texts } from './cell.ts';
import { lengthAt, startAt, TextHeap } from './key/text-heap.ts';
import { mixed, nothing } from './row-hash.ts';
import { longer } from './row-store.ts';

/** Bytes of a text besides its own, about. */
const besides = 24;
/** Besides where it begins and its bytes, its hash is known of a text. */
const [stride, hashAt] = [3, 2];

/** A column of texts of rows, as `RowColumn` says: their bytes, one behind the other. */
export class TextColumn {
  readonly #heap = new TextHeap();
  #known = new Int32Array(stride).fill(-1);
  #hashed: { readonly texts: Texts; readonly hashes: Int32Array } | undefined;

  reserve(most: number): void {
    const before = this.#known.length;
    if (most * stride < before) return;
    this.#known = longer(this.#known, new Int32Array(Math.max(before * 2, (most + 1) * stride)));
    this.#known.fill(-1, before);
  }

  set(id: number, value: Value): void {
    this.clear(id);
    if (value === null) return;
    const length = this.#heap.write(value as string);
    const hash = this.#heap.hash(length);
    this.#know(id, hash, length, this.#heap.keep(length));
  }

  #know(id: number, hash: number, length: number, start: number): void {
    const [known, at] = [this.#known, id * stride];
    known[at + startAt] = start;
    known[at + lengthAt] = length;
    known[at + hashAt] = hash;
  }

  get(id: number): Value {
    const length = this.#known[id * stride + lengthAt] as number;
    return length < 0 ? null : this.#heap.text(this.#known[id * stride + startAt] as number, length);
  }

  clear(id: number): void {
    const at = id * stride + lengthAt;
    if ((this.#known[at] as number) < 0) return;
    this.#heap.leave(this.#known[at] as number);
    this.#known[at] = -1;
    this.#heap.compact(this.#known, stride);
  }

  hash(value: Value): number {
    return value === null ? nothing : this.#heap.hash(this.#heap.write(value as string));
  }

  is(id: number, value: Value): boolean {
    const length = this.#known[id * stride + lengthAt] as number;
    if (value === null || length < 0) return value === null && length < 0;
    return this.#heap.write(value as string) === length && this.#heap.is(this.#known[id * stride + startAt] as number, length);
  }

  bytesOf(id: number): number {
    return besides + this.lengthOf(id);
  }

  lengthOf(id: number): number {
    return Math.max(0, this.#known[id * stride + lengthAt] as number);
  }

  gather(ids: Int32Array): Vector {
    return this.#heap.column(this.#known, stride, ids);
  }

  take(ids: Int32Array, vector: Vector): void {
    const texts = textsIn(vector);
    const { words, starts, ends } = texts;
    const hashes = this.#hashes(texts);
    this.#hashed = undefined;
    const moved = words && this.#heap.keepAll(words);
    for (let at = 0; at < ids.length; at += 1) {
      const id = ids[at] as number;
      this.clear(id);
      if (texts.isNull(at)) continue;
      const length = moved === undefined ? this.#heap.take(texts, at) : (ends[at] as number) - (starts[at] as number);
      this.#know(id, hashes[at] as number, length, moved === undefined ? this.#heap.keep(length) : moved + ((starts[at] as number) >> 2));
    }
  }

  /** The hashes of a column, of which those of the last one are kept: what is looked for is taken then. */
  #hashes(texts: Texts): Int32Array {
    if (this.#hashed?.texts === texts) return this.#hashed.hashes;
    const hashes = new Int32Array(texts.starts.length);
    for (let at = 0; at < hashes.length; at += 1) hashes[at] = texts.isNull(at) ? nothing : this.#heap.hashAt(texts, at);
    this.#hashed = { texts, hashes };
    return hashes;
  }

  mix(hashes: Int32Array, vector: Vector): void {
    const own = this.#hashes(textsIn(vector));
    for (let at = 0; at < hashes.length; at += 1) hashes[at] = mixed(hashes[at] as number, own[at] as number);
  }

  mixOwn(hashes: Int32Array, ids: Int32Array): void {
    const known = this.#known;
    for (let at = 0; at < hashes.length; at += 1) {
      const place = (ids[at] as number) * stride;
      hashes[at] = mixed(hashes[at] as number, (known[place + lengthAt] as number) < 0 ? nothing : (known[place + hashAt] as number));
    }
  }
}

const textsIn = (vector: Vector): Texts => (vector instanceof Texts ? vector : Texts.of(vector.values as string[]));
