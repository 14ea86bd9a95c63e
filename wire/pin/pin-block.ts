import { xor } from './des.ts';
import { PinError } from './violation.ts';

/** The formats of ISO 9564-1 for triple DES: 0 and 3 are bound to the card number, 1 to nothing. */
export type PinFormat = 0 | 1 | 3;

const blockSize = 8;

/**
 * The PIN block of eight bytes that a terminal encrypts. `fill` gives random numbers below its argument, for formats 1 and 3.
 * Format 1 has no card number.
 */
export function writePinBlock(format: PinFormat, pin: string, pan: string, fill: (below: number) => number): Buffer {
  if (!/^\d{4,12}$/.test(pin)) throw new PinError('a PIN has 4 to 12 digits');
  const head = `${format}${pin.length.toString(16)}${pin}`;
  const filler = { 0: () => 'f', 1: () => fill(16).toString(16), 3: () => (10 + fill(6)).toString(16) }[format];
  const block = Buffer.from(head + Array.from({ length: blockSize * 2 - head.length }, filler).join(''), 'hex');
  return format === 1 ? block : xor(block, panPart(pan));
}

/** The PIN of a block; what is no block of a format, or of another card, is a `PinError`. */
export function readPinBlock(block: Buffer, pan: string): string {
  if (block.length !== blockSize) throw new PinError(`a PIN block has ${blockSize} bytes, not ${block.length}`);
  const format = block[0]! >> 4;
  if (format !== 0 && format !== 1 && format !== 3) throw new PinError(`${format} is no format of PIN blocks that is read`);
  const digits = (format === 1 ? block : xor(block, panPart(pan))).toString('hex');
  const length = Number.parseInt(digits[1]!, 16);
  const [pin, rest] = [digits.slice(2, 2 + length), digits.slice(2 + length)];
  const filled = { 0: /^f*$/, 1: /^[0-9a-f]*$/, 3: /^[a-f]*$/ }[format];
  if (!/^\d{4,12}$/.test(pin) || !filled.test(rest)) throw new PinError('the block is of another card or key, or is none');
  return pin;
}

/** The twelve digits before a card number's check digit. */
function panPart(pan: string): Buffer {
  if (!/^\d{13,19}$/.test(pan)) throw new PinError('a card number has 13 to 19 digits');
  return Buffer.from(`0000${pan.slice(-13, -1)}`, 'hex');
}
