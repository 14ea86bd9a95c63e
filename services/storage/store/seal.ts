import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { fault } from '#kernel/contract/fault.ts';
import type { Sealer } from '#kernel/contract/implement.ts';
import type { Bytes } from '#kernel/contract/session.ts';
import type { Span } from '../domain/range.ts';
import { openBytes, segmentSize, sliceSegments } from './bytes.ts';
import { checkExpected, type Expected, receive, type Received, type ReceiveRules } from './receive.ts';
import type { BucketRecord, Seal, Segment, SegmentSeal } from './record.ts';
import { isOneFrame, openPiece, openRun } from './run-reader.ts';
import { RunWriter } from './run-writer.ts';
import type { Store } from './store.ts';

type Vault = Pick<Store, 'blobs' | 'sealer' | 'dictionaries'>;
/** Whose bytes are sealed. */
type Place = Pick<BucketRecord, 'tenant' | 'scope'>;

/** An object's seal with its key in the open, for as long as a request needs it. */
export type OpenSeal = { readonly seal: Seal; readonly key: Buffer };

/** What a request says of the encryption of a new object. The customer's key is in base64. */
export type SealWish = {
  readonly encryption?: { readonly algorithm: 'AES256' | 'aws:kms'; readonly keyId?: string; readonly context?: string };
  readonly customerKey?: string;
};

const placeOf = (seal: { readonly algorithm: string; readonly keyId?: string; readonly context?: string }) =>
  `storage ${seal.algorithm} ${seal.keyId ?? ''} ${seal.context ?? ''}`;

/** The key that a request or a configuration names, if it names one of the organization's. */
export function namedKey(algorithm: string | undefined, keyId: string | undefined): string | undefined {
  return algorithm === 'aws:kms' && keyId !== undefined && !ownAlias.test(keyId) ? keyId : undefined;
}

/** What S3 calls the key that is there without being made: here the tenant's own ring. */
const ownAlias = /^(?:arn:[a-z0-9:-]*:)?alias\/aws\/s3$/;

const unusable = {
  disabled: 'KmsKeyDisabled',
  pending: 'KmsKeyInvalidState',
  destroyed: 'KmsKeyInvalidState',
} as const;
const stateWords = { disabled: 'is disabled', pending: 'is pending deletion', destroyed: 'was destroyed' } as const;

/** The sealer of a key by its name, or of the tenant's own; one that is not there or not enabled is refused as S3 words it. */
function usableKey(sealer: Sealer, tenant: bigint, name: string | undefined): Sealer {
  const over = name === undefined ? sealer : sealer.under(name);
  const state = over.state(tenant);
  if (state === undefined) throw fault('KmsKeyNotFound', `Key '${name}' does not exist`);
  if (state !== 'enabled') throw fault(unusable[state], `${name ?? 'The key of the account'} ${stateWords[state]}.`);
  return over;
}

/** A fresh key of an object, sealed under the tenant's, a named or the customer's. Undefined: the object needs no key of its own. */
export async function makeSeal(sealer: Sealer, tenant: bigint, { encryption, customerKey }: SealWish): Promise<OpenSeal | undefined> {
  if (encryption && customerKey !== undefined)
    throw fault('InvalidRequest', 'An object is sealed under a key of the customer or of the platform, not both.');
  const key = randomBytes(32);
  if (customerKey !== undefined) {
    const customer = readCustomerKey(customerKey);
    return { key, seal: { kind: 'customer', keyMd5: md5(customer), key: wrap(customer, key) } };
  }
  if (!encryption) return undefined;
  const { algorithm, context, keyId: asked } = encryption;
  const isNamed = namedKey(algorithm, asked) !== undefined;
  const keyId = algorithm === 'aws:kms' ? (asked ?? 'alias/aws/s3') : undefined;
  const told = { algorithm, ...(keyId === undefined ? {} : { keyId }), ...(context === undefined ? {} : { context }) };
  const sealed = await usableKey(sealer, tenant, isNamed ? asked : undefined).seal(tenant, key, placeOf(told));
  return { key, seal: { kind: 'platform', ...told, ...(isNamed ? { named: true } : {}), key: sealed } };
}

/** The key of a sealed object; refuses when the customer's key does not come, or is another, or comes for what is not sealed so. */
export async function openSeal(
  sealer: Sealer,
  tenant: bigint,
  seal: Seal | undefined,
  customerKey: string | undefined,
): Promise<OpenSeal | undefined> {
  if (seal?.kind !== 'customer') {
    if (customerKey !== undefined) throw fault('InvalidRequest', 'The object was not stored with a key of the customer.');
    if (!seal) return undefined;
    return { seal, key: await usableKey(sealer, tenant, seal.named ? seal.keyId : undefined).open(tenant, seal.key, placeOf(seal)) };
  }
  if (customerKey === undefined)
    throw fault(
      'SseKeyRequired',
      'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.',
    );
  const customer = readCustomerKey(customerKey);
  if (md5(customer) !== seal.keyMd5) throw fault('SseKeyWrong');
  return { seal, key: unwrap(customer, seal.key) };
}

function readCustomerKey(text: string): Buffer {
  const key = Buffer.from(text, 'base64');
  if (key.length !== 32 || key.toString('base64') !== text)
    throw fault('InvalidArgument', 'The secret key was invalid for the specified algorithm.');
  return key;
}

const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('base64');

function wrap(customer: Uint8Array, key: Uint8Array): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', customer, nonce);
  return Buffer.concat([nonce, cipher.update(key), cipher.final(), cipher.getAuthTag()]);
}

function unwrap(customer: Uint8Array, wrapped: Uint8Array): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', customer, wrapped.subarray(0, 12));
  decipher.setAuthTag(wrapped.subarray(wrapped.length - 16));
  try {
    return Buffer.concat([decipher.update(wrapped.subarray(12, wrapped.length - 16)), decipher.final()]);
  } catch {
    throw fault('SseKeyWrong');
  }
}

const runKey = (key: Uint8Array, salt: Uint8Array) => Buffer.from(hkdfSync('sha256', key, salt, 'gamut storage run', 32));

/** Binds a run's own key to the scope whose bytes it seals. */
const runPlace = ({ scope }: Place) => `storage run ${scope}`;

/**
 * Takes a body in for a bucket and seals it: under the object's key where it has one, and otherwise under one of the run's own,
 * which lies sealed under the scope's. What was said of the bytes is checked of them in the open.
 */
export async function takeIn(
  { blobs, sealer, dictionaries }: Vault,
  bucket: Place & Pick<BucketRecord, 'id' | 'name' | 'relaxed'>,
  body: Bytes | undefined,
  expected: Expected,
  rules: Omit<ReceiveRules, 'scope' | 'frames' | 'relaxed'>,
  seal: OpenSeal | undefined,
): Promise<Received> {
  checkExpected(expected, rules.maxBytes);
  const fresh = randomBytes(seal ? 16 : 32);
  const told = seal
    ? { salt: fresh }
    : { key: await usableKey(sealer, bucket.tenant, undefined).seal(bucket.tenant, fresh, runPlace(bucket)) };
  // Of bytes under a customer's or a named key nothing may be told, not even their MD5; nor do they get into a dictionary.
  const isPlain = !seal || (seal.seal.kind === 'platform' && seal.seal.algorithm === 'AES256');
  const frames = new RunWriter(
    seal ? runKey(seal.key, fresh) : fresh,
    isPlain ? { dictionary: await dictionaries.newest(bucket), onSample: (bytes) => dictionaries.sample(bucket, bytes) } : {},
  );
  const received = await receive(blobs, body, expected, { ...rules, scope: bucket.scope, relaxed: bucket.relaxed === true, frames });
  const { size, md5: digest, segment } = received;
  const compressed = frames.compressed ? { compressed: frames.compressed } : {};
  const etag = isPlain ? digest : createHash('md5').update(seal.key).update(digest).digest('hex');
  return { ...received, md5: etag, segment: size === 0 ? segment : { ...segment, seal: { ...told, size, ...compressed } } };
}

/** Bytes that a segment holds for a reader: of a sealed one those in its frames. */
export function plainSize(segment: Segment): number {
  return segment.seal ? segment.seal.size : segmentSize(segment);
}

/**
 * The bytes of an object or of a span of it, opened where they are sealed. Pinned before; `done` is called once, however the
 * stream ends. Damage in the first block is told before this resolves.
 */
export async function openObject(
  vault: Vault,
  bucket: Place,
  segments: readonly Segment[],
  { span, seal, done }: { readonly span?: Span; readonly seal?: OpenSeal; readonly done: () => void },
): Promise<Bytes> {
  const [segment] = segments;
  if (segments.length === 1 && segment?.seal && isOneFrame(segment.seal)) {
    const whole = await openSmall(vault, bucket, { ...segment, seal: segment.seal }, seal).catch((error: unknown) => {
      done();
      throw error;
    });
    if (whole) return only(span ? whole.subarray(span.first, span.last + 1) : whole, done);
  }
  const opened = openSegments(vault, bucket, segments, span, seal);
  try {
    const first = await opened.next();
    return rest(first, opened, done);
  } catch (error) {
    await opened.return();
    done();
    throw error;
  }
}

type Opened = AsyncGenerator<readonly Uint8Array[], void>;

async function* rest(first: IteratorResult<readonly Uint8Array[], void>, opened: Opened, done: () => void): Bytes {
  try {
    for (let next = first; !next.done; next = await opened.next()) for (const piece of next.value) yield piece;
  } finally {
    await opened.return();
    done();
  }
}

async function* only(bytes: Uint8Array, done: () => void): Bytes {
  try {
    if (bytes.length > 0) yield bytes;
  } finally {
    done();
  }
}

/** A run of one frame, without the steps of a stream. */
async function openSmall(
  vault: Vault,
  bucket: Place,
  segment: Segment & { readonly seal: SegmentSeal },
  seal: OpenSeal | undefined,
): Promise<Uint8Array | undefined> {
  const key = await keyOf(vault, bucket, segment.seal, seal);
  const name = segment.seal.compressed?.dictionary;
  const dictionary = name && (await vault.dictionaries.open(bucket.tenant, name));
  return openPiece(vault.blobs, { segment, key, dictionary });
}

async function* openSegments(
  vault: Vault,
  bucket: Place,
  segments: readonly Segment[],
  span: Span | undefined,
  seal: OpenSeal | undefined,
): Opened {
  let at = 0;
  for (const segment of segments) {
    const size = plainSize(segment);
    const first = Math.max((span?.first ?? 0) - at, 0);
    const last = Math.min((span?.last ?? Number.MAX_SAFE_INTEGER) - at, size - 1);
    at += size;
    if (first > last) continue;
    if (segment.seal) {
      const key = await keyOf(vault, bucket, segment.seal, seal);
      const name = segment.seal.compressed?.dictionary;
      const dictionary = name && (await vault.dictionaries.open(bucket.tenant, name));
      yield* openRun(vault.blobs, { segment: { ...segment, seal: segment.seal }, key, dictionary }, { first, last });
    }
    // What was stored before everything was sealed.
    else for await (const bytes of await openBytes(vault.blobs, sliceSegments([segment], { first, last }), () => {})) yield [bytes];
  }
}

async function keyOf({ sealer }: Vault, bucket: Place, told: SegmentSeal, seal: OpenSeal | undefined): Promise<Uint8Array> {
  if ('key' in told) return usableKey(sealer, bucket.tenant, undefined).open(bucket.tenant, told.key, runPlace(bucket));
  if (!seal) throw fault('ObjectDamaged', 'A run of bytes is sealed under a key that the object does not have.');
  return runKey(seal.key, told.salt);
}
