import { decipher, encipher, xor } from './des.ts';

const [block, half] = [8, 16];
const ones = Buffer.alloc(block, 0xff);

/** The key of one card, out of the issuer's: EMV Book 2, A1.4.1 (option A). `sequence` is the two digits that tell its cards apart. */
export function cardKey(issuer: Uint8Array, number: string, sequence: string): Buffer {
  const digits = Buffer.from((number + sequence).slice(-half).padStart(half, '0'), 'hex');
  return evened(Buffer.concat([encipher(issuer, digits), encipher(issuer, xor(digits, ones))]));
}

/** The key of one transaction, out of the card's and its counter of two bytes: EMV Book 2, A1.3.1. */
export function sessionKey(card: Uint8Array, counter: Uint8Array): Buffer {
  const part = (filling: number) => encipher(card, Buffer.concat([counter, Buffer.from([filling]), Buffer.alloc(block - 3)]));
  return evened(Buffer.concat([part(0xf0), part(0x0f)]));
}

/** Each byte of a key of DES has an odd number of ones; its last bit sees to it. */
function evened(key: Buffer): Buffer {
  return Buffer.from(
    key.map((byte) => {
      let ones = 0;
      for (let bit = 1; bit < 8; bit += 1) ones += (byte >> bit) & 1;
      return (byte & 0xfe) | (ones % 2 === 0 ? 1 : 0);
    }),
  );
}

/** The cryptogram of a transaction: ISO 9797-1, algorithm 3 over data padded by method 2. */
export function cryptogram(session: Uint8Array, data: Uint8Array): Buffer {
  const padded = Buffer.concat([data, Buffer.from([0x80]), Buffer.alloc((block - ((data.length + 1) % block)) % block)]);
  const [left, right] = [session.subarray(0, block), session.subarray(block)];
  let chained: Buffer = Buffer.alloc(block);
  for (let at = 0; at < padded.length; at += block) chained = encipher(left, xor(chained, padded.subarray(at, at + block)));
  return encipher(left, decipher(right, chained));
}

/** The issuer's answer, by which the card knows that it was its issuer: EMV Book 2, 8.2.1 (method 1). `code` is field 39. */
export function answerCryptogram(session: Uint8Array, asked: Uint8Array, code: string): Buffer {
  return encipher(session, xor(asked, Buffer.concat([Buffer.from(code, 'latin1'), Buffer.alloc(block - 2)])));
}
