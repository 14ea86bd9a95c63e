import { type Keys, type ListPage, listPage, type ListQuery } from '../domain/listing.ts';
import type { Catalog } from './catalog.ts';
import { afterPrefix, numberKey, placedKey, placedName, readUploadKey } from './key.ts';
import { startMaxBytes } from './limits.ts';
import { type BucketRecord, type ObjectRecord, unpack, type UploadRecord } from './record.ts';

export type ListedObject = { readonly key: string; readonly object: ObjectRecord };
export type ListedUpload = { readonly key: string; readonly uploadId: string; readonly upload: UploadRecord };

/** A page of the objects of a bucket. */
export function listObjects({ table }: Catalog, bucket: BucketRecord, query: ListQuery): ListPage<ListedObject> {
  const keys: Keys<ListedObject> = {
    *seek(from) {
      for (const { key: bytes, value } of table.object.getRange(rangeFrom(bucket, from))) {
        const key = placedName(bytes);
        yield { key, item: () => ({ key, object: unpack<ObjectRecord>(value) }) };
      }
    },
  };
  return listPage(keys, query);
}

/** A page of the unfinished uploads of a bucket, in order of key and then of age. `afterUpload` stands behind the key `after`. */
export function listUploads(
  { table }: Catalog,
  bucket: BucketRecord,
  query: ListQuery,
  afterUpload: string | undefined,
): ListPage<ListedUpload> {
  const keys: Keys<ListedUpload> = {
    *seek(from) {
      const range = rangeFrom(bucket, from);
      // Uploads of a key stand as `key NUL id`: behind the key means behind every id, or behind the one named.
      if ('after' in from)
        range.start =
          afterUpload === undefined ? startKey(bucket, `${from.after}\x01`) : startKey(bucket, `${from.after}\0${afterUpload}\0`);
      for (const { key: bytes, value } of table.upload.getRange(range)) {
        const { key, uploadId } = readUploadKey(bytes);
        yield { key, item: () => ({ key, uploadId, upload: unpack<UploadRecord>(value) }) };
      }
    },
  };
  return listPage(keys, query);
}

type From = Parameters<Keys<unknown>['seek']>[0];

function rangeFrom(bucket: BucketRecord, from: From): { start: Buffer; end: Buffer } {
  const end = numberKey(bucket.id + 1n);
  if ('at' in from) return { start: startKey(bucket, from.at), end };
  if ('after' in from) return { start: startKey(bucket, Buffer.concat([Buffer.from(from.after), Buffer.alloc(1)])), end };
  return { start: afterPrefix(startKey(bucket, from.behind)) ?? end, end };
}

/** Where a list begins. A marker may be longer than any key; what is cut off of it lies behind the end of every key and orders nothing. */
function startKey(bucket: BucketRecord, name: string | Uint8Array): Buffer {
  return placedKey(bucket.id, name).subarray(0, startMaxBytes);
}
