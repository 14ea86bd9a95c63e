/** What stands in JSON at a place of some bytes, which all of this reads exactly as the grammar of RFC 8259 has it. */

const [quote, backslash] = [34, 92];
const depthMost = 64;
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57;
const isHex = (byte: number | undefined): boolean => isDigit(byte) || (byte !== undefined && (byte | 32) >= 97 && (byte | 32) <= 102);
const isSpace = (byte: number | undefined): boolean => byte === 32 || byte === 9 || byte === 10 || byte === 13;
const escapes = new Set([...'"\\/bfnrt'].map((each) => each.charCodeAt(0)));

/** Where the text ends whose quote is at `from`, behind its last quote; -1 where it has none, or holds what no text may. */
export function endOfText(bytes: Uint8Array, from: number, end: number): number {
  for (let at = from + 1; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (byte === quote) return at + 1;
    if (byte < 32) return -1;
    if (byte !== backslash) continue;
    at += 1;
    if (escapes.has(bytes[at] as number)) continue;
    if (bytes[at] !== 117 || at + 4 >= end) return -1;
    for (let digit = 1; digit <= 4; digit += 1) if (!isHex(bytes[at + digit])) return -1;
    at += 4;
  }
  return -1;
}

/** Where digits end, of which there may be none. */
function endOfDigits(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isDigit(bytes[at])) at += 1;
  return at;
}

/** Where a number ends; -1 where there is none. */
export function endOfNumber(bytes: Uint8Array, from: number): number {
  const first = bytes[from] === 45 ? from + 1 : from;
  let at = bytes[first] === 48 ? first + 1 : endOfDigits(bytes, first);
  if (at === first) return -1;
  if (bytes[at] === 46) {
    const end = endOfDigits(bytes, at + 1);
    if (end === at + 1) return -1;
    at = end;
  }
  if (((bytes[at] ?? 0) | 32) !== 101) return at;
  const power = bytes[at + 1] === 43 || bytes[at + 1] === 45 ? at + 2 : at + 1;
  const end = endOfDigits(bytes, power);
  return end === power ? -1 : end;
}

function endOfWord(bytes: Uint8Array, from: number, word: string): number {
  for (let at = 0; at < word.length; at += 1) if (bytes[from + at] !== word.charCodeAt(at)) return -1;
  return from + word.length;
}

/** Where a value ends; -1 where none is, and where it is nested so deeply that somebody else has to look. */
export function endOfValue(bytes: Uint8Array, from: number, end: number, depth = 0): number {
  if (from >= end) return -1;
  switch (bytes[from]) {
    case quote:
      return endOfText(bytes, from, end);
    case 116:
      return endOfWord(bytes, from, 'true');
    case 102:
      return endOfWord(bytes, from, 'false');
    case 110:
      return endOfWord(bytes, from, 'null');
    case 123:
      return depth < depthMost ? endOfList(bytes, from, end, depth, true) : -1;
    case 91:
      return depth < depthMost ? endOfList(bytes, from, end, depth, false) : -1;
    default:
      return endOfNumber(bytes, from);
  }
}

function endOfList(bytes: Uint8Array, from: number, end: number, depth: number, isNamed: boolean): number {
  const close = isNamed ? 125 : 93;
  const spaced = (place: number): number => {
    let at = place;
    while (isSpace(bytes[at])) at += 1;
    return at;
  };
  let at = spaced(from + 1);
  if (bytes[at] === close) return at + 1;
  while (at < end) {
    if (isNamed) {
      if (bytes[at] !== quote) return -1;
      at = endOfText(bytes, at, end);
      if (at < 0) return -1;
      at = spaced(at);
      if (bytes[at] !== 58) return -1;
      at = spaced(at + 1);
    }
    at = endOfValue(bytes, at, end, depth + 1);
    if (at < 0) return -1;
    at = spaced(at);
    if (bytes[at] === close) return at + 1;
    if (bytes[at] !== 44) return -1;
    at = spaced(at + 1);
  }
  return -1;
}

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Days since 1970 of a date written YYYY-MM-DD; NaN where it is none. */
export function dayAt(bytes: Uint8Array, from: number): number {
  let year = 0;
  for (let at = from; at < from + 4; at += 1) {
    if (!isDigit(bytes[at])) return Number.NaN;
    year = year * 10 + (bytes[at] as number) - 48;
  }
  const [month, day] = [pairAt(bytes, from + 5), pairAt(bytes, from + 8)];
  if (bytes[from + 4] !== 45 || bytes[from + 7] !== 45 || month < 1 || month > 12 || day < 1) return Number.NaN;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (day > (monthDays[month - 1] as number) + Number(isLeap && month === 2)) return Number.NaN;
  // Years begin in March here, so that the day that comes every four years is the last of one.
  const shifted = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  return shifted * 365 + Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400) + dayOfYear - 719_468;
}

/** Two digits as a number, or a number below 0. */
function pairAt(bytes: Uint8Array, at: number): number {
  const [high, low] = [(bytes[at] as number) - 48, (bytes[at + 1] as number) - 48];
  return high >= 0 && high <= 9 && low >= 0 && low <= 9 ? high * 10 + low : -1e6;
}

/** Minutes since 1970 of a time written YYYY-MM-DD hh:mm, or with a T between them; NaN where it is none. */
export function minuteAt(bytes: Uint8Array, at: number): number {
  const [hour, minute] = [pairAt(bytes, at + 11), pairAt(bytes, at + 14)];
  const isParted = (bytes[at + 10] === 32 || bytes[at + 10] === 84) && bytes[at + 13] === 58;
  return isParted && hour >= 0 && hour < 24 && minute >= 0 && minute < 60 ? dayAt(bytes, at) * 1440 + hour * 60 + minute : Number.NaN;
}
