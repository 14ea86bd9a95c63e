import { strangeCharacter } from './content.ts';
import { iso8583MaxBytes } from './limits.ts';
import type { IsoMessage, IsoValue } from './message.ts';
import type { FieldSpec, Filling, IsoSpec } from './spec.ts';
import { Iso8583Error } from './violation.ts';

/** What a message is built in before it is copied out; building never waits, so one is enough. */
const draft = Buffer.alloc(iso8583MaxBytes + 1024);

/**
 * Writes one ISO 8583 message, without the length before it. Fixed fields are filled up to their length: numbers with zeros
 * from the left, characters with spaces to the right. A value that its field cannot hold is an `Iso8583Error`.
 */
export function buildIso8583({ mti, fields }: IsoMessage, spec: IsoSpec): Buffer<ArrayBuffer> {
  if (!/^\d{4}$/.test(mti)) throw new Iso8583Error(`${JSON.stringify(mti)} is no message type`, 0);
  const isBinary = spec.encoding === 'binary';
  const bitmapBytes = isBinary ? 8 : 16;
  const bitmapAt = isBinary ? pack(0, mti) : characters(0, mti);
  const words = [0, 0, 0, 0];
  const isDouble = hasSecond(fields);
  let at = bitmapAt + bitmapBytes * (isDouble ? 2 : 1);
  for (let number = 2; number <= 128; number += 1) {
    const value = fields[number];
    if (value === undefined) continue;
    const field = spec.fields[number];
    if (!field) throw new Iso8583Error('is not specified', number);
    words[(number - 1) >> 5]! |= 0x80000000 >>> ((number - 1) & 31);
    at = isBinary ? binaryField(at, number, field, value, spec.filling) : asciiField(at, number, field, value);
    if (at > iso8583MaxBytes) throw new Iso8583Error(`the message is longer than ${iso8583MaxBytes} bytes`, number);
  }
  if (isDouble) words[0]! |= 0x80000000;
  writeBitmap(bitmapAt, words, isBinary, isDouble);
  const bytes = Buffer.allocUnsafe(at);
  draft.copy(bytes, 0, 0, at);
  // What was built may be card data: it does not lie about until the next message happens to be longer.
  draft.fill(0, 0, at);
  return bytes;
}

function hasSecond(fields: IsoMessage['fields']): boolean {
  for (let number = 65; number <= 128; number += 1) if (fields[number] !== undefined) return true;
  return false;
}

function writeBitmap(from: number, words: readonly number[], isBinary: boolean, isDouble: boolean): void {
  for (let index = 0; index < (isDouble ? 4 : 2); index += 1) {
    const word = words[index]! >>> 0;
    if (isBinary) draft.writeUInt32BE(word, from + index * 4);
    else for (let digit = 0; digit < 8; digit += 1) draft[from + index * 8 + digit] = hexDigit((word >>> (28 - digit * 4)) & 15);
  }
}

const hexDigit = (value: number): number => (value < 10 ? 48 + value : 55 + value);

function asciiField(at: number, number: number, field: FieldSpec, value: IsoValue): number {
  if (field.content === 'b') {
    const bytes = binaryValue(number, field, value);
    if (field.digits > 0) return copy(digits(at, bytes.length, field.digits), bytes);
    for (const byte of bytes) {
      draft[at++] = hexDigit(byte >> 4);
      draft[at++] = hexDigit(byte & 15);
    }
    return at;
  }
  const text = textValue(number, field, value);
  return characters(field.digits > 0 ? digits(at, text.length, field.digits) : at, text);
}

function binaryField(at: number, number: number, field: FieldSpec, value: IsoValue, filling: Filling): number {
  if (field.content === 'b') {
    const bytes = binaryValue(number, field, value);
    return copy(field.digits > 0 ? packedLength(at, bytes.length, field.digits) : at, bytes);
  }
  const text = textValue(number, field, value);
  const from = field.digits > 0 ? packedLength(at, text.length, field.digits) : at;
  if (field.content === 'n' || field.content === 'z') return pack(from, text, field.digits > 0 && filling === 'after');
  if (field.content !== 'xn') return characters(from, text);
  return pack(characters(from, text[0]!), text.slice(1));
}

/** The bytes of a binary field, checked. */
function binaryValue(number: number, { length, digits: said }: FieldSpec, value: IsoValue): Uint8Array {
  if (typeof value === 'string') throw new Iso8583Error('holds bytes, no text', number);
  if (said === 0 ? value.length !== length : value.length > length) throw wrongLength(number, value.length, length, said);
  return value;
}

/** The text of a field, filled up to its length where that is fixed, and checked. */
function textValue(number: number, { content, length, digits: said }: FieldSpec, value: IsoValue): string {
  if (typeof value !== 'string') throw new Iso8583Error('holds text, no bytes', number);
  if (value.length > length) throw wrongLength(number, value.length, length, said);
  if (content === 'xn') {
    if (!/^[CD]\d+$/.test(value)) throw new Iso8583Error('an amount is C or D with digits', number);
    return `${value[0]}${value.slice(1).padStart(length - 1, '0')}`;
  }
  const strange = strangeCharacter(value, content);
  if (strange >= 0) throw new Iso8583Error(`its character ${strange + 1} cannot stand in content ${content}`, number);
  if (said > 0 || value.length === length) return value;
  return content === 'n' ? value.padStart(length, '0') : value.padEnd(length, ' ');
}

const wrongLength = (number: number, got: number, length: number, said: number): Iso8583Error =>
  new Iso8583Error(`has a length of ${got}, ${said === 0 ? 'not' : 'more than'} ${length}`, number);

function copy(at: number, bytes: Uint8Array): number {
  draft.set(bytes, at);
  return at + bytes.length;
}

function characters(at: number, text: string): number {
  for (let index = 0; index < text.length; index += 1) draft[at + index] = text.charCodeAt(index);
  return at + text.length;
}

/** A length as characters. */
function digits(at: number, length: number, count: number): number {
  let left = length;
  for (let index = count - 1; index >= 0; index -= 1) {
    draft[at + index] = 48 + (left % 10);
    left = Math.floor(left / 10);
  }
  return at + count;
}

/** A length in packed digits: one byte for two of them, two for three. */
function packedLength(at: number, length: number, count: number): number {
  const low = length % 100;
  let to = at;
  if (count === 3) draft[to++] = Math.floor(length / 100);
  draft[to++] = (Math.floor(low / 10) << 4) | (low % 10);
  return to;
}

/** Digits two a byte, an odd number of them with half a byte of 0 before or after it; the track's `=` is the digit D. */
function pack(at: number, text: string, isAfter = false): number {
  let index = 0;
  let to = at;
  if (text.length % 2 === 1 && !isAfter) draft[to++] = nibbleOf(text.charCodeAt(index++));
  for (; index + 1 < text.length; index += 2) draft[to++] = (nibbleOf(text.charCodeAt(index)) << 4) | nibbleOf(text.charCodeAt(index + 1));
  if (index < text.length) draft[to++] = nibbleOf(text.charCodeAt(index)) << 4;
  return to;
}

/** `0` to `9` and `=` have their half byte in their low bits. */
const nibbleOf = (code: number): number => (code === 68 ? 13 : code & 15);
