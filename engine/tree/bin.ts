import { binnedRowsMax, binsMax } from './limits.ts';

/** The bin of rows that have no number. */
export const missingBin = binsMax - 1;

/** Rows as training sees them: of each feature the bin of each row, and the greatest number that each bin but the last holds. */
export type Binned = { readonly count: number; readonly columns: readonly Uint8Array[]; readonly cuts: readonly Float64Array[] };

/** Parts the numbers of each feature into bins that hold about as many rows each. Rows stand one after the other. */
export function binned(rows: Float64Array, width: number): Binned {
  const count = rows.length / width;
  const columns: Uint8Array[] = [];
  const cuts: Float64Array[] = [];
  for (let feature = 0; feature < width; feature += 1) {
    const column = new Float64Array(count);
    for (let row = 0; row < count; row += 1) column[row] = rows[row * width + feature] as number;
    const own = cutsOf(column);
    cuts.push(own);
    columns.push(Uint8Array.from(column, (value) => (Number.isNaN(value) ? missingBin : placeOf(own, value))));
  }
  return { count, columns, cuts };
}

/** Where bins end: half-way between what is in one and what is in the next. */
function cutsOf(column: Float64Array): Float64Array {
  const step = Math.max(1, Math.floor(column.length / binnedRowsMax));
  const sorted = column.filter((value, at) => at % step === 0 && !Number.isNaN(value)).sort();
  const distinct = sorted.filter((value, at) => at === 0 || value !== sorted[at - 1]);
  const most = missingBin - 1;
  const middle = (one: number, other: number) => one + (other - one) / 2;
  if (distinct.length <= most) return distinct.subarray(1).map((value, at) => middle(distinct[at] as number, value));
  const ends: number[] = [];
  for (let bin = 1; bin < most; bin += 1) {
    const at = Math.floor((bin * sorted.length) / most);
    const [before, here] = [sorted[at - 1] as number, sorted[at] as number];
    const cut = middle(before, here);
    if (before !== here && cut > (ends.at(-1) ?? Number.NEGATIVE_INFINITY)) ends.push(cut);
  }
  return Float64Array.from(ends);
}

/** The first bin whose end is not below a number. */
function placeOf(cuts: Float64Array, value: number): number {
  let [low, high] = [0, cuts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= (cuts[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}
