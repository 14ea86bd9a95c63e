import { type Cipheriv, createCipheriv } from 'node:crypto';
import { ff1LengthMax, ff1PrefixesMax, ff1TogetherMax, tweakMaxBytes } from './limits.ts';

/** The text or the tweak cannot be encrypted: a strange character, or a length that is too small to be safe or too large. */
export class Ff1Error extends Error {
  override readonly name = 'Ff1Error';
}

const digits = '0123456789abcdefghijklmnopqrstuvwxyz';
const rounds = 10;
const block = 16;

/** What is the same for all texts of one length with tweaks of one length. */
type Prefix = {
  /** The lengths of both halves, of a half as bytes, and of what a round takes from the cipher. */
  readonly u: number;
  readonly v: number;
  readonly b: number;
  readonly d: number;
  /** The encrypted first block. */
  readonly first: Buffer;
  readonly query: Buffer;
  readonly moduli: readonly [number, number] | undefined;
};

/** Remainders of numbers up to this can be built up byte by byte without losing a digit. */
const exactModulus = 2 ** 45;

/**
 * Format-preserving encryption by FF1 (NIST SP 800-38G): a text of digits becomes another of the same length. For the vault's tokens that
 * must look like card numbers. The key is one of AES (16, 24 or 32 bytes); the tweak binds a token to where it belongs, and is no secret.
 */
export class Ff1 {
  readonly #cipher: Cipheriv;
  readonly #radix: number;
  readonly #prefixes = new Map<number, Prefix>();

  constructor(key: Buffer, radix = 10) {
    this.#cipher = createCipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false);
    this.#radix = radix;
  }

  encrypt(text: string, tweak: Uint8Array): string {
    return this.encryptAll([text], tweak)[0]!;
  }

  decrypt(text: string, tweak: Uint8Array): string {
    return this.decryptAll([text], tweak)[0]!;
  }

  /** Texts of one length together: their blocks go through the cipher in one call, and calls are most of what a text costs. */
  encryptAll(texts: readonly string[], tweak: Uint8Array): string[] {
    return this.#pass(texts, tweak, false);
  }

  decryptAll(texts: readonly string[], tweak: Uint8Array): string[] {
    return this.#pass(texts, tweak, true);
  }

  #pass(texts: readonly string[], tweak: Uint8Array, isBack: boolean): string[] {
    const { length } = texts[0] ?? '';
    if (texts.length > ff1TogetherMax) throw new Ff1Error(`${texts.length} texts are more than ${ff1TogetherMax}`);
    for (const text of texts) {
      if (text.length !== length) throw new Ff1Error(`has ${text.length} characters, not ${length} as the first`);
      for (let at = 0; at < length; at += 1)
        if (!this.#isDigit(text.charCodeAt(at))) throw new Ff1Error(`its character ${at + 1} is no digit`);
    }
    if (texts.length === 0) return [];
    const prefix = this.#prefix(length, tweak.length);
    prefix.query.set(tweak, 0);
    const { moduli, u } = prefix;
    if (moduli) return this.#small(prefix, moduli, texts, isBack);
    return texts.map((text) => this.#large(prefix, [text.slice(0, u), text.slice(u)], isBack));
  }

  #isDigit(code: number): boolean {
    const value = code <= 57 ? code - 48 : code - 87;
    return value >= 0 && value < this.#radix && (code <= 57 || code >= 97);
  }

  /** Halves that are exact as numbers, which card numbers are. */
  #small(prefix: Prefix, [even, odd]: readonly [number, number], texts: readonly string[], isBack: boolean): string[] {
    const { u, v, d } = prefix;
    const radix = this.#radix;
    let a = Float64Array.from(texts, (text) => Number.parseInt(text.slice(0, u), radix));
    let b = Float64Array.from(texts, (text) => Number.parseInt(text.slice(u), radix));
    const mixed = Buffer.alloc(texts.length * block);
    for (let step = 0; step < rounds; step += 1) {
      const round = isBack ? rounds - 1 - step : step;
      const modulus = round % 2 === 0 ? even : odd;
      const macs = this.#macs(prefix, round, isBack ? a : b, mixed);
      for (let index = 0; index < texts.length; index += 1) {
        const added = remainder(macs, index * block, d, modulus);
        if (isBack) b[index] = (b[index]! - added + modulus) % modulus;
        else a[index] = (a[index]! + added) % modulus;
      }
      [a, b] = [b, a];
    }
    return texts.map((_, index) => a[index]!.toString(radix).padStart(u, '0') + b[index]!.toString(radix).padStart(v, '0'));
  }

  /** The CBC-MACs of a round for all halves; `mixed` is what they are made in. Halves this small need no more than one block of them. */
  #macs({ first, query, b }: Prefix, round: number, halves: Float64Array, mixed: Buffer): Buffer {
    const numberAt = query.length - b;
    query[numberAt - 1] = round;
    let macs = first;
    let step = 0;
    for (let from = 0; from < query.length; from += block) {
      for (let index = 0; index < halves.length; index += 1) {
        writeNumber(query, numberAt, b, halves[index]!);
        for (let at = 0; at < block; at += 1) mixed[index * block + at] = macs[index * step + at]! ^ query[from + at]!;
      }
      macs = this.#cipher.update(mixed);
      step = block;
    }
    return macs;
  }

  #large(prefix: Prefix, halves: readonly [string, string], isBack: boolean): string {
    const { u, v, d } = prefix;
    const radix = BigInt(this.#radix);
    let [a, b] = [this.#number(halves[0]), this.#number(halves[1])];
    for (let step = 0; step < rounds; step += 1) {
      const round = isBack ? rounds - 1 - step : step;
      const modulus = radix ** BigInt(round % 2 === 0 ? u : v);
      const added = BigInt(`0x${this.#round(prefix, round, isBack ? a : b).toString('hex', 0, d)}`) % modulus;
      if (isBack) [a, b] = [(b - added + modulus) % modulus, a];
      else [a, b] = [b, (a + added) % modulus];
    }
    return a.toString(this.#radix).padStart(u, '0') + b.toString(this.#radix).padStart(v, '0');
  }

  #number(text: string): bigint {
    const radix = BigInt(this.#radix);
    let value = 0n;
    for (const one of text) value = value * radix + BigInt(digits.indexOf(one));
    return value;
  }

  /** What the pseudorandom function makes of a half: the CBC-MAC of both blocks and more, of which the first d bytes count. */
  #round({ first, query, b, d }: Prefix, round: number, half: bigint): Buffer {
    query[query.length - b - 1] = round;
    query.write(half.toString(16).padStart(b * 2, '0'), query.length - b, 'hex');
    let mac = first;
    for (let at = 0; at < query.length; at += block) {
      const mixed = Buffer.allocUnsafe(block);
      for (let index = 0; index < block; index += 1) mixed[index] = mac[index]! ^ query[at + index]!;
      mac = this.#cipher.update(mixed);
    }
    if (d <= block) return mac;
    const more = [mac];
    for (let counter = 1; more.length * block < d; counter += 1) {
      const mixed = Buffer.from(mac);
      mixed.writeUInt32BE((mixed.readUInt32BE(block - 4) ^ counter) >>> 0, block - 4);
      more.push(this.#cipher.update(mixed));
    }
    return Buffer.concat(more);
  }

  #prefix(length: number, tweakLength: number): Prefix {
    if (length > ff1LengthMax) throw new Ff1Error(`has ${length} characters, more than ${ff1LengthMax}`);
    if (tweakLength > tweakMaxBytes) throw new Ff1Error(`the tweak has ${tweakLength} bytes, more than ${tweakMaxBytes}`);
    const key = length * (tweakMaxBytes + 1) + tweakLength;
    let prefix = this.#prefixes.get(key);
    if (prefix === undefined) {
      prefix = this.#makePrefix(length, tweakLength);
      if (this.#prefixes.size < ff1PrefixesMax) this.#prefixes.set(key, prefix);
    }
    return prefix;
  }

  #makePrefix(length: number, tweakLength: number): Prefix {
    const fewest = 1_000_000;
    if (length < 2 || this.#radix ** length < fewest) throw new Ff1Error(`has ${length} characters, so few that all could be tried`);
    const u = Math.floor(length / 2);
    const v = length - u;
    const b = bytesOf(BigInt(this.#radix) ** BigInt(v));
    const d = 4 * Math.ceil(b / 4) + 4;
    const plain = Buffer.from([1, 2, 1, this.#radix >> 16, this.#radix >> 8, this.#radix, rounds, u & 255, ...[0, 0, 0, 0, 0, 0, 0, 0]]);
    plain.writeUInt32BE(length, 8);
    plain.writeUInt32BE(tweakLength, 12);
    const [even, odd] = [this.#radix ** u, this.#radix ** v];
    return {
      ...{ u, v, b, d, first: this.#cipher.update(plain) },
      query: Buffer.alloc(Math.ceil((tweakLength + b + 1) / block) * block),
      moduli: odd <= exactModulus && d <= block ? [even, odd] : undefined,
    };
  }
}

/** How many bytes all numbers below this take. */
const bytesOf = (modulus: bigint): number => Math.ceil((modulus - 1n).toString(2).length / 8);

function writeNumber(bytes: Buffer, at: number, size: number, value: number): void {
  let left = value;
  for (let index = at + size - 1; index >= at; index -= 1) {
    bytes[index] = left % 256;
    left = Math.floor(left / 256);
  }
}

/** The d bytes from here as a number, modulo; exact while the modulus is at most `exactModulus`. */
function remainder(bytes: Buffer, from: number, d: number, modulus: number): number {
  let value = 0;
  for (let at = from; at < from + d; at += 1) value = (value * 256 + bytes[at]!) % modulus;
  return value;
}
