import { xor } from './des.ts';

const [blockDigits, panDigits] = [16, 12];

/** The last digits of a card number before its check digit, as PIN blocks take them in. */
const panBlock = (number: string): Buffer => Buffer.from(number.slice(0, -1).slice(-panDigits).padStart(blockDigits, '0'), 'hex');

/** A PIN of 4 to 12 digits and the number of its card in one block: ISO 9564, format 0. */
export function pinBlock(pin: string, number: string): Buffer {
  if (!/^\d{4,12}$/.test(pin)) throw new TypeError('a PIN has 4 to 12 digits');
  return xor(Buffer.from(`0${pin.length.toString(16)}${pin}`.padEnd(blockDigits, 'f'), 'hex'), panBlock(number));
}

/** The PIN of a block; undefined where it is none of this card. */
export function pinIn(block: Uint8Array, number: string): string | undefined {
  const text = xor(block, panBlock(number)).toString('hex');
  const length = Number.parseInt(text[1] ?? '', 16);
  const pin = text.slice(2, 2 + length);
  const isWhole = text[0] === '0' && length >= 4 && length <= 12 && /^\d+$/.test(pin) && /^f*$/.test(text.slice(2 + length));
  return isWhole ? pin : undefined;
}
