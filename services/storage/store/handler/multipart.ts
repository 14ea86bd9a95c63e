import type { Call, Handlers } from '#kernel/contract/call.ts';
import { listKeysMax, putMaxBytes } from '../../contract/limits.ts';
import { checksumTypeOf } from '../../domain/checksum.ts';
import type { storage } from '../../service.ts';
import { ownBucket } from '../bucket.ts';
import { copyPart } from '../copy.ts';
import { checkExpected, type Expected, receive } from '../receive.ts';
import type { PartRecord } from '../record.ts';
import type { Store } from '../store.ts';
import { abortUpload, completeUpload, createUpload, findUpload, putPart, readParts } from '../upload.ts';
import { checkKey, headersOf, sourceConditions, whoOf } from './call.ts';

type Service = typeof storage;
type Names = 'CreateMultipartUpload' | 'UploadPart' | 'UploadPartCopy' | 'CompleteMultipartUpload' | 'AbortMultipartUpload' | 'ListParts';

/** The handlers of multipart uploads. */
export function multipartHandlers(store: Store): Pick<Handlers<Service>, Names> {
  const { catalog } = store;
  return {
    async CreateMultipartUpload(call) {
      call.charge('request', 1);
      const { key, checksumAlgorithm, checksumType: asked } = call.input;
      checkKey(key);
      const headers = headersOf(call.input);
      const checksumType = checksumAlgorithm && checksumTypeOf(checksumAlgorithm, asked);
      if (asked !== undefined && checksumType === undefined)
        call.fail('InvalidRequest', {
          path: '/checksumType',
          detail: `The checksum type ${asked} does not go with ${checksumAlgorithm ?? 'no algorithm'}.`,
        });
      const chosen = checksumType ? { checksumAlgorithm, checksumType } : {};
      const uploadId = await createUpload(store, call.ref.name, { key, headers, ...chosen, who: whoOf(call, 'CreateMultipartUpload') });
      return { output: { key, uploadId, ...chosen } };
    },
    UploadPart: (call) => uploadPart(store, call),
    UploadPartCopy: (call) => uploadPartCopy(store, call),
    async CompleteMultipartUpload(call) {
      call.charge('request', 1);
      const { ifMatch, ifNoneMatch, ...completion } = call.input;
      checkKey(completion.key);
      const { object, bytes } = await completeUpload(store, call.ref.name, {
        ...completion,
        conditions: { ifMatch, ifNoneMatch },
        who: whoOf(call, 'CompleteMultipartUpload'),
      });
      call.charge('stored', bytes);
      const { etag, size, modifiedAt: lastModified, checksum } = object;
      call.emit('ObjectCreated', { bucket: call.ref.name, key: completion.key, operation: 'CompleteMultipartUpload', size, etag });
      return { output: { key: completion.key, etag, size, lastModified, ...(checksum ? { checksum } : {}) } };
    },
    async AbortMultipartUpload(call) {
      call.charge('request', 1);
      call.charge('stored', await abortUpload(store, call.ref.name, call.input, whoOf(call, 'AbortMultipartUpload')));
      return { output: {} };
    },
    async ListParts(call) {
      call.charge('request', 1);
      const { uploadId, partNumberMarker = 0, maxParts = listKeysMax } = call.input;
      const { checksumAlgorithm, checksumType } = findUpload(catalog, ownBucket(catalog, call.caller, call.ref.name), call.input);
      const parts = partNumberMarker > 65_534 ? [] : readParts(catalog, uploadId, partNumberMarker, maxParts + 1);
      const items = parts.slice(0, maxParts).map(({ partNumber, part }) => partOf(partNumber, part));
      const truncated = maxParts > 0 && parts.length > maxParts;
      return {
        output: {
          items,
          truncated,
          ...(items.length > 0 ? { nextPartNumberMarker: items.at(-1)!.partNumber } : {}),
          ...(checksumAlgorithm ? { checksumAlgorithm } : {}),
          ...(checksumType ? { checksumType } : {}),
        },
      };
    },
  };
}

async function uploadPart(store: Store, call: Call<Service, 'UploadPart'>) {
  call.charge('request', 1);
  const { key, uploadId, partNumber, md5, sha256, size, checksum } = call.input;
  const upload = findUpload(store.catalog, ownBucket(store.catalog, call.caller, call.ref.name), { key, uploadId });
  const asked = call.input.checksumAlgorithm;
  if (asked && upload.checksumAlgorithm && asked !== upload.checksumAlgorithm) {
    call.fail(
      'InvalidRequest',
      `Checksum Type mismatch occurred, expected checksum Type: ${upload.checksumAlgorithm}, actual checksum Type: ${asked}`,
    );
  }
  const checksumAlgorithm = asked ?? upload.checksumAlgorithm;
  const expected: Expected = { md5, sha256, size, checksumAlgorithm, checksum };
  checkExpected(expected, putMaxBytes);
  const received = await receive(store.blobs, call.body, expected, {
    maxBytes: putMaxBytes,
    mayWrite: store.mayWrite,
    signal: call.signal,
  });
  call.charge('ingress', received.size);
  const found =
    checksumAlgorithm && received.checksum !== undefined
      ? ({ algorithm: checksumAlgorithm, type: 'FULL_OBJECT', value: received.checksum } as const)
      : undefined;
  const { part, bytes } = await putPart(store, call.ref.name, received, {
    key,
    uploadId,
    partNumber,
    ...(found ? { checksum: found } : {}),
    who: whoOf(call, 'UploadPart'),
  });
  call.charge('stored', bytes);
  return { output: partOf(partNumber, part) };
}

async function uploadPartCopy(store: Store, call: Call<Service, 'UploadPartCopy'>) {
  call.charge('request', 1);
  const { key, uploadId, partNumber, sourceBucket, sourceKey, first, last } = call.input;
  checkKey(sourceKey, '/sourceKey');
  await call.also('GetObject', sourceBucket);
  if ((first === undefined) !== (last === undefined) || (first ?? 0) > (last ?? 0))
    call.fail('InvalidArgument', { path: '/first', detail: 'A range needs its first and its last byte.' });
  const span = first === undefined || last === undefined ? undefined : { first, last };
  const { part, bytes } = await copyPart(store, call.ref.name, {
    key,
    uploadId,
    partNumber,
    source: { bucket: sourceBucket, key: sourceKey, conditions: sourceConditions(call.input) },
    ...(span ? { span } : {}),
    maxBytes: putMaxBytes,
    who: whoOf(call, 'UploadPartCopy'),
  });
  call.charge('stored', bytes);
  return { output: partOf(partNumber, part) };
}

function partOf(partNumber: number, { etag, size, modifiedAt, checksum }: PartRecord) {
  return { partNumber, etag, size, lastModified: modifiedAt, ...(checksum ? { checksum } : {}) };
}
