import type { Handlers } from '#kernel/contract/call.ts';
import { listKeysMax } from '../../contract/limits.ts';
import { readToken, writeToken } from '../../domain/token.ts';
import type { storage } from '../../service.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import type { StorageClass } from '../../domain/storage-class.ts';
import { bucketOf } from '../bucket.ts';
import { type ListedObject, type ListedVersion, listObjects, listUploads, listVersions } from '../list.ts';
import type { BucketRecord, ObjectRecord } from '../record.ts';
import { versionIdOf } from '../version.ts';
import { payerOf } from './bill.ts';
import type { Store } from '../store.ts';

type Names = 'ListObjects' | 'ListObjectsV2' | 'ListObjectVersions' | 'ListMultipartUploads';

/** The handlers of the lists. */
export function listHandlers(store: Store): Pick<Handlers<typeof storage>, Names> {
  return { ...objectLists(store), ...otherLists(store) };
}

function objectLists({ catalog }: Store): Pick<Handlers<typeof storage>, 'ListObjects' | 'ListObjectsV2'> {
  return {
    async ListObjects(call) {
      const bucket = bucketOf(catalog, call.ref.name);
      call.charge('request', 1, payerOf(call, bucket));
      const { prefix = '', delimiter = '', marker = '', maxKeys: limit = listKeysMax } = call.input;
      // A marker that is a common prefix was the last thing told; all that lies under it was told with it.
      const told =
        delimiter !== '' &&
        marker.startsWith(prefix) &&
        marker.indexOf(delimiter, prefix.length) === marker.length - delimiter.length &&
        marker.length > prefix.length;
      const page = listObjects(catalog, bucket, {
        prefix,
        delimiter,
        limit,
        after: marker,
        afterPrefix: told ? marker : '',
      });
      const { next } = page;
      const nextMarker = next && ('prefix' in next ? next.prefix : next.key);
      return {
        output: {
          items: page.items.map((listed) => entryOf(bucket, listed)),
          prefixes: [...page.prefixes],
          truncated: next !== undefined,
          ...(nextMarker === undefined ? {} : { nextMarker }),
        },
      };
    },
    async ListObjectsV2(call) {
      const bucket = bucketOf(catalog, call.ref.name);
      call.charge('request', 1, payerOf(call, bucket));
      const { prefix = '', delimiter = '', startAfter = '', continuationToken, maxKeys: limit = listKeysMax } = call.input;
      const position =
        continuationToken === undefined
          ? { key: startAfter }
          : (readToken(continuationToken) ??
            call.fail('InvalidArgument', { path: '/continuationToken', detail: 'The continuation token provided is incorrect.' }));
      const from = 'prefix' in position ? { after: '', afterPrefix: position.prefix } : { after: position.key, afterPrefix: '' };
      const page = listObjects(catalog, bucket, { prefix, delimiter, limit, ...from });
      return {
        output: {
          items: page.items.map((listed) => entryOf(bucket, listed)),
          prefixes: [...page.prefixes],
          truncated: page.next !== undefined,
          ...(page.next ? { nextContinuationToken: writeToken(page.next) } : {}),
        },
      };
    },
  };
}

function otherLists({ catalog }: Store): Pick<Handlers<typeof storage>, 'ListObjectVersions' | 'ListMultipartUploads'> {
  return {
    async ListObjectVersions(call) {
      const bucket = bucketOf(catalog, call.ref.name);
      call.charge('request', 1, payerOf(call, bucket));
      const { prefix = '', delimiter = '', keyMarker = '', versionIdMarker, maxKeys: limit = listKeysMax } = call.input;
      if (versionIdMarker !== undefined && keyMarker === '')
        call.fail('InvalidArgument', { path: '/versionIdMarker', detail: 'A version-id marker cannot be specified without a key marker.' });
      const told = delimiter !== '' && keyMarker.endsWith(delimiter) && keyMarker.startsWith(prefix) && keyMarker.length > prefix.length;
      const query = { prefix, delimiter, limit, after: keyMarker, afterPrefix: told ? keyMarker : '' };
      const page = listVersions(catalog, bucket, query, versionIdMarker);
      const { next } = page;
      const last = page.items.at(-1);
      const markers =
        next &&
        ('prefix' in next
          ? { nextKeyMarker: next.prefix }
          : { nextKeyMarker: next.key, ...(last ? { nextVersionIdMarker: versionIdOf(last.object) } : {}) });
      const items = page.items.map((listed) => versionOf(bucket, listed));
      return { output: { items, prefixes: [...page.prefixes], truncated: next !== undefined, ...markers } };
    },
    async ListMultipartUploads(call) {
      const bucket = bucketOf(catalog, call.ref.name);
      call.charge('request', 1, payerOf(call, bucket));
      const { prefix = '', delimiter = '', keyMarker = '', uploadIdMarker, maxUploads: limit = listKeysMax } = call.input;
      const told = delimiter !== '' && keyMarker.endsWith(delimiter) && keyMarker.startsWith(prefix) && keyMarker.length > prefix.length;
      const page = listUploads(
        catalog,
        bucket,
        { prefix, delimiter, limit, after: keyMarker, afterPrefix: told ? keyMarker : '' },
        keyMarker === '' ? undefined : uploadIdMarker,
      );
      const { next } = page;
      const last = page.items.at(-1);
      const markers =
        next &&
        ('prefix' in next
          ? { nextKeyMarker: next.prefix }
          : { nextKeyMarker: next.key, ...(last ? { nextUploadIdMarker: last.uploadId } : {}) });
      const items = page.items.map(({ key, uploadId, upload }) => ({
        key,
        uploadId,
        initiated: upload.initiatedAt,
        owner: upload.owner ?? formatId(bucket.scope),
        initiator: upload.initiator ?? formatId(bucket.scope),
        storageClass: upload.storageClass ?? 'STANDARD',
        ...(upload.checksumAlgorithm ? { checksumAlgorithm: upload.checksumAlgorithm } : {}),
        ...(upload.checksumType ? { checksumType: upload.checksumType } : {}),
      }));
      return { output: { items, prefixes: [...page.prefixes], truncated: next !== undefined, ...markers } };
    },
  };
}

function versionOf(bucket: BucketRecord, { key, object, latest }: ListedVersion) {
  return {
    ...entryOf(bucket, { key, object }),
    versionId: versionIdOf(object),
    latest,
    ...(object.deleteMarker ? { deleteMarker: true as const } : {}),
  };
}

function entryOf(bucket: BucketRecord, { key, object }: ListedObject | { key: string; object: ObjectRecord }) {
  const { etag, size, modifiedAt, checksum, storageClass, owner } = object;
  return {
    owner: owner ?? formatId(bucket.scope),
    ...(storageClass === undefined ? {} : { storageClass: storageClass as StorageClass }),
    key,
    etag,
    size,
    lastModified: modifiedAt,
    ...(checksum ? { checksumAlgorithm: checksum.algorithm, checksumType: checksum.type } : {}),
  };
}
