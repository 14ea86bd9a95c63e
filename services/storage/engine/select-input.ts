import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Bzip2Decoder, Bzip2Error } from '#wire/bzip2/decode.ts';
import type { SelectJob } from '../domain/select/job.ts';
import { SelectRefusal } from '../domain/select/refusal.ts';
import { selectHeadMaxBytes } from './limits.ts';

/** What the process of a query is told first: the job, and how many bytes of the object follow. */
export type SelectOrder = {
  readonly job: SelectJob;
  /** Bytes of the object's beginning, which come first when a range is asked that does not hold its header. */
  readonly head: number;
  /** Bytes of the object behind them. */
  readonly body: number;
};

/** An order as bytes. */
export const encodeOrder = (order: SelectOrder): Buffer => Buffer.from(JSON.stringify(order));

/** The object's bytes on their way in, and how many were taken. */
export class SelectSource {
  readonly head: Buffer;
  readonly #way: { readonly size: number; readonly bytes: AsyncGenerator<Buffer>; drain(): Promise<void> };
  scanned = 0;
  processed = 0;

  constructor(head: Buffer, way: { readonly size: number; readonly bytes: AsyncGenerator<Buffer>; drain(): Promise<void> }) {
    this.head = head;
    this.#way = way;
  }

  /** Lets the rest of the bytes go, so that the next order can be read. */
  drain(): Promise<void> {
    return this.#way.drain();
  }

  /** The bytes as they are in the object. An object that breaks off is no shorter object. */
  async *raw(): AsyncGenerator<Buffer> {
    for await (const piece of this.#way.bytes) {
      this.scanned += piece.length;
      yield piece;
    }
    if (this.scanned < this.#way.size) throw new SelectRefusal('TruncatedInput', 'Object decompression or reading failed: it ended early.');
  }

  /** The bytes that were compressed. */
  async *plain(compression: SelectJob['compression']): AsyncGenerator<Buffer> {
    const bytes = compression === 'GZIP' ? gunzip(this.raw()) : compression === 'BZIP2' ? bunzip(this.raw()) : this.raw();
    for await (const piece of bytes) {
      this.processed += piece.length;
      yield piece;
    }
  }
}

async function* gunzip(bytes: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const stream = createGunzip();
  let failure: unknown;
  pipeline(bytes, stream, (error) => {
    failure = error;
  });
  try {
    yield* stream;
  } catch (error) {
    const known = failure ?? error;
    if (known instanceof SelectRefusal) throw known;
    throw new SelectRefusal('InvalidCompressionFormat', 'GZIP is not applicable to the queried object. Correct the request and try again.');
  }
}

async function* bunzip(bytes: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const decoder = new Bzip2Decoder();
  try {
    for await (const piece of bytes) yield* decoder.push(piece);
    yield* decoder.end();
  } catch (error) {
    if (!(error instanceof Bzip2Error)) throw error;
    throw new SelectRefusal(
      'InvalidCompressionFormat',
      'BZIP2 is not applicable to the queried object. Correct the request and try again.',
    );
  }
}

/** Reads an order, and answers it with the bytes that follow; undefined when no more orders come. */
export async function openInput(pieces: AsyncGenerator<Buffer, void>): Promise<{ job: SelectJob; input: SelectSource } | undefined> {
  const told = await pieces.next();
  if (told.done) return undefined;
  const { job, head, body } = JSON.parse(told.value.toString('utf8')) as SelectOrder;
  let have: Buffer = Buffer.alloc(0);
  let isOver = false;
  const take = async (): Promise<Buffer | undefined> => {
    if (isOver) return undefined;
    const next = await pieces.next();
    isOver = next.done === true || next.value.length === 0;
    return isOver || next.done ? undefined : next.value;
  };
  while (have.length < Math.min(head, selectHeadMaxBytes)) {
    const piece = await take();
    if (!piece) throw new SelectRefusal('TruncatedInput', 'The query broke off.');
    have = Buffer.concat([have, piece]);
  }
  const first = have.subarray(head);
  const rest = async function* (): AsyncGenerator<Buffer> {
    if (first.length > 0) yield first;
    for (let piece = await take(); piece; piece = await take()) yield piece;
  };
  const drain = async () => {
    while ((await take()) !== undefined);
  };
  return { job, input: new SelectSource(Buffer.from(have.subarray(0, head)), { size: body, bytes: rest(), drain }) };
}
