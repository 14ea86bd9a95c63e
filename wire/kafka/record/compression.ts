import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { inflatedBytesMax } from '../limits.ts';
import { KafkaViolation } from '../violation.ts';
import type { Compression } from './batch.ts';
import { inflateLz4 } from './lz4.ts';
import { inflateSnappy } from './snappy.ts';

/** Decompresses the records of a batch; more than 256 MiB, or damaged bytes, are a KafkaViolation. */
export function inflate(compression: Exclude<Compression, 'none'>, packed: Buffer): Buffer {
  try {
    if (compression === 'gzip') return gunzipSync(packed, { maxOutputLength: inflatedBytesMax });
    if (compression === 'zstd') return zstdDecompressSync(packed, { maxOutputLength: inflatedBytesMax });
    return compression === 'lz4' ? inflateLz4(packed, inflatedBytesMax) : inflateSnappy(packed, inflatedBytesMax);
  } catch (cause) {
    if (cause instanceof KafkaViolation) throw cause;
    throw new KafkaViolation(`records that are no ${compression}`, { cause });
  }
}

/** Compresses records; what we write ourselves is gzip or zstd, which Node carries. */
export function deflate(compression: Compression, plain: Buffer): Buffer {
  if (compression === 'gzip') return gzipSync(plain);
  if (compression === 'zstd') return zstdCompressSync(plain, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  throw new TypeError(`this side writes no ${compression}`);
}
