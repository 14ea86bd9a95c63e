import { tlvDepthMax, tlvObjectsMax } from './limits.ts';
import { Iso8583Error } from './violation.ts';

/** A BER-TLV object of EMV: its tag in upper-case hexadecimal (`9F26`), and its bytes or, for a constructed tag, its objects. */
export type Tlv = { readonly tag: string; readonly value: Uint8Array | readonly Tlv[] };

/** The field that carries them. */
const chipField = 55;

type Reading = { readonly bytes: Uint8Array; readonly offset: number; objects: number };

/** Reads the chip's data of field 55; `offset` is where the field begins, for the words of an error. */
export function readTlv(bytes: Uint8Array, offset = 0): Tlv[] {
  return readObjects({ bytes, offset, objects: 0 }, 0, bytes.length, 1);
}

function readObjects(reading: Reading, from: number, to: number, depth: number): Tlv[] {
  const { bytes, offset } = reading;
  const refuse = (reason: string, at: number): never => {
    throw new Iso8583Error(reason, chipField, offset + at);
  };
  if (depth > tlvDepthMax) refuse(`objects are nested deeper than ${tlvDepthMax}`, from);
  const objects: Tlv[] = [];
  for (let at = from; at < to; ) {
    // Between objects, EMV lets 00 stand as filling.
    if (bytes[at] === 0) {
      at += 1;
      continue;
    }
    if (++reading.objects > tlvObjectsMax) refuse(`has more than ${tlvObjectsMax} objects`, at);
    const tagEnd = endOfTag(bytes, at, to) ?? refuse('ends within a tag', at);
    const tag = hex(bytes, at, tagEnd);
    const [length, valueAt] = readLength(bytes, tagEnd, to) ?? refuse(`the length of ${tag} is none`, tagEnd);
    if (valueAt + length > to) refuse(`${tag} says a length of ${length}, of which there are ${to - valueAt}`, tagEnd);
    const end = valueAt + length;
    objects.push({ tag, value: bytes[at]! & 0x20 ? readObjects(reading, valueAt, end, depth + 1) : bytes.subarray(valueAt, end) });
    at = end;
  }
  return objects;
}

/** Where the tag that begins here ends; undefined where it does not. EMV's tags have at most three bytes. */
function endOfTag(bytes: Uint8Array, at: number, to: number): number | undefined {
  if ((bytes[at]! & 0x1f) !== 0x1f) return at + 1;
  for (let end = at + 1; end < Math.min(to, at + 3); end += 1) if ((bytes[end]! & 0x80) === 0) return end + 1;
  return undefined;
}

/** A length of one byte, or of one or two that 81 or 82 announces, and where the value begins. */
function readLength(bytes: Uint8Array, at: number, to: number): [length: number, valueAt: number] | undefined {
  const first = at < to ? bytes[at]! : 0x80;
  if (first < 0x80) return [first, at + 1];
  if (first === 0x81 && at + 1 < to) return [bytes[at + 1]!, at + 2];
  if (first === 0x82 && at + 2 < to) return [bytes[at + 1]! * 256 + bytes[at + 2]!, at + 3];
  return undefined;
}

const hex = (bytes: Uint8Array, from: number, to: number): string => Buffer.from(bytes.subarray(from, to)).toString('hex').toUpperCase();

/** Writes objects for field 55. */
export function writeTlv(objects: readonly Tlv[]): Buffer {
  return Buffer.concat(
    objects.flatMap(({ tag, value }) => {
      const head = Buffer.from(tag, 'hex');
      if (head.length * 2 !== tag.length || endOfTag(head, 0, head.length) !== head.length)
        throw new Iso8583Error(`${JSON.stringify(tag)} is no tag`, chipField);
      const isNested = !(value instanceof Uint8Array);
      if (isNested !== ((head[0]! & 0x20) !== 0)) throw new Iso8583Error(`${tag} is ${isNested ? 'not ' : ''}constructed`, chipField);
      const body = isNested ? writeTlv(value) : value;
      return [head, lengthOf(body.length), body];
    }),
  );
}

const lengthOf = (length: number): Buffer =>
  Buffer.from(length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 255]);

/** The value of the first object of a tag, wherever it is nested. */
export function findTlv(objects: readonly Tlv[], tag: string): Uint8Array | undefined {
  for (const { tag: name, value } of objects) {
    if (!(value instanceof Uint8Array)) {
      const inner = findTlv(value, tag);
      if (inner) return inner;
    } else if (name === tag) return value;
  }
  return undefined;
}
