import assert from 'node:assert/strict';
import { parentPort } from 'node:worker_threads';
import { useOnce } from '#engine/http1/chunk.ts';
import { DigestKernel, lanes } from './digest-kernel.ts';
import { DigestStream, type DigestWish } from './digest-stream.ts';
import { digestToldBytes, laneBytes, laneWaitBytes } from './limits.ts';

/** What the event loop says to this thread of a stream: that it begins, goes on, ends, or is of no use any more. */
export type ToDigester = { readonly stream: number } & (
  | { readonly begin: DigestWish }
  | { readonly pieces: readonly Uint8Array[] }
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
    if ('pieces' in message) for (const piece of message.pieces) stream.push(useOnce(piece));
    else stream.end();
  }
  if (turning) return;
  turning = true;
  setImmediate(turn);
});

/**
 * Gives the four streams that wait most a lane each, as long as it is worth it; others may be told of between two turns. Four
 * lanes take hardly longer than one, so a stream waits until there is something for the lanes beside its own, but not for long.
 */
function turn(): void {
  const ready = [...streams]
    .filter(([, { blocks, waiting, isEnded }]) => blocks > 0 && (isEnded || waiting >= laneBytes))
    .toSorted(([, a], [, b]) => b.blocks - a.blocks)
    .slice(0, lanes);
  const isDue = ready.some(([, { waiting, isEnded }]) => isEnded || waiting >= laneWaitBytes);
  if (ready.length === 0 || (!isDue && ready.length < Math.min(lanes, streams.size))) {
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
    if (stream.untold >= digestToldBytes) port.postMessage({ stream: id, taken: stream.tell() });
    if (!stream.isDone) continue;
    streams.delete(id);
    port.postMessage({ stream: id, digests: stream.digests() });
  }
  setImmediate(turn);
}
