import { aegisModule, toBasis } from './aegis-module.ts';
import { messageBytesMax } from './limits.ts';

/**
 * AEGIS-128L (draft-irtf-cfrg-aegis-aead) as a checksum: key and nonce are zero, the message is associated data, the tag has
 * 128 bits. WebAssembly does it where there are relaxed vectors; elsewhere a byte of AES is four look-ups in tables that hold
 * SubBytes and MixColumns together.
 */
const table = buildTable();
const seed = buildSeed();

/** Four tables of 256 words, one behind the other, each the one before turned by a byte. */
function buildTable(): Int32Array {
  const words = new Int32Array(1024);
  const box = substitution();
  const double = (value: number) => ((value << 1) ^ (value & 0x80 ? 0x11b : 0)) & 255;
  for (let byte = 0; byte < 256; byte += 1) {
    const value = box[byte]!;
    const twice = double(value);
    const word = twice | (value << 8) | (value << 16) | ((twice ^ value) << 24) | 0;
    for (let turn = 0; turn < 4; turn += 1)
      words[turn * 256 + byte] = turn === 0 ? word : (word << (8 * turn)) | (word >>> (32 - 8 * turn));
  }
  return words;
}

/** FIPS 197 5.1.1: the inverse in GF(2^8), then the affine map. */
function substitution(): Uint8Array {
  const box = new Uint8Array(256);
  let p = 1;
  let q = 1;
  do {
    p = (p ^ (p << 1) ^ (p & 0x80 ? 0x11b : 0)) & 255;
    q ^= q << 1;
    q ^= q << 2;
    q ^= q << 4;
    q &= 255;
    if (q & 0x80) q ^= 0x09;
    const turned = q ^ ((q << 1) | (q >> 7)) ^ ((q << 2) | (q >> 6)) ^ ((q << 3) | (q >> 5)) ^ ((q << 4) | (q >> 4));
    box[p] = (turned ^ 0x63) & 255;
  } while (p !== 1);
  box[0] = 0x63;
  return box;
}

/** The state of eight blocks after the ten updates that absorb key and nonce. */
function buildSeed(): Int32Array {
  const bytes = (text: string) => new Int32Array(new Uint8Array(Buffer.from(text, 'hex')).buffer);
  const c0 = bytes('000101020305080d1522375990e97962');
  const c1 = bytes('db3d18556dc22ff12011314273b528dd');
  const state = new Int32Array(36);
  [undefined, c1, c0, c1, undefined, c0, c1, c0].forEach((block, index) => {
    if (block) state.set(block, index * 4);
  });
  const none = new Int32Array(8);
  for (let round = 0; round < 10; round += 1) absorb(state, none, 0, 8);
  return state;
}

/** Adds one AES round (without a key) of the block at `from` to the block at `into`. */
function mix(state: Int32Array, from: number, into: number): void {
  const a = state[from]!;
  const b = state[from + 1]!;
  const c = state[from + 2]!;
  const d = state[from + 3]!;
  state[into]! ^= table[a & 255]! ^ table[256 + ((b >>> 8) & 255)]! ^ table[512 + ((c >>> 16) & 255)]! ^ table[768 + (d >>> 24)]!;
  state[into + 1]! ^= table[b & 255]! ^ table[256 + ((c >>> 8) & 255)]! ^ table[512 + ((d >>> 16) & 255)]! ^ table[768 + (a >>> 24)]!;
  state[into + 2]! ^= table[c & 255]! ^ table[256 + ((d >>> 8) & 255)]! ^ table[512 + ((a >>> 16) & 255)]! ^ table[768 + (b >>> 24)]!;
  state[into + 3]! ^= table[d & 255]! ^ table[256 + ((a >>> 8) & 255)]! ^ table[512 + ((b >>> 16) & 255)]! ^ table[768 + (c >>> 24)]!;
}

/** Absorbs whole blocks of eight words. Block 8 of the state is room for the round of block 7, which block 0 needs last. */
function absorb(state: Int32Array, words: Int32Array, start: number, end: number): void {
  for (let at = start; at < end; at += 8) {
    state[32] = words[at]!;
    state[33] = words[at + 1]!;
    state[34] = words[at + 2]!;
    state[35] = words[at + 3]!;
    mix(state, 28, 32);
    mix(state, 24, 28);
    mix(state, 20, 24);
    mix(state, 16, 20);
    mix(state, 12, 16);
    mix(state, 8, 12);
    mix(state, 4, 8);
    mix(state, 0, 4);
    state[0]! ^= state[32]!;
    state[1]! ^= state[33]!;
    state[2]! ^= state[34]!;
    state[3]! ^= state[35]!;
    state[16]! ^= words[at + 4]!;
    state[17]! ^= words[at + 5]!;
    state[18]! ^= words[at + 6]!;
    state[19]! ^= words[at + 7]!;
  }
}

const running = new Int32Array(36);
const tail = new Int32Array(8);
const tailBytes = new Uint8Array(tail.buffer);
const length = new Int32Array(8);

/** The checksum by tables alone. Faster where `start` lies at a multiple of four of the memory below. */
export function checksumByTable(out: Uint8Array, at: number, bytes: Uint8Array, start: number, size: number): void {
  running.set(seed);
  const whole = size - (size % 32);
  const offset = bytes.byteOffset + start;
  if (offset % 4 === 0) absorb(running, new Int32Array(bytes.buffer, offset, whole / 4), 0, whole / 4);
  else {
    for (let block = 0; block < whole; block += 32) {
      tailBytes.set(bytes.subarray(start + block, start + block + 32));
      absorb(running, tail, 0, 8);
    }
  }
  if (whole < size) {
    tail.fill(0);
    tailBytes.set(bytes.subarray(start + whole, start + size));
    absorb(running, tail, 0, 8);
  }
  // The length in bits is a 64-bit number; that of the message proper is zero.
  const bits = size * 8;
  for (let lane = 0; lane < 4; lane += 1) length[lane] = running[8 + lane]!;
  length[0]! ^= bits | 0;
  length[1]! ^= Math.floor(bits / 2 ** 32);
  length.copyWithin(4, 0, 4);
  for (let round = 0; round < 7; round += 1) absorb(running, length, 0, 8);
  for (let lane = 0; lane < 4; lane += 1) {
    let word = 0;
    for (let block = 0; block < 28; block += 4) word ^= running[block + lane]!;
    out[at + lane * 4] = word;
    out[at + lane * 4 + 1] = word >>> 8;
    out[at + lane * 4 + 2] = word >>> 16;
    out[at + lane * 4 + 3] = word >>> 24;
  }
}

/** What the module works in: the state it starts from, the length in bits, the result, then the message. */
const place = { size: 128, out: 160, message: 192 } as const;
const page = 65_536;

type Kernel = {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly checksum: (from: number, end: number, size: number, out: number) => void;
  /** Bytes out of the module's basis. */
  readonly outOf: Uint8Array;
};

/** The module, ready; undefined where this engine has no relaxed vectors. */
function openKernel(): Kernel | undefined {
  const binary = aegisModule();
  if (!WebAssembly.validate(binary)) return undefined;
  const memory = new WebAssembly.Memory({ initial: Math.ceil((place.message + messageBytesMax + 32) / page) });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory } });
  const bytes = new Uint8Array(memory.buffer);
  const start = new Uint8Array(seed.buffer, 0, place.size);
  bytes.set(start.map(toBasis));
  const outOf = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte += 1) outOf[toBasis(byte)] = byte;
  return { bytes, words: new Int32Array(memory.buffer), checksum: exports.checksum as Kernel['checksum'], outOf };
}

const kernel = openKernel();

/** The checksum of `size` bytes of `bytes` from `start`, as 16 bytes written into `out` at `at`. */
export function checksumInto(out: Uint8Array, at: number, bytes: Uint8Array, start: number, size: number): void {
  if (!kernel || size > messageBytesMax) {
    checksumByTable(out, at, bytes, start, size);
    return;
  }
  const own = kernel.bytes;
  own.set(start === 0 && size === bytes.length ? bytes : bytes.subarray(start, start + size), place.message);
  let end = place.message + size;
  for (; (end - place.message) % 32 !== 0; end += 1) own[end] = 0;
  kernel.words[place.size / 4] = size * 8;
  kernel.checksum(place.message, end, place.size, place.out);
  for (let index = 0; index < 16; index += 1) out[at + index] = kernel.outOf[own[place.out + index]!]!;
}

/** The checksum of bytes, as 16 bytes. */
export function checksum(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(16);
  checksumInto(out, 0, bytes, 0, bytes.length);
  return out;
}
