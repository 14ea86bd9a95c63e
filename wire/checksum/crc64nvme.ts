/** CRC-64/NVME: reflected polynomial 0x9a6c9329ac4bc9b5, the checksum that newer S3 clients send by default. */
const POLYNOMIAL = 0x9a6c9329ac4bc9b5n;

/** Eight tables of 256 entries, as halves of 32 bits: table n advances a byte that stands n bytes before the end of its eight. */
const high = new Uint32Array(8 * 256);
const low = new Uint32Array(8 * 256);
buildTables();

function buildTables(): void {
  for (let byte = 0; byte < 256; byte++) {
    let value = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ POLYNOMIAL : value >> 1n;
    high[byte] = Number(value >> 32n);
    low[byte] = Number(value & 0xffffffffn);
  }
  for (let at = 256; at < high.length; at++) {
    const beforeHigh = high[at - 256]!;
    const beforeLow = low[at - 256]!;
    const step = beforeLow & 255;
    high[at] = (beforeHigh >>> 8) ^ high[step]!;
    low[at] = ((beforeLow >>> 8) | (beforeHigh << 24)) ^ low[step]!;
  }
}

/** So many tables of 256 entries, one behind the other: table n advances a byte that stands n bytes before the end. */
export function crc64Table(count: number): BigUint64Array {
  const table = new BigUint64Array(count * 256);
  for (let byte = 0; byte < 256; byte++) table[byte] = (BigInt(high[byte]!) << 32n) | BigInt(low[byte]!);
  for (let at = 256; at < table.length; at++) table[at] = (table[at - 256]! >> 8n) ^ table[Number(table[at - 256]! & 255n)]!;
  return table;
}

/** A running CRC-64/NVME; `digest` may be asked for at any moment and gives eight bytes, the highest first. */
export class Crc64Nvme {
  #high = 0xffffffff;
  #low = 0xffffffff;

  update(bytes: Uint8Array): void {
    const whole = bytes.length - (bytes.length % 8);
    let h = this.#high;
    let l = this.#low;
    let at = 0;
    for (; at < whole; at += 8) {
      const first = l ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
      const second = h ^ (bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24));
      const a = 1792 + (first & 255);
      const b = 1536 + ((first >>> 8) & 255);
      const c = 1280 + ((first >>> 16) & 255);
      const d = 1024 + (first >>> 24);
      const e = 768 + (second & 255);
      const f = 512 + ((second >>> 8) & 255);
      const g = 256 + ((second >>> 16) & 255);
      const i = second >>> 24;
      h = high[a]! ^ high[b]! ^ high[c]! ^ high[d]! ^ high[e]! ^ high[f]! ^ high[g]! ^ high[i]!;
      l = low[a]! ^ low[b]! ^ low[c]! ^ low[d]! ^ low[e]! ^ low[f]! ^ low[g]! ^ low[i]!;
    }
    for (; at < bytes.length; at++) {
      const step = (l ^ bytes[at]!) & 255;
      l = ((l >>> 8) | (h << 24)) ^ low[step]!;
      h = (h >>> 8) ^ high[step]!;
    }
    this.#high = h >>> 0;
    this.#low = l >>> 0;
  }

  digest(): Buffer {
    const out = Buffer.allocUnsafe(8);
    out.writeUInt32BE(~this.#high >>> 0, 0);
    out.writeUInt32BE(~this.#low >>> 0, 4);
    return out;
  }
}
