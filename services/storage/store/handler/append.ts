import type { Call } from '#kernel/contract/call.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import type { storage } from '../../service.ts';
import { appendObject, checkKept, checkSeal, type Grown } from '../append.ts';
import { gatherRunsOf } from '../gather.ts';
import { storedBytes } from '../partition.ts';
import { checkExpected, type Expected } from '../receive.ts';
import type { BucketRecord, StoredHeaders, Traits } from '../record.ts';
import { namedKey, openSeal, takeIn } from '../seal.ts';
import type { Store } from '../store.ts';
import { sealWish } from '../trait.ts';
import { checksumFound, whoOf } from './call.ts';
import { writtenOf } from './head.ts';

type PutCall = Call<typeof storage, 'PutObject'>;
type Appending = {
  readonly bucket: BucketRecord;
  readonly payer: Placed;
  readonly grown: Grown;
  readonly headers: StoredHeaders;
  readonly traits: Traits;
  readonly expected: Expected;
};

/** A put that says an offset, where there is an object: its bytes come behind those that are there. */
export async function append(store: Store, call: PutCall, { bucket, payer, grown, headers, traits: { acl, tags }, expected }: Appending) {
  const { key, storageClass, encryption, ifMatch, ifNoneMatch } = call.input;
  checkKept(grown, { headers, storageClass, ...(acl ? { acl } : {}), ...(tags ? { tags } : {}) });
  const wish = sealWish(store, bucket, call.input);
  checkSeal(grown, wish);
  const named = namedKey(encryption?.algorithm, encryption?.keyId);
  if (named !== undefined) await call.useKey(named, bucket.tenant);
  const seal = await openSeal(store.sealer, bucket.tenant, grown.object.seal, wish.customerKey);
  const awaited = { ...expected, checksumAlgorithm: algorithmOf(call, grown) };
  checkExpected(awaited, grown.mostBytes);
  await gatherRunsOf(store, bucket, key, grown, { seal, signal: call.signal });
  const rules = { maxBytes: grown.mostBytes, mayWrite: store.mayWrite, signal: call.signal };
  const received = await takeIn(store, bucket, call.body, awaited, rules, seal);
  call.charge('ingress', received.size, payer);
  store.heat.note(bucket, key, received.size);
  const { object, bytes } = await appendObject(store, bucket, received, grown, {
    key,
    checksum: checksumFound(awaited.checksumAlgorithm, received.checksum),
    conditions: { ifMatch, ifNoneMatch },
    who: whoOf(call, 'PutObject'),
  });
  call.charge('stored', storedBytes(store, bucket, bytes), bucket);
  call.emit('ObjectCreated', { bucket: bucket.name, key, operation: 'PutObject', size: object.size, etag: object.etag });
  return { output: writtenOf(store, bucket, key, object) };
}

/** What is made of the bytes besides their MD5: the checksum that the object has, so that it goes on having one. */
function algorithmOf(call: PutCall, { object: { size, checksum } }: Grown): Expected['checksumAlgorithm'] {
  const asked = call.input.checksumAlgorithm;
  const kept = size === 0 ? undefined : checksum?.algorithm;
  if (asked !== undefined && kept !== undefined && asked !== kept)
    call.fail('InvalidRequest', `Checksum Type mismatch occurred, expected checksum Type: ${kept}, actual checksum Type: ${asked}`);
  return asked ?? kept;
}
