import { numericScaleMax } from './limits.ts';
import { ProtocolViolation } from './violation.ts';

/** Decimal digits of one digit of the binary format, which counts to the base 10000. */
const digitWidth = 4;
const signs = { positive: 0x0000, negative: 0x4000, notANumber: 0xc000 } as const;

/** Writes a number in decimal notation (`-12.50`) or `NaN` in the binary format of numeric. */
export function writeNumeric(text: string): Buffer {
  if (text === 'NaN') return head(0, 0, signs.notANumber, 0);
  const [, minus, whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === '') throw new RangeError(`${text} is no number in decimal notation`);
  const before = whole.replace(/^0+/, '');
  const padded = before.padStart(Math.ceil(before.length / digitWidth) * digitWidth, '0');
  const after = fraction.padEnd(Math.ceil(fraction.length / digitWidth) * digitWidth, '0');
  const digits = (`${padded}${after}`.match(/\d{4}/g) ?? []).map(Number);
  let weight = padded.length / digitWidth - 1;
  while (digits[0] === 0) {
    digits.shift();
    weight -= 1;
  }
  while (digits.at(-1) === 0) digits.pop();
  if (digits.length === 0) return head(0, 0, signs.positive, fraction.length);
  const body = Buffer.alloc(digits.length * 2);
  digits.forEach((digit, at) => body.writeUInt16BE(digit, at * 2));
  return Buffer.concat([head(digits.length, weight, minus ? signs.negative : signs.positive, fraction.length), body]);
}

function head(count: number, weight: number, sign: number, scale: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16BE(count, 0);
  bytes.writeInt16BE(weight, 2);
  bytes.writeUInt16BE(sign, 4);
  bytes.writeUInt16BE(scale, 6);
  return bytes;
}

/** Reads the binary format of numeric as decimal notation. */
export function readNumeric(bytes: Buffer): string {
  if (bytes.length < 8 || bytes.length !== 8 + bytes.readUInt16BE(0) * 2) throw new ProtocolViolation(`a numeric in ${bytes.length} bytes`);
  const count = bytes.readUInt16BE(0);
  const weight = bytes.readInt16BE(2);
  const sign = bytes.readUInt16BE(4);
  const scale = bytes.readUInt16BE(6);
  if (sign === signs.notANumber) return 'NaN';
  if (sign !== signs.positive && sign !== signs.negative) throw new ProtocolViolation(`a numeric with sign ${sign}`);
  if (scale > numericScaleMax || Math.abs(weight) > numericScaleMax) throw new ProtocolViolation('a numeric beyond all scales');
  const digit = (at: number) => {
    const value = at >= 0 && at < count ? bytes.readUInt16BE(8 + at * 2) : 0;
    if (value > 9999) throw new ProtocolViolation(`a digit of ${value}`);
    return String(value).padStart(digitWidth, '0');
  };
  let whole = '';
  for (let at = 0; at <= weight; at++) whole += digit(at);
  let fraction = '';
  for (let at = weight + 1; fraction.length < scale; at++) fraction += digit(at);
  const shown = whole.replace(/^0+(?=\d)/, '') || '0';
  return `${sign === signs.negative ? '-' : ''}${shown}${scale > 0 ? `.${fraction.slice(0, scale)}` : ''}`;
}
