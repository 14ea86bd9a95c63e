import { longer } from '../row-store.ts';
import type { Late } from '../spread.ts';

const numbersFirst = 64;

/** Numbers from 1 on by other numbers, which are few enough to be places of an array; 0 is none. It is asked as a `HashTable` is. */
export class NumberTable {
  table = new Int32Array(numbersFirst);
  readonly mask = 0;
  size = 0;

  *values(): Generator<number> {
    for (const counted of this.table) if (counted > 0) yield counted;
  }

  add(by: number, counted: number): void {
    if (by >= this.table.length) this.table = longer(this.table, new Int32Array(Math.max(this.table.length * 2, by + 1)));
    this.table[by] = counted;
    this.size += 1;
  }

  addLate(by: number, counted: number): void {
    this.add(by, counted);
  }

  addAll({ hashes, numbers }: Late): void {
    for (let at = 0; at < hashes.length; at += 1) this.add(hashes[at] as number, numbers[at] as number);
  }

  delete(by: number): void {
    this.table[by] = 0;
    this.size -= 1;
  }
}
