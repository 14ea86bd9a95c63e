import { blockRowsMax } from './limits.ts';

const poolShift = 18;
const poolMask = (1 << poolShift) - 1;
/** Words before the rows of a block: the next block, the one before, how many rows it has room for. */
const head = 3;
const firstRows = 5;
/**
 * Words of a list: first block, last block, where the next row goes, rows that the last block has room for, rows in all. Eight, so
 * that a list lies in one line of the cache: an append reads that line and writes the row, and nothing else.
 */
const listWords = 8;
const part = { first: 0, last: 1, next: 2, left: 3, count: 4 } as const;

/** Lists of rows, each growing at its end in blocks that get larger; blocks lie in pools, so that growing copies nothing. */
export class Postings {
  readonly #pools: Int32Array[] = [];
  #free = 0;
  #lists = new Int32Array(listWords * 16);
  lists = 0;

  /** A new empty list. */
  open(): number {
    const list = this.lists;
    this.lists += 1;
    if (this.lists * listWords > this.#lists.length) {
      const grown = new Int32Array(this.#lists.length * 2);
      grown.set(this.#lists);
      this.#lists = grown;
    }
    const block = this.#block(firstRows, -1);
    const at = list * listWords;
    this.#lists[at + part.first] = block;
    this.#begin(at, block, firstRows);
    return list;
  }

  /** Rows go into a new block from now on. */
  #begin(at: number, block: number, rows: number): void {
    this.#lists[at + part.last] = block;
    this.#lists[at + part.next] = block + head;
    this.#lists[at + part.left] = rows;
  }

  count(list: number): number {
    return this.#lists[list * listWords + part.count]!;
  }

  /** Reads where the next row of a list goes; for `list` -1, which is none, nothing. */
  look(list: number): number {
    if (list < 0) return 0;
    const next = this.#lists[list * listWords + part.next]!;
    return this.#pools[next >>> poolShift]![next & poolMask]!;
  }

  append(list: number, row: number): void {
    const at = list * listWords;
    if (this.#lists[at + part.left] === 0) this.#extend(at);
    const next = this.#lists[at + part.next]!;
    this.#pools[next >>> poolShift]![next & poolMask] = row;
    this.#lists[at + part.next] = next + 1;
    this.#lists[at + part.left]! -= 1;
    this.#lists[at + part.count]! += 1;
  }

  #extend(at: number): void {
    const last = this.#lists[at + part.last]!;
    const room = this.#pools[last >>> poolShift]![(last & poolMask) + 2]!;
    const rows = Math.min(blockRowsMax, room * 2);
    const block = this.#block(rows, last);
    this.#pools[last >>> poolShift]![last & poolMask] = block;
    this.#begin(at, block, rows);
  }

  #block(rows: number, before: number): number {
    const words = head + rows;
    if ((this.#free & poolMask) + words > 1 << poolShift || this.#pools.length === 0) {
      this.#free = this.#pools.length << poolShift;
      this.#pools.push(new Int32Array(1 << poolShift));
    }
    const block = this.#free;
    this.#free += words;
    // A pool filled to its end must not be taken for the beginning of the next.
    if ((this.#free & poolMask) === 0) this.#free = this.#pools.length << poolShift;
    const pool = this.#pools[block >>> poolShift]!;
    const at = block & poolMask;
    pool[at] = -1;
    pool[at + 1] = before;
    pool[at + 2] = rows;
    if (this.#free === this.#pools.length << poolShift) this.#pools.push(new Int32Array(1 << poolShift));
    return block;
  }

  /** Visits the rows of a list from `low` to `high`, both included, until `visit` answers false. */
  scan(list: number, low: number, high: number, reversed: boolean, visit: (row: number) => boolean): void {
    const at = list * listWords;
    if (this.#lists[at + part.count] === 0) return;
    const last = this.#lists[at + part.last]!;
    const used = this.#lists[at + part.next]! - last - head;
    if (reversed) this.#down(last, used, low, high, visit);
    else this.#up(this.#lists[at + part.first]!, last, used, low, high, visit);
  }

  #up(first: number, last: number, lastUsed: number, low: number, high: number, visit: (row: number) => boolean): void {
    for (let block = first; block !== -1; ) {
      const pool = this.#pools[block >>> poolShift]!;
      const start = (block & poolMask) + head;
      const used = block === last ? lastUsed : pool[start - 1]!;
      if (used > 0 && pool[start + used - 1]! >= low)
        for (let index = start; index < start + used; index += 1) {
          const row = pool[index]!;
          if (row < low) continue;
          if (row > high || !visit(row)) return;
        }
      block = pool[start - head]!;
    }
  }

  #down(last: number, lastUsed: number, low: number, high: number, visit: (row: number) => boolean): void {
    let used = lastUsed;
    for (let block = last; block !== -1; ) {
      const pool = this.#pools[block >>> poolShift]!;
      const start = (block & poolMask) + head;
      if (used > 0 && pool[start]! <= high)
        for (let index = start + used - 1; index >= start; index -= 1) {
          const row = pool[index]!;
          if (row > high) continue;
          if (row < low || !visit(row)) return;
        }
      block = pool[start - 2]!;
      if (block !== -1) used = this.#pools[block >>> poolShift]![(block & poolMask) + 2]!;
    }
  }
}

/** Lists by the value of a field: of 32 bits as numbers, of more as bigints. */
export class FieldLists {
  readonly #postings: Postings;
  readonly #numbers = new Map<number, number>();
  readonly #bigs = new Map<bigint, number>();
  /** The value added last and its list: rows that come together mostly have the same. */
  #value: number | bigint | undefined;
  #list = 0;

  constructor(postings: Postings) {
    this.#postings = postings;
  }

  add(value: number | bigint, row: number): void {
    if (value !== this.#value) {
      this.#list = this.find(value) ?? this.#open(value);
      this.#value = value;
    }
    this.#postings.append(this.#list, row);
  }

  #open(value: number | bigint): number {
    const list = this.#postings.open();
    if (typeof value === 'number') this.#numbers.set(value, list);
    else this.#bigs.set(value, list);
    return list;
  }

  find(value: number | bigint): number | undefined {
    return typeof value === 'number' ? this.#numbers.get(value) : this.#bigs.get(value);
  }
}
