/**
 * Keys of the index. Bytes compare as numbers and as UTF-8 do, so a bucket's objects lie together in the order in which
 * S3 lists them.
 */

/** Eight bytes of a number. */
export function numberKey(value: bigint): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeBigUInt64BE(value);
  return key;
}

/** Buckets of a partition are numbered from behind this number on, so that no two have the same number. */
export const bucketsBefore = (partition: number): bigint => BigInt(partition) << 48n;

/** What a bucket's tally stands under: its number with the highest bit set, which no scope has. */
export function bucketPlace(bucket: bigint): bigint {
  return bucket | (1n << 63n);
}

/** A name below a number: an object in its bucket, a bucket in its scope. */
export function placedKey(place: bigint, name: string | Uint8Array): Buffer {
  return Buffer.concat([numberKey(place), typeof name === 'string' ? Buffer.from(name, 'utf8') : name]);
}

/** A version of an object: below its key, the newest first. No key holds a NUL, so versions lie in order of key. */
export function versionKey(bucket: bigint, key: string, sequence: string): Buffer {
  const name = Buffer.from(key, 'utf8');
  const made = Buffer.allocUnsafe(8 + name.length + 9);
  made.writeBigUInt64BE(bucket);
  name.copy(made, 8);
  made[8 + name.length] = 0;
  made.writeBigUInt64BE(~BigInt(`0x${sequence}`) & 0xffff_ffff_ffff_ffffn, 9 + name.length);
  return made;
}

/** The object's key of such a key. */
export function readVersionKey(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset + 8, key.byteLength - 17).toString('utf8');
}

/** The name of such a key. */
export function placedName(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset + 8, key.byteLength - 8).toString('utf8');
}

/** An upload of a key. No key holds a NUL, so uploads lie in order of key, then of age. */
export function uploadKey(bucket: bigint, key: string, uploadId: string): Buffer {
  return Buffer.concat([numberKey(bucket), Buffer.from(`${key}\0${uploadId}`, 'utf8')]);
}

/** The key and upload id of such a key. */
export function readUploadKey(key: Uint8Array): { key: string; uploadId: string } {
  const [name = '', uploadId = ''] = placedName(key).split('\0');
  return { key: name, uploadId };
}

/** A part of an upload, in order of its number. */
export function partKey(uploadId: string, partNumber: number): Buffer {
  const key = Buffer.allocUnsafe(18);
  key.write(uploadId, 0, 16, 'hex');
  key.writeUInt16BE(partNumber, 16);
  return key;
}

export function readPartNumber(key: Uint8Array): number {
  return ((key[16] ?? 0) << 8) | (key[17] ?? 0);
}

/** The least key behind every key that begins with these bytes; undefined when there is none. */
export function afterPrefix(prefix: Uint8Array): Buffer | undefined {
  const next = Buffer.from(prefix);
  for (let at = next.length - 1; at >= 0; at--) {
    if (next[at]! < 0xff) {
      next[at]!++;
      return next.subarray(0, at + 1);
    }
  }
  return undefined;
}
