/** CRC-32C (Castagnoli), reflected polynomial 0x82f63b78: RFC 3720 12.1, used by journals, Kafka batches and S3 checksums. */
const POLYNOMIAL = 0x82f63b78;

/** Eight tables of 256 entries, one behind the other: table n advances a byte that stands n bytes before the end of its eight. */
const table = buildTable();

function buildTable(): Uint32Array {
  const entries = new Uint32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
    entries[byte] = value;
  }
  for (let at = 256; at < entries.length; at++) {
    const before = entries[at - 256]!;
    entries[at] = (before >>> 8) ^ entries[before & 255]!;
  }
  return entries;
}

/**
 * The checksum of the bytes as an unsigned 32-bit number. To go on where another call ended, pass its result as `before`:
 * `crc32c(b, crc32c(a))` equals `crc32c(a and b joined)`.
 */
export function crc32c(bytes: Uint8Array, before = 0): number {
  const length = bytes.length;
  const whole = length - (length % 8);
  let crc = ~before;
  let at = 0;
  // Slicing by eight: the four first bytes meet the running value, the other four are independent look-ups.
  for (; at < whole; at += 8) {
    const low = crc ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    crc =
      table[1792 + (low & 255)]! ^
      table[1536 + ((low >>> 8) & 255)]! ^
      table[1280 + ((low >>> 16) & 255)]! ^
      table[1024 + (low >>> 24)]! ^
      table[768 + bytes[at + 4]!]! ^
      table[512 + bytes[at + 5]!]! ^
      table[256 + bytes[at + 6]!]! ^
      table[bytes[at + 7]!]!;
  }
  for (; at < length; at++) crc = (crc >>> 8) ^ table[(crc ^ bytes[at]!) & 255]!;
  return ~crc >>> 0;
}
