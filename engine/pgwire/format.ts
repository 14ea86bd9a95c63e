import { readBinary, writeBinary } from '#wire/pgwire/binary.ts';
import { readClock, readDate, readInterval, readMoment, writeClock, writeDate, writeInterval, writeMoment } from '#wire/pgwire/moment.ts';
import { readNumeric, writeNumeric } from '#wire/pgwire/numeric.ts';
import { elementOf, oids, rowOidsFrom } from '#wire/pgwire/oid.ts';
import { readRecord, writeRecord } from '#wire/pgwire/record.ts';
import type { Kind } from './application.ts';
import { readArrayBinary, writeArrayBinary } from './array.ts';
import { notBuilt, sqlstates, StatementError } from './statement-error.ts';

/** A value in the format that was asked for: 0 is text, 1 binary. */
export function formatted(text: string | null, oid: number, format: number): string | Buffer | null {
  if (text === null || format === 0) return text;
  switch (oid) {
    case oids.numeric:
      return writeNumeric(text);
    case oids.bool:
      return writeBinary(oid, text === 't');
    case oids.int8:
      return writeBinary(oid, BigInt(text));
    case oids.int2:
    case oids.int4:
    case oids.oid:
    case oids.float4:
    case oids.float8:
      return writeBinary(oid, Number(text));
    case oids.text:
    case oids.name:
    case oids.varchar:
    case oids.bpchar:
    case oids.char:
      return Buffer.from(text);
    case oids.date:
      return writeDate(text);
    case oids.timestamp:
    case oids.timestamptz:
      return writeMoment(text);
    case oids.time:
      return writeClock(text);
    case oids.interval:
      return writeInterval(text);
    case oids.bytea:
      return Buffer.from(text.slice(2), 'hex');
    case oids.uuid:
      return writeBinary(oid, text);
    case oids.json:
      return Buffer.from(text);
    case oids.jsonb:
      return Buffer.concat([Buffer.from([1]), Buffer.from(text)]);
    default:
      return formattedArray(text, oid);
  }
}

/** The same of a type whose fields may be known: a row's are told one by one in binary, each with its type. */
export function formattedAs(text: string | null, { oid, fields, element }: Kind, format: number): string | Buffer | null {
  if (text !== null && format !== 0 && element) return writeArrayBinary(text, element.oid, (each) => formattedAs(each, element, 1));
  if (text === null || format === 0 || !fields) return formatted(text, oid, format);
  const texts = fields.length === 0 ? [] : readRecord(text);
  const int32 = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  };
  const parts = fields.flatMap((field, at) => {
    const value = formattedAs(texts[at] ?? null, field, 1);
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    return [int32(field.oid), int32(bytes?.length ?? -1), ...(bytes ? [bytes] : [])];
  });
  return Buffer.concat([int32(fields.length), ...parts]);
}

function formattedArray(text: string, oid: number): Buffer {
  const element = elementOf.get(oid);
  if (element === undefined) throw notBuilt(`The binary format of type ${oid}`);
  return writeArrayBinary(text, element, (each) => formatted(each, element, 1));
}

/** A parameter as text, from the format that it came in. */
export function textOf(value: Buffer | null, oid: number, format: number): string | null {
  if (value === null) return null;
  if (format === 0 || texts.has(oid)) return utf8(value);
  switch (oid) {
    case oids.numeric:
      return readNumeric(value);
    case oids.bool:
      return readBinary(oid, value) ? 't' : 'f';
    case oids.int8:
    case oids.int4:
    case oids.int2:
    case oids.oid:
    case oids.float4:
    case oids.float8:
      return numberText(readBinary(oid, value) as number | bigint);
    case oids.date:
      return readDate(value);
    case oids.timestamp:
    case oids.timestamptz:
      return readMoment(value, oid === oids.timestamptz);
    case oids.time:
      return readClock(value);
    case oids.interval:
      return readInterval(value);
    case oids.bytea:
      return `\\x${value.toString('hex')}`;
    case oids.uuid:
      return readBinary(oid, value) as string;
    case oids.jsonb:
      if (value[0] !== 1) throw new StatementError('22P03', `unsupported jsonb version number ${value[0] ?? ''}`);
      return utf8(value.subarray(1));
    default:
      return isRow(oid) ? rowOf(value) : arrayOf(value, oid);
  }
}

const numberText = (value: number | bigint): string => (Object.is(value, -0) ? '-0' : String(value));

const [record, records] = [2249, 2287];
const isRow = (oid: number): boolean => oid === record || (oid >= rowOidsFrom && oid % 2 === 0);

/** A row says the type of each of its fields. */
function rowOf(value: Buffer): string {
  const short = () => new StatementError('22P03', 'a row is shorter than it says');
  const next = (at: number): number => {
    if (at + 4 > value.length) throw short();
    return value.readInt32BE(at);
  };
  const fields: (string | null)[] = [];
  const count = next(0);
  let at = 4;
  for (let place = 0; place < count; place += 1) {
    const [oid, length] = [next(at) >>> 0, next(at + 4)];
    at += 8;
    if (length > value.length - at) throw short();
    fields.push(length < 0 ? null : textOf(value.subarray(at, at + length), oid, 1));
    at += Math.max(0, length);
  }
  if (at !== value.length) throw new StatementError('22P03', 'a row goes on behind its end');
  return writeRecord(fields);
}

/** The type of the elements of an array. */
function elementOid(oid: number): number | undefined {
  if (oid === records) return record;
  return oid > rowOidsFrom && oid % 2 === 1 ? oid - 1 : elementOf.get(oid);
}

function arrayOf(value: Buffer, oid: number): string {
  const element = elementOid(oid);
  if (element === undefined) throw notBuilt(`The binary format of type ${oid}`);
  return readArrayBinary(value, element, (each) => textOf(each, element, 1));
}

const texts: ReadonlySet<number> = new Set<number>([oids.char, oids.text, oids.varchar, oids.bpchar, oids.name, oids.json]);

const decoder = new TextDecoder('utf-8', { fatal: true });

function utf8(bytes: Buffer): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new StatementError('22021', 'invalid byte sequence for encoding "UTF8"');
  }
}

/** The format of the column or parameter at a place: none is text for all, one stands for all. */
export function formatAt(formats: readonly number[], at: number): number {
  const format = formats.length === 1 ? formats[0] : (formats[at] ?? 0);
  if (format !== 0 && format !== 1) throw new StatementError(sqlstates.protocolViolation, `there is no format ${format}`);
  return format;
}

const sizes: Readonly<Record<number, number>> = {
  [oids.bool]: 1,
  [oids.int2]: 2,
  [oids.int4]: 4,
  [oids.int8]: 8,
  [oids.float4]: 4,
  [oids.float8]: 8,
  ...{ [oids.date]: 4, [oids.timestamp]: 8, [oids.timestamptz]: 8, [oids.interval]: 16, [oids.time]: 8, [oids.uuid]: 16 },
};

/** Bytes of a type's values; -1 where they vary. */
export const sizeOf = (oid: number): number => sizes[oid] ?? -1;
