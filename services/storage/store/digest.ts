import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { isUsedOnce } from '#engine/http1/chunk.ts';
import { fault } from '#kernel/contract/fault.ts';
import { modulePath } from '#kernel/supervise/module.ts';
import { startChecksum } from '#wire/checksum/checksum.ts';
import type { ToDigester } from '../engine/digest.main.ts';
import type { Digests, DigestWish } from '../engine/digest-stream.ts';
import { digestAheadBytes, digestHereMaxBytes, digestPostBytes } from './limits.ts';

type FromDigester = { readonly stream: number } & ({ readonly taken: number } | { readonly digests: Digests });

/** The digests of a body. Those of a small one are made at once when it ends; all else is done by another thread. */
export class BodyDigest {
  readonly #wish: DigestWish;
  #pieces: Uint8Array<ArrayBuffer>[] = [];
  #size = 0;
  #stream: RemoteStream | undefined;

  constructor(wish: DigestWish) {
    this.#wish = wish;
  }

  /** Takes bytes, with their memory where they are used once; a promise tells to wait, because the other thread is behind. */
  update(bytes: Uint8Array): Promise<void> | undefined {
    // What is posted is handed over with its memory.
    const piece = isUsedOnce(bytes) ? bytes : new Uint8Array(bytes);
    this.#size += piece.length;
    if (this.#stream) return this.#stream.push(piece);
    this.#pieces.push(piece);
    if (this.#size <= digestHereMaxBytes) return undefined;
    this.#stream = digester().begin(this.#wish);
    for (const one of this.#pieces) this.#stream.push(one);
    this.#pieces = [];
    return undefined;
  }

  async end(): Promise<Digests> {
    if (this.#stream) return this.#stream.end();
    const { algorithm, sha256 } = this.#wish;
    const [md5, whole, checksum] = [createHash('md5'), sha256 ? createHash('sha256') : undefined, algorithm && startChecksum(algorithm)];
    for (const piece of this.#pieces) for (const one of [md5, whole, checksum]) one?.update(piece);
    return {
      md5: md5.digest(),
      ...(whole ? { sha256: whole.digest() } : {}),
      ...(checksum ? { checksum: checksum.digest() } : {}),
    };
  }

  /** The digests are of no use any more. */
  abandon(): void {
    this.#stream?.abandon();
  }
}

let running: Digester | undefined;

function digester(): Digester {
  running ??= new Digester(() => {
    running = undefined;
  });
  return running;
}

/** The thread that makes digests of large bodies, four at a time. It keeps the process alive only while it has work. */
class Digester {
  readonly #worker = new Worker(modulePath('services/storage/engine/digest.main'));
  readonly #streams = new Map<number, RemoteStream>();
  #last = 0;

  constructor(onEnd: () => void) {
    this.#worker.unref();
    this.#worker.on('message', (message: FromDigester) => {
      const stream = this.#streams.get(message.stream);
      if ('taken' in message) stream?.taken(message.taken);
      else {
        this.forget(message.stream);
        stream?.resolve(message.digests);
      }
    });
    const end = (cause?: unknown) => {
      onEnd();
      for (const [id, stream] of this.#streams) {
        this.forget(id);
        stream.reject(fault('Unavailable', { detail: 'The thread that makes digests ended.', cause }));
      }
    };
    this.#worker.on('error', end);
    this.#worker.on('exit', () => end());
  }

  begin(wish: DigestWish): RemoteStream {
    const id = (this.#last += 1);
    const stream = new RemoteStream(id, this);
    if (this.#streams.size === 0) this.#worker.ref();
    this.#streams.set(id, stream);
    this.post({ stream: id, begin: wish });
    return stream;
  }

  post(message: ToDigester, moved: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, moved);
  }

  forget(id: number): void {
    if (this.#streams.delete(id) && this.#streams.size === 0) this.#worker.unref();
  }
}

/** A stream as the event loop sees it. */
class RemoteStream {
  readonly #id: number;
  readonly #digester: Digester;
  readonly #done: PromiseWithResolvers<Digests> = Promise.withResolvers();
  #ahead = 0;
  #gathered: Uint8Array<ArrayBuffer>[] = [];
  #gatheredBytes = 0;
  #room: PromiseWithResolvers<void> | undefined;

  constructor(id: number, digester: Digester) {
    this.#id = id;
    this.#digester = digester;
    // Who gave the body up does not ask.
    this.#done.promise.catch(() => {});
  }

  push(piece: Uint8Array<ArrayBuffer>): Promise<void> | undefined {
    this.#ahead += piece.length;
    this.#gathered.push(piece);
    this.#gatheredBytes += piece.length;
    // To tell another thread something costs more than to copy a piece.
    if (this.#gatheredBytes >= digestPostBytes) this.#post();
    if (this.#ahead <= digestAheadBytes) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  #post(): void {
    const pieces = this.#gathered;
    if (pieces.length === 0) return;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#digester.post(
      { stream: this.#id, pieces },
      pieces.map(({ buffer }) => buffer),
    );
  }

  end(): Promise<Digests> {
    this.#post();
    this.#digester.post({ stream: this.#id, end: true });
    return this.#done.promise;
  }

  abandon(): void {
    this.#digester.post({ stream: this.#id, abandon: true });
    this.#digester.forget(this.#id);
  }

  taken(bytes: number): void {
    this.#ahead -= bytes;
    if (this.#ahead <= digestAheadBytes) this.#free();
  }

  resolve(digests: Digests): void {
    this.#done.resolve(digests);
  }

  reject(error: unknown): void {
    this.#done.reject(error);
    this.#free();
  }

  #free(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }
}
