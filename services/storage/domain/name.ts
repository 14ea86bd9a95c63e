import { keyMaxBytes } from '../contract/limits.ts';

/** S3's rules for the names of buckets: DNS labels of 3 to 63 characters in all, and none that look like an address. */
export function isBucketName(name: string): boolean {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) return false;
  if (/\.\.|\.-|-\./.test(name)) return false;
  if (/^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name)) return false;
  return !/^(?:xn--|sthree-|amzn-s3-demo-)|(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/.test(name);
}

/** What is wrong with a key, by S3's codes; undefined when nothing is. Keys are texts of Unicode and never names of files. */
export function keyFault(key: string): 'KeyTooLong' | 'InvalidArgument' | undefined {
  if (key === '' || key.includes('\0') || !key.isWellFormed()) return 'InvalidArgument';
  return Buffer.byteLength(key) > keyMaxBytes ? 'KeyTooLong' : undefined;
}

/** Bytes of user metadata as S3 counts them: the UTF-8 of names and values. */
export function metadataBytes(metadata: Readonly<Record<string, string>> | undefined): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(metadata ?? {})) bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  return bytes;
}
