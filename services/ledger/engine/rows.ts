import assert from 'node:assert/strict';
import { chunkFirstRowsMax, chunkRowsMax } from './limits.ts';

const chunkShift = Math.log2(chunkRowsMax);
const chunkMask = chunkRowsMax - 1;

/** Brings back a full chunk that has left the memory. */
export type ColdChunks = (chunk: number) => Int32Array;

/**
 * Memory for rows. Shared memory is not counted towards the next collection of garbage: rows that stay would otherwise cause one
 * every few batches, which finds nothing of theirs to free.
 */
const newWords = (count: number): Int32Array => new Int32Array(new SharedArrayBuffer(count * 4));

/** A table of rows of `width` 32-bit words that only grows at its end; rows lie in chunks, so that growing copies nothing old. */
export class Rows {
  readonly width: number;
  count = 0;
  readonly #chunks: (Int32Array | undefined)[] = [];
  #cold: ColdChunks | undefined;

  constructor(width: number) {
    this.width = width;
  }

  /** The chunk that holds a row; the row begins at `base(row)` of it. */
  chunk(row: number): Int32Array {
    return this.#chunks[row >>> chunkShift] ?? this.#load(row >>> chunkShift);
  }

  base(row: number): number {
    return (row & chunkMask) * this.width;
  }

  #load(chunk: number): Int32Array {
    assert(this.#cold, 'a chunk left the memory without a way back');
    return this.#cold(chunk);
  }

  /** The chunk that the next row goes into, with room for it; the caller fills the row in and then counts it. */
  room(): Int32Array {
    const index = this.count >>> chunkShift;
    const chunk = this.#chunks[index];
    if (chunk && (this.count & chunkMask) * this.width < chunk.length) return chunk;
    const rows = index > 0 ? chunkRowsMax : chunk ? Math.min(chunkRowsMax, (chunk.length / this.width) * 2) : chunkFirstRowsMax;
    const grown = newWords(rows * this.width);
    if (chunk) grown.set(chunk);
    this.#chunks[index] = grown;
    return grown;
  }

  /** Forgets the rows from `count` on. */
  truncate(count: number): void {
    assert(count <= this.count);
    this.count = count;
  }

  /** Full chunks, which never change again. */
  get full(): number {
    return this.count >>> chunkShift;
  }

  /** Lets a full chunk leave the memory; `cold` brings it back. */
  evict(chunk: number, cold: ColdChunks): void {
    assert(chunk < this.full);
    this.#cold = cold;
    this.#chunks[chunk] = undefined;
  }

  /** Says where chunks come from that are not in memory: after a start, before they are asked for. */
  coldFrom(count: number, cold: ColdChunks): void {
    assert(this.count === 0);
    this.#cold = cold;
    this.count = count;
    this.#chunks.length = this.full;
  }

  inMemory(chunk: number): boolean {
    return this.#chunks[chunk] !== undefined;
  }

  /** The words of a chunk that hold rows. */
  words(chunk: number): Int32Array {
    const rows = Math.min(chunkRowsMax, this.count - chunk * chunkRowsMax);
    return this.chunk(chunk * chunkRowsMax).subarray(0, rows * this.width);
  }

  get chunks(): number {
    return Math.ceil(this.count / chunkRowsMax);
  }

  /** Puts a chunk's words back at the end of the table; all chunks before it must be full. */
  restore(words: Int32Array): void {
    assert((this.count & chunkMask) === 0);
    const rows = words.length / this.width;
    assert(Number.isInteger(rows) && rows <= chunkRowsMax);
    const index = this.count >>> chunkShift;
    const room = index > 0 ? chunkRowsMax : Math.max(chunkFirstRowsMax, 2 ** Math.ceil(Math.log2(rows || 1)));
    const chunk = newWords(room * this.width);
    chunk.set(words);
    this.#chunks[index] = chunk;
    this.count += rows;
  }
}

/** Copies words from one chunk to another. */
export function copyWords(from: Int32Array, start: number, into: Int32Array, at: number, count: number): void {
  for (let word = 0; word < count; word += 1) into[at + word] = from[start + word]!;
}
