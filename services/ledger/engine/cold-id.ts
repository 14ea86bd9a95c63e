import type { Filter } from './filter.ts';
import type { Run } from './run.ts';

/** Words of an entry: the id, highest word first, and where its row is, as the index in memory has it. */
export const idWidth = 5;

/** Ids of a stretch of rows that have left the memory of the index. */
export type IdRun = { readonly run: Run; readonly filter: Filter };

const key = new Int32Array(idWidth);

/** Ids that have left the memory: a filter for each run tells most of those that are not there without reading. */
export class ColdIds {
  readonly #runs: readonly IdRun[];

  constructor(runs: readonly IdRun[]) {
    this.#runs = runs;
  }

  /** What the index would hold for an id; zero when it is not here. */
  find(hash: number, words: Int32Array, at: number): number {
    const a = words[at]!;
    const b = words[at + 1]!;
    const c = words[at + 2]!;
    const d = words[at + 3]!;
    for (let index = this.#runs.length - 1; index >= 0; index -= 1) {
      const { run, filter } = this.#runs[index]!;
      if (!filter.mayHold(hash, a, b, c, d)) continue;
      key[0] = d;
      key[1] = c;
      key[2] = b;
      key[3] = a;
      const entry = run.find(key);
      if (entry >= run.count) continue;
      const page = run.page(entry);
      const base = run.base(entry);
      if (page[base] === d && page[base + 1] === c && page[base + 2] === b && page[base + 3] === a) return page[base + 4]!;
    }
    return 0;
  }

  look(hash: number): number {
    let seen = 0;
    for (let index = 0; index < this.#runs.length; index += 1) seen ^= this.#runs[index]!.filter.look(hash);
    return seen;
  }
}
