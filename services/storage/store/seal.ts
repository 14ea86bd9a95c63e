import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { fault } from '#kernel/contract/fault.ts';
import type { Sealer } from '#kernel/contract/implement.ts';
import type { Bytes } from '#kernel/contract/session.ts';
import { startChecksum } from '#wire/checksum/checksum.ts';
import { frameBytes } from '../contract/limits.ts';
import { framesOf, openFrames, sealedSize, sealFrames } from '../domain/frame.ts';
import type { Span } from '../domain/range.ts';
import type { BlobStore } from './blob.ts';
import { openBytes, segmentSize, sliceSegments } from './bytes.ts';
import { checkExpected, type Expected, receive, type Received, type ReceiveRules } from './receive.ts';
import type { Seal, Segment } from './record.ts';

/** An object's seal with its key in the open, for as long as a request needs it. */
export type OpenSeal = { readonly seal: Seal; readonly key: Buffer };

/** What a request says of the encryption of a new object. The customer's key is in base64. */
export type SealWish = {
  readonly encryption?: { readonly algorithm: 'AES256' | 'aws:kms'; readonly keyId?: string; readonly context?: string };
  readonly customerKey?: string;
};

const placeOf = (seal: { readonly algorithm: string; readonly keyId?: string; readonly context?: string }) =>
  `storage ${seal.algorithm} ${seal.keyId ?? ''} ${seal.context ?? ''}`;

/** A fresh key of an object, sealed under the tenant's or the customer's. Undefined: nothing is to be sealed. */
export async function makeSeal(sealer: Sealer, tenant: bigint, { encryption, customerKey }: SealWish): Promise<OpenSeal | undefined> {
  if (encryption && customerKey !== undefined)
    throw fault('InvalidRequest', 'An object is sealed under a key of the customer or of the platform, not both.');
  const key = randomBytes(32);
  if (customerKey !== undefined) {
    const customer = readCustomerKey(customerKey);
    return { key, seal: { kind: 'customer', keyMd5: md5(customer), key: wrap(customer, key) } };
  }
  if (!encryption) return undefined;
  const keyId = encryption.algorithm === 'aws:kms' ? (encryption.keyId ?? 'alias/aws/s3') : undefined;
  const named = { ...encryption, ...(keyId === undefined ? {} : { keyId }) };
  return { key, seal: { kind: 'platform', ...named, key: await sealer.seal(tenant, key, placeOf(named)) } };
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
    return seal && { seal, key: await sealer.open(tenant, seal.key, placeOf(seal)) };
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

/** Takes a body in as it is, or sealed under the object's key; what was said of the bytes is checked of them in the open. */
export async function takeIn(
  blobs: BlobStore,
  body: Bytes | undefined,
  expected: Expected,
  rules: ReceiveRules,
  seal: OpenSeal | undefined,
): Promise<Received> {
  if (!seal) return receive(blobs, body, expected, rules);
  checkExpected(expected, rules.maxBytes);
  const salt = randomBytes(16);
  const reading = new Reading(expected, rules.maxBytes);
  const sealed = sealFrames(runKey(seal.key, salt), reading.through(body));
  const received = await receive(blobs, sealed, {}, { ...rules, maxBytes: sealedSize(rules.maxBytes) });
  const { size, md5: digest, checksum } = reading.found!;
  // Of bytes under a customer's or a named key nothing may be told, not even their MD5.
  const isPlain = seal.seal.kind === 'platform' && seal.seal.algorithm === 'AES256';
  const etag = isPlain ? digest : createHash('md5').update(seal.key).update(digest).digest('hex');
  return {
    size,
    md5: etag,
    segment: { ...received.segment, seal: { salt, size } },
    ...(checksum === undefined ? {} : { checksum }),
    ...(received.place ? { place: received.place } : {}),
  };
}

/** Bytes on their way, counted and digested; what differs from what was said of them breaks the stream at its end. */
class Reading {
  found: { size: number; md5: string; checksum?: string } | undefined;
  readonly #expected: Expected;
  readonly #maxBytes: number;

  constructor(expected: Expected, maxBytes: number) {
    this.#expected = expected;
    this.#maxBytes = maxBytes;
  }

  async *through(body: Bytes | undefined): AsyncGenerator<Uint8Array, void> {
    const { size, md5: saidMd5, sha256: saidSha256, checksum: said, checksumAlgorithm } = this.#expected;
    const hash = createHash('md5');
    const sha256 = saidSha256 === undefined ? undefined : createHash('sha256');
    const running = checksumAlgorithm === undefined ? undefined : startChecksum(checksumAlgorithm);
    let have = 0;
    if (body)
      for await (const bytes of body) {
        have += bytes.length;
        if (have > this.#maxBytes) throw fault('EntityTooLarge', `At most ${this.#maxBytes} bytes may be sent in one request.`);
        hash.update(bytes);
        sha256?.update(bytes);
        running?.update(bytes);
        yield bytes;
      }
    if (size !== undefined && have !== size) throw fault('IncompleteBody', `${have} of ${size} bytes came.`);
    if (sha256 && sha256.digest('hex') !== saidSha256) throw fault('XAmzContentSHA256Mismatch');
    const digest = hash.digest();
    if (saidMd5 !== undefined && digest.toString('base64') !== saidMd5)
      throw fault('BadDigest', 'The Content-MD5 you specified did not match what we received.');
    const checksum = running?.digest().toString('base64');
    if (said !== undefined && said !== checksum)
      throw fault('BadDigest', `The ${checksumAlgorithm} you specified did not match the calculated checksum.`);
    this.found = { size: have, md5: digest.toString('hex'), ...(checksum === undefined ? {} : { checksum }) };
  }
}

/** Bytes that a segment holds for a reader: of a sealed one those in its frames. */
function plainSize(segment: Segment): number {
  return segment.seal ? segment.seal.size : segmentSize(segment);
}

/**
 * The bytes of an object or of a span of it, opened where they are sealed. Pinned before; `done` is called once, however the
 * stream ends. Damage in the first block is told before this resolves.
 */
export async function openObject(
  blobs: BlobStore,
  segments: readonly Segment[],
  span: Span | undefined,
  seal: OpenSeal | undefined,
  done: () => void,
): Promise<Bytes> {
  if (!seal) return openBytes(blobs, span ? sliceSegments(segments, span) : segments, done);
  const opened = openSegments(blobs, segments, span, seal);
  try {
    const first = await opened.next();
    return rest(first, opened, done);
  } catch (error) {
    done();
    throw error;
  }
}

async function* rest(first: IteratorResult<Uint8Array, void>, opened: AsyncGenerator<Uint8Array, void>, done: () => void): Bytes {
  try {
    if (first.done) return;
    yield first.value;
    yield* opened;
  } finally {
    await opened.return();
    done();
  }
}

async function* openSegments(
  blobs: BlobStore,
  segments: readonly Segment[],
  span: Span | undefined,
  { key }: OpenSeal,
): AsyncGenerator<Uint8Array, void> {
  let at = 0;
  for (const segment of segments) {
    const size = plainSize(segment);
    const first = Math.max((span?.first ?? 0) - at, 0);
    const last = Math.min((span?.last ?? Number.MAX_SAFE_INTEGER) - at, size - 1);
    at += size;
    if (first > last || !segment.seal) continue;
    const { frame, from, to } = framesOf(first, last, size);
    const stored = await openBytes(blobs, sliceSegments([segment], { first: from, last: to - 1 }), () => {});
    let skip = first - frame * frameBytes;
    let left = last - first + 1;
    try {
      for await (const plain of openFrames(runKey(key, segment.seal.salt), frame, stored)) {
        const piece = plain.subarray(skip, skip + left);
        skip = 0;
        left -= piece.length;
        yield piece;
      }
    } catch (error) {
      throw error instanceof Error && /auth|state/i.test(error.message) ? fault('ObjectDamaged', 'A sealed frame was changed.') : error;
    }
  }
}
