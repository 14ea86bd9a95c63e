import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { fault } from '#kernel/contract/fault.ts';
import { modulePath } from '#kernel/supervise/module.ts';
import type { FromCompressor, ToCompressor } from '../engine/compress.main.ts';
import { smallLevel } from '../engine/limits.ts';
import { type Dictionary, Zstd } from '../engine/zstd.ts';
import { compressHereMaxBytes, compressThreadsMax } from './limits.ts';

type Own = Uint8Array<ArrayBuffer>;
type Work = { readonly compress: Own } | { readonly decompress: Own } | { readonly train: readonly Own[] };

const small = new Zstd(smallLevel, compressHereMaxBytes);
const threads: Thread[] = [];
let turn = 0;

/** Compresses a frame: a small one at once, others in another thread; dictionaries are for small ones alone. */
export function compress(bytes: Uint8Array, dictionary?: Dictionary): Promise<Uint8Array> | Uint8Array {
  return bytes.length <= compressHereMaxBytes ? small.compress(bytes, dictionary) : ask({ compress: new Uint8Array(bytes) });
}

/** The `size` bytes of a frame; refuses one that is damaged. */
export async function decompress(frame: Uint8Array, size: number, dictionary?: Dictionary): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = size <= compressHereMaxBytes ? small.decompress(frame, dictionary) : await ask({ decompress: new Uint8Array(frame) });
  } catch (cause) {
    throw fault('ObjectDamaged', { detail: 'A compressed frame cannot be read.', cause });
  }
  if (bytes.length !== size) throw fault('ObjectDamaged', 'A compressed frame has another length than was written down of it.');
  return bytes;
}

/** A dictionary for samples, in a thread of its own, because it takes seconds. Undefined when they have too little in common. */
export async function train(samples: readonly Uint8Array[], signal: AbortSignal): Promise<Uint8Array | undefined> {
  const thread = new Thread(() => {});
  signal.addEventListener('abort', () => void thread.end(), { once: true });
  try {
    return await thread.ask({ train: samples.map((sample) => new Uint8Array(sample)) });
  } finally {
    await thread.end();
  }
}

async function ask(work: Work): Promise<Uint8Array> {
  const most = Math.min(compressThreadsMax, Math.max(1, availableParallelism() - 1));
  if (threads.length < most && threads.every(({ isBusy }) => isBusy)) {
    const made: Thread = new Thread(() => void threads.splice(threads.indexOf(made), 1));
    threads.push(made);
  }
  const thread = threads.find(({ isBusy }) => !isBusy) ?? threads[turn++ % threads.length]!;
  return (await thread.ask(work))!;
}

/** A thread that compresses. It keeps the process alive only while it has work. */
class Thread {
  readonly #worker = new Worker(modulePath('services/storage/engine/compress.main'));
  readonly #tasks = new Map<number, PromiseWithResolvers<Uint8Array | undefined>>();
  #last = 0;

  constructor(onEnd: () => void) {
    this.#worker.unref();
    this.#worker.on('message', (message: FromCompressor) => {
      const task = this.#tasks.get(message.task);
      this.#tasks.delete(message.task);
      if (this.#tasks.size === 0) this.#worker.unref();
      if ('failed' in message) task?.reject(new Error(message.failed));
      else task?.resolve(message.bytes);
    });
    const end = (cause?: unknown) => {
      onEnd();
      const error = fault('Unavailable', { detail: 'The thread that compresses ended.', cause });
      for (const task of this.#tasks.values()) task.reject(error);
      this.#tasks.clear();
    };
    this.#worker.on('error', end);
    this.#worker.on('exit', () => end());
  }

  get isBusy(): boolean {
    return this.#tasks.size > 0;
  }

  ask(work: Work): Promise<Uint8Array | undefined> {
    const task = (this.#last += 1);
    const asked = Promise.withResolvers<Uint8Array | undefined>();
    if (this.#tasks.size === 0) this.#worker.ref();
    this.#tasks.set(task, asked);
    // What is posted is handed over with its memory; a view that is not would take all that it looks into along.
    const moved = 'train' in work ? work.train : Object.values(work);
    this.#worker.postMessage(
      { task, ...work } satisfies ToCompressor,
      moved.map(({ buffer }) => buffer),
    );
    return asked.promise;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
