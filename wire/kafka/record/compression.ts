import { promisify } from 'node:util';
import { constants, gunzipSync, gzip, gzipSync, zstdCompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { inflatedBytesMax } from '../limits.ts';
import { KafkaViolation } from '../violation.ts';
import type { Compression } from './batch.ts';
import { deflateLz4, inflateLz4 } from './lz4.ts';
import { deflateSnappy, inflateSnappy } from './snappy.ts';

/** Decompresses the records of a batch; more than `most` bytes, usually 256 MiB, or damaged bytes, are a KafkaViolation. */
export function inflate(compression: Exclude<Compression, 'none'>, packed: Buffer, most = inflatedBytesMax): Buffer {
  try {
    if (compression === 'gzip') return gunzipSync(packed, { maxOutputLength: most });
    if (compression === 'zstd') return zstdDecompressSync(packed, { maxOutputLength: most });
    return compression === 'lz4' ? inflateLz4(packed, most) : inflateSnappy(packed, most);
  } catch (cause) {
    if (cause instanceof KafkaViolation) throw cause;
    throw new KafkaViolation(`records that are no ${compression}`, { cause });
  }
}

const zstdLevel = (level: number) => ({ params: { [constants.ZSTD_c_compressionLevel]: level } });

/** Compresses records, quickly rather than well. */
export function deflate(compression: Compression, plain: Buffer): Buffer {
  if (compression === 'gzip') return gzipSync(plain);
  if (compression === 'zstd') return zstdCompressSync(plain, zstdLevel(1));
  if (compression === 'lz4') return deflateLz4(plain);
  return compression === 'snappy' ? deflateSnappy(plain) : plain;
}

const gzipBeside = promisify(gzip);
const zstdBeside = promisify<Buffer, object, Buffer>(zstdCompress);

/** Compresses records at a level of gzip or zstd, beside what else is to be done. */
export async function deflateBeside(compression: Compression, plain: Buffer, level: number): Promise<Buffer> {
  if (compression === 'gzip') return gzipBeside(plain, { level });
  return compression === 'zstd' ? zstdBeside(plain, zstdLevel(level)) : deflate(compression, plain);
}
