import type { HttpResponse } from '#engine/http1/response.ts';
import type { Bytes } from '../contract/session.ts';

/** Writes and waits until the reader took enough of it; rejects when the connection closes or the signal aborts. */
export async function written(response: HttpResponse, piece: Uint8Array | string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (response.write(piece)) return;
  await new Promise<void>((resolve, reject) => {
    const done = (settle: () => void) => () => {
      response.off('drain', onDrain);
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    const onDrain = done(resolve);
    const onAbort = done(() => reject(signal.reason));
    response.once('drain', onDrain);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** Sends a body at the pace of its reader and ends the reply. */
export async function replyBytes(response: HttpResponse, body: Bytes, signal: AbortSignal): Promise<void> {
  for await (const piece of untilAborted(body, signal)) await written(response, piece, signal);
  signal.throwIfAborted();
  response.end();
}

/** The pieces of a body until the signal aborts, even while the next one is being waited for. */
export async function* untilAborted(body: Bytes, signal: AbortSignal): Bytes {
  const iterator = body[Symbol.asyncIterator]();
  let stop: (() => void) | undefined;
  const onAbort = () => stop?.();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    while (!signal.aborted) {
      const step = await new Promise<IteratorResult<Uint8Array> | undefined>((resolve, reject) => {
        stop = () => resolve(undefined);
        iterator.next().then(resolve, reject);
      });
      if (!step || step.done) return;
      yield step.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    // A body that is being waited for may take long to stop; it is told, and not waited for.
    iterator.return?.()?.catch(() => undefined);
  }
}
