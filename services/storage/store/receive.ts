import type { ChecksumAlgorithm } from '#wire/checksum/checksum.ts';
import { fault } from '#kernel/contract/fault.ts';
import type { Bytes } from '#kernel/contract/session.ts';
import { isChecksum } from '../domain/checksum.ts';
import { type BlobStore, type BlobWriter, sumOf } from './blob.ts';
import { BodyDigest } from './digest.ts';
import { stripeDataBytes } from './frame.ts';
import { inlineMaxBytes, packedMaxBytes } from './limits.ts';
import { assertLive } from './live.ts';
import type { BlobPlace, Segment } from './record.ts';
import type { RunWriter } from './run-writer.ts';

/** What the sender said of the bytes to come. */
export type Expected = {
  readonly size?: number;
  readonly md5?: string;
  readonly sha256?: string;
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly checksum?: string;
};

/** Bytes that are on disk but in no index yet: adopt them in a change, or discard them. */
export type Received = {
  readonly segment: Segment;
  readonly size: number;
  /** In hexadecimal. */
  readonly md5: string;
  /** Of the algorithm expected, in base64. */
  readonly checksum?: string;
  /** Where a new blob lies. */
  readonly place?: BlobPlace;
};

export type ReceiveRules = {
  /** Whose bytes they are. */
  readonly scope: bigint;
  readonly maxBytes: number;
  readonly mayWrite: () => boolean;
  readonly signal: AbortSignal;
  /** Whether the bytes may be told as stored before they are on disk. */
  readonly relaxed?: boolean;
  /** Compresses and seals the bytes on their way to the disk; digests are of those that came. */
  readonly frames?: RunWriter;
};

/** Refuses digests that cannot be ones, before any byte is read. */
export function checkExpected({ md5, checksumAlgorithm, checksum, size }: Expected, maxBytes: number): void {
  if (md5 !== undefined && !(/^[A-Za-z0-9+/]{22}==$/.test(md5) && Buffer.from(md5, 'base64').toString('base64') === md5))
    throw fault('InvalidDigest', { path: '/md5' });
  if (checksum !== undefined && !(checksumAlgorithm && isChecksum(checksumAlgorithm, checksum)))
    throw fault('InvalidRequest', { path: '/checksum', detail: 'The checksum is not one of its algorithm.' });
  if (size !== undefined && size > maxBytes)
    throw fault('EntityTooLarge', { path: '/size', detail: `At most ${maxBytes} bytes may be sent in one request.` });
}

/**
 * Takes a body in: small ones into memory, for the index record or to be packed; large ones into shards, stripe by stripe.
 * Resolves when the bytes are on disk and agree with all that was said of them; otherwise throws and leaves nothing behind.
 */
export async function receive(blobs: BlobStore, body: Bytes | undefined, expected: Expected, rules: ReceiveRules): Promise<Received> {
  checkExpected(expected, rules.maxBytes);
  const intake = new Intake(blobs, expected, rules);
  try {
    if (body) for await (const piece of body) await intake.take(piece);
    assertLive(rules.signal);
    return await intake.finish();
  } catch (error) {
    await intake.discard();
    throw fullDisk(error);
  }
}

/** Words an error of a full disk for the caller; others stay as they are. */
function fullDisk(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT' ? fault('DiskFull', { cause: error }) : error;
}

const hex = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString('hex');

class Intake {
  readonly #blobs: BlobStore;
  readonly #expected: Expected;
  readonly #rules: ReceiveRules;
  readonly #digest: BodyDigest;
  #pieces: Uint8Array[] = [];
  #held = 0;
  #size = 0;
  /** Bytes for the disk so far: not as many as came when they are compressed and sealed. */
  #stored = 0;
  #writer: BlobWriter | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(blobs: BlobStore, expected: Expected, rules: ReceiveRules) {
    this.#blobs = blobs;
    this.#expected = expected;
    this.#rules = rules;
    const { sha256, checksumAlgorithm: algorithm } = expected;
    this.#digest = new BodyDigest({ sha256: sha256 !== undefined, ...(algorithm ? { algorithm } : {}) });
  }

  async take(bytes: Uint8Array): Promise<void> {
    assertLive(this.#rules.signal);
    this.#size += bytes.length;
    if (this.#size > this.#rules.maxBytes)
      throw fault('EntityTooLarge', `At most ${this.#rules.maxBytes} bytes may be sent in one request.`);
    if (this.#expected.size !== undefined && this.#size > this.#expected.size)
      throw fault('IncompleteBody', 'The body is longer than it was said to be.');
    const { frames } = this.#rules;
    if (!frames) {
      const room = this.#digest.update(new Uint8Array(bytes));
      await this.#store([bytes]);
      return room;
    }
    const taken = frames.take(bytes);
    const ready = taken instanceof Promise ? await taken : taken;
    // What is sealed is needed in the open for its digests alone.
    const room = this.#digest.update(bytes);
    const stored = this.#store(ready);
    if (stored) await stored;
    return room;
  }

  /** Keeps pieces for the next stripe; a promise where they fill one. */
  #store(pieces: readonly Uint8Array[]): Promise<void> | undefined {
    const size = pieces.reduce((sum, { length }) => sum + length, 0);
    if (this.#held + size >= stripeDataBytes) return this.#storeAcross(pieces);
    this.#pieces.push(...pieces);
    this.#held += size;
    this.#stored += size;
    return undefined;
  }

  async #storeAcross(pieces: readonly Uint8Array[]): Promise<void> {
    for (const bytes of pieces) await this.#storeOne(bytes);
  }

  async #storeOne(bytes: Uint8Array): Promise<void> {
    this.#stored += bytes.length;
    let rest = bytes;
    while (this.#held + rest.length >= stripeDataBytes) {
      const now = rest.subarray(0, stripeDataBytes - this.#held);
      this.#pieces.push(now);
      rest = rest.subarray(now.length);
      await this.#writeStripe(stripeDataBytes);
    }
    if (rest.length > 0) {
      this.#pieces.push(rest);
      this.#held += rest.length;
    }
  }

  /** Hands the stripe to the drives; the one before it must have arrived there. */
  async #writeStripe(length: number): Promise<void> {
    if (!this.#rules.mayWrite()) throw fault('DiskFull');
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#held = 0;
    const writer = (this.#writer ??= await this.#blobs.begin(this.#rules.scope, this.#rules.relaxed));
    await this.#writing;
    this.#writing = writer.write(pieces, length);
    // Its failure is met at the next stripe or at the end.
    this.#writing.catch(() => {});
  }

  async finish(): Promise<Received> {
    const { size, md5, sha256, checksum, checksumAlgorithm } = this.#expected;
    if (size !== undefined && this.#size !== size) throw fault('IncompleteBody', `${this.#size} of ${size} bytes came.`);
    const made = await this.#digest.end();
    if (sha256 !== undefined && hex(made.sha256) !== sha256) throw fault('XAmzContentSHA256Mismatch');
    const digest = Buffer.from(made.md5);
    if (md5 !== undefined && digest.toString('base64') !== md5)
      throw fault('BadDigest', 'The Content-MD5 you specified did not match what we received.');
    const found = made.checksum && Buffer.from(made.checksum).toString('base64');
    if (checksum !== undefined && found !== checksum)
      throw fault('BadDigest', `The ${checksumAlgorithm} you specified did not match the calculated checksum.`);
    await this.#store((await this.#rules.frames?.end()) ?? []);
    const told = { size: this.#size, md5: digest.toString('hex'), ...(found === undefined ? {} : { checksum: found }) };
    return { ...told, ...(await this.#place()) };
  }

  async #place(): Promise<{ segment: Segment; place?: BlobPlace }> {
    if (!this.#writer && this.#size <= inlineMaxBytes) {
      const bytes = Buffer.concat(this.#pieces);
      return { segment: { bytes, sum: sumOf(bytes) } };
    }
    if (!this.#writer && Math.min(this.#size, this.#stored) <= packedMaxBytes) {
      if (!this.#rules.mayWrite()) throw fault('DiskFull');
      const { id, place } = await this.#blobs.pack(this.#pieces, this.#stored, this.#rules.scope, this.#rules.relaxed);
      return { segment: { blob: id, start: 0, size: this.#stored }, place };
    }
    if (this.#held > 0) await this.#writeStripe(this.#held);
    await this.#writing;
    const place = await this.#writer!.finish();
    return { segment: { blob: this.#writer!.id, start: 0, size: this.#stored }, place };
  }

  async discard(): Promise<void> {
    this.#digest.abandon();
    if (!this.#writer) return;
    await this.#writing.catch(() => {});
    await this.#writer.abandon();
    await this.#blobs.discard(this.#writer.id, this.#stored);
  }
}
