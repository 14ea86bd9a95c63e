import assert from 'node:assert/strict';
import { parentPort } from 'node:worker_threads';
import { frameBytes } from '../contract/limits.ts';
import { trainDictionary } from '../domain/train.ts';
import { frameLevel } from './limits.ts';
import { Zstd } from './zstd.ts';

/** What the event loop asks of this thread: a frame made smaller, the bytes of one, or a dictionary for samples. */
export type ToCompressor = { readonly task: number } & (
  | { readonly compress: Uint8Array }
  | { readonly decompress: Uint8Array }
  | { readonly train: readonly Uint8Array[] }
);
export type FromCompressor = { readonly task: number } & ({ readonly bytes: Uint8Array | undefined } | { readonly failed: string });

assert(parentPort, 'this is a thread of the storage service');
const port = parentPort;
const zstd = new Zstd(frameLevel, frameBytes);

port.on('message', (message: ToCompressor) => {
  const { task } = message;
  try {
    const bytes = work(message);
    port.postMessage({ task, bytes } satisfies FromCompressor, bytes ? [bytes.buffer] : []);
  } catch (error) {
    port.postMessage({ task, failed: String(error) } satisfies FromCompressor);
  }
});

/** What is handed over has memory of its own. */
function work(message: ToCompressor): Uint8Array<ArrayBuffer> | undefined {
  if ('compress' in message) return new Uint8Array(zstd.compress(message.compress));
  if ('decompress' in message) return new Uint8Array(zstd.decompress(message.decompress));
  return trainDictionary(message.train);
}
