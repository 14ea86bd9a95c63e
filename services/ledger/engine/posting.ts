import { blockRowsMax } from './limits.ts';

const poolShift = 18;
const poolMask = (1 << poolShift) - 1;
/** Words before the rows of a block: the next block, the one before, how many rows it has room for. */
const head = 3;
const firstRows = 5;
/** Words of a list: first block, last block, rows used of the last, rows in all. */
const listWords = 4;

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
    const rows = firstRows;
    const block = this.#block(rows, -1);
    this.#lists[list * listWords] = block;
    this.#lists[list * listWords + 1] = block;
    return list;
  }

  count(list: number): number {
    return this.#lists[list * listWords + 3]!;
  }

  append(list: number, row: number): void {
    const at = list * listWords;
    let block = this.#lists[at + 1]!;
    let used = this.#lists[at + 2]!;
    const room = this.#pools[block >>> poolShift]![(block & poolMask) + 2]!;
    if (used === room) {
      const next = this.#block(Math.min(blockRowsMax, room * 2), block);
      this.#pools[block >>> poolShift]![block & poolMask] = next;
      this.#lists[at + 1] = next;
      block = next;
      used = 0;
    }
    this.#pools[block >>> poolShift]![(block & poolMask) + head + used] = row;
    this.#lists[at + 2] = used + 1;
    this.#lists[at + 3]! += 1;
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
    if (this.#lists[at + 3] === 0) return;
    if (reversed) this.#down(this.#lists[at + 1]!, this.#lists[at + 2]!, low, high, visit);
    else this.#up(this.#lists[at]!, list, low, high, visit);
  }

  #up(first: number, list: number, low: number, high: number, visit: (row: number) => boolean): void {
    const last = this.#lists[list * listWords + 1]!;
    for (let block = first; block !== -1; ) {
      const pool = this.#pools[block >>> poolShift]!;
      const start = (block & poolMask) + head;
      const used = block === last ? this.#lists[list * listWords + 2]! : pool[start - 1]!;
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

  constructor(postings: Postings) {
    this.#postings = postings;
  }

  add(value: number | bigint, row: number): void {
    let list = this.find(value);
    if (list === undefined) {
      list = this.#postings.open();
      if (typeof value === 'number') this.#numbers.set(value, list);
      else this.#bigs.set(value, list);
    }
    this.#postings.append(list, row);
  }

  find(value: number | bigint): number | undefined {
    return typeof value === 'number' ? this.#numbers.get(value) : this.#bigs.get(value);
  }
}
