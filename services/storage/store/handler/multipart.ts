import type { Call, Handlers } from '#kernel/contract/call.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import { listKeysMax, putMaxBytes } from '../../contract/limits.ts';
import { checksumTypeOf } from '../../domain/checksum.ts';
import type { storage } from '../../service.ts';
import { bucketOf } from '../bucket.ts';
import { copyPart } from '../copy.ts';
import { storedBytes } from '../partition.ts';
import { checkExpected, type Expected } from '../receive.ts';
import type { BucketRecord, PartRecord, Seal } from '../record.ts';
import { openSeal, takeIn } from '../seal.ts';
import type { Store } from '../store.ts';
import { traitsOf } from '../trait.ts';
import { abortUpload, completeUpload, createUpload, findUpload, putPart, readParts, readUpload } from '../upload.ts';
import { payerOf } from './bill.ts';
import { checkKey, checksumFound, headersOf, sealFor, sourceOf, whoOf } from './call.ts';
import { sealOf, writtenOf } from './head.ts';

type Service = typeof storage;
type Names = 'CreateMultipartUpload' | 'UploadPart' | 'UploadPartCopy' | 'CompleteMultipartUpload' | 'AbortMultipartUpload' | 'ListParts';

/** The handlers of multipart uploads. */
export function multipartHandlers(store: Store): Pick<Handlers<Service>, Names> {
  const { catalog } = store;
  return {
    CreateMultipartUpload: (call) => create(store, call),
    UploadPart: (call) => uploadPart(store, call),
    UploadPartCopy: (call) => uploadPartCopy(store, call),
    async CompleteMultipartUpload(call) {
      const bucket = bucketOf(catalog, call.ref.name);
      call.charge('request', 1, payerOf(call, bucket));
      const { ifMatch, ifNoneMatch, customerKey, ...completion } = call.input;
      checkKey(completion.key);
      await checkCustomerKey(store, bucket, call.input);
      const { object, bytes } = await completeUpload(store, bucket, {
        ...completion,
        conditions: { ifMatch, ifNoneMatch },
        who: whoOf(call, 'CompleteMultipartUpload'),
      });
      call.charge('stored', storedBytes(store, bucket, bytes), bucket);
      const { etag, size } = object;
      call.emit('ObjectCreated', { bucket: bucket.name, key: completion.key, operation: 'CompleteMultipartUpload', size, etag });
      return { output: writtenOf(store, bucket, completion.key, object) };
    },
    async AbortMultipartUpload(call) {
      const bucket = bucketOf(catalog, call.ref.name);
      call.charge('request', 1, payerOf(call, bucket));
      const bytes = await abortUpload(store, bucket, call.input, whoOf(call, 'AbortMultipartUpload'));
      call.charge('stored', storedBytes(store, bucket, bytes), bucket);
      return { output: {} };
    },
    async ListParts(call) {
      const bucket = bucketOf(catalog, call.ref.name);
      call.charge('request', 1, payerOf(call, bucket));
      const { uploadId, partNumberMarker = 0, maxParts = listKeysMax } = call.input;
      const { checksumAlgorithm, checksumType, owner, initiator, storageClass } = findUpload(catalog, bucket, call.input);
      const parts = partNumberMarker > 65_534 ? [] : readParts(catalog, uploadId, partNumberMarker, maxParts + 1);
      const items = parts.slice(0, maxParts).map(({ partNumber, part }) => partOf(partNumber, part, undefined));
      const truncated = maxParts > 0 && parts.length > maxParts;
      const account = formatId(bucket.scope);
      return {
        output: {
          items,
          truncated,
          owner: owner ?? account,
          initiator: initiator ?? account,
          storageClass: storageClass ?? 'STANDARD',
          ...(items.length > 0 ? { nextPartNumberMarker: items.at(-1)!.partNumber } : {}),
          ...(checksumAlgorithm ? { checksumAlgorithm } : {}),
          ...(checksumType ? { checksumType } : {}),
        },
      };
    },
  };
}

/** The key of the customer must be that of the upload, and must come where the upload keeps a checksum. */
async function checkCustomerKey(
  { catalog, sealer }: Store,
  bucket: BucketRecord,
  { customerKey, ...place }: { readonly key: string; readonly uploadId: string; readonly customerKey?: string },
): Promise<void> {
  // A completion that is told twice finds no upload any more and is answered as the first.
  const upload = readUpload(catalog, bucket, place);
  const mayLack = upload?.seal?.kind !== 'customer' || upload.checksumAlgorithm === undefined;
  if (upload && (customerKey !== undefined || !mayLack)) await openSeal(sealer, bucket.tenant, upload.seal, customerKey);
}

async function create(store: Store, call: Call<Service, 'CreateMultipartUpload'>) {
  const bucket = bucketOf(store.catalog, call.ref.name);
  call.charge('request', 1, payerOf(call, bucket));
  const { key, checksumAlgorithm, checksumType: asked } = call.input;
  checkKey(key);
  const headers = headersOf(call.input);
  const checksumType = checksumAlgorithm && checksumTypeOf(checksumAlgorithm, asked);
  if (asked !== undefined && checksumType === undefined)
    call.fail('InvalidRequest', {
      path: '/checksumType',
      detail: `The checksum type ${asked} does not go with ${checksumAlgorithm ?? 'no algorithm'}.`,
    });
  const traits = traitsOf(store, bucket, call.caller, call.input);
  const seal = await sealFor(store, call, bucket, call.input);
  const chosen = checksumType ? { checksumAlgorithm, checksumType } : {};
  const uploadId = await createUpload(store, bucket, {
    key,
    headers,
    traits: { ...traits, ...(seal ? { seal: seal.seal } : {}) },
    ...chosen,
    who: whoOf(call, 'CreateMultipartUpload'),
  });
  return { output: { key, uploadId, ...sealOf(seal?.seal), ...chosen } };
}

async function uploadPart(store: Store, call: Call<Service, 'UploadPart'>) {
  const bucket = bucketOf(store.catalog, call.ref.name);
  const payer = payerOf(call, bucket);
  call.charge('request', 1, payer);
  const { key, uploadId, partNumber, md5, sha256, size, checksum, customerKey } = call.input;
  const upload = findUpload(store.catalog, bucket, { key, uploadId });
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
  const seal = await openSeal(store.sealer, bucket.tenant, upload.seal, customerKey);
  const received = await takeIn(
    store,
    bucket,
    call.body,
    expected,
    { maxBytes: putMaxBytes, mayWrite: store.mayWrite, signal: call.signal },
    seal,
  );
  call.charge('ingress', received.size, payer);
  const found = checksumFound(checksumAlgorithm, received.checksum);
  const { part, bytes } = await putPart(store, bucket, received, {
    key,
    uploadId,
    partNumber,
    ...(found ? { checksum: found } : {}),
    who: whoOf(call, 'UploadPart'),
  });
  call.charge('stored', storedBytes(store, bucket, bytes), bucket);
  return { output: partOf(partNumber, part, upload.seal) };
}

async function uploadPartCopy(store: Store, call: Call<Service, 'UploadPartCopy'>) {
  const bucket = bucketOf(store.catalog, call.ref.name);
  call.charge('request', 1, payerOf(call, bucket));
  const { key, uploadId, partNumber, first, last, customerKey } = call.input;
  if ((first === undefined) !== (last === undefined) || (first ?? 0) > (last ?? 0))
    call.fail('InvalidArgument', { path: '/first', detail: 'A range needs its first and its last byte.' });
  const span = first === undefined || last === undefined ? undefined : { first, last };
  const source = await sourceOf(store, call, call.input);
  const {
    part,
    bytes,
    source: from,
  } = await copyPart(store, bucket, {
    key,
    uploadId,
    partNumber,
    source,
    ...(span ? { span } : {}),
    maxBytes: putMaxBytes,
    signal: call.signal,
    ...(customerKey === undefined ? {} : { customerKey }),
    who: whoOf(call, 'UploadPartCopy'),
  });
  call.charge('stored', storedBytes(store, bucket, bytes), bucket);
  const upload = findUpload(store.catalog, bucket, { key, uploadId });
  const shown = source.bucket.versioning ? { sourceVersionId: from.versionId ?? 'null' } : {};
  return { output: { ...partOf(partNumber, part, upload.seal), ...shown } };
}

function partOf(partNumber: number, { etag, size, modifiedAt, checksum }: PartRecord, seal: Seal | undefined) {
  return { partNumber, etag, size, lastModified: modifiedAt, ...(checksum ? { checksum } : {}), ...sealOf(seal) };
}
