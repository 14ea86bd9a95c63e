import { wordLettersMax } from './limits.ts';

/** Room for the rows of one comparison; words are cut. */
const rows = [0, 1, 2].map(() => new Uint8Array(wordLettersMax + 2)) as [Uint8Array, Uint8Array, Uint8Array];
/** What is further than this is not told how far it is. */
const far = 255;

/**
 * How alike two words are, from 0 to 1: letters that are wrong, missing, too many or in each other's place, of the longer word. What is
 * less alike than `least` is 0: only what lies close to the diagonal is looked at, and no further than until it is clear.
 */
export function alike(left: string, right: string, least: number): number {
  if (left === right) return 1;
  const a = left.length > wordLettersMax ? left.slice(0, wordLettersMax) : left;
  const b = right.length > wordLettersMax ? right.slice(0, wordLettersMax) : right;
  const longer = Math.max(a.length, b.length);
  const most = Math.min(far - 1, Math.floor((1 - least) * longer + 1e-9));
  const distance = distanceWithin(a, b, most);
  return distance > most ? 0 : 1 - distance / longer;
}

/** How many letters two words are apart, if no more than so many; else one more. */
function distanceWithin(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let [before, last, row] = rows;
  for (let at = 0; at <= b.length; at += 1) last[at] = at <= most ? at : far;
  for (let i = 1; i <= a.length; i += 1) {
    const [from, to] = [Math.max(1, i - most), Math.min(b.length, i + most)];
    const letter = a.charCodeAt(i - 1);
    const earlier = i > 1 ? a.charCodeAt(i - 2) : -1;
    row[from - 1] = from === 1 && i <= most ? i : far;
    let nearest = row[from - 1] as number;
    for (let j = from; j <= to; j += 1) {
      const other = b.charCodeAt(j - 1);
      let best = (last[j - 1] as number) + (letter === other ? 0 : 1);
      const [down, over] = [(last[j] as number) + 1, (row[j - 1] as number) + 1];
      if (down < best) best = down;
      if (over < best) best = over;
      if (j > 1 && letter === b.charCodeAt(j - 2) && earlier === other) {
        const turned = (before[j - 2] as number) + 1;
        if (turned < best) best = turned;
      }
      row[j] = best > most ? far : best;
      if (best < nearest) nearest = best;
    }
    // What lies beside the part that is looked at is far.
    row[to + 1] = far;
    if (nearest > most) return most + 1;
    [before, last, row] = [last, row, before];
  }
  return last[b.length] as number;
}
