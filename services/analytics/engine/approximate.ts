import { keyOf, type Value } from '../domain/value.ts';

const bits = 12;
const registers = 1 << bits;
/** So many different values are counted one by one. */
const fewMost = 128;
/** A hash is two numbers of seven digits each. */
const [half, width] = [7, 14];

/**
 * Which values there were, as a text that is never changed, only followed by another: at first the hashes of the values, then
 * HyperLogLog with 4,096 registers of one character each, whose standard error is 1.04 / sqrt(4096), 1.6 %.
 */
export type Approximate = string;

function mixed(text: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** With another value. The hash is the same in every process, because what was seen is kept. */
export function approximated(before: Approximate | null, value: Exclude<Value, null>): Approximate {
  const key = keyOf(value);
  const [first, second] = [mixed(key, 0x811c9dc5), mixed(key, 0x2545f491)];
  const held = before ?? '';
  if (held.length >= registers) return raised(held, first, second);
  const name = first.toString(36).padStart(half, '0') + second.toString(36).padStart(half, '0');
  const all = namesIn(held);
  if (all.includes(name)) return held;
  if (all.length < fewMost) return held + name;
  const none = '0'.repeat(registers);
  const few = all.reduce((found, each) => raised(found, numberIn(each, 0), numberIn(each, half)), none);
  return raised(few, first, second);
}

const namesIn = (held: string): string[] => held.match(/.{14}/g) ?? [];
const numberIn = (name: string, from: number): number => Number.parseInt(name.slice(from, from + half), 36);

/** A register holds how far the first bit that is set was behind at most. */
function raised(held: string, first: number, second: number): string {
  const at = first >>> (32 - bits);
  const rank = 48 + Math.clz32(second) + 1;
  if (rank <= held.charCodeAt(at)) return held;
  return held.slice(0, at) + String.fromCharCode(rank) + held.slice(at + 1);
}

/** How many different values there were. */
export function approximateCount(held: Approximate | null): number {
  if (held === null) return 0;
  if (held.length < registers) return held.length / width;
  let [sum, empty] = [0, 0];
  for (let at = 0; at < registers; at += 1) {
    const rank = held.charCodeAt(at) - 48;
    sum += 2 ** -rank;
    if (rank === 0) empty += 1;
  }
  const raw = ((0.7213 / (1 + 1.079 / registers)) * registers * registers) / sum;
  // Where many registers are empty, their number says more.
  return Math.round(raw <= 2.5 * registers && empty > 0 ? registers * Math.log(registers / empty) : raw);
}
