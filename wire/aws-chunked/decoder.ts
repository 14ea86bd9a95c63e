import { createHash, type Hash, timingSafeEqual } from 'node:crypto';
import { type ChunkProof, chunkSignature, trailerSignature } from '#wire/sigv4/key.ts';
import { chunkHeadMaxBytes, chunkSizeDigitsMax, trailerLineMaxBytes, trailersMax } from './limits.ts';

/** How a body in chunks may be wrong, by S3's codes. */
export type ChunkFault = 'IncompleteBody' | 'SignatureDoesNotMatch' | 'InvalidChunkSizeError' | 'InvalidRequest' | 'MalformedTrailerError';

/** The body is not what its form asks for. Nothing of it may be kept. */
export class ChunkError extends Error {
  override readonly name = 'ChunkError';
  readonly code: ChunkFault;

  constructor(code: ChunkFault, text: string) {
    super(text);
    this.code = code;
  }
}

export type ChunkedForm = {
  /** The request's signature to go on from; absent when the chunks are not signed. */
  readonly proof?: ChunkProof;
  /** Whether trailers may follow the last chunk. */
  readonly trailer: boolean;
};

type State = 'head' | 'bytes' | 'end' | 'trailer' | 'done';

/**
 * Decodes a body in the aws-chunked form as its bytes come. `push` returns the bytes of the body; those of a chunk may
 * come out before its signature was seen, so nothing may become visible before `end` has returned.
 */
export class ChunkedDecoder {
  readonly trailers = new Map<string, string>();
  #state: State = 'head';
  #line = '';
  #left = 0;
  #last = false;
  #hash: Hash | undefined;
  #before: string;
  #expected = '';
  #trailerText = '';
  #trailerSigned = false;
  readonly #form: ChunkedForm;

  constructor(form: ChunkedForm) {
    this.#form = form;
    this.#before = form.proof?.signature ?? '';
  }

  push(bytes: Uint8Array): Uint8Array[] {
    const out: Uint8Array[] = [];
    let at = 0;
    while (at < bytes.length) {
      if (this.#state === 'done') throw new ChunkError('InvalidRequest', 'Bytes follow the end of the chunked body.');
      if (this.#state === 'bytes') {
        const piece = bytes.subarray(at, at + this.#left);
        at += piece.length;
        this.#left -= piece.length;
        this.#hash?.update(piece);
        out.push(piece);
        if (this.#left === 0) this.#state = 'end';
        continue;
      }
      const newline = bytes.indexOf(0x0a, at);
      const stop = newline < 0 ? bytes.length : newline + 1;
      this.#addLine(bytes, at, stop);
      at = stop;
      if (newline >= 0) this.#takeLine();
    }
    return out;
  }

  /** Says that the body has ended; throws when it should have gone on or its trailers are not signed. */
  end(): void {
    // Some clients leave out the empty line behind the last chunk or the trailers.
    if (this.#state === 'trailer' && this.#line === '' && this.#last) this.#finish();
    if (this.#state !== 'done') throw new ChunkError('IncompleteBody', 'The chunked body ended before its last chunk.');
  }

  #addLine(bytes: Uint8Array, from: number, to: number): void {
    const most = this.#state === 'trailer' ? trailerLineMaxBytes : chunkHeadMaxBytes;
    if (this.#line.length + to - from > most) throw new ChunkError('InvalidRequest', 'A line between chunks is too long.');
    this.#line += Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
  }

  #takeLine(): void {
    const line = this.#line.replace(/\r?\n$/, '');
    const bare = !this.#line.endsWith('\r\n');
    this.#line = '';
    if (this.#state === 'trailer') return this.#takeTrailer(line);
    if (bare) throw new ChunkError('InvalidRequest', 'A line between chunks must end with CR and LF.');
    if (this.#state === 'head') return this.#takeHead(line);
    if (line !== '') throw new ChunkError('InvalidRequest', 'A chunk is longer than its size.');
    this.#closeChunk();
    this.#state = 'head';
  }

  #takeHead(line: string): void {
    const [size = '', ...extensions] = line.split(';');
    if (!/^[0-9a-fA-F]+$/.test(size) || size.length > chunkSizeDigitsMax)
      throw new ChunkError('InvalidChunkSizeError', 'The size of a chunk is not a hexadecimal number.');
    this.#left = Number.parseInt(size, 16);
    if (this.#form.proof) {
      const signature = extensions
        .map((text) => /^\s*chunk-signature=([0-9a-f]{64})\s*$/.exec(text)?.[1])
        .find((found) => found !== undefined);
      if (signature === undefined) throw new ChunkError('SignatureDoesNotMatch', 'A chunk carries no signature.');
      this.#expected = signature;
      this.#hash = createHash('sha256');
    }
    this.#last = this.#left === 0;
    if (!this.#last) this.#state = 'bytes';
    else {
      this.#closeChunk();
      this.#state = 'trailer';
    }
  }

  #closeChunk(): void {
    const { proof } = this.#form;
    if (!proof || !this.#hash) return;
    const right = chunkSignature(proof, this.#before, this.#hash.digest('hex'));
    if (!timingSafeEqual(Buffer.from(right), Buffer.from(this.#expected)))
      throw new ChunkError('SignatureDoesNotMatch', 'The signature of a chunk does not match.');
    this.#before = right;
    this.#hash = undefined;
  }

  #takeTrailer(line: string): void {
    if (line === '') {
      // The line end of the last trailer may stand alone before the signature of the trailers.
      if (this.#form.proof && this.trailers.size > 0 && !this.#trailerSigned) return;
      return this.#finish();
    }
    const colon = line.indexOf(':');
    if (colon < 1 || !this.#form.trailer) throw new ChunkError('MalformedTrailerError', 'A trailer is malformed or was not announced.');
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'x-amz-trailer-signature') return this.#checkTrailerSignature(value);
    if (this.#trailerSigned || this.trailers.has(name) || this.trailers.size >= trailersMax)
      throw new ChunkError('MalformedTrailerError', 'A trailer comes twice, too late or is one too many.');
    this.trailers.set(name, value);
    this.#trailerText += `${name}:${value}\n`;
  }

  #checkTrailerSignature(value: string): void {
    const { proof } = this.#form;
    if (this.#trailerSigned) throw new ChunkError('MalformedTrailerError', 'The trailers are signed twice.');
    this.#trailerSigned = true;
    if (!proof) return;
    const right = Buffer.from(
      trailerSignature(proof, this.#before, createHash('sha256').update(this.#trailerText, 'latin1').digest('hex')),
    );
    const given = Buffer.from(value);
    if (right.length !== given.length || !timingSafeEqual(right, given))
      throw new ChunkError('SignatureDoesNotMatch', 'The signature of the trailers does not match.');
  }

  #finish(): void {
    if (this.#form.proof && this.#form.trailer && !this.#trailerSigned)
      throw new ChunkError('SignatureDoesNotMatch', 'The trailers carry no signature.');
    this.#state = 'done';
  }
}
