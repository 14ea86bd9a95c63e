import { setTimeout as pause } from 'node:timers/promises';
import { child, childrenOf, childText, readXml } from '#wire/xml/read.ts';
import { readAddress } from './address.ts';
import { BlobsError } from './error.ts';
import { againMs, attemptsMax, pageKeys, readMaxBytes } from './limits.ts';
import { type Answer, type Asked, type Body, Exchange } from './request.ts';

export type { Body };

export type BlobsOptions = {
  /** Who comes, shown as a bearer instead of a signature; asked for with every request. */
  readonly bearer?: () => Promise<string>;
  /** The authority of the store's certificate, in PEM, where the system does not know it. */
  readonly ca?: string;
  /** Instead of the usual time of silence after which a request is given up, in milliseconds. */
  readonly silenceMs?: number;
};

export type Blob = { readonly key: string; readonly sizeBytes: number };

/** Blobs under their keys, in one bucket of any S3. An object is there as a whole or not at all. */
export interface Blobs {
  put(key: string, body: Body): Promise<void>;
  /** Bytes of an object, fewer where it ends before. Throws BlobsError NoSuchKey. */
  read(key: string, from: number, bytes: number): Promise<Buffer>;
  /** An object that is not there is as good as removed. */
  remove(key: string): Promise<void>;
  /** All objects whose key begins so, in order of key. Throws BlobsError NoSuchBucket. */
  list(prefix: string): AsyncIterable<Blob>;
  /** Makes the bucket unless there is one. */
  ensureBucket(): Promise<void>;
  /** The same store under keys that begin so. */
  within(prefix: string): Blobs;
  close(): void;
}

/** Opens a store by its address (`readAddress`). Connections are made when they are first needed. */
export function openBlobs(url: string, options: BlobsOptions = {}): Blobs {
  const address = readAddress(url);
  return blobsOver(new Exchange({ address, ...options }), address.prefix);
}

function blobsOver(exchange: Exchange, prefix: string): Blobs {
  const again = (asked: Asked) => retried(() => exchange.ask(asked));
  return {
    put: async (key, body) => void (await again({ method: 'PUT', key: prefix + key, body })),
    async read(key, from, bytes) {
      if (bytes > readMaxBytes) throw new TypeError(`at most ${readMaxBytes} bytes are read at once`);
      const headers = { range: `bytes=${from}-${from + bytes - 1}` };
      const { status, body } = await again({ method: 'GET', key: prefix + key, headers, answerMaxBytes: readMaxBytes });
      // A store that does not know ranges sends everything.
      return status === 206 ? body : body.subarray(from, from + bytes);
    },
    async remove(key) {
      await again({ method: 'DELETE', key: prefix + key }).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
    },
    async *list(under) {
      for await (const { key, sizeBytes } of pages(again, prefix + under)) yield { key: key.slice(prefix.length), sizeBytes };
    },
    async ensureBucket() {
      try {
        await again({ method: 'HEAD', key: '' });
      } catch (error) {
        if (!isMissing(error)) throw error;
        await exchange.ask({ method: 'PUT', key: '' }).catch((refused: unknown) => {
          if (!(refused instanceof BlobsError && refused.code === 'BucketAlreadyOwnedByYou')) throw refused;
        });
      }
    },
    within: (more) => blobsOver(exchange, prefix + more),
    close: () => exchange.close(),
  };
}

const isMissing = (error: unknown) => error instanceof BlobsError && ['NoSuchKey', 'NoSuchBucket', 'NotFound'].includes(error.code);

async function retried(ask: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      // Who waited for a silent store need not do so again and again: when to repeat is the caller's to say.
      const isAgain = error instanceof BlobsError && error.passes && error.code !== 'Silent';
      if (!isAgain || attempt >= attemptsMax) throw error;
      await pause(againMs * attempt);
    }
  }
}

async function* pages(ask: (asked: Asked) => Promise<Answer>, prefix: string): AsyncGenerator<Blob> {
  for (let token: string | undefined; ; ) {
    const query: Record<string, string> = { 'list-type': '2', 'max-keys': String(pageKeys), prefix };
    if (token !== undefined) query['continuation-token'] = token;
    const { body } = await ask({ method: 'GET', key: '', query });
    const document = readXml(body);
    for (const entry of childrenOf(document, 'Contents'))
      yield { key: childText(entry, 'Key') ?? '', sizeBytes: Number(childText(entry, 'Size') ?? 0) };
    token = child(document, 'NextContinuationToken')?.text;
    if (token === undefined) return;
  }
}
