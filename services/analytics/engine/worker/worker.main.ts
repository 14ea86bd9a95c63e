import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import { Exchange } from './exchange.ts';
import type { Answer, Begun, StepAnswer, Wish } from './message.ts';
import { Peers } from './peer.ts';
import { Share } from './share.ts';

/**
 * A thread that has a share of views: it reads records, computes, and hands rows to the other workers. It knows no keys, no
 * environment and no address, and opens nothing.
 */
assert(parentPort, 'this is a thread of the analytics service');
const port = parentPort;
const { number, shared, factor } = workerData as Begun;
const peers = new Peers(number, shared);
const exchange = new Exchange(peers, factor);
const shares = new Map<number, Share>();

function answerOf({ view, asked }: Wish): unknown {
  if (asked.ask === 'open') return void shares.set(view, new Share({ ...asked, tag: `${asked.tag}.${number}` }, peers, exchange));
  if (asked.ask === 'close') return void shares.delete(view);
  const share = shares.get(view);
  assert(share, 'a view is opened before it is asked');
  switch (asked.ask) {
    case 'load':
      return share.load(asked);
    case 'read':
      return share.read(asked);
    case 'give':
      return share.give(asked);
    case 'keep':
      return share.keep(asked);
    case 'step':
      return share.step(asked);
    case 'dump':
      return share.dump();
  }
}

port.on('message', (wish: Wish) => {
  const answer = answerOf(wish);
  const moved = typeof answer === 'object' && answer !== null && 'out' in answer ? [(answer as StepAnswer).out.buffer] : [];
  port.postMessage({ id: wish.id, answer } satisfies Answer, moved);
});
