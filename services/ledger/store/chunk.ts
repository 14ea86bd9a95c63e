import { hash } from 'node:crypto';
import { fault } from '#kernel/contract/fault.ts';
import { chunkRowsMax, coldChunksMax } from '../engine/limits.ts';
import type { Rows } from '../engine/rows.ts';
import type { Disk } from './disk.ts';
import { hotChunksMax } from './limits.ts';

/** The file of a table's full chunks, one behind the other; they are written once and never change. */
export const chunkName = (scope: bigint, table: 't' | 'e'): string => `rows-${scope.toString(16).padStart(16, '0')}-${table}`;

const digestOf = (words: Int32Array): string =>
  hash('sha256', Buffer.from(words.buffer, words.byteOffset, words.byteLength), 'hex').slice(0, 32);

/** Reads full chunks back one by one; those asked for last are kept. */
function coldChunks(disk: Disk, name: string, rows: Rows): (chunk: number) => Int32Array {
  const kept = new Map<number, Int32Array>();
  return (chunk) => {
    const known = kept.get(chunk);
    if (known) {
      kept.delete(chunk);
      kept.set(chunk, known);
      return known;
    }
    const words = new Int32Array(chunkRowsMax * rows.width);
    disk.readAt(name, chunk * words.byteLength, new Uint8Array(words.buffer));
    kept.set(chunk, words);
    const [oldest] = kept.keys();
    if (kept.size > coldChunksMax && oldest !== undefined) kept.delete(oldest);
    return words;
  };
}

/** Writes the chunks of a table that have become full; afterwards all but the newest may leave the memory. */
export class ChunkFile {
  readonly #disk: Disk;
  readonly #rows: Rows;
  readonly #name: string;
  /** Digests of the chunks that are on disk. */
  readonly digests: string[];
  readonly #cold: (chunk: number) => Int32Array;

  constructor(disk: Disk, name: string, rows: Rows, digests: readonly string[]) {
    this.#disk = disk;
    this.#rows = rows;
    this.#name = name;
    this.digests = [...digests];
    this.#cold = coldChunks(disk, name, rows);
  }

  /** Digests up to the chunks that are full now; of those not known yet at most `most` are worked out. */
  plan(most = Number.POSITIVE_INFINITY): readonly string[] {
    const end = Math.min(this.#rows.full, this.digests.length + most);
    for (let chunk = this.digests.length; chunk < end; chunk += 1) this.digests.push(digestOf(this.#rows.words(chunk)));
    return this.digests;
  }

  /** Writes the chunks from `first` to `end` and syncs them. */
  async write(first: number, end: number): Promise<void> {
    if (first >= end) return;
    const file = await this.#disk.open(this.#name);
    for (let chunk = first; chunk < end; chunk += 1) {
      const words = this.#rows.words(chunk);
      await file.write([new Uint8Array(words.buffer, words.byteOffset, words.byteLength)], chunk * words.byteLength);
    }
    await file.sync();
    await file.close();
  }

  /** Lets the chunks before `end` leave the memory, but for the newest. */
  evict(end: number): void {
    for (let chunk = Math.min(end, this.#rows.full - hotChunksMax) - 1; chunk >= 0 && this.#rows.inMemory(chunk); chunk -= 1)
      this.#rows.evict(chunk, this.#cold);
  }
}

type Table = {
  readonly disk: Disk;
  readonly name: string;
  readonly digests: readonly string[];
  readonly rows: Rows;
  readonly count: number;
};

/** Puts a table back: full chunks from their file, each checked, then the rows behind them; `enter` gets every row in order. */
export async function restoreChunks(
  { disk, name, digests, rows, count }: Table,
  tail: Int32Array,
  enter: (row: number, chunk: Int32Array, base: number) => void,
): Promise<void> {
  const cold = coldChunks(disk, name, rows);
  const first = Math.max(0, digests.length - hotChunksMax);
  if (first > 0) rows.coldFrom(first * chunkRowsMax, cold);
  for (const [chunk, digest] of digests.entries()) {
    const words = new Int32Array(chunkRowsMax * rows.width);
    disk.readAt(name, chunk * words.byteLength, new Uint8Array(words.buffer));
    if (digestOf(words) !== digest)
      throw fault('LogDamaged', `${name} at byte ${chunk * words.byteLength}: the rows are not those written`);
    if (chunk >= first) rows.restore(words);
    for (let row = 0; row < chunkRowsMax; row += 1) enter(chunk * chunkRowsMax + row, words, row * rows.width);
    // Other work gets its turn between chunks.
    if (chunk % 64 === 63) await new Promise<void>((resolve) => setImmediate(resolve));
  }
  if (tail.length > 0) rows.restore(tail);
  for (let row = digests.length * chunkRowsMax; row < count; row += 1) enter(row, tail, (row - digests.length * chunkRowsMax) * rows.width);
}
