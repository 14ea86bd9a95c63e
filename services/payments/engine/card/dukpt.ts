import { encipher, xor } from './des.ts';

/** What the two halves of a key are varied by. */
const variant = Buffer.from('c0c0c0c000000000c0c0c0c000000000', 'hex');
const pinVariant = Buffer.from('00000000000000ff00000000000000ff', 'hex');
/** The last 21 bits of a key serial number count transactions. */
const [counterBits, counterMask] = [21, 0x1fffffn];

/** A key serial number of 10 bytes: which device it is, and how many keys it has used. */
export const serialNumber = (device: bigint, counter: number): Buffer =>
  Buffer.from(((device << BigInt(counterBits)) | BigInt(counter)).toString(16).padStart(20, '0'), 'hex');

const counterOf = (serial: Uint8Array): number => Number(BigInt(`0x${Buffer.from(serial).toString('hex')}`) & counterMask);

/** The serial number with a counter of zero. */
function uncounted(serial: Uint8Array): Buffer {
  const value = BigInt(`0x${Buffer.from(serial).toString('hex')}`) & ~counterMask;
  return Buffer.from(value.toString(16).padStart(20, '0'), 'hex');
}

/** The key that is put into a device, out of the base key that only its owner has (ANSI X9.24-1, A.6). */
export function initialKey(base: Uint8Array, serial: Uint8Array): Buffer {
  const first = uncounted(serial).subarray(0, 8);
  return Buffer.concat([encipher(base, first), encipher(xor(base, variant), first)]);
}

/** One step that cannot be undone: a device forgets each key once it has made the next ones. */
function onward(key: Uint8Array, register: Uint8Array): Buffer {
  const half = (varied: Uint8Array) => {
    const [left, right] = [varied.subarray(0, 8), varied.subarray(8)];
    return xor(encipher(left, xor(right, register)), right);
  };
  return Buffer.concat([half(xor(key, variant)), half(key)]);
}

/** The key that PINs of one transaction are encrypted under, as the device makes it of its initial key. */
export function pinKey(initial: Uint8Array, serial: Uint8Array): Buffer {
  const counter = counterOf(serial);
  let register = BigInt(`0x${uncounted(serial).subarray(2).toString('hex')}`);
  let key: Buffer = Buffer.from(initial);
  for (let bit = counterBits - 1; bit >= 0; bit -= 1) {
    if ((counter & (1 << bit)) === 0) continue;
    register |= 1n << BigInt(bit);
    key = onward(key, Buffer.from(register.toString(16).padStart(16, '0'), 'hex'));
  }
  return xor(key, pinVariant);
}
