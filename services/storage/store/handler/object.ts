import type { Call, Handlers } from '#kernel/contract/call.ts';
import { fault, faultTable, OperationError } from '#kernel/contract/fault.ts';
import type { Bytes } from '#kernel/contract/session.ts';
import { putMaxBytes } from '../../contract/limits.ts';
import type { storage } from '../../service.ts';
import { findGrown } from '../append.ts';
import { bucketOf } from '../bucket.ts';
import { copyObject } from '../copy.ts';
import { assertLive } from '../live.ts';
import { putObject } from '../object.ts';
import { storedBytes } from '../partition.ts';
import { checkExpected } from '../receive.ts';
import { deleteObjects, type Removal, type Removed } from '../removal.ts';
import { openObject, openSeal, takeIn } from '../seal.ts';
import type { Store } from '../store.ts';
import { traitsOf } from '../trait.ts';
import { append } from './append.ts';
import { payerOf } from './bill.ts';
import { checkKey, checksumFound, headersOf, noteRead, sealFor, sourceOf, whoOf } from './call.ts';
import { attributesOf, checkReadable, findRead, headOf, partChecksumOf, writtenOf } from './head.ts';

type Service = typeof storage;
type Names = 'PutObject' | 'GetObject' | 'HeadObject' | 'DeleteObject' | 'DeleteObjects' | 'CopyObject' | 'GetObjectAttributes';

/** The handlers of the operations on objects. */
export function objectHandlers(store: Store): Pick<Handlers<Service>, Names> {
  const { catalog, blobs } = store;
  return {
    PutObject: (call) => put(store, call),
    async GetObject(call) {
      const bucket = bucketOf(catalog, call.ref.name);
      const payer = payerOf(call, bucket);
      call.charge('request', 1, payer);
      noteRead(call, bucket, call.input);
      const { object, layout, span, notModified } = findRead(store, bucket, call);
      const output = { ...headOf(store, bucket, call.input.key, object, span), ...partChecksumOf(layout, call.input.partNumber) };
      const asked = span ? span.last - span.first + 1 : object.size;
      store.heat.note(bucket, call.input.key, notModified ? 0 : asked);
      if (notModified) return { output: { ...output, notModified } };
      checkReadable(store, object);
      const unpin = blobs.pin(layout.segments);
      try {
        // Pinned in the turn in which the index was read: what is deleted from now on stays until the stream ends.
        const seal = await openSeal(store.sealer, bucket.tenant, object.seal, call.input.customerKey);
        const body = await openObject(store, bucket, layout.segments, { span, seal, done: unpin });
        return { output, body: charged(body, call, payer) };
      } catch (error) {
        unpin();
        if (error instanceof OperationError && error.code === 'TooFewShards')
          call.emit('ObjectUnreadable', { bucket: bucket.name, key: call.input.key, operation: 'GetObject', size: object.size });
        throw error;
      }
    },
    async HeadObject(call) {
      const bucket = bucketOf(catalog, call.ref.name);
      call.charge('request', 1, payerOf(call, bucket));
      noteRead(call, bucket, call.input);
      const { object, layout, span, notModified } = findRead(store, bucket, call);
      store.heat.note(bucket, call.input.key, 0);
      await openSeal(store.sealer, bucket.tenant, object.seal, call.input.customerKey);
      const output = { ...headOf(store, bucket, call.input.key, object, span), ...partChecksumOf(layout, call.input.partNumber) };
      return { output: { ...output, ...(notModified ? { notModified } : {}) } };
    },
    async GetObjectAttributes(call) {
      const bucket = bucketOf(catalog, call.ref.name);
      call.charge('request', 1, payerOf(call, bucket));
      noteRead(call, bucket, call.input);
      const { object, layout } = findRead(store, bucket, call);
      await openSeal(store.sealer, bucket.tenant, object.seal, call.input.customerKey);
      return { output: { ...headOf(store, bucket, call.input.key, object, undefined), ...attributesOf(object, layout, call.input) } };
    },
    async DeleteObject(call) {
      const bucket = bucketOf(catalog, call.ref.name);
      call.charge('request', 1, payerOf(call, bucket));
      const { key, versionId, ifMatch, size, lastModified, bypassGovernance } = call.input;
      checkKey(key);
      store.heat.note(bucket, key, 0);
      const {
        removed: [one],
        bytes,
      } = await deleteObjects(store, bucket, [{ key, versionId, etag: ifMatch?.[0], size, lastModified }], whoOf(call, 'DeleteObject'), {
        bypassGovernance,
      });
      if (one?.code) throw one.code === 'ObjectLocked' ? fault('ObjectLocked') : fault(one.code);
      call.charge('stored', storedBytes(store, bucket, bytes), bucket);
      if (one?.existed) call.emit('ObjectRemoved', { bucket: bucket.name, key, operation: 'DeleteObject' });
      const shown = one?.deleteMarkerVersionId ?? one?.versionId;
      return { output: { ...(shown === undefined ? {} : { versionId: shown }), ...(one?.deleteMarker ? { deleteMarker: true } : {}) } };
    },
    DeleteObjects: (call) => removeMany(store, call),
    CopyObject: (call) => copy(store, call),
  };
}

async function put(store: Store, call: Call<Service, 'PutObject'>) {
  const { catalog } = store;
  const bucket = bucketOf(catalog, call.ref.name);
  const payer = payerOf(call, bucket);
  call.charge('request', 1, payer);
  const { key, md5, sha256, size, checksumAlgorithm, checksum, ifMatch, ifNoneMatch } = call.input;
  checkKey(key);
  // A platform that keeps its bytes in itself would never come to an end.
  if (store.partitions.all.some(({ blobs }) => blobs.remote?.isOwn(key)))
    throw fault('InvalidRequest', 'The store that keeps the bytes is this platform itself.');
  const headers = headersOf(call.input);
  const traits = traitsOf(store, bucket, call.caller, call.input);
  const expected = { md5, sha256, size, checksumAlgorithm, checksum };
  checkExpected(expected, putMaxBytes);
  const { writeOffsetBytes: offset } = call.input;
  const grown = offset === undefined ? undefined : findGrown(store, bucket, key, offset);
  if (grown) return append(store, call, { bucket, payer, grown, headers, traits, expected });
  const seal = await sealFor(store, call, bucket, call.input);
  const rules = { maxBytes: putMaxBytes, mayWrite: store.mayWrite, signal: call.signal };
  const received = await takeIn(store, bucket, call.body, expected, rules, seal);
  call.charge('ingress', received.size, payer);
  store.heat.note(bucket, key, received.size);
  const { object, bytes } = await putObject(store, bucket, received, {
    key,
    headers,
    traits: { ...traits, ...(seal ? { seal: seal.seal } : {}) },
    checksum: checksumFound(checksumAlgorithm, received.checksum),
    conditions: { ifMatch, ifNoneMatch, begins: offset !== undefined },
    who: whoOf(call, 'PutObject'),
  });
  call.charge('stored', storedBytes(store, bucket, bytes), bucket);
  call.emit('ObjectCreated', { bucket: bucket.name, key, operation: 'PutObject', size: object.size, etag: object.etag });
  return { output: writtenOf(store, bucket, key, object) };
}

async function removeMany(store: Store, call: Call<Service, 'DeleteObjects'>) {
  const bucket = bucketOf(store.catalog, call.ref.name);
  call.charge('request', 1, payerOf(call, bucket));
  const denied: { key: string; versionId?: string; code: string; text: string }[] = [];
  const allowed: Removal[] = [];
  for (const [at, removal] of call.input.objects.entries()) {
    checkKey(removal.key, `/objects/${at}/key`);
    const refusal = await refusalOf(call, removal);
    if (refusal === undefined) allowed.push(removal);
    else
      denied.push({
        key: removal.key,
        ...(removal.versionId ? { versionId: removal.versionId } : {}),
        code: 'Denied',
        text: 'Access Denied',
      });
  }
  const { bypassGovernance } = call.input;
  const { removed, bytes } = await deleteObjects(store, bucket, allowed, whoOf(call, 'DeleteObjects'), { bypassGovernance });
  call.charge('stored', storedBytes(store, bucket, bytes), bucket);
  for (const { key, existed, code } of removed)
    if (existed && !code) call.emit('ObjectRemoved', { bucket: bucket.name, key, operation: 'DeleteObjects' });
  const failed = removed.flatMap(({ key, versionId, code }) =>
    code ? [{ key, ...(versionId ? { versionId } : {}), code, text: faultTable().get(code)?.text ?? code }] : [],
  );
  return { output: { deleted: removed.filter(({ code }) => !code).map(deletedOf), failed: [...failed, ...denied] } };
}

/** Each key is decided by itself; a refusal of one leaves the others. */
async function refusalOf(call: Call<Service, 'DeleteObjects'>, { key, versionId }: Removal): Promise<unknown> {
  try {
    await call.also('DeleteObject', call.ref.name, { key, ...(versionId === undefined ? {} : { versionId }) });
    return undefined;
  } catch (error) {
    if (error instanceof OperationError && error.code === 'Denied') return error;
    throw error;
  }
}

function deletedOf({ key, versionId, deleteMarker, deleteMarkerVersionId }: Removed) {
  return {
    key,
    ...(versionId === undefined ? {} : { versionId }),
    ...(deleteMarker ? { deleteMarker: true } : {}),
    ...(deleteMarkerVersionId === undefined ? {} : { deleteMarkerVersionId }),
  };
}

async function copy(store: Store, call: Call<Service, 'CopyObject'>) {
  const bucket = bucketOf(store.catalog, call.ref.name);
  call.charge('request', 1, payerOf(call, bucket));
  const { key, sourceKey, sourceVersionId, replaceMetadata, replaceTags, checksumAlgorithm, ifMatch, ifNoneMatch, ...wish } = call.input;
  checkKey(key);
  const source = await sourceOf(store, call, call.input);
  const changes = replaceMetadata || replaceTags || wish.storageClass || wish.encryption || wish.customerKey || wish.websiteRedirect;
  if (source.bucket.id === bucket.id && sourceKey === key && sourceVersionId === undefined && !changes) {
    call.fail(
      'InvalidRequest',
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata.",
    );
  }
  const headers = headersOf(call.input);
  const traits = traitsOf(store, bucket, call.caller, wish);
  const seal = await sealFor(store, call, bucket, wish);
  const {
    object,
    bytes,
    source: from,
  } = await copyObject(store, bucket, {
    key,
    source,
    conditions: { ifMatch, ifNoneMatch },
    who: whoOf(call, 'CopyObject'),
    maxBytes: putMaxBytes,
    signal: call.signal,
    seal,
    traits,
    ...(replaceMetadata ? { headers } : {}),
    ...(replaceTags ? { replaceTags } : {}),
    checksumAlgorithm,
  });
  call.charge('stored', storedBytes(store, bucket, bytes), bucket);
  call.emit('ObjectCreated', { bucket: bucket.name, key, operation: 'CopyObject', size: object.size, etag: object.etag });
  const shown = source.bucket.versioning ? { sourceVersionId: from.versionId ?? 'null' } : {};
  return { output: { ...writtenOf(store, bucket, key, object), ...shown } };
}

/** Bytes sent are charged when the stream ends, however it ends; a caller who lost the right to them gets no more. */
async function* charged(body: Bytes, call: Call<Service, 'GetObject'>, payer: ReturnType<typeof payerOf>): Bytes {
  let sent = 0;
  try {
    for await (const bytes of body) {
      assertLive(call.signal);
      sent += bytes.length;
      yield bytes;
    }
  } finally {
    call.charge('egress', sent, payer);
  }
}
