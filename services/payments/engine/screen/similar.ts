import { wordLettersMax } from './limits.ts';

/** Room for the rows of one comparison; words are cut. */
const rows = [0, 1, 2].map(() => new Uint8Array(wordLettersMax + 1)) as [Uint8Array, Uint8Array, Uint8Array];

/** How alike two words are, from 0 to 1: letters that are wrong, missing, too many or in each other's place, of the longer word. */
export function alike(left: string, right: string): number {
  if (left === right) return 1;
  const a = left.length > wordLettersMax ? left.slice(0, wordLettersMax) : left;
  const b = right.length > wordLettersMax ? right.slice(0, wordLettersMax) : right;
  let [before, last, row] = rows;
  for (let at = 0; at <= b.length; at += 1) last[at] = at;
  for (let i = 1; i <= a.length; i += 1) {
    row[0] = i;
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a.charCodeAt(i - 1) === b.charCodeAt(j - 1) ? 0 : 1;
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a.charCodeAt(i - 1) === b.charCodeAt(j - 2) && a.charCodeAt(i - 2) === b.charCodeAt(j - 1))
        best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row[j] = best;
    }
    [before, last, row] = [last, row, before];
  }
  return 1 - (last[b.length] ?? 0) / Math.max(a.length, b.length);
}
