import { idAheadMs } from './limits.ts';
import { fault } from './fault.ts';

/** The instant of the smallest id: 2024-01-01, in milliseconds. It fits until the year 2163. */
const epoch = Date.UTC(2024, 0, 1);
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const digits = new Map([...alphabet].map((letter, value) => [letter, BigInt(value)]));
const form = /^[0-7][0-9a-hjkmnp-tv-z]{12}$/;

/** Makes ids that grow within a process and are unique among processes with different numbers. */
export type IdSource = { next(): bigint };

/**
 * A source of 63-bit ids: 42 bits of milliseconds since 2024, 5 of the region, 8 of the process, 8 of a counter. When the
 * counter is used up, or the clock goes back, the time runs ahead of the clock; more than `idAheadMs` ahead answers TooMany.
 */
export function openIds(place: { region: number; process: number }, now: () => number = Date.now): IdSource {
  if (!(Number.isInteger(place.region) && place.region >= 0 && place.region < 32)) throw new RangeError(`a region of ${place.region}`);
  if (!(Number.isInteger(place.process) && place.process >= 0 && place.process < 256))
    throw new RangeError(`a process of ${place.process}`);
  const middle = BigInt((place.region << 16) | (place.process << 8));
  let last = -1;
  let counter = 0;
  return {
    next() {
      const clockMs = Math.max(0, now() - epoch);
      if (clockMs > last) {
        last = clockMs;
        counter = 0;
      } else if (++counter > 255) {
        if (last - clockMs >= idAheadMs) {
          counter = 255;
          throw fault('TooMany', 'New ids are made faster than their clock runs.');
        }
        last++;
        counter = 0;
      }
      return (BigInt(last) << 21n) | middle | BigInt(counter);
    },
  };
}

/** The external form: 13 characters of lower-case Crockford base32, which sort as the ids do. */
export function formatId(id: bigint): string {
  if (id < 0n || id >= 1n << 63n) throw new RangeError('an id has 63 bits');
  // Big numbers are slow, and every request writes a few ids: the halves are taken as numbers, six letters below and seven above.
  let [low, high, below, above] = [Number(id & 0x3fff_ffffn), Number(id >> 30n), '', ''];
  for (let letter = 0; letter < 6; letter++, low >>>= 5) below = alphabet[low & 31]! + below;
  for (let letter = 0; letter < 7; letter++, high = Math.floor(high / 32)) above = alphabet[high % 32]! + above;
  return above + below;
}

/** Reads the external form; anything else, upper case and look-alike letters included, is BadInput. */
export function parseId(text: string): bigint {
  if (typeof text !== 'string' || !form.test(text)) throw fault('BadInput', 'An id is 13 characters of 0-9 and a-z without i, l, o and u.');
  let id = 0n;
  for (const letter of text) id = (id << 5n) | (digits.get(letter) as bigint);
  if (id === 0n) throw fault('BadInput', 'An id is never zero.');
  return id;
}

/** When an id was made, in milliseconds since 1970. */
export function idTime(id: bigint): number {
  return Number(id >> 21n) + epoch;
}
