import { order } from './run.ts';

const indexes = 2 ** 21;
/** Groups up to this size are sorted by insertion. */
const fewEntries = 12;
let keys = new Float64Array(0);
let places = new Int32Array(0);

/**
 * Entries of `width` words in order. A word and the entry's place make one number below 2^53, which the platform sorts fastest;
 * entries that have a word in common are sorted by the next.
 */
export function sorted(words: Int32Array, width: number): Int32Array {
  const count = words.length / width;
  if (count > indexes) throw new RangeError('too many entries are to be sorted at once');
  if (keys.length < count) {
    keys = new Float64Array(count);
    places = new Int32Array(count);
  }
  for (let place = 0; place < count; place += 1) places[place] = place;
  arrange(words, width, 0, count, 0);
  const out = new Int32Array(words.length);
  for (let entry = 0; entry < count; entry += 1) {
    const from = places[entry]! * width;
    for (let word = 0; word < width; word += 1) out[entry * width + word] = words[from + word]!;
  }
  return out;
}

function arrange(words: Int32Array, width: number, from: number, to: number, word: number): void {
  if (word === width || to - from < 2) return;
  if (to - from <= fewEntries) {
    insert(words, width, from, to);
    return;
  }
  const first = words[places[from]! * width + word]!;
  let differs = false;
  for (let index = from; index < to; index += 1) {
    const place = places[index]!;
    const value = words[place * width + word]!;
    differs ||= value !== first;
    keys[index] = (value >>> 0) * indexes + place;
  }
  if (!differs) {
    arrange(words, width, from, to, word + 1);
    return;
  }
  keys.subarray(from, to).sort();
  for (let index = from; index < to; index += 1) places[index] = keys[index]! % indexes;
  for (let start = from, index = from + 1; index <= to; index += 1) {
    if (index < to && words[places[index]! * width + word] === words[places[start]! * width + word]) continue;
    arrange(words, width, start, index, word + 1);
    start = index;
  }
}

function insert(words: Int32Array, width: number, from: number, to: number): void {
  for (let index = from + 1; index < to; index += 1) {
    const place = places[index]!;
    let at = index;
    for (; at > from && order(words, places[at - 1]! * width, words, place * width, width) > 0; at -= 1) places[at] = places[at - 1]!;
    places[at] = place;
  }
}
