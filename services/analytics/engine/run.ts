import type { Type } from '../domain/value.ts';
import { cellsCode, type Found, openedCode, reload, sameCode } from './find.ts';
import { groupsNearMax } from './limits.ts';
import { hashParts, mixCode } from './place.ts';

const times: readonly Type[] = ['date', 'timestamp', 'timestamptz'];
const nearFirst = 4096;
/** So many rows are to come for one time, on the average and at first, that its groups are looked for nearby. */
const [runRows, runRowsFirst] = [256, 1024];

/**
 * Groups by a time and other keys: rows that come behind each other are mostly of one time, their window. The groups of that are
 * looked for in a small table, by their other keys. Of a window that is later than all that were there, no group is elsewhere.
 */
export class Runs {
  /** Which keys are times. */
  readonly by: readonly number[];
  /** The greatest number of the first of them in any group that ever was there. */
  newest = Number.NEGATIVE_INFINITY;
  /** Slots, counted from 1, by the hash of their other keys. */
  near = new Int32Array(nearFirst);

  constructor(by: readonly number[]) {
    this.by = by;
  }

  /** A larger table where that may be, which is empty: the next window has it. */
  widen(): Int32Array {
    if (this.near.length < groupsNearMax) this.near = new Int32Array(this.near.length * 2);
    return this.near;
  }
}

export function runsOf(types: readonly Type[]): Runs | undefined {
  const by = [...types.keys()].filter((at) => times.includes(types[at] as Type));
  return by.length > 0 && by.length < types.length ? new Runs(by) : undefined;
}

/** What `runCode` stands on, besides `findBefore`. */
export const runBefore = ({ by }: Runs): string => `const runs = g.runs;
let near = runs.near, met = 0, resets = 0, isNear = false, isFresh = false, isLate = false;
let ${by.map((at) => `last${at} = NaN`).join(', ')};`;

/** Code as `findCode` makes it, for row `i` of a batch. */
export function runCode(found: Found, { by }: Runs): string {
  const { places } = found;
  const keys = [...places.columns.keys()];
  const others = keys.filter((at) => !by.includes(at));
  const first = `key${by[0]}`;
  return `${cellsCode(found)}
if (${by.map((at) => `key${at} !== last${at}`).join(' || ')}) {
${by.map((at) => `last${at} = key${at};`).join(' ')}
isNear = resets * ${runRows} <= i + ${runRowsFirst};
isFresh = isNear && ${first} > runs.newest;
if (isNear) { near.fill(0); met = 0; resets++; }
if (isFresh) runs.newest = ${first};
}
let h = ${hashParts(others)};
let j = (h ^ (h >>> 15)) & (near.length - 1), s = -1;
if (isNear) for (;; j = (j + 1) & (near.length - 1)) {
s = near[j] - 1;
if (s < 0 || (${sameCode(places, others)})) break;
}
if (s < 0) {
h ^= ${hashParts(by)};
${mixCode}
if (!isFresh) {
if (isLate) { ${reload} isLate = false; }
for (let q = h & mask; ; q = (q + 1) & mask) {
s = t[q * 2 + 1] - 1;
if (s < 0 || (t[q * 2] === h && ${sameCode(places, keys)})) break;
}
}
if (s < 0) {
if (isFresh) { s = g.openLate(h); c = map.cells; isLate = true; }
else { s = g.openCells(h); ${reload} if (${first} > runs.newest) runs.newest = ${first}; }
${openedCode(found)}
}
if (isNear) {
near[j] = s + 1;
if (++met * 2 > near.length) { near = runs.widen(); isNear = isFresh = false; }
}
}`;
}
