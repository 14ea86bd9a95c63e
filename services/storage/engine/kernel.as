// The kernels of the storage engine in AssemblyScript, compiled by build.ts: once with relaxed SIMD, once without.
// Memory is the caller's: every pointer is into the memory imported, nothing is allocated here.

// @ts-ignore: decorator
@inline
function look(table: v128, index: v128): v128 {
  // Every index is below 16, where the relaxed form says the same as the strict one.
  return ASC_FEATURE_RELAXED_SIMD ? i8x16.relaxed_swizzle(table, index) : i8x16.swizzle(table, index);
}

// @ts-ignore: decorator
@inline
function twice(low: v128, high: v128, lowIndex: v128, highIndex: v128): v128 {
  return v128.xor(look(low, lowIndex), look(high, highIndex));
}

/**
 * Four sums of products over GF(2^8): out[r] = sum over i of factor[r][i] * in[i], for `count` inputs of `length` bytes, a
 * multiple of 32. `inputs` and `outputs` point at arrays of pointers. `tables` holds for every input four pairs of 16-byte
 * tables: the products of the factor with the low and with the high half of a byte.
 */
export function sumFour(inputs: usize, count: i32, outputs: usize, length: usize, tables: usize): void {
  const out0 = <usize>load<u32>(outputs, 0);
  const out1 = <usize>load<u32>(outputs, 4);
  const out2 = <usize>load<u32>(outputs, 8);
  const out3 = <usize>load<u32>(outputs, 12);
  const half = i8x16.splat(15);
  for (let at: usize = 0; at < length; at += 32) {
    let a0 = i8x16.splat(0);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    let b0 = a0;
    let b1 = a0;
    let b2 = a0;
    let b3 = a0;
    let table = tables;
    for (let i = 0; i < count; i++) {
      const from = <usize>load<u32>(inputs + (<usize>i << 2)) + at;
      const x = v128.load(from);
      const y = v128.load(from, 16);
      const xl = v128.and(x, half);
      const xh = i8x16.shr_u(x, 4);
      const yl = v128.and(y, half);
      const yh = i8x16.shr_u(y, 4);
      let low = v128.load(table, 0);
      let high = v128.load(table, 16);
      a0 = v128.xor(a0, twice(low, high, xl, xh));
      b0 = v128.xor(b0, twice(low, high, yl, yh));
      low = v128.load(table, 32);
      high = v128.load(table, 48);
      a1 = v128.xor(a1, twice(low, high, xl, xh));
      b1 = v128.xor(b1, twice(low, high, yl, yh));
      low = v128.load(table, 64);
      high = v128.load(table, 80);
      a2 = v128.xor(a2, twice(low, high, xl, xh));
      b2 = v128.xor(b2, twice(low, high, yl, yh));
      low = v128.load(table, 96);
      high = v128.load(table, 112);
      a3 = v128.xor(a3, twice(low, high, xl, xh));
      b3 = v128.xor(b3, twice(low, high, yl, yh));
      table += 128;
    }
    v128.store(out0 + at, a0);
    v128.store(out0 + at, b0, 16);
    v128.store(out1 + at, a1);
    v128.store(out1 + at, b1, 16);
    v128.store(out2 + at, a2);
    v128.store(out2 + at, b2, 16);
    v128.store(out3 + at, a3);
    v128.store(out3 + at, b3, 16);
  }
}

/** One such sum; the tables of an input stand 128 bytes apart as above. */
export function sumOne(inputs: usize, count: i32, out: usize, length: usize, tables: usize): void {
  const half = i8x16.splat(15);
  for (let at: usize = 0; at < length; at += 32) {
    let a = i8x16.splat(0);
    let b = a;
    let table = tables;
    for (let i = 0; i < count; i++) {
      const from = <usize>load<u32>(inputs + (<usize>i << 2)) + at;
      const x = v128.load(from);
      const y = v128.load(from, 16);
      const low = v128.load(table, 0);
      const high = v128.load(table, 16);
      a = v128.xor(a, twice(low, high, v128.and(x, half), i8x16.shr_u(x, 4)));
      b = v128.xor(b, twice(low, high, v128.and(y, half), i8x16.shr_u(y, 4)));
      table += 128;
    }
    v128.store(out + at, a);
    v128.store(out + at, b, 16);
  }
}

/**
 * CRC-32C by slicing: `tables` holds 16 tables of 256 words, table n advancing a byte that stands n bytes before the end.
 * Takes and gives the inverted register, as it runs.
 */
export function crc32c(from: usize, length: usize, before: u32, tables: usize): u32 {
  let crc = before;
  const end = from + length;
  const whole = from + (length & ~15);
  let at = from;
  for (; at < whole; at += 16) {
    const a = load<u32>(at) ^ crc;
    const b = load<u32>(at, 4);
    const c = load<u32>(at, 8);
    const d = load<u32>(at, 12);
    crc =
      load<u32>(tables + ((a & 255) << 2), 15360) ^
      load<u32>(tables + (((a >>> 8) & 255) << 2), 14336) ^
      load<u32>(tables + (((a >>> 16) & 255) << 2), 13312) ^
      load<u32>(tables + ((a >>> 24) << 2), 12288) ^
      load<u32>(tables + ((b & 255) << 2), 11264) ^
      load<u32>(tables + (((b >>> 8) & 255) << 2), 10240) ^
      load<u32>(tables + (((b >>> 16) & 255) << 2), 9216) ^
      load<u32>(tables + ((b >>> 24) << 2), 8192) ^
      load<u32>(tables + ((c & 255) << 2), 7168) ^
      load<u32>(tables + (((c >>> 8) & 255) << 2), 6144) ^
      load<u32>(tables + (((c >>> 16) & 255) << 2), 5120) ^
      load<u32>(tables + ((c >>> 24) << 2), 4096) ^
      load<u32>(tables + ((d & 255) << 2), 3072) ^
      load<u32>(tables + (((d >>> 8) & 255) << 2), 2048) ^
      load<u32>(tables + (((d >>> 16) & 255) << 2), 1024) ^
      load<u32>(tables + ((d >>> 24) << 2));
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ load<u32>(tables + (((crc ^ load<u8>(at)) & 255) << 2));
  return crc;
}

// @ts-ignore: decorator
@inline
function lowHalves(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

// @ts-ignore: decorator
@inline
function highHalves(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/**
 * CRC-32C of whole blocks of 4 KiB, sixteen runs of 256 bytes of each side by side, one in every byte of a vector. `halves`
 * holds the register after half a byte, as 4 pairs of 16-byte tables; `skips` 4 tables of 256 words that advance it by 256 bytes;
 * `scratch` is room for 256 bytes. Takes and gives the inverted register.
 */
export function crc32cBlocks(from: usize, blocks: i32, before: u32, halves: usize, skips: usize, scratch: usize): u32 {
  const half = i8x16.splat(15);
  const low0 = v128.load(halves, 0);
  const high0 = v128.load(halves, 16);
  const low1 = v128.load(halves, 32);
  const high1 = v128.load(halves, 48);
  const low2 = v128.load(halves, 64);
  const high2 = v128.load(halves, 80);
  const low3 = v128.load(halves, 96);
  const high3 = v128.load(halves, 112);
  let crc = before;
  let at = from;
  for (let block = 0; block < blocks; block++, at += 4096) {
    let s0 = i8x16.replace_lane(i8x16.splat(0), 0, <i8>crc);
    let s1 = i8x16.replace_lane(i8x16.splat(0), 0, <i8>(crc >>> 8));
    let s2 = i8x16.replace_lane(i8x16.splat(0), 0, <i8>(crc >>> 16));
    let s3 = i8x16.replace_lane(i8x16.splat(0), 0, <i8>(crc >>> 24));
    for (let column: usize = 0; column < 256; column += 16) {
      // Four rounds of interleaving exchange rows and columns: then each vector holds one byte of every run.
      const a0 = v128.load(at + column, 0);
      const a1 = v128.load(at + column, 256);
      const a2 = v128.load(at + column, 512);
      const a3 = v128.load(at + column, 768);
      const a4 = v128.load(at + column, 1024);
      const a5 = v128.load(at + column, 1280);
      const a6 = v128.load(at + column, 1536);
      const a7 = v128.load(at + column, 1792);
      const a8 = v128.load(at + column, 2048);
      const a9 = v128.load(at + column, 2304);
      const a10 = v128.load(at + column, 2560);
      const a11 = v128.load(at + column, 2816);
      const a12 = v128.load(at + column, 3072);
      const a13 = v128.load(at + column, 3328);
      const a14 = v128.load(at + column, 3584);
      const a15 = v128.load(at + column, 3840);
      const b0 = lowHalves(a0, a8);
      const b1 = highHalves(a0, a8);
      const b2 = lowHalves(a1, a9);
      const b3 = highHalves(a1, a9);
      const b4 = lowHalves(a2, a10);
      const b5 = highHalves(a2, a10);
      const b6 = lowHalves(a3, a11);
      const b7 = highHalves(a3, a11);
      const b8 = lowHalves(a4, a12);
      const b9 = highHalves(a4, a12);
      const b10 = lowHalves(a5, a13);
      const b11 = highHalves(a5, a13);
      const b12 = lowHalves(a6, a14);
      const b13 = highHalves(a6, a14);
      const b14 = lowHalves(a7, a15);
      const b15 = highHalves(a7, a15);
      const c0 = lowHalves(b0, b8);
      const c1 = highHalves(b0, b8);
      const c2 = lowHalves(b1, b9);
      const c3 = highHalves(b1, b9);
      const c4 = lowHalves(b2, b10);
      const c5 = highHalves(b2, b10);
      const c6 = lowHalves(b3, b11);
      const c7 = highHalves(b3, b11);
      const c8 = lowHalves(b4, b12);
      const c9 = highHalves(b4, b12);
      const c10 = lowHalves(b5, b13);
      const c11 = highHalves(b5, b13);
      const c12 = lowHalves(b6, b14);
      const c13 = highHalves(b6, b14);
      const c14 = lowHalves(b7, b15);
      const c15 = highHalves(b7, b15);
      const d0 = lowHalves(c0, c8);
      const d1 = highHalves(c0, c8);
      const d2 = lowHalves(c1, c9);
      const d3 = highHalves(c1, c9);
      const d4 = lowHalves(c2, c10);
      const d5 = highHalves(c2, c10);
      const d6 = lowHalves(c3, c11);
      const d7 = highHalves(c3, c11);
      const d8 = lowHalves(c4, c12);
      const d9 = highHalves(c4, c12);
      const d10 = lowHalves(c5, c13);
      const d11 = highHalves(c5, c13);
      const d12 = lowHalves(c6, c14);
      const d13 = highHalves(c6, c14);
      const d14 = lowHalves(c7, c15);
      const d15 = highHalves(c7, c15);
      const e0 = lowHalves(d0, d8);
      const e1 = highHalves(d0, d8);
      const e2 = lowHalves(d1, d9);
      const e3 = highHalves(d1, d9);
      const e4 = lowHalves(d2, d10);
      const e5 = highHalves(d2, d10);
      const e6 = lowHalves(d3, d11);
      const e7 = highHalves(d3, d11);
      const e8 = lowHalves(d4, d12);
      const e9 = highHalves(d4, d12);
      const e10 = lowHalves(d5, d13);
      const e11 = highHalves(d5, d13);
      const e12 = lowHalves(d6, d14);
      const e13 = highHalves(d6, d14);
      const e14 = lowHalves(d7, d15);
      const e15 = highHalves(d7, d15);
      v128.store(scratch, e0, 0);
      v128.store(scratch, e1, 16);
      v128.store(scratch, e2, 32);
      v128.store(scratch, e3, 48);
      v128.store(scratch, e4, 64);
      v128.store(scratch, e5, 80);
      v128.store(scratch, e6, 96);
      v128.store(scratch, e7, 112);
      v128.store(scratch, e8, 128);
      v128.store(scratch, e9, 144);
      v128.store(scratch, e10, 160);
      v128.store(scratch, e11, 176);
      v128.store(scratch, e12, 192);
      v128.store(scratch, e13, 208);
      v128.store(scratch, e14, 224);
      v128.store(scratch, e15, 240);
      for (let row: usize = 0; row < 256; row += 16) {
        const index = v128.xor(s0, v128.load(scratch + row));
        const low = v128.and(index, half);
        const high = i8x16.shr_u(index, 4);
        s0 = v128.xor(s1, twice(low0, high0, low, high));
        s1 = v128.xor(s2, twice(low1, high1, low, high));
        s2 = v128.xor(s3, twice(low2, high2, low, high));
        s3 = twice(low3, high3, low, high);
      }
    }
    v128.store(scratch, s0);
    v128.store(scratch, s1, 16);
    v128.store(scratch, s2, 32);
    v128.store(scratch, s3, 48);
    crc = 0;
    for (let run: usize = 0; run < 16; run++) {
      crc =
        load<u32>(skips + ((crc & 255) << 2)) ^
        load<u32>(skips + (((crc >>> 8) & 255) << 2), 1024) ^
        load<u32>(skips + (((crc >>> 16) & 255) << 2), 2048) ^
        load<u32>(skips + ((crc >>> 24) << 2), 3072) ^
        (<u32>load<u8>(scratch + run) |
          (<u32>load<u8>(scratch + run, 16) << 8) |
          (<u32>load<u8>(scratch + run, 32) << 16) |
          (<u32>load<u8>(scratch + run, 48) << 24));
    }
  }
  return crc;
}

// @ts-ignore: decorator
@inline
function turned(sum: v128, shift: i32): v128 {
  return v128.or(i32x4.shl(sum, shift), i32x4.shr_u(sum, 32 - shift));
}

/** Turned by sixteen bits, which is one step. */
// @ts-ignore: decorator
@inline
function halvesTurned(sum: v128): v128 {
  return i8x16.shuffle(sum, sum, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
}

// @ts-ignore: decorator
@inline
function summed(a: v128, f: v128, word: v128, constant: i32): v128 {
  // What depends on the last step comes last.
  return i32x4.add(i32x4.add(a, i32x4.add(word, i32x4.splat(constant))), f);
}

/**
 * MD5 (RFC 1321) of four streams side by side, one in every lane: `blocks` blocks of 64 bytes of each. `inputs` points at four
 * pointers, `states` at four vectors: A, B, C and D of all lanes. `words` is room for 256 bytes.
 */
export function md5Four(states: usize, inputs: usize, blocks: i32, words: usize): void {
  const from0 = <usize>load<u32>(inputs, 0);
  const from1 = <usize>load<u32>(inputs, 4);
  const from2 = <usize>load<u32>(inputs, 8);
  const from3 = <usize>load<u32>(inputs, 12);
  const ones = i32x4.splat(-1);
  let a = v128.load(states, 0);
  let b = v128.load(states, 16);
  let c = v128.load(states, 32);
  let d = v128.load(states, 48);
  for (let block: usize = 0; block < <usize>blocks << 6; block += 64) {
    const before0 = a;
    const before1 = b;
    const before2 = c;
    const before3 = d;
    // Rows of four words become columns: then each vector holds one word of every stream.
    for (let part: usize = 0; part < 64; part += 16) {
      const r0 = v128.load(from0 + block + part);
      const r1 = v128.load(from1 + block + part);
      const r2 = v128.load(from2 + block + part);
      const r3 = v128.load(from3 + block + part);
      const low01 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
      const low23 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
      const high01 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
      const high23 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
      const out = words + (part << 2);
      v128.store(out, v128.shuffle<i64>(low01, low23, 0, 2), 0);
      v128.store(out, v128.shuffle<i64>(low01, low23, 1, 3), 16);
      v128.store(out, v128.shuffle<i64>(high01, high23, 0, 2), 32);
      v128.store(out, v128.shuffle<i64>(high01, high23, 1, 3), 48);
    }
    a = i32x4.add(b, turned(summed(a, v128.xor(d, v128.and(b, v128.xor(c, d))), v128.load(words, 0), -680876936), 7));
    d = i32x4.add(a, turned(summed(d, v128.xor(c, v128.and(a, v128.xor(b, c))), v128.load(words, 16), -389564586), 12));
    c = i32x4.add(d, turned(summed(c, v128.xor(b, v128.and(d, v128.xor(a, b))), v128.load(words, 32), 606105819), 17));
    b = i32x4.add(c, turned(summed(b, v128.xor(a, v128.and(c, v128.xor(d, a))), v128.load(words, 48), -1044525330), 22));
    a = i32x4.add(b, turned(summed(a, v128.xor(d, v128.and(b, v128.xor(c, d))), v128.load(words, 64), -176418897), 7));
    d = i32x4.add(a, turned(summed(d, v128.xor(c, v128.and(a, v128.xor(b, c))), v128.load(words, 80), 1200080426), 12));
    c = i32x4.add(d, turned(summed(c, v128.xor(b, v128.and(d, v128.xor(a, b))), v128.load(words, 96), -1473231341), 17));
    b = i32x4.add(c, turned(summed(b, v128.xor(a, v128.and(c, v128.xor(d, a))), v128.load(words, 112), -45705983), 22));
    a = i32x4.add(b, turned(summed(a, v128.xor(d, v128.and(b, v128.xor(c, d))), v128.load(words, 128), 1770035416), 7));
    d = i32x4.add(a, turned(summed(d, v128.xor(c, v128.and(a, v128.xor(b, c))), v128.load(words, 144), -1958414417), 12));
    c = i32x4.add(d, turned(summed(c, v128.xor(b, v128.and(d, v128.xor(a, b))), v128.load(words, 160), -42063), 17));
    b = i32x4.add(c, turned(summed(b, v128.xor(a, v128.and(c, v128.xor(d, a))), v128.load(words, 176), -1990404162), 22));
    a = i32x4.add(b, turned(summed(a, v128.xor(d, v128.and(b, v128.xor(c, d))), v128.load(words, 192), 1804603682), 7));
    d = i32x4.add(a, turned(summed(d, v128.xor(c, v128.and(a, v128.xor(b, c))), v128.load(words, 208), -40341101), 12));
    c = i32x4.add(d, turned(summed(c, v128.xor(b, v128.and(d, v128.xor(a, b))), v128.load(words, 224), -1502002290), 17));
    b = i32x4.add(c, turned(summed(b, v128.xor(a, v128.and(c, v128.xor(d, a))), v128.load(words, 240), 1236535329), 22));
    a = i32x4.add(b, turned(i32x4.add(summed(a, v128.andnot(c, d), v128.load(words, 16), -165796510), v128.and(b, d)), 5));
    d = i32x4.add(a, turned(i32x4.add(summed(d, v128.andnot(b, c), v128.load(words, 96), -1069501632), v128.and(a, c)), 9));
    c = i32x4.add(d, turned(i32x4.add(summed(c, v128.andnot(a, b), v128.load(words, 176), 643717713), v128.and(d, b)), 14));
    b = i32x4.add(c, turned(i32x4.add(summed(b, v128.andnot(d, a), v128.load(words, 0), -373897302), v128.and(c, a)), 20));
    a = i32x4.add(b, turned(i32x4.add(summed(a, v128.andnot(c, d), v128.load(words, 80), -701558691), v128.and(b, d)), 5));
    d = i32x4.add(a, turned(i32x4.add(summed(d, v128.andnot(b, c), v128.load(words, 160), 38016083), v128.and(a, c)), 9));
    c = i32x4.add(d, turned(i32x4.add(summed(c, v128.andnot(a, b), v128.load(words, 240), -660478335), v128.and(d, b)), 14));
    b = i32x4.add(c, turned(i32x4.add(summed(b, v128.andnot(d, a), v128.load(words, 64), -405537848), v128.and(c, a)), 20));
    a = i32x4.add(b, turned(i32x4.add(summed(a, v128.andnot(c, d), v128.load(words, 144), 568446438), v128.and(b, d)), 5));
    d = i32x4.add(a, turned(i32x4.add(summed(d, v128.andnot(b, c), v128.load(words, 224), -1019803690), v128.and(a, c)), 9));
    c = i32x4.add(d, turned(i32x4.add(summed(c, v128.andnot(a, b), v128.load(words, 48), -187363961), v128.and(d, b)), 14));
    b = i32x4.add(c, turned(i32x4.add(summed(b, v128.andnot(d, a), v128.load(words, 128), 1163531501), v128.and(c, a)), 20));
    a = i32x4.add(b, turned(i32x4.add(summed(a, v128.andnot(c, d), v128.load(words, 208), -1444681467), v128.and(b, d)), 5));
    d = i32x4.add(a, turned(i32x4.add(summed(d, v128.andnot(b, c), v128.load(words, 32), -51403784), v128.and(a, c)), 9));
    c = i32x4.add(d, turned(i32x4.add(summed(c, v128.andnot(a, b), v128.load(words, 112), 1735328473), v128.and(d, b)), 14));
    b = i32x4.add(c, turned(i32x4.add(summed(b, v128.andnot(d, a), v128.load(words, 192), -1926607734), v128.and(c, a)), 20));
    a = i32x4.add(b, turned(summed(a, v128.xor(b, v128.xor(c, d)), v128.load(words, 80), -378558), 4));
    d = i32x4.add(a, turned(summed(d, v128.xor(a, v128.xor(b, c)), v128.load(words, 128), -2022574463), 11));
    c = i32x4.add(d, halvesTurned(summed(c, v128.xor(d, v128.xor(a, b)), v128.load(words, 176), 1839030562)));
    b = i32x4.add(c, turned(summed(b, v128.xor(c, v128.xor(d, a)), v128.load(words, 224), -35309556), 23));
    a = i32x4.add(b, turned(summed(a, v128.xor(b, v128.xor(c, d)), v128.load(words, 16), -1530992060), 4));
    d = i32x4.add(a, turned(summed(d, v128.xor(a, v128.xor(b, c)), v128.load(words, 64), 1272893353), 11));
    c = i32x4.add(d, halvesTurned(summed(c, v128.xor(d, v128.xor(a, b)), v128.load(words, 112), -155497632)));
    b = i32x4.add(c, turned(summed(b, v128.xor(c, v128.xor(d, a)), v128.load(words, 160), -1094730640), 23));
    a = i32x4.add(b, turned(summed(a, v128.xor(b, v128.xor(c, d)), v128.load(words, 208), 681279174), 4));
    d = i32x4.add(a, turned(summed(d, v128.xor(a, v128.xor(b, c)), v128.load(words, 0), -358537222), 11));
    c = i32x4.add(d, halvesTurned(summed(c, v128.xor(d, v128.xor(a, b)), v128.load(words, 48), -722521979)));
    b = i32x4.add(c, turned(summed(b, v128.xor(c, v128.xor(d, a)), v128.load(words, 96), 76029189), 23));
    a = i32x4.add(b, turned(summed(a, v128.xor(b, v128.xor(c, d)), v128.load(words, 144), -640364487), 4));
    d = i32x4.add(a, turned(summed(d, v128.xor(a, v128.xor(b, c)), v128.load(words, 192), -421815835), 11));
    c = i32x4.add(d, halvesTurned(summed(c, v128.xor(d, v128.xor(a, b)), v128.load(words, 240), 530742520)));
    b = i32x4.add(c, turned(summed(b, v128.xor(c, v128.xor(d, a)), v128.load(words, 32), -995338651), 23));
    a = i32x4.add(b, turned(summed(a, v128.xor(c, v128.or(b, v128.xor(d, ones))), v128.load(words, 0), -198630844), 6));
    d = i32x4.add(a, turned(summed(d, v128.xor(b, v128.or(a, v128.xor(c, ones))), v128.load(words, 112), 1126891415), 10));
    c = i32x4.add(d, turned(summed(c, v128.xor(a, v128.or(d, v128.xor(b, ones))), v128.load(words, 224), -1416354905), 15));
    b = i32x4.add(c, turned(summed(b, v128.xor(d, v128.or(c, v128.xor(a, ones))), v128.load(words, 80), -57434055), 21));
    a = i32x4.add(b, turned(summed(a, v128.xor(c, v128.or(b, v128.xor(d, ones))), v128.load(words, 192), 1700485571), 6));
    d = i32x4.add(a, turned(summed(d, v128.xor(b, v128.or(a, v128.xor(c, ones))), v128.load(words, 48), -1894986606), 10));
    c = i32x4.add(d, turned(summed(c, v128.xor(a, v128.or(d, v128.xor(b, ones))), v128.load(words, 160), -1051523), 15));
    b = i32x4.add(c, turned(summed(b, v128.xor(d, v128.or(c, v128.xor(a, ones))), v128.load(words, 16), -2054922799), 21));
    a = i32x4.add(b, turned(summed(a, v128.xor(c, v128.or(b, v128.xor(d, ones))), v128.load(words, 128), 1873313359), 6));
    d = i32x4.add(a, turned(summed(d, v128.xor(b, v128.or(a, v128.xor(c, ones))), v128.load(words, 240), -30611744), 10));
    c = i32x4.add(d, turned(summed(c, v128.xor(a, v128.or(d, v128.xor(b, ones))), v128.load(words, 96), -1560198380), 15));
    b = i32x4.add(c, turned(summed(b, v128.xor(d, v128.or(c, v128.xor(a, ones))), v128.load(words, 208), 1309151649), 21));
    a = i32x4.add(b, turned(summed(a, v128.xor(c, v128.or(b, v128.xor(d, ones))), v128.load(words, 64), -145523070), 6));
    d = i32x4.add(a, turned(summed(d, v128.xor(b, v128.or(a, v128.xor(c, ones))), v128.load(words, 176), -1120210379), 10));
    c = i32x4.add(d, turned(summed(c, v128.xor(a, v128.or(d, v128.xor(b, ones))), v128.load(words, 32), 718787259), 15));
    b = i32x4.add(c, turned(summed(b, v128.xor(d, v128.or(c, v128.xor(a, ones))), v128.load(words, 144), -343485551), 21));
    a = i32x4.add(a, before0);
    b = i32x4.add(b, before1);
    c = i32x4.add(c, before2);
    d = i32x4.add(d, before3);
  }
  v128.store(states, a, 0);
  v128.store(states, b, 16);
  v128.store(states, c, 32);
  v128.store(states, d, 48);
}

/**
 * MD5 of one stream, which takes half as long as in a lane beside empty ones. `state` points at A, B, C and D, sixteen bytes apart;
 * `input` at the pointer to the bytes.
 */
export function md5One(state: usize, input: usize, blocks: i32): void {
  let at = <usize>load<u32>(input);
  let a = load<i32>(state, 0);
  let b = load<i32>(state, 16);
  let c = load<i32>(state, 32);
  let d = load<i32>(state, 48);
  for (const end = at + (<usize>blocks << 6); at < end; at += 64) {
    const before0 = a;
    const before1 = b;
    const before2 = c;
    const before3 = d;
    a = b + rotl<i32>(a + load<i32>(at, 0) - 680876936 + (d ^ (b & (c ^ d))), 7);
    d = a + rotl<i32>(d + load<i32>(at, 4) - 389564586 + (c ^ (a & (b ^ c))), 12);
    c = d + rotl<i32>(c + load<i32>(at, 8) + 606105819 + (b ^ (d & (a ^ b))), 17);
    b = c + rotl<i32>(b + load<i32>(at, 12) - 1044525330 + (a ^ (c & (d ^ a))), 22);
    a = b + rotl<i32>(a + load<i32>(at, 16) - 176418897 + (d ^ (b & (c ^ d))), 7);
    d = a + rotl<i32>(d + load<i32>(at, 20) + 1200080426 + (c ^ (a & (b ^ c))), 12);
    c = d + rotl<i32>(c + load<i32>(at, 24) - 1473231341 + (b ^ (d & (a ^ b))), 17);
    b = c + rotl<i32>(b + load<i32>(at, 28) - 45705983 + (a ^ (c & (d ^ a))), 22);
    a = b + rotl<i32>(a + load<i32>(at, 32) + 1770035416 + (d ^ (b & (c ^ d))), 7);
    d = a + rotl<i32>(d + load<i32>(at, 36) - 1958414417 + (c ^ (a & (b ^ c))), 12);
    c = d + rotl<i32>(c + load<i32>(at, 40) - 42063 + (b ^ (d & (a ^ b))), 17);
    b = c + rotl<i32>(b + load<i32>(at, 44) - 1990404162 + (a ^ (c & (d ^ a))), 22);
    a = b + rotl<i32>(a + load<i32>(at, 48) + 1804603682 + (d ^ (b & (c ^ d))), 7);
    d = a + rotl<i32>(d + load<i32>(at, 52) - 40341101 + (c ^ (a & (b ^ c))), 12);
    c = d + rotl<i32>(c + load<i32>(at, 56) - 1502002290 + (b ^ (d & (a ^ b))), 17);
    b = c + rotl<i32>(b + load<i32>(at, 60) + 1236535329 + (a ^ (c & (d ^ a))), 22);
    a = b + rotl<i32>(a + load<i32>(at, 4) - 165796510 + (~d & c) + (d & b), 5);
    d = a + rotl<i32>(d + load<i32>(at, 24) - 1069501632 + (~c & b) + (c & a), 9);
    c = d + rotl<i32>(c + load<i32>(at, 44) + 643717713 + (~b & a) + (b & d), 14);
    b = c + rotl<i32>(b + load<i32>(at, 0) - 373897302 + (~a & d) + (a & c), 20);
    a = b + rotl<i32>(a + load<i32>(at, 20) - 701558691 + (~d & c) + (d & b), 5);
    d = a + rotl<i32>(d + load<i32>(at, 40) + 38016083 + (~c & b) + (c & a), 9);
    c = d + rotl<i32>(c + load<i32>(at, 60) - 660478335 + (~b & a) + (b & d), 14);
    b = c + rotl<i32>(b + load<i32>(at, 16) - 405537848 + (~a & d) + (a & c), 20);
    a = b + rotl<i32>(a + load<i32>(at, 36) + 568446438 + (~d & c) + (d & b), 5);
    d = a + rotl<i32>(d + load<i32>(at, 56) - 1019803690 + (~c & b) + (c & a), 9);
    c = d + rotl<i32>(c + load<i32>(at, 12) - 187363961 + (~b & a) + (b & d), 14);
    b = c + rotl<i32>(b + load<i32>(at, 32) + 1163531501 + (~a & d) + (a & c), 20);
    a = b + rotl<i32>(a + load<i32>(at, 52) - 1444681467 + (~d & c) + (d & b), 5);
    d = a + rotl<i32>(d + load<i32>(at, 8) - 51403784 + (~c & b) + (c & a), 9);
    c = d + rotl<i32>(c + load<i32>(at, 28) + 1735328473 + (~b & a) + (b & d), 14);
    b = c + rotl<i32>(b + load<i32>(at, 48) - 1926607734 + (~a & d) + (a & c), 20);
    a = b + rotl<i32>(a + load<i32>(at, 20) - 378558 + (b ^ (c ^ d)), 4);
    d = a + rotl<i32>(d + load<i32>(at, 32) - 2022574463 + (a ^ (b ^ c)), 11);
    c = d + rotl<i32>(c + load<i32>(at, 44) + 1839030562 + (d ^ (a ^ b)), 16);
    b = c + rotl<i32>(b + load<i32>(at, 56) - 35309556 + (c ^ (d ^ a)), 23);
    a = b + rotl<i32>(a + load<i32>(at, 4) - 1530992060 + (b ^ (c ^ d)), 4);
    d = a + rotl<i32>(d + load<i32>(at, 16) + 1272893353 + (a ^ (b ^ c)), 11);
    c = d + rotl<i32>(c + load<i32>(at, 28) - 155497632 + (d ^ (a ^ b)), 16);
    b = c + rotl<i32>(b + load<i32>(at, 40) - 1094730640 + (c ^ (d ^ a)), 23);
    a = b + rotl<i32>(a + load<i32>(at, 52) + 681279174 + (b ^ (c ^ d)), 4);
    d = a + rotl<i32>(d + load<i32>(at, 0) - 358537222 + (a ^ (b ^ c)), 11);
    c = d + rotl<i32>(c + load<i32>(at, 12) - 722521979 + (d ^ (a ^ b)), 16);
    b = c + rotl<i32>(b + load<i32>(at, 24) + 76029189 + (c ^ (d ^ a)), 23);
    a = b + rotl<i32>(a + load<i32>(at, 36) - 640364487 + (b ^ (c ^ d)), 4);
    d = a + rotl<i32>(d + load<i32>(at, 48) - 421815835 + (a ^ (b ^ c)), 11);
    c = d + rotl<i32>(c + load<i32>(at, 60) + 530742520 + (d ^ (a ^ b)), 16);
    b = c + rotl<i32>(b + load<i32>(at, 8) - 995338651 + (c ^ (d ^ a)), 23);
    a = b + rotl<i32>(a + load<i32>(at, 0) - 198630844 + (c ^ (b | ~d)), 6);
    d = a + rotl<i32>(d + load<i32>(at, 28) + 1126891415 + (b ^ (a | ~c)), 10);
    c = d + rotl<i32>(c + load<i32>(at, 56) - 1416354905 + (a ^ (d | ~b)), 15);
    b = c + rotl<i32>(b + load<i32>(at, 20) - 57434055 + (d ^ (c | ~a)), 21);
    a = b + rotl<i32>(a + load<i32>(at, 48) + 1700485571 + (c ^ (b | ~d)), 6);
    d = a + rotl<i32>(d + load<i32>(at, 12) - 1894986606 + (b ^ (a | ~c)), 10);
    c = d + rotl<i32>(c + load<i32>(at, 40) - 1051523 + (a ^ (d | ~b)), 15);
    b = c + rotl<i32>(b + load<i32>(at, 4) - 2054922799 + (d ^ (c | ~a)), 21);
    a = b + rotl<i32>(a + load<i32>(at, 32) + 1873313359 + (c ^ (b | ~d)), 6);
    d = a + rotl<i32>(d + load<i32>(at, 60) - 30611744 + (b ^ (a | ~c)), 10);
    c = d + rotl<i32>(c + load<i32>(at, 24) - 1560198380 + (a ^ (d | ~b)), 15);
    b = c + rotl<i32>(b + load<i32>(at, 52) + 1309151649 + (d ^ (c | ~a)), 21);
    a = b + rotl<i32>(a + load<i32>(at, 16) - 145523070 + (c ^ (b | ~d)), 6);
    d = a + rotl<i32>(d + load<i32>(at, 44) - 1120210379 + (b ^ (a | ~c)), 10);
    c = d + rotl<i32>(c + load<i32>(at, 8) + 718787259 + (a ^ (d | ~b)), 15);
    b = c + rotl<i32>(b + load<i32>(at, 36) - 343485551 + (d ^ (c | ~a)), 21);
    a += before0;
    b += before1;
    c += before2;
    d += before3;
  }
  store<i32>(state, a, 0);
  store<i32>(state, b, 16);
  store<i32>(state, c, 32);
  store<i32>(state, d, 48);
}

/**
 * CRC-64/NVME by slicing: `tables` holds 16 tables of 256 double words, table n advancing a byte that stands n bytes before the
 * end. Takes and gives the inverted register, as it runs.
 */
export function crc64(from: usize, length: usize, before: u64, tables: usize): u64 {
  let crc = before;
  const end = from + length;
  const whole = from + (length & ~15);
  let at = from;
  for (; at < whole; at += 16) {
    const a = load<u64>(at) ^ crc;
    const b = load<u64>(at, 8);
    crc =
      load<u64>(tables + (<usize>(a & 255) << 3), 30720) ^
      load<u64>(tables + (<usize>((a >>> 8) & 255) << 3), 28672) ^
      load<u64>(tables + (<usize>((a >>> 16) & 255) << 3), 26624) ^
      load<u64>(tables + (<usize>((a >>> 24) & 255) << 3), 24576) ^
      load<u64>(tables + (<usize>((a >>> 32) & 255) << 3), 22528) ^
      load<u64>(tables + (<usize>((a >>> 40) & 255) << 3), 20480) ^
      load<u64>(tables + (<usize>((a >>> 48) & 255) << 3), 18432) ^
      load<u64>(tables + (<usize>(a >>> 56) << 3), 16384) ^
      load<u64>(tables + (<usize>(b & 255) << 3), 14336) ^
      load<u64>(tables + (<usize>((b >>> 8) & 255) << 3), 12288) ^
      load<u64>(tables + (<usize>((b >>> 16) & 255) << 3), 10240) ^
      load<u64>(tables + (<usize>((b >>> 24) & 255) << 3), 8192) ^
      load<u64>(tables + (<usize>((b >>> 32) & 255) << 3), 6144) ^
      load<u64>(tables + (<usize>((b >>> 40) & 255) << 3), 4096) ^
      load<u64>(tables + (<usize>((b >>> 48) & 255) << 3), 2048) ^
      load<u64>(tables + (<usize>(b >>> 56) << 3), 0);
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ load<u64>(tables + (<usize>((crc ^ load<u8>(at)) & 255) << 3));
  return crc;
}
