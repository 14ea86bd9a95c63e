import type { Handlers } from '#kernel/contract/call.ts';
import { listKeysMax } from '../../contract/limits.ts';
import { readToken, writeToken } from '../../domain/token.ts';
import type { storage } from '../../service.ts';
import { ownBucket } from '../bucket.ts';
import { type ListedObject, listObjects, listUploads } from '../list.ts';
import type { Store } from '../store.ts';

type Names = 'ListObjects' | 'ListObjectsV2' | 'ListMultipartUploads';

/** The handlers of the lists. */
export function listHandlers({ catalog }: Store): Pick<Handlers<typeof storage>, Names> {
  return {
    async ListObjects(call) {
      call.charge('request', 1);
      const { prefix = '', delimiter = '', marker = '', maxKeys: limit = listKeysMax } = call.input;
      // A marker that is a common prefix was the last thing told; all that lies under it was told with it.
      const told =
        delimiter !== '' &&
        marker.startsWith(prefix) &&
        marker.indexOf(delimiter, prefix.length) === marker.length - delimiter.length &&
        marker.length > prefix.length;
      const page = listObjects(catalog, ownBucket(catalog, call.caller, call.ref.name), {
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
          items: page.items.map(entryOf),
          prefixes: [...page.prefixes],
          truncated: next !== undefined,
          ...(nextMarker === undefined ? {} : { nextMarker }),
        },
      };
    },
    async ListObjectsV2(call) {
      call.charge('request', 1);
      const { prefix = '', delimiter = '', startAfter = '', continuationToken, maxKeys: limit = listKeysMax } = call.input;
      const position =
        continuationToken === undefined
          ? { key: startAfter }
          : (readToken(continuationToken) ??
            call.fail('InvalidArgument', { path: '/continuationToken', detail: 'The continuation token provided is incorrect.' }));
      const from = 'prefix' in position ? { after: '', afterPrefix: position.prefix } : { after: position.key, afterPrefix: '' };
      const page = listObjects(catalog, ownBucket(catalog, call.caller, call.ref.name), { prefix, delimiter, limit, ...from });
      return {
        output: {
          items: page.items.map(entryOf),
          prefixes: [...page.prefixes],
          truncated: page.next !== undefined,
          ...(page.next ? { nextContinuationToken: writeToken(page.next) } : {}),
        },
      };
    },
    async ListMultipartUploads(call) {
      call.charge('request', 1);
      const { prefix = '', delimiter = '', keyMarker = '', uploadIdMarker, maxUploads: limit = listKeysMax } = call.input;
      const told = delimiter !== '' && keyMarker.endsWith(delimiter) && keyMarker.startsWith(prefix) && keyMarker.length > prefix.length;
      const bucket = ownBucket(catalog, call.caller, call.ref.name);
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
        ...(upload.checksumAlgorithm ? { checksumAlgorithm: upload.checksumAlgorithm } : {}),
        ...(upload.checksumType ? { checksumType: upload.checksumType } : {}),
      }));
      return { output: { items, prefixes: [...page.prefixes], truncated: next !== undefined, ...markers } };
    },
  };
}

function entryOf({ key, object: { etag, size, modifiedAt, checksum } }: ListedObject) {
  return {
    key,
    etag,
    size,
    lastModified: modifiedAt,
    ...(checksum ? { checksumAlgorithm: checksum.algorithm, checksumType: checksum.type } : {}),
  };
}
