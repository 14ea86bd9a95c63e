import type { Readable } from 'node:stream';
import { fault } from '#kernel/contract/fault.ts';
import { bodyMaxBytes } from './limits.ts';

/** A stream with, for HTTP requests, the head that may announce its length. */
export type BodyStream = Readable & { readonly headers?: { readonly 'content-length'?: string } };

/** Reads a whole body into memory; more than `maxBytes` is refused with TooLarge, and the stream stays open for the reply. */
export function readBody(stream: BodyStream, maxBytes = bodyMaxBytes, signal?: AbortSignal): Promise<Buffer> {
  const announced = Number(stream.headers?.['content-length'] ?? 0);
  if (announced > maxBytes) return Promise.reject(tooLarge(maxBytes));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (act: () => void) => {
      stream.off('data', onData).off('end', onEnd).off('error', onCut).off('close', onCut);
      signal?.removeEventListener('abort', onAbort);
      act();
    };
    const onData = (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size > maxBytes) settle(() => reject(tooLarge(maxBytes)));
      else chunks.push(chunk);
    };
    const onEnd = () => settle(() => resolve(Buffer.concat(chunks, size)));
    const onCut = () => settle(() => reject(fault('BadInput', 'The body ended before its announced length.')));
    const onAbort = () => settle(() => reject(signal?.reason));
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    if (stream.destroyed) {
      onCut();
      return;
    }
    signal?.addEventListener('abort', onAbort, { once: true });
    stream.on('data', onData).on('end', onEnd).on('error', onCut).on('close', onCut);
  });
}

function tooLarge(maxBytes: number) {
  return fault('TooLarge', `At most ${maxBytes} bytes are read.`);
}
