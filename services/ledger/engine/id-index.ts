import { randomInt } from 'node:crypto';
import { indexPartitionsMax } from './limits.ts';
import type { ColdIds } from './cold-id.ts';
import type { Rows } from './rows.ts';

/** What a look-up answers when an id is not there, or is burnt: a transfer with it failed for a passing reason. */
export const absent = -1;
export const burnt = -2;

/** Set where a row is one of the table of burnt ids. */
export const burntBit = 0x8000_0000 | 0;
const firstSlots = 16;
/** Tenants choose ids; that they cannot aim at one slot, hashing begins with a number of this process. */
const seed = randomInt(2 ** 32) | 0;

/** Murmur3's mixing over the four words of an id. */
function hashOf(a: number, b: number, c: number, d: number): number {
  let hash = seed;
  hash = mixed(hash, a);
  hash = mixed(hash, b);
  hash = mixed(hash, c);
  hash = mixed(hash, d);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85eb_ca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
}

/** The hash of the id at `at`. */
export const hashAt = (words: Int32Array, at: number): number => hashOf(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);

function mixed(hash: number, word: number): number {
  let part = Math.imul(word, 0xcc9e_2d51);
  part = (part << 15) | (part >>> 17);
  let next = hash ^ Math.imul(part, 0x1b87_3593);
  next = (next << 13) | (next >>> 19);
  return (Math.imul(next, 5) + 0xe654_6b64) | 0;
}

/**
 * Where the rows of ids are: open addressing over pairs (hash, row + 1), eight bytes a slot and at most half of them used. The
 * ids themselves lie in their rows: those of tables whose rows begin with the id, and of burnt ids in a table of their own.
 */
export class IdIndex {
  readonly #rows: Rows;
  readonly #burnt: Rows | undefined;
  readonly #parts: Int32Array[] = [];
  readonly #used: Int32Array = new Int32Array(indexPartitionsMax);
  /** Ids that have left the memory. */
  cold: ColdIds | undefined;

  constructor(rows: Rows, burntIds?: Rows) {
    this.#rows = rows;
    this.#burnt = burntIds;
    for (let part = 0; part < indexPartitionsMax; part += 1) this.#parts.push(new Int32Array(firstSlots * 2));
  }

  /**
   * Hashes of ids that lie `step` words apart, into `hashes` from `out`. Each id's slot is looked at on the way: these reads wait for no
   * other, so that memory brings them all at once, and the look-ups that follow find them near. Answers a sum of what was seen,
   * so that the reads are not left out.
   */
  prepare(words: Int32Array, start: number, step: number, count: number, hashes: Int32Array, out: number): number {
    let seen = 0;
    for (let index = 0; index < count; index += 1) {
      const hash = hashAt(words, start + index * step);
      const part = this.#parts[hash >>> 26]!;
      hashes[out + index] = hash;
      seen ^= part[(hash & (part.length / 2 - 1)) * 2]!;
      if (this.cold !== undefined) seen ^= this.cold.look(hash);
    }
    return seen;
  }

  /** The row of an id, `absent` or `burnt`. */
  find(words: Int32Array, at: number): number {
    return this.findHashed(hashAt(words, at), words, at);
  }

  /** The same, where the hash is known. */
  findHashed(hash: number, words: Int32Array, at: number): number {
    const part = this.#parts[hash >>> 26]!;
    const mask = part.length / 2 - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const value = part[slot * 2 + 1]!;
      if (value === 0) return this.cold === undefined ? absent : this.#findCold(this.cold, hash, words, at);
      if (part[slot * 2] !== hash) continue;
      const rows = value < 0 ? this.#burnt! : this.#rows;
      const row = (value & 0x7fff_ffff) - 1;
      const chunk = rows.chunk(row);
      const base = rows.base(row);
      if (
        chunk[base] === words[at] &&
        chunk[base + 1] === words[at + 1] &&
        chunk[base + 2] === words[at + 2] &&
        chunk[base + 3] === words[at + 3]
      )
        return value < 0 ? burnt : row;
    }
  }

  #findCold(cold: ColdIds, hash: number, words: Int32Array, at: number): number {
    const value = cold.find(hash, words, at);
    return value === 0 ? absent : value < 0 ? burnt : value - 1;
  }

  /** Adds an id that is absent. */
  add(words: Int32Array, at: number, row: number): void {
    this.#put(hashAt(words, at), row + 1);
  }

  /** The same, where the hash is known. */
  addHashed(hash: number, row: number): void {
    this.#put(hash, row + 1);
  }

  /** Adds an id whose row is in the table of burnt ids. */
  addBurnt(words: Int32Array, at: number, row: number): void {
    this.#put(hashAt(words, at), (row + 1) | burntBit);
  }

  #put(hash: number, value: number): void {
    const index = hash >>> 26;
    const used = this.#used[index]! + 1;
    this.#used[index] = used;
    if (used * 4 > this.#parts[index]!.length) this.#grow(index);
    insert(this.#parts[index]!, hash, value);
  }

  #grow(index: number): void {
    const old = this.#parts[index]!;
    const grown = new Int32Array(old.length * 2);
    for (let slot = 0; slot < old.length; slot += 2) if (old[slot + 1] !== 0) insert(grown, old[slot]!, old[slot + 1]!);
    this.#parts[index] = grown;
  }

  /** Lets the ids of rows before those given leave the memory, in one of the parts; they are found in `cold` from now on. */
  forget(index: number, row: number, burntRow: number): void {
    const old = this.#parts[index]!;
    const stays = (value: number) => (value & 0x7fff_ffff) > (value < 0 ? burntRow : row);
    let used = 0;
    for (let slot = 1; slot < old.length; slot += 2) if (old[slot] !== 0 && stays(old[slot]!)) used += 1;
    const next = new Int32Array(Math.max(firstSlots, 2 ** Math.ceil(Math.log2(used * 2 + 1))) * 2);
    for (let slot = 0; slot < old.length; slot += 2)
      if (old[slot + 1] !== 0 && stays(old[slot + 1]!)) insert(next, old[slot]!, old[slot + 1]!);
    this.#parts[index] = next;
    this.#used[index] = used;
  }

  /** Takes an id out again; entries that were pushed past its slot move back. */
  remove(words: Int32Array, at: number, row: number): void {
    const hash = hashAt(words, at);
    const part = this.#parts[hash >>> 26]!;
    const mask = part.length / 2 - 1;
    let slot = hash & mask;
    while (part[slot * 2 + 1] !== row + 1) slot = (slot + 1) & mask;
    this.#used[hash >>> 26]! -= 1;
    for (let next = (slot + 1) & mask; part[next * 2 + 1] !== 0; next = (next + 1) & mask) {
      const home = part[next * 2]! & mask;
      if (((next - home) & mask) < ((next - slot) & mask)) continue;
      part[slot * 2] = part[next * 2]!;
      part[slot * 2 + 1] = part[next * 2 + 1]!;
      slot = next;
    }
    part[slot * 2] = 0;
    part[slot * 2 + 1] = 0;
  }
}

function insert(part: Int32Array, hash: number, value: number): void {
  const mask = part.length / 2 - 1;
  let slot = hash & mask;
  while (part[slot * 2 + 1] !== 0) slot = (slot + 1) & mask;
  part[slot * 2] = hash;
  part[slot * 2 + 1] = value;
}
