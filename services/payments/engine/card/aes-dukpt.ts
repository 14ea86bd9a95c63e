import { createCipheriv, createDecipheriv } from 'node:crypto';

/** What a derived key is for (ANSI X9.24-3, table 2): the first key of a device, a key that others are derived of, one of PINs. */
const [firstUsage, deriveUsage, pinUsage] = [0x8001, 0x8000, 0x1000];
const [version, blockCounter, aes128, keyBits] = [1, 1, 2, 128];

/** One block of AES without chaining. */
export function aesEncipher(key: Uint8Array, block: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  return Buffer.concat([cipher.update(block), cipher.final()]);
}

export function aesDecipher(key: Uint8Array, block: Uint8Array): Buffer {
  const cipher = createDecipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  return Buffer.concat([cipher.update(block), cipher.final()]);
}

/** A key out of another: what it is for, and whose it is, or of which transaction (X9.24-3, 6.3.2 and 6.3.3). */
function derived(key: Uint8Array, usage: number, of: Uint8Array): Buffer {
  const data = Buffer.alloc(16);
  data.writeUInt8(version, 0);
  data.writeUInt8(blockCounter, 1);
  data.writeUInt16BE(usage, 2);
  data.writeUInt16BE(aes128, 4);
  data.writeUInt16BE(keyBits, 6);
  data.set(of, 8);
  return aesEncipher(key, data);
}

const [identifierBytes, counterBits] = [8, 32];

/** A key serial number of 12 bytes: the identifier of the device's first key, and how many keys it has used. */
export function aesSerial(identifier: Uint8Array, counter: number): Buffer {
  const serial = Buffer.alloc(identifierBytes + 4);
  serial.set(identifier);
  serial.writeUInt32BE(counter, identifierBytes);
  return serial;
}

/** Serial numbers of keys of triple DES are shorter. */
export const isAesSerial = (serial: Uint8Array): boolean => serial.length === identifierBytes + 4;

/** The key that is put into a device, out of the base key that only its owner has. */
export const aesInitialKey = (base: Uint8Array, serial: Uint8Array): Buffer =>
  derived(base, firstUsage, serial.subarray(0, identifierBytes));

/** The key that PINs of one transaction are encrypted under, out of the device's initial key. */
export function aesPinKey(initial: Uint8Array, serial: Buffer): Buffer {
  const counter = serial.readUInt32BE(identifierBytes);
  const of = Buffer.from(serial.subarray(4));
  let [key, seen]: [Buffer, number] = [Buffer.from(initial), 0];
  for (let bit = counterBits - 1; bit >= 0; bit -= 1) {
    const mask = (1 << bit) >>> 0;
    if ((counter & mask) === 0) continue;
    seen = (seen | mask) >>> 0;
    of.writeUInt32BE(seen, 4);
    key = derived(key, deriveUsage, of);
  }
  return derived(key, pinUsage, serial.subarray(4));
}
