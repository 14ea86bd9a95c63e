import { decryptDes, encryptDes, xor } from './des.ts';
import { PinError } from './violation.ts';

const mask = Buffer.from('C0C0C0C000000000C0C0C0C000000000', 'hex');
const pinVariant = Buffer.from('00000000000000FF00000000000000FF', 'hex');
const counterBits = 21;
/** A counter with more bits than this set is skipped by terminals, so that a key takes few steps. */
const bitsAtOnce = 10;

/**
 * Derived unique key per transaction (ANSI X9.24-1, triple DES): a terminal encrypts each PIN under a key of its own, which its key serial
 * number (10 bytes) says and the base key makes. For the card rail's PIN blocks in field 52.
 */
export function initialKey(baseKey: Buffer, serial: Buffer): Buffer {
  checkKey(baseKey);
  checkSerial(serial);
  const device = Buffer.from(serial.subarray(0, 8));
  device[7]! &= 0xe0;
  return Buffer.concat([encryptDes(baseKey, device), encryptDes(xor(baseKey, mask), device)]);
}

/** The key of one transaction, from the terminal's initial key. */
export function transactionKey(initial: Buffer, serial: Buffer): Buffer {
  checkKey(initial);
  checkSerial(serial);
  const register = Buffer.from(serial.subarray(2));
  const counter = ((register[5]! & 0x1f) << 16) | register.readUInt16BE(6);
  if (counter === 0) throw new PinError('the counter of the key serial number is 0, which is the initial key itself');
  if (counter.toString(2).replaceAll('0', '').length > bitsAtOnce) throw new PinError(`the counter has more than ${bitsAtOnce} bits set`);
  register[5]! &= 0xe0;
  register.writeUInt16BE(0, 6);
  let key = initial;
  for (let bit = 1 << (counterBits - 1); bit > 0; bit >>= 1) {
    if ((counter & bit) === 0) continue;
    register[5]! |= bit >> 16;
    register.writeUInt16BE(register.readUInt16BE(6) | (bit & 0xffff), 6);
    key = Buffer.concat([half(xor(key, mask), register), half(key, register)]);
  }
  return key;
}

/** Half of the next key: the register, encrypted under the left half between two additions of the right. */
function half(key: Buffer, register: Buffer): Buffer {
  const [left, right] = [key.subarray(0, 8), key.subarray(8)];
  return xor(encryptDes(left, xor(register, right)), right);
}

/** Encrypts a PIN block as the terminal of this serial number does. */
export function encryptPinBlock(baseKey: Buffer, serial: Buffer, block: Buffer): Buffer {
  return encryptDes(pinKey(baseKey, serial), block);
}

/** Decrypts it, as the issuer does. */
export function decryptPinBlock(baseKey: Buffer, serial: Buffer, block: Buffer): Buffer {
  return decryptDes(pinKey(baseKey, serial), block);
}

const pinKey = (baseKey: Buffer, serial: Buffer): Buffer => xor(transactionKey(initialKey(baseKey, serial), serial), pinVariant);

function checkKey(key: Buffer): void {
  if (key.length !== 16) throw new PinError(`a key has 16 bytes, not ${key.length}`);
}

function checkSerial(serial: Buffer): void {
  if (serial.length !== 10) throw new PinError(`a key serial number has 10 bytes, not ${serial.length}`);
}
