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
