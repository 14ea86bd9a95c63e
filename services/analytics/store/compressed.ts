import { promisify } from 'node:util';
import { zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync } from 'node:zlib';
import { blobBytesMax, rawBytesMax } from './limits.ts';

const [compress, decompress] = [promisify(zstdCompress), promisify(zstdDecompress)];
const [magic, lastBlock] = [0xfd2fb528, 1];

/**
 * A frame of Zstandard with its bytes as they are (RFC 8878, 3.1.1): what little a small commit writes down is not worth a context
 * of the compressor, whose megabytes count towards the next collection of the whole heap.
 */
function raw(bytes: Buffer): Buffer {
  // The size of the content takes one byte, or two for what is beyond it, less 256; without a window.
  const isShort = bytes.length < 256;
  const head = Buffer.alloc(isShort ? 9 : 10);
  head.writeUInt32LE(magic, 0);
  head[4] = isShort ? 0x20 : 0x60;
  if (isShort) head[5] = bytes.length;
  else head.writeUInt16LE(bytes.length - 256, 5);
  head.writeUIntLE((bytes.length << 3) | lastBlock, head.length - 3, 3);
  return Buffer.concat([head, bytes]);
}

const isSmall = ({ length }: Buffer): boolean => length <= rawBytesMax;

/** Compresses what a commit writes down, beside what this thread does. */
export const compressed = async (bytes: Buffer): Promise<Buffer> => (isSmall(bytes) ? raw(bytes) : await compress(bytes));
export const compressedNow = (bytes: Buffer): Buffer => (isSmall(bytes) ? raw(bytes) : zstdCompressSync(bytes));
/** What was compressed; throws where it would be more than a part has. */
export const decompressed = (bytes: Buffer): Promise<Buffer> => decompress(bytes, { maxOutputLength: blobBytesMax });
export const decompressedNow = (bytes: Buffer): Buffer => zstdDecompressSync(bytes, { maxOutputLength: blobBytesMax });
