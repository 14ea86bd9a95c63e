import { strangeByte } from './content.ts';
import { iso8583MaxBytes } from './limits.ts';
import type { IsoMessage, IsoValue } from './message.ts';
import type { FieldSpec, Filling, IsoSpec } from './spec.ts';
import { Iso8583Error } from './violation.ts';

/**
 * Reads one ISO 8583 message, without the length before it: for the card switch and the simulated issuers behind it.
 * Binary values are windows on the bytes given. All of the bytes must be used; an `Iso8583Error` says what is wrong, and where.
 */
export function parseIso8583(bytes: Buffer, spec: IsoSpec): IsoMessage {
  if (bytes.length > iso8583MaxBytes) throw new Iso8583Error(`the message is longer than ${iso8583MaxBytes} bytes`);
  return spec.encoding === 'ascii' ? new AsciiParser(bytes).message(spec) : new BinaryParser(bytes, spec.filling).message(spec);
}

/** Values of half a byte that are digits. */
const isDigits = Uint8Array.from({ length: 256 }, (_, byte) => (byte >> 4 <= 9 && (byte & 15) <= 9 ? 1 : 0));

/** Numbers in hexadecimal characters; 255 for all else. */
const nibble = Uint8Array.from({ length: 256 }, (_, byte) => {
  const value = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(value) ? 255 : value;
});

abstract class Parser {
  /** What is being read, for the words of an error. */
  protected field = 0;
  protected at = 0;
  protected readonly bytes: Buffer;
  protected readonly text: string;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.text = bytes.toString('latin1');
  }

  message({ fields }: IsoSpec): IsoMessage {
    const mti = this.type();
    this.field = 1;
    const first = this.bitmap();
    const second = first[0] >>> 31 === 1 ? this.bitmap() : undefined;
    const values: Record<number, IsoValue> = {};
    this.half(first, 0, fields, values);
    if (second) this.half(second, 64, fields, values);
    if (this.at < this.bytes.length) throw new Iso8583Error(`${this.bytes.length - this.at} bytes follow the message`, undefined, this.at);
    return { mti, fields: values };
  }

  /** The data elements that one bitmap promises; its own first bit promises a further bitmap. */
  half(words: readonly [number, number], base: number, specs: IsoSpec['fields'], values: Record<number, IsoValue>): void {
    if (base > 0 && words[0] >>> 31 === 1) this.refuse('a third bitmap is promised, which ISO 8583:1987 does not have');
    for (let word = 0; word < 2; word += 1) {
      let left = word === 0 ? words[0] & 0x7fffffff : words[1];
      while (left !== 0) {
        const bit = Math.clz32(left);
        left &= ~(0x80000000 >>> bit);
        const number = base + word * 32 + bit + 1;
        const spec = specs[number];
        this.field = number;
        if (!spec) throw this.fault('the bitmap promises a field that is not specified');
        values[number] = this.value(spec, spec.digits === 0 ? spec.length : this.length(spec));
      }
    }
  }

  protected abstract type(): string;
  protected abstract bitmap(): [number, number];
  protected abstract length(spec: FieldSpec): number;
  protected abstract value(spec: FieldSpec, length: number): IsoValue;

  /** Where the next `size` bytes begin; they are consumed. */
  protected take(size: number): number {
    const from = this.at;
    if (from + size > this.bytes.length)
      throw this.fault(`is promised and takes ${size} bytes, of which the message has ${this.bytes.length - from}`);
    this.at = from + size;
    return from;
  }

  /** Characters of a content. */
  protected characters(size: number, content: FieldSpec['content']): string {
    const from = this.take(size);
    const strange = strangeByte(this.bytes, from, this.at, content);
    if (strange >= 0) throw this.strange(strange, content);
    return this.text.substring(from, this.at);
  }

  protected bounded(length: number, { length: most }: FieldSpec, at: number): number {
    if (length > most) throw new Iso8583Error(`says a length of ${length}, more than ${most}`, this.field, at);
    return length;
  }

  /** The sign of an amount, which is a character in both encodings. */
  protected sign(): string {
    const from = this.take(1);
    const one = this.text[from]!;
    if (one !== 'C' && one !== 'D') throw new Iso8583Error('an amount begins with C or D', this.field, from);
    return one;
  }

  protected strange(at: number, content: string): Iso8583Error {
    const byte = this.bytes[at]!.toString(16).padStart(2, '0');
    return new Iso8583Error(`the byte 0x${byte} cannot stand in content ${content}`, this.field, at);
  }

  protected fault(reason: string): Iso8583Error {
    return new Iso8583Error(reason, this.field, this.at);
  }

  protected refuse(reason: string): never {
    throw this.fault(reason);
  }
}

class AsciiParser extends Parser {
  protected override type(): string {
    return this.characters(4, 'n');
  }

  protected override bitmap(): [number, number] {
    const from = this.take(16);
    const words: [number, number] = [0, 0];
    for (let at = 0; at < 16; at += 1) {
      const value = nibble[this.bytes[from + at]!]!;
      if (value > 15) throw this.strange(from + at, 'hexadecimal');
      words[at >> 3] = (words[at >> 3]! << 4) | value;
    }
    return words;
  }

  protected override length(spec: FieldSpec): number {
    const from = this.take(spec.digits);
    const strange = strangeByte(this.bytes, from, this.at, 'n');
    if (strange >= 0) throw new Iso8583Error('the length is no number', this.field, strange);
    let length = 0;
    for (let at = from; at < this.at; at += 1) length = length * 10 + this.bytes[at]! - 48;
    return this.bounded(length, spec, from);
  }

  protected override value(spec: FieldSpec, length: number): IsoValue {
    if (spec.content === 'b') return spec.digits === 0 ? this.hexadecimal(length) : this.window(length);
    return spec.content === 'xn' ? this.sign() + this.characters(length - 1, 'n') : this.characters(length, spec.content);
  }

  private window(length: number): Uint8Array {
    const from = this.take(length);
    return this.bytes.subarray(from, this.at);
  }

  /** Bytes of a fixed number, two characters each. */
  private hexadecimal(length: number): Uint8Array {
    const from = this.take(length * 2);
    const value = Buffer.allocUnsafe(length);
    for (let index = 0; index < length; index += 1) {
      const [high, low] = [nibble[this.bytes[from + index * 2]!]!, nibble[this.bytes[from + index * 2 + 1]!]!];
      if (high > 15 || low > 15) throw this.strange(from + index * 2 + (high > 15 ? 0 : 1), 'hexadecimal');
      value[index] = (high << 4) | low;
    }
    return value;
  }
}

class BinaryParser extends Parser {
  private readonly hex: string;
  private readonly filling: Filling;

  constructor(bytes: Buffer, filling: Filling) {
    super(bytes);
    this.filling = filling;
    this.hex = bytes.toString('hex');
  }

  protected override type(): string {
    return this.packed(4);
  }

  protected override bitmap(): [number, number] {
    const from = this.take(8);
    return [this.bytes.readInt32BE(from), this.bytes.readInt32BE(from + 4)];
  }

  protected override length(spec: FieldSpec): number {
    const from = this.take((spec.digits + 1) >> 1);
    let length = 0;
    for (let at = from; at < this.at; at += 1) {
      const byte = this.bytes[at]!;
      if (isDigits[byte] === 0) throw new Iso8583Error('the length is no number', this.field, at);
      length = length * 100 + (byte >> 4) * 10 + (byte & 15);
    }
    return this.bounded(length, spec, from);
  }

  protected override value(spec: FieldSpec, length: number): IsoValue {
    switch (spec.content) {
      case 'n':
        return this.packed(length, spec.digits > 0 && this.filling === 'after');
      case 'z':
        return this.track(length, spec.digits > 0 && this.filling === 'after');
      case 'xn':
        return this.sign() + this.packed(length - 1);
      case 'b': {
        const from = this.take(length);
        return this.bytes.subarray(from, this.at);
      }
      default:
        return this.characters(length, spec.content);
    }
  }

  /** Digits, two a byte; an odd number of them has half a byte of 0 before or after it. */
  private packed(digits: number, isAfter = false): string {
    const from = this.take((digits + 1) >> 1);
    if ((digits & 1) === 1) this.filled(from, isAfter);
    for (let at = from; at < this.at; at += 1) if (isDigits[this.bytes[at]!] === 0) throw this.strange(at, 'n');
    return this.part(from, digits, isAfter);
  }

  /** The data of a magnetic track: digits, and D where the track has its separator `=`. */
  private track(digits: number, isAfter: boolean): string {
    const from = this.take((digits + 1) >> 1);
    if ((digits & 1) === 1) this.filled(from, isAfter);
    const value = this.part(from, digits, isAfter).replaceAll('d', '=');
    if (!/^[0-9=]*$/.test(value)) throw new Iso8583Error('cannot stand in content z', this.field, from);
    return value;
  }

  private part(from: number, digits: number, isAfter: boolean): string {
    const begin = from * 2 + (isAfter ? 0 : digits & 1);
    return this.hex.substring(begin, begin + digits);
  }

  private filled(from: number, isAfter: boolean): void {
    const at = isAfter ? this.at - 1 : from;
    const half = isAfter ? this.bytes[at]! & 15 : this.bytes[at]! >> 4;
    if (half !== 0) throw new Iso8583Error('an odd number of digits is filled with 0', this.field, at);
  }
}
