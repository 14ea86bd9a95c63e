import type { IncomingMessage } from 'node:http';
import { inputDepthMax } from '../contract/limits.ts';
import { fault } from '../contract/fault.ts';
import type { Bytes } from '../contract/session.ts';
import { parseJson } from '../listen/json.ts';
import { bodyWaitMs, jsonBodyBytesMax, unreadBodyBytesMax } from './limits.ts';

/** The bytes of a request as they arrive; a sender that pauses too long is refused with Timeout. Stopping early keeps the connection. */
export async function* arriving(request: IncomingMessage, waitMs: number = bodyWaitMs): Bytes {
  const iterator = request.iterator({ destroyOnReturn: false });
  let late: (() => void) | undefined;
  const timer = setTimeout(() => late?.(), waitMs);
  try {
    for (;;) {
      timer.refresh();
      const step = await new Promise<IteratorResult<Buffer>>((resolve, reject) => {
        late = () => reject(fault('Timeout', 'The body did not arrive in time.'));
        iterator.next().then(resolve, reject);
      });
      late = undefined;
      if (step.done) return;
      yield step.value;
    }
  } finally {
    clearTimeout(timer);
  }
}

/** The JSON body of a request; an absent one is an empty object. */
export async function readJsonBody(request: IncomingMessage): Promise<unknown> {
  const named = Number(request.headers['content-length'] ?? 0);
  const tooLarge = () => fault('TooLarge', `A JSON body may have ${jsonBodyBytesMax} bytes.`);
  if (named > jsonBodyBytesMax) throw tooLarge();
  if (named === 0 && request.headers['transfer-encoding'] === undefined) return {};
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') throw fault('UnsupportedMedia', 'The body must not be compressed.');
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of arriving(request)) {
    size += chunk.byteLength;
    if (size > jsonBodyBytesMax) throw tooLarge();
    chunks.push(chunk);
  }
  if (size === 0) return {};
  // A form or plain text can be sent by a page of another site without asking; JSON cannot.
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type)) throw fault('UnsupportedMedia', 'The body must be application/json in UTF-8.');
  return parseJson(textOf(chunks), { depthMax: inputDepthMax });
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function textOf(chunks: readonly Uint8Array[]): string {
  try {
    return utf8.decode(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
  } catch {
    throw fault('BadInput', { path: '', detail: 'The body is not UTF-8.' });
  }
}

/** Reads on what a refused request still sends, up to a limit, so that its sender sees the answer; says whether all came. */
export async function drained(request: IncomingMessage): Promise<boolean> {
  if (request.complete || request.destroyed) return request.complete;
  const named = Number(request.headers['content-length'] ?? 0);
  if (named > unreadBodyBytesMax) return false;
  let size = 0;
  try {
    for await (const chunk of arriving(request, 1000)) {
      size += chunk.byteLength;
      if (size > unreadBodyBytesMax) return false;
    }
  } catch {
    return false;
  }
  return true;
}
