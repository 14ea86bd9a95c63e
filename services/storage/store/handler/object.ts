import type { Call, Handlers } from '#kernel/contract/call.ts';
import { faultTable, OperationError } from '#kernel/contract/fault.ts';
import type { Bytes } from '#kernel/contract/session.ts';
import { putMaxBytes } from '../../contract/limits.ts';
import { readVerdict } from '../../domain/precondition.ts';
import { resolveRange, type Span } from '../../domain/range.ts';
import type { storage } from '../../service.ts';
import { ownBucket } from '../bucket.ts';
import { openBytes, sliceSegments } from '../bytes.ts';
import { copyObject } from '../copy.ts';
import { deleteObjects, putObject, readLayout, readObject } from '../object.ts';
import { assertLive } from '../live.ts';
import { checkExpected, receive } from '../receive.ts';
import type { LayoutRecord, ObjectRecord } from '../record.ts';
import type { Store } from '../store.ts';
import { checkKey, headersOf, sourceConditions, whoOf } from './call.ts';

type Service = typeof storage;
type Names = 'PutObject' | 'GetObject' | 'HeadObject' | 'DeleteObject' | 'DeleteObjects' | 'CopyObject';
type ReadCall = Call<Service, 'GetObject'> | Call<Service, 'HeadObject'>;

/** The handlers of the operations on objects. */
export function objectHandlers(store: Store): Pick<Handlers<Service>, Names> {
  const { catalog, blobs } = store;
  return {
    async PutObject(call) {
      call.charge('request', 1);
      const { key, md5, sha256, size, checksumAlgorithm, checksum, ifMatch, ifNoneMatch } = call.input;
      checkKey(key);
      const headers = headersOf(call.input);
      ownBucket(catalog, call.caller, call.ref.name);
      const expected = { md5, sha256, size, checksumAlgorithm, checksum };
      checkExpected(expected, putMaxBytes);
      const received = await receive(blobs, call.body, expected, { maxBytes: putMaxBytes, mayWrite: store.mayWrite, signal: call.signal });
      call.charge('ingress', received.size);
      const found =
        checksumAlgorithm && received.checksum !== undefined
          ? ({ algorithm: checksumAlgorithm, type: 'FULL_OBJECT', value: received.checksum } as const)
          : undefined;
      const { object, bytes } = await putObject(store, call.ref.name, received, {
        key,
        headers,
        checksum: found,
        conditions: { ifMatch, ifNoneMatch },
        who: whoOf(call, 'PutObject'),
      });
      call.charge('stored', bytes);
      call.emit('ObjectCreated', { bucket: call.ref.name, key, operation: 'PutObject', size: object.size, etag: object.etag });
      return { output: writtenOf(key, object) };
    },
    async GetObject(call) {
      call.charge('request', 1);
      const { object, layout, span, notModified } = find(store, call);
      const output = headOf(call.input.key, object, span);
      if (notModified) return { output: { ...output, notModified } };
      const segments = span ? sliceSegments(layout.segments, span) : layout.segments;
      // Pinned in the turn in which the index was read: what is deleted from now on stays until the stream ends.
      const body = await openBytes(blobs, segments, blobs.pin(segments)).catch((error: unknown) => {
        if (error instanceof OperationError && error.code === 'TooFewShards')
          call.emit('ObjectUnreadable', { bucket: call.ref.name, key: call.input.key, operation: 'GetObject', size: object.size });
        throw error;
      });
      return { output, body: charged(body, call) };
    },
    async HeadObject(call) {
      call.charge('request', 1);
      const { object, span, notModified } = find(store, call);
      return { output: { ...headOf(call.input.key, object, span), ...(notModified ? { notModified } : {}) } };
    },
    async DeleteObject(call) {
      call.charge('request', 1);
      const { key, ifMatch } = call.input;
      checkKey(key);
      const {
        removed: [one],
        bytes,
      } = await deleteObjects(store, call.ref.name, [{ key, etag: ifMatch?.[0] }], whoOf(call, 'DeleteObject'));
      if (one?.code) call.fail(one.code);
      call.charge('stored', bytes);
      if (one?.existed) call.emit('ObjectRemoved', { bucket: call.ref.name, key, operation: 'DeleteObject' });
      return { output: {} };
    },
    async DeleteObjects(call) {
      call.charge('request', 1);
      await call.also('DeleteObject', call.ref.name);
      for (const [at, { key }] of call.input.objects.entries()) checkKey(key, `/objects/${at}/key`);
      const { removed, bytes } = await deleteObjects(store, call.ref.name, call.input.objects, whoOf(call, 'DeleteObjects'));
      call.charge('stored', bytes);
      for (const { key, existed, code } of removed)
        if (existed && !code) call.emit('ObjectRemoved', { bucket: call.ref.name, key, operation: 'DeleteObjects' });
      const failed = removed.flatMap(({ key, code }) => (code ? [{ key, code, text: faultTable().get(code)?.text ?? code }] : []));
      return { output: { deleted: removed.flatMap(({ key, code }) => (code ? [] : [{ key }])), failed } };
    },
    CopyObject: (call) => copy(store, call),
  };
}

async function copy(store: Store, call: Call<Service, 'CopyObject'>): Promise<{ output: ReturnType<typeof writtenOf> }> {
  call.charge('request', 1);
  const { key, sourceBucket, sourceKey, replaceMetadata, checksumAlgorithm, ifMatch, ifNoneMatch } = call.input;
  checkKey(key);
  checkKey(sourceKey, '/sourceKey');
  await call.also('GetObject', sourceBucket);
  if (sourceBucket === call.ref.name && sourceKey === key && !replaceMetadata) {
    call.fail(
      'InvalidRequest',
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata.",
    );
  }
  const headers = headersOf(call.input);
  const { object, bytes } = await copyObject(store, call.ref.name, {
    key,
    source: { bucket: sourceBucket, key: sourceKey, conditions: sourceConditions(call.input) },
    conditions: { ifMatch, ifNoneMatch },
    who: whoOf(call, 'CopyObject'),
    maxBytes: putMaxBytes,
    ...(replaceMetadata ? { headers } : {}),
    checksumAlgorithm,
  });
  call.charge('stored', bytes);
  call.emit('ObjectCreated', { bucket: call.ref.name, key, operation: 'CopyObject', size: object.size, etag: object.etag });
  return { output: writtenOf(key, object) };
}

type Found = { readonly object: ObjectRecord; readonly layout: LayoutRecord; readonly span?: Span; readonly notModified?: true };

/** The object that a read names, its conditions decided, and the bytes it asks for; all in one turn. */
function find({ catalog }: Store, call: ReadCall): Found {
  const { key, range, partNumber } = call.input;
  checkKey(key);
  const object = readObject(catalog, ownBucket(catalog, call.caller, call.ref.name), key) ?? call.fail('NoSuchKey');
  const layout = readLayout(catalog, object);
  const verdict = readVerdict(call.input, object);
  if (verdict === 'failed') call.fail('PreconditionFailed');
  if (verdict === 'not-modified') return { object, layout, notModified: true };
  if (range && partNumber !== undefined) call.fail('InvalidRequest', 'A range and a part number cannot be asked for together.');
  if (partNumber !== undefined) return { object, layout, span: partSpan(call, object, layout, partNumber) };
  if (!range) return { object, layout };
  return {
    object,
    layout,
    span: resolveRange(range, object.size) ?? call.fail('InvalidRange', { detail: `The object has ${object.size} bytes.` }),
  };
}

function partSpan(call: ReadCall, object: ObjectRecord, { parts }: LayoutRecord, partNumber: number): Span | undefined {
  if (partNumber > Math.max(parts.length, 1)) call.fail('InvalidPartNumber');
  const first = parts.slice(0, partNumber - 1).reduce((sum, part) => sum + part.size, 0);
  const size = parts[partNumber - 1]?.size ?? object.size;
  return size === 0 ? undefined : { first, last: first + size - 1 };
}

function headOf(key: string, object: ObjectRecord, span: Span | undefined) {
  const { etag, size, modifiedAt, headers, checksum, partsCount } = object;
  return {
    key,
    etag,
    size,
    lastModified: modifiedAt,
    ...headers,
    ...(checksum ? { checksum } : {}),
    ...(partsCount === undefined ? {} : { partsCount }),
    ...(span ? { range: span } : {}),
  };
}

function writtenOf(key: string, { etag, size, modifiedAt, checksum }: ObjectRecord) {
  return { key, etag, size, lastModified: modifiedAt, ...(checksum ? { checksum } : {}) };
}

/** Bytes sent are charged when the stream ends, however it ends; a caller who lost the right to them gets no more. */
async function* charged(body: Bytes, call: Call<Service, 'GetObject'>): Bytes {
  let sent = 0;
  try {
    for await (const bytes of body) {
      assertLive(call.signal);
      sent += bytes.length;
      yield bytes;
    }
  } finally {
    call.charge('egress', sent);
  }
}
