import { isUtf8 } from 'node:buffer';
import { StatementError } from '#engine/pgwire/statement-error.ts';
import { listOf } from '../domain/array.ts';
import { dayMicros } from '../domain/datetime.ts';
import { listIn, tupleIn } from '../domain/json-row.ts';
import { arrayItemsMax, arrayLengthMax } from '../domain/limits.ts';
import { type Column, elementOf, isRecord, type List, readValue, type Type, type Value } from '../domain/value.ts';
import { type Cells, decimalOf } from './cell.ts';
import { compile } from './compile.ts';
import { dayAt, endOfNumber, endOfText, endOfValue, minuteAt } from './json-text.ts';
import type { Shape } from './json-shape.ts';

/**
 * Decodes records of one shape, from the record `at` on, into rows that are `less` below; answers the first that it leaves to
 * others, which may be one that is no JSON, or the count of all.
 */
export type Decoder = (
  bytes: Buffer,
  view: DataView,
  starts: Int32Array,
  ends: Int32Array,
  at: number,
  count: number,
  less: number,
  cells: readonly (Cells | undefined)[],
) => number;

function tried(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof StatementError) return undefined;
    throw error;
  }
}

/** A list of floats with digits or powers of any number, as measures and vectors have them; undefined for any other. */
function floatsIn(text: string): List | undefined {
  const items = JSON.parse(text) as Value[];
  return items.every((item) => item === null || Number.isFinite(item)) ? listOf(items) : undefined;
}

const parts = {
  ...{ endOfNumber, endOfText, endOfValue, dayAt, minuteAt, decimalOf },
  isUtf8: (bytes: Buffer, from: number, to: number): boolean => isUtf8(bytes.subarray(from, to)),
  /** A text with escapes, its quotes with it. */
  unescaped: (bytes: Buffer, from: number, to: number): string => JSON.parse(bytes.toString('utf8', from, to)) as string,
  /** A text as a value of another type; undefined where it is none. */
  read: (type: Type, bytes: Buffer, from: number, to: number): Value | undefined =>
    tried(() => readValue(type, JSON.parse(bytes.toString('utf8', from, to)) as string)),
  /** An object as a row; undefined where it is none. */
  row: (type: Type, bytes: Buffer, from: number, to: number): Value | undefined =>
    tried(() => tupleIn(type, bytes.toString('utf8', from, to))),
  /** A list as an array; undefined where it is none. */
  list: (type: Type, bytes: Buffer, from: number, to: number): Value | undefined =>
    tried(() => {
      const text = bytes.toString('utf8', from, to);
      return (type === 'float8[]' ? floatsIn(text) : undefined) ?? listIn(type, text);
    }),
};

const wordAt = (bytes: readonly number[], at: number): number =>
  (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);

/** Code that passes over some bytes, of which every four are looked at together. */
function passCode(bytes: readonly number[]): string {
  const { length } = bytes;
  const tests = [`p + ${length} > e`];
  for (let at = 0; at + 4 <= length; at += 4) tests.push(`d.getInt32(p${at === 0 ? '' : ` + ${at}`}, true) !== ${wordAt(bytes, at)}`);
  const rest = length % 4;
  if (length >= 4 && rest > 0) tests.push(`d.getInt32(p + ${length - 4}, true) !== ${wordAt(bytes, length - 4)}`);
  if (length < 4) for (let at = 0; at < length; at += 1) tests.push(`u[p + ${at}] !== ${bytes[at]}`);
  return `if (${tests.join(' || ')}) return j;\np += ${length};`;
}

/** Bytes of texts that are looked at by fours: none is a quote, a backslash, a control, or beyond ASCII. */
const plainCode = `while (p + 4 <= e) {
const x = d.getInt32(p, true);
if (((((x ^ 0x22222222) - 0x01010101) | ((x ^ 0x5c5c5c5c) - 0x01010101) | (x - 0x20202020) | x) & 0x80808080) !== 0) break;
p += 4;
}`;

/** Code that reads a text behind its quote: it stands from `a` to `p`, or, with `odd`, has escapes and its quotes with it. */
const textCode = `a = ++p;
let odd = false;
${plainCode}
for (; ; p++) {
if (p >= e) return j;
const c = u[p];
if (c === 34) break;
if (c === 92) {
odd = true;
p = r.endOfText(u, --a, e);
if (p < 0) return j;
w |= 128;
break;
}
if (c < 32) return j;
w |= c;
}`;

const isNullCode = 'p + 4 <= e && d.getInt32(p, true) === 0x6c6c756e';

/** Code that reads digits into \`v\`, at most fifteen; answers with the last byte behind them in \`c\`. */
const digitsCode = `let v = 0, s = false, c = u[p];
if (c === 45) { s = true; c = u[++p]; }
a = p;
const near = p + 9;
while (p < near && c >= 48 && c <= 57) { v = (v * 10 + c - 48) | 0; c = u[++p]; }
let n = v;
while (c >= 48 && c <= 57) { n = n * 10 + (c - 48); c = u[++p]; }
if (p === a || p - a > 15 || (u[a] === 48 && p - a > 1)) return j;`;

/** Code that reads what is behind the point, into \`n\` too, with \`f\` digits. */
const fractionCode = `let f = 0;
if (c === 46) {
const from = ++p;
c = u[p];
while (c >= 48 && c <= 57) { n = n * 10 + (c - 48); c = u[++p]; }
f = p - from;
if (f === 0 || p - a > 16) return j;
}
if (c === 101 || c === 69) return j;`;

/** Code that reads an integer of a type, which `signed` is then. */
const integerCode = (type: Type): string => `${digitsCode}
if (c === 46 || c === 101 || c === 69${type === 'int4' ? ' || n > 2147483647' : type === 'int2' ? ' || n > 32767' : ''}) return j;`;
const signed = 's && n > 0 ? -n : n';
const float = 'f === 0 ? (s ? -n : n) : (s ? -n : n) / tens[f]';

const spaceCode = 'while (u[p] === 32 || (u[p] <= 13 && (u[p] === 10 || u[p] === 13 || u[p] === 9))) p++;';

/** Code that reads a text of another type by its general way. */
const generalCode = (at: number, type: Type, end = 'endOfText', read = 'read'): string => `const q = p;
p = r.${end}(u, p, e);
if (p < 0) return j;
w |= 128;
const t = r.${read}(${JSON.stringify(type)}, u, q, p);
if (t === undefined) return j;
o${at}.set(m, t);`;

const farthestDay = Math.floor(Number.MAX_SAFE_INTEGER / dayMicros);

function timeCode(at: number, type: Type): string {
  const general = `if (!done) { ${generalCode(at, type)} }`;
  if (type === 'date')
    return `let done = false;
if (p + 12 <= e && u[p + 11] === 34) {
const y = r.dayAt(u, p + 1);
if (y >= -${farthestDay} && y <= ${farthestDay}) { c${at}[m] = y; n${at}[m] = 0; p += 12; done = true; }
}
${general}`;
  // Times mostly lie in the minute of the row before.
  return `let done = false;
if (p + 21 <= e && u[p + 17] === 58) {
if (d.getInt32(p + 1, true) !== h${at} || d.getInt32(p + 5, true) !== i${at} ||
d.getInt32(p + 9, true) !== k${at} || d.getInt32(p + 13, true) !== l${at}) {
g${at} = r.minuteAt(u, p + 1);
h${at} = d.getInt32(p + 1, true); i${at} = d.getInt32(p + 5, true); k${at} = d.getInt32(p + 9, true); l${at} = d.getInt32(p + 13, true);
}
const y = u[p + 18] - 48, z = u[p + 19] - 48;
if (g${at} === g${at} && y >= 0 && y < 6 && z >= 0 && z <= 9) {
let x = p + 20, f = 0, left = 6, c = u[x];
if (c === 46) {
c = u[++x];
while (c >= 48 && c <= 57 && left > 0) { f = f * 10 + (c - 48); left--; c = u[++x]; }
if (left === 6) c = 0;
}
if (c === 90) c = u[++x];
const t = (g${at} * 60 + y * 10 + z) * 1000000 + f * tens[left];
if (c === 34 && x < e && t <= ${Number.MAX_SAFE_INTEGER} && t >= ${-Number.MAX_SAFE_INTEGER}) {
c${at}[m] = t; n${at}[m] = 0; p = x + 1; done = true;
}
}
}
${general}`;
}

/** Code that reads an item that is not null into `items`; undefined for a type whose items are read in the general way. */
function itemCode(at: number, element: Type): string | undefined {
  switch (element) {
    case 'text':
      return `if (u[p] !== 34) return j;
${textCode}
items.push(odd ? r.unescaped(u, a, p) : o${at}.text(a, p++));`;
    case 'bool':
      return `if (p + 4 <= e && d.getInt32(p, true) === 0x65757274) { p += 4; items.push(true); }
else if (p + 5 <= e && d.getInt32(p, true) === 0x736c6166 && u[p + 4] === 101) { p += 5; items.push(false); }
else return j;`;
    case 'int2':
    case 'int4':
    case 'int8':
      return `${integerCode(element)}\nitems.push(${signed});`;
    case 'numeric':
      return `${digitsCode}\n${fractionCode}\nitems.push(r.decimalOf(${signed}, f));`;
    case 'float4':
    case 'float8':
      return `${digitsCode}\n${fractionCode}\nitems.push(${element === 'float4' ? `Math.fround(${float})` : float});`;
    default:
      return undefined;
  }
}

/** Code that reads a list. One that is deep, too long or otherwise unlike most is read anew, in the general way. */
function listCode(at: number, type: Type, element: Type): string {
  const general = generalCode(at, type, 'endOfValue', 'list');
  const item = itemCode(at, element)?.replaceAll('return j', 'break list');
  if (item === undefined) return general;
  return `const open = p, items = [];
let whole = false;
p++;
${spaceCode}
if (u[p] === 93) { p++; whole = true; }
else list: while (p < e && items.length < ${arrayItemsMax}) {
if (${isNullCode}) { p += 4; items.push(null); }
else {
${item}
}
${spaceCode}
const next = u[p++];
if (next === 93) { whole = p - open <= ${arrayLengthMax}; break; }
if (next !== 44) break;
${spaceCode}
}
if (whole) c${at}[m] = { sizes: items.length === 0 ? [] : [items.length], items };
else {
p = open;
${general}
}`;
}

/** Code that reads the value at `p` into a column. */
function valueCode(at: number, type: Type): string {
  const other = `else if (${isNullCode}) { p += 4; o${at}.set(m, null); }\nelse return j;`;
  switch (type) {
    case 'text':
      return `if (u[p] === 34) {
${textCode}
if (odd) o${at}.set(m, r.unescaped(u, a, p));
else { b${at}[m] = a; z${at}[m] = p++; }
} else if (${isNullCode}) { p += 4; o${at}.set(m, null); }
else {
a = p;
if (u[p] === 116 || u[p] === 102) p = r.endOfValue(u, p, e, 0);
else p = r.endOfNumber(u, p);
if (p < 0) return j;
b${at}[m] = a; z${at}[m] = p;
}`;
    case 'bool':
      return `if (p + 4 <= e && d.getInt32(p, true) === 0x65757274) { p += 4; c${at}[m] = true; }
else if (p + 5 <= e && d.getInt32(p, true) === 0x736c6166 && u[p + 4] === 101) { p += 5; c${at}[m] = false; }
else if (u[p] === 34) { ${generalCode(at, type)} }
${other}`;
    case 'int2':
    case 'int4':
    case 'int8':
      return `if (u[p] === 34) { ${generalCode(at, type)} }
else if (u[p] !== 110) {
${integerCode(type)}
c${at}[m] = ${signed}; n${at}[m] = 0;
}
${other}`;
    case 'numeric':
      return `if (u[p] === 34) { ${generalCode(at, type)} }
else if (u[p] !== 110) {
${digitsCode}
${fractionCode}
b${at}[m] = ${signed}; z${at}[m] = f;
}
${other}`;
    case 'float8':
      return `if (u[p] === 34) { ${generalCode(at, type)} }
else if (u[p] !== 110) {
${digitsCode}
${fractionCode}
c${at}[m] = ${float}; n${at}[m] = 0;
}
${other}`;
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return `if (u[p] === 34) {\n${timeCode(at, type)}\n}\n${other}`;
    case 'json':
    case 'jsonb':
      return 'return j;';
    case 'float4':
    case 'bytea':
    case 'uuid':
    case 'time':
    case 'interval':
      return `if (u[p] === 34) { ${generalCode(at, type)} }\n${other}`;
    default:
      if (isRecord(type))
        return `if (u[p] === 34) { ${generalCode(at, type)} }
else if (u[p] === 123) { ${generalCode(at, type, 'endOfValue', 'row')} }
${other}`;
      return `if (u[p] === 34) { ${generalCode(at, type)} }
else if (u[p] === 91) { ${listCode(at, type, elementOf(type) as Type)} }
${other}`;
  }
}

/** Code that passes over a value that nobody reads, and sees that it is one. */
const skipCode = `if (u[p] === 34) {
${textCode}
if (!odd) p++;
} else {
const c = u[p];
if (c === 123 || c === 91) w |= 128;
p = c <= 57 ? r.endOfNumber(u, p) : r.endOfValue(u, p, e, 0);
if (p < 0) return j;
}`;

function openCode(at: number, type: Type): string {
  const own = `const o${at} = o[${at}]`;
  if (type === 'text') return `${own}, b${at} = o${at}.starts, z${at} = o${at}.ends;`;
  if (type === 'numeric') return `${own}, b${at} = o${at}.units, z${at} = o${at}.scales;`;
  if (type === 'bool' || elementOf(type)) return `${own}, c${at} = o${at}.values;`;
  if (isRecord(type) || ['float4', 'bytea', 'uuid', 'time', 'interval', 'json', 'jsonb'].includes(type)) return `${own};`;
  const cached = type === 'timestamp' || type === 'timestamptz';
  const minute = `\nlet g${at} = NaN, h${at} = 0, i${at} = 0, k${at} = 0, l${at} = 0;`;
  return `${own}, c${at} = o${at}.values, n${at} = o${at}.nulls;${cached ? minute : ''}`;
}

const typeAt = (columns: readonly Column[], place: number): Type => columns[place]?.type as Type;

/** The code of a decoder: `body` reads one record, from `p` on. */
const wholeCode = (read: readonly number[], columns: readonly Column[], body: string): string =>
  `const tens = [${Array.from({ length: 16 }, (_, power) => `1e${power}`).join(', ')}];
return function decode(u, d, S, E, j, count, less, o) {
${read.map((place) => openCode(place, typeAt(columns, place))).join('\n')}
let a = 0;
for (; j < count; j++) {
let p = S[j], w = 0;
const e = E[j], m = j - less;
${body}
if (p !== e || (w >= 128 && !r.isUtf8(u, S[j], e))) return j;
}
return count;
};`;

/** Code of the decoder of records that have one shape. */
export function shapeCode({ fields, after }: Shape, columns: readonly Column[]): string {
  const read = fields.flatMap(({ place }) => (place < 0 ? [] : [place]));
  const body = fields.map(
    ({ before, place }) => `${passCode(before)}\n{\n${place < 0 ? skipCode : valueCode(place, typeAt(columns, place))}\n}`,
  );
  return wholeCode(read, columns, [...body, passCode(after)].join('\n'));
}

// What lies behind a record may look like space as well, as between the lines of a file.
const lastSpaceCode = spaceCode.replace('while (', 'while (p < e && (').replace(') p++;', ')) p++;');

/** Code of the decoder of records whose fields come in any order. */
export function anyCode(places: ReadonlyMap<string, number>, columns: readonly Column[]): string {
  const named = new Map<number, string[]>();
  for (const [name, place] of places) {
    const bytes = Buffer.from(name);
    const tests = [...bytes].map((byte, at) => `u[a + ${at}] === ${byte}`);
    named.set(bytes.length, [...(named.get(bytes.length) ?? []), `if (${tests.join(' && ')}) l = ${place};`]);
  }
  const body = `${spaceCode}
if (p >= e || u[p++] !== 123) return j;
${spaceCode}
if (u[p] === 125) p++;
else for (;;) {
if (p >= e || u[p] !== 34) return j;
let l = -1;
{
${textCode}
if (odd) return j;
switch (p++ - a) {
${[...named].map(([length, tests]) => `case ${length}:\n${tests.join('\nelse ')}\nbreak;`).join('\n')}
}
}
${spaceCode}
if (u[p++] !== 58) return j;
${spaceCode}
switch (l) {
${[...places.values()].map((place) => `case ${place}: {\n${valueCode(place, typeAt(columns, place))}\nbreak;\n}`).join('\n')}
default: {
${skipCode}
}
}
${spaceCode}
if (p >= e) return j;
const c = u[p++];
if (c === 125) break;
if (c !== 44) return j;
${spaceCode}
}
${lastSpaceCode}`;
  return wholeCode([...places.values()], columns, body);
}

export const decoderOf = (code: string): Decoder => compile<Decoder>(code, { r: parts });
