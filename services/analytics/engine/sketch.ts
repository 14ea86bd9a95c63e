import type { Batch } from './batch.ts';
import { valueAt, type Vector } from './batch.ts';
import { runtime } from './runtime.ts';

const bits = 12;
const registers = 1 << bits;

/** Spreads the bits of a hash, of which every one counts. */
function spread(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** How many different values there are, within some hundredths: HyperLogLog with 4,096 registers. */
class Sketch {
  readonly #ranks = new Uint8Array(registers);

  add(hash: number): void {
    const mixed = spread(hash);
    const at = mixed >>> (32 - bits);
    // The rank is where the first one stands among the bits that are left.
    const rank = Math.min(32 - bits, Math.clz32(mixed << bits)) + 1;
    if (rank > (this.#ranks[at] as number)) this.#ranks[at] = rank;
  }

  get count(): number {
    let [sum, empty] = [0, 0];
    for (const rank of this.#ranks) {
      sum += 2 ** -rank;
      if (rank === 0) empty += 1;
    }
    const raw = ((0.7213 / (1 + 1.079 / registers)) * registers * registers) / sum;
    // Where many registers are empty, their number says more.
    return raw <= 2.5 * registers && empty > 0 ? registers * Math.log(registers / empty) : raw;
  }
}

/** The different values of a column. */
export function distinctIn({ columns, size }: Batch, place: number): number {
  const sketch = new Sketch();
  const vector = columns[place] as Vector;
  for (let at = 0; at < size; at += 1) sketch.add(runtime.hashOf(valueAt(vector, at)));
  return sketch.count;
}
