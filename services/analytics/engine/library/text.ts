import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Value } from '../../domain/value.ts';
import { textBytesMax } from '../limits.ts';

const points = (text: string): string[] => [...text];
const tooLong = () => new StatementError(sqlstates.tooLarge, `a text is at most ${textBytesMax} characters long`);
const bytesOf = (bytea: string): Buffer => Buffer.from(bytea.slice(2), 'hex');
const byteaOf = (bytes: Uint8Array): string => `\\x${Buffer.from(bytes).toString('hex')}`;
const isPlainName = (name: string): boolean => /^[a-z_][a-z0-9_$]*$/.test(name);

function padding(text: string, length: number, fill: string): string {
  const missing = length - points(text).length;
  if (length > textBytesMax) throw tooLong();
  const all = points(fill);
  if (missing <= 0 || all.length === 0) return '';
  return Array.from({ length: missing }, (_, at) => all[at % all.length]).join('');
}
const cut = (text: string, length: number): string => points(text).slice(0, Math.max(0, length)).join('');

const literal = (text: string): string => `${text.includes('\\') ? ' E' : ''}'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
const identifier = (name: string): string => (isPlainName(name) ? name : `"${name.replaceAll('"', '""')}"`);

const encodings: Readonly<Record<string, BufferEncoding>> = { hex: 'hex', base64: 'base64' };
const utf8 = /^utf-?8$/i;

function checkEncoding(name: string): void {
  if (!utf8.test(name)) throw new StatementError('22023', `encoding "${name.slice(0, 60)}" is not supported here`);
}

const escaped = (bytes: Buffer): string =>
  [...bytes]
    .map((byte) => (byte === 92 ? '\\\\' : byte === 0 || byte > 127 ? `\\${byte.toString(8).padStart(3, '0')}` : String.fromCharCode(byte)))
    .join('');

function unescaped(text: string): Buffer {
  const bytes: number[] = [];
  for (const [all, octal] of text.matchAll(/\\([0-3][0-7]{2})|\\\\|\\|[^\\]+/g)) {
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8));
    else if (all === '\\') throw new StatementError('22P02', 'invalid input syntax for type bytea');
    else bytes.push(...Buffer.from(all === '\\\\' ? '\\' : all));
  }
  return Buffer.from(bytes);
}

const hashed = (name: string) => (bytea: string) => byteaOf(createHash(name).update(bytesOf(bytea)).digest());

/** Where an argument of format() stands: the next one, or one that is told. */
function formatted(format: string, args: readonly Value[]): string {
  let next = 0;
  const made = format.replaceAll(
    /%(?:(\d+)\$)?(-)?(\d+)?([A-Za-z%])?/g,
    (_, place?: string, minus?: string, width?: string, kind?: string) => {
      if (kind === '%') return '%';
      if (kind === undefined || !'sIL'.includes(kind))
        throw new StatementError(
          '22023',
          kind === undefined ? 'unterminated format() type specifier' : `unrecognized format() type specifier "${kind}"`,
        );
      const at = place === undefined ? next : Number(place) - 1;
      next = at + 1;
      if (at >= args.length) throw new StatementError('22023', 'too few arguments for format()');
      const value = args[at] as string | null;
      if (value === null && kind === 'I') throw new StatementError('22004', 'null values cannot be formatted as an SQL identifier');
      const text =
        kind === 's' ? (value ?? '') : kind === 'I' ? identifier(value ?? '') : value === null ? 'NULL' : literal(value).trimStart();
      const size = Math.min(Number(width ?? 0), textBytesMax);
      return minus ? text.padEnd(size) : text.padStart(size);
    },
  );
  if (made.length > textBytesMax) throw tooLong();
  return made;
}

/** Functions of texts and bytes. */
export const texts = {
  ascii: (text: string) => text.codePointAt(0) ?? 0,
  chr(code: number): string {
    if (code === 0) throw new StatementError('54000', 'null character not permitted');
    if (code < 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
      throw new StatementError('54000', `requested character not valid for encoding: ${code}`);
    return String.fromCodePoint(code);
  },
  initcap: (text: string) =>
    text.toLowerCase().replaceAll(/[\p{L}\p{N}]+/gu, (word) => word.replace(/^./u, (first) => first.toUpperCase())),
  lpad: (text: string, length: number, fill = ' ') => padding(text, length, fill) + cut(text, length),
  rpad: (text: string, length: number, fill = ' ') => cut(text, length) + padding(text, length, fill),
  translate(text: string, from: string, to: string): string {
    const [old, made] = [points(from), points(to)];
    return points(text)
      .map((each) => (old.includes(each) ? (made[old.indexOf(each)] ?? '') : each))
      .join('');
  },
  overlay(text: string, part: string, from: number, count = points(part).length): string {
    if (from <= 0) throw new StatementError('22011', 'negative substring length not allowed');
    const all = points(text);
    return [...all.slice(0, from - 1), part, ...all.slice(Math.max(0, from - 1 + count))].join('');
  },
  bitLength: (text: string) => Buffer.byteLength(text) * 8,
  quoteIdent: identifier,
  quoteLiteral: (text: string) => literal(text),
  toHex: (value: number) => (value >>> 0).toString(16),
  toHex8: (value: number | bigint) => BigInt.asUintN(64, BigInt(value)).toString(16),
  concatWs(by: string | null, ...parts: (string | null)[]): string | null {
    if (by === null) return null;
    const made = parts.filter((part) => part !== null).join(by);
    if (made.length > textBytesMax) throw tooLong();
    return made;
  },
  format: (format: string | null, ...args: Value[]) => (format === null ? null : formatted(format, args)),
  quoteNullable: (text: string | null) => (text === null ? 'NULL' : literal(text)),
  nulls: (...values: Value[]) => values.filter((value) => value === null).length,
  others: (...values: Value[]) => values.filter((value) => value !== null).length,
  encode(bytea: string, how: string): string {
    const name = how.toLowerCase();
    if (name === 'escape') return escaped(bytesOf(bytea));
    const encoding = encodings[name];
    if (!encoding) throw new StatementError('22023', `unrecognized encoding: "${how.slice(0, 60)}"`);
    const text = bytesOf(bytea).toString(encoding);
    return name === 'base64' ? text.replaceAll(/.{76}(?=.)/g, '$&\n') : text;
  },
  decode(text: string, how: string): string {
    const name = how.toLowerCase();
    if (name === 'escape') return byteaOf(unescaped(text));
    const encoding = encodings[name];
    if (!encoding) throw new StatementError('22023', `unrecognized encoding: "${how.slice(0, 60)}"`);
    const plain = text.replaceAll(/\s/g, '');
    const isRight = name === 'hex' ? /^([0-9a-f]{2})*$/i.test(plain) : /^[A-Za-z0-9+/]*={0,2}$/.test(plain) && plain.length % 4 === 0;
    if (!isRight) throw new StatementError('22023', `invalid ${name} data`);
    return byteaOf(Buffer.from(plain, encoding));
  },
  convertFrom(bytea: string, encoding: string): string {
    checkEncoding(encoding);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytesOf(bytea));
    } catch {
      throw new StatementError('22021', 'invalid byte sequence for encoding "UTF8"');
    }
  },
  convertTo(text: string, encoding: string): string {
    checkEncoding(encoding);
    return byteaOf(Buffer.from(text));
  },
  md5Bytes: (bytea: string) => createHash('md5').update(bytesOf(bytea)).digest('hex'),
  sha224: hashed('sha224'),
  sha256: hashed('sha256'),
  sha384: hashed('sha384'),
  sha512: hashed('sha512'),
  joinBytes(left: string, right: string): string {
    if (left.length + right.length > textBytesMax) throw tooLong();
    return left + right.slice(2);
  },
  bytesPart(bytea: string, from: number, count?: number): string {
    if (count !== undefined && count < 0) throw new StatementError('22011', 'negative substring length not allowed');
    const bytes = bytesOf(bytea);
    const end = count === undefined ? bytes.length : from - 1 + count;
    return byteaOf(bytes.subarray(Math.max(0, from - 1), Math.max(0, end)));
  },
  uuid4: () => randomUUID(),
  /** RFC 9562 5.7: the milliseconds of now in front, then chance. */
  uuid7(): string {
    const bytes = randomBytes(16);
    bytes.writeUIntBE(Date.now(), 0, 6);
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  },
};
