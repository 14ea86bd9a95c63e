import './fault.ts';
import { createHash } from 'node:crypto';
import { fault } from '#kernel/contract/fault.ts';
import { Fences, order, Run } from '../engine/run.ts';
import type { Disk } from './disk.ts';
import { runPieceBytes } from './limits.ts';

/** What a snapshot says of a file of sorted entries. */
export type RunMeta = { readonly count: number; readonly digest: string };
/** A run, and what is said of it. */
export type Written = { readonly run: Run; readonly meta: RunMeta };
/** Is shown the entries of a run, piece by piece. */
export type OnEntries = (words: Int32Array) => void;

const bytesOf = (words: Int32Array): Uint8Array => new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
const pieceOf = (width: number): number => Math.floor(runPieceBytes / 4 / width) * width;
/** Other work gets its turn. */
export const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function runOver(disk: Disk, name: string, width: number, count: number, fences: Int32Array): Run {
  return new Run(width, count, fences, (entry, into) => disk.readAt(name, entry * width * 4, bytesOf(into)));
}

/** Sorted entries that are merged: those at `at` of `words` come next; `more` brings the ones behind, and answers false at the end. */
export type Source = { words: Int32Array; at: number; more(): boolean };

export const sourceOf = (words: Int32Array): Source => ({ words, at: 0, more: () => false });

/** The entries of a run from its beginning. */
export function sourceOfRun(disk: Disk, name: string, width: number, count: number): Source {
  let next = 0;
  const source: Source = {
    words: new Int32Array(0),
    at: 0,
    more() {
      const left = count * width - next;
      if (left === 0) return false;
      if (source.words.length === 0) source.words = new Int32Array(pieceOf(width));
      source.words = source.words.subarray(0, Math.min(source.words.length, left));
      disk.readAt(name, next * 4, bytesOf(source.words));
      next += source.words.length;
      source.at = 0;
      return true;
    },
  };
  return source;
}

/** Brings the smallest of the sources to the front again after the first has moved on. */
function settle(heap: Source[], width: number): void {
  const moved = heap[0] as Source;
  let at = 0;
  for (;;) {
    let child = at * 2 + 1;
    if (child >= heap.length) break;
    const right = heap[child + 1];
    if (right && before(right, heap[child] as Source, width)) child += 1;
    if (!before(heap[child] as Source, moved, width)) break;
    heap[at] = heap[child] as Source;
    at = child;
  }
  heap[at] = moved;
}

const before = (one: Source, other: Source, width: number): boolean => order(one.words, one.at, other.words, other.at, width) < 0;

/** Merges sources into a file and syncs it; `onEntries` sees what is written. */
export async function writeRun(
  disk: Disk,
  name: string,
  width: number,
  count: number,
  sources: readonly Source[],
  onEntries: OnEntries = () => undefined,
): Promise<Written> {
  const file = await disk.open(name);
  await file.truncate(0);
  const digest = createHash('sha256');
  const fences = new Fences(width, count);
  const heap = sources.filter((source) => source.at < source.words.length || source.more());
  heap.sort((one, other) => order(one.words, one.at, other.words, other.at, width));
  for (let written = 0; written < count * width; ) {
    const piece = new Int32Array(Math.min(pieceOf(width), count * width - written));
    fill(piece, heap, width);
    digest.update(bytesOf(piece));
    fences.take(piece);
    onEntries(piece);
    await file.write([bytesOf(piece)], written * 4);
    await pause();
    written += piece.length;
  }
  await file.sync();
  await file.close();
  const meta = { count, digest: digest.digest('hex') };
  return { run: runOver(disk, name, width, count, fences.words), meta };
}

/** Fills a piece with the next entries. */
function fill(piece: Int32Array, heap: Source[], width: number): void {
  for (let at = 0; at < piece.length; at += width) {
    const first = heap[0] as Source;
    for (let word = 0; word < width; word += 1) piece[at + word] = first.words[first.at + word] as number;
    first.at += width;
    if (first.at === first.words.length && !first.more()) {
      const last = heap.pop() as Source;
      if (last === first) continue;
      heap[0] = last;
    }
    settle(heap, width);
  }
}

/** Opens a run that a snapshot names; all of it is read, and refused where it is not what was written. */
export async function openRun(
  disk: Disk,
  name: string,
  width: number,
  meta: RunMeta,
  onEntries: OnEntries = () => undefined,
): Promise<Written> {
  const digest = createHash('sha256');
  const fences = new Fences(width, meta.count);
  if (meta.count > 0 && !disk.list().includes(name)) throw fault('LogDamaged', `${name} is not there`);
  const source = sourceOfRun(disk, name, width, meta.count);
  while (source.more()) {
    digest.update(bytesOf(source.words));
    fences.take(source.words);
    onEntries(source.words);
    await pause();
  }
  if (digest.digest('hex') !== meta.digest) throw fault('LogDamaged', `${name}: the entries are not those written`);
  return { run: runOver(disk, name, width, meta.count, fences.words), meta };
}
