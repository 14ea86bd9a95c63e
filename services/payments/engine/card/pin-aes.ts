import { randomBytes } from 'node:crypto';
import { aesDecipher, aesEncipher } from './aes-dukpt.ts';
import { xor } from './des.ts';

const [fieldDigits, pinDigits, panLeast] = [32, 16, 12];

/** The whole number of a card, after how many digits more than 12 it has. */
function panField(number: string): Buffer {
  const digits = number.padStart(panLeast, '0');
  return Buffer.from(`${digits.length - panLeast}${digits}`.padEnd(fieldDigits, '0'), 'hex');
}

/** A PIN of 4 to 12 digits and the number of its card in one block under a key of AES: ISO 9564, format 4. */
export function aesPinBlock(key: Uint8Array, pin: string, number: string, filling: Uint8Array = randomBytes(8)): Buffer {
  if (!/^\d{4,12}$/.test(pin)) throw new TypeError('a PIN has 4 to 12 digits');
  const typed = Buffer.from(`4${pin.length.toString(16)}${pin}`.padEnd(pinDigits, 'a'), 'hex');
  return aesEncipher(key, xor(aesEncipher(key, Buffer.concat([typed, filling])), panField(number)));
}

/** The PIN of a block; undefined where it is none of this card. */
export function aesPinIn(key: Uint8Array, block: Uint8Array, number: string): string | undefined {
  const text = aesDecipher(key, xor(aesDecipher(key, block), panField(number))).toString('hex');
  const length = Number.parseInt(text[1] ?? '', 16);
  const pin = text.slice(2, 2 + length);
  const filling = text.slice(2 + length, pinDigits);
  return text[0] === '4' && length >= 4 && length <= 12 && /^\d+$/.test(pin) && /^a*$/.test(filling) ? pin : undefined;
}
