import assert from 'node:assert/strict';
import { parentPort } from 'node:worker_threads';
import { DigestKernel, lanes } from './digest-kernel.ts';
import { DigestStream, type DigestWish } from './digest-stream.ts';
import { laneBytes } from './limits.ts';

/** What the event loop says to this thread of a stream: that it begins, goes on, ends, or is of no use any more. */
export type ToDigester = { readonly stream: number } & (
  | { readonly begin: DigestWish }
  | { readonly bytes: Uint8Array }
  | { readonly end: true }
  | { readonly abandon: true }
);

assert(parentPort, 'this is a thread of the storage service');
const port = parentPort;
const kernel = await DigestKernel.open(laneBytes);
const streams = new Map<number, DigestStream>();
let turning = false;

port.on('message', (message: ToDigester) => {
  const { stream: id } = message;
  if ('begin' in message) streams.set(id, new DigestStream(message.begin, kernel));
  else if ('abandon' in message) streams.delete(id);
  else {
    const stream = streams.get(id);
    if (!stream) return;
    if ('bytes' in message) stream.push(message.bytes);
    else stream.end();
  }
  if (turning) return;
  turning = true;
  setImmediate(turn);
});

/** Gives the four streams that wait most a lane each, as long as any has a block; others may be told of between two turns. */
function turn(): void {
  const ready = [...streams]
    .filter(([, { blocks }]) => blocks > 0)
    .toSorted(([, a], [, b]) => b.blocks - a.blocks)
    .slice(0, lanes);
  if (ready.length === 0) {
    turning = false;
    return;
  }
  const blocks = Math.min(laneBytes / 64, ...ready.map(([, stream]) => stream.blocks));
  for (const [lane, [, stream]] of ready.entries()) stream.fill(kernel.lane(lane), blocks * 64);
  kernel.md5(
    ready.map(([, { state }]) => state),
    blocks,
  );
  for (const [id, stream] of ready) {
    port.postMessage({ stream: id, taken: blocks * 64 });
    if (!stream.isDone) continue;
    streams.delete(id);
    port.postMessage({ stream: id, digests: stream.digests() });
  }
  setImmediate(turn);
}
