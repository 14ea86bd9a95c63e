import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { RequestHead } from '#wire/http1/head.ts';
import { piecesAheadMax } from './limits.ts';

/** Fields of which the first counts; others that come twice are joined by a comma (RFC 9110 5.3). */
const single = new Set([
  'authorization',
  'content-length',
  'content-type',
  'from',
  'host',
  'if-modified-since',
  'if-unmodified-since',
  'max-forwards',
  'proxy-authorization',
  'referer',
  'user-agent',
]);

/** A request; its stream is the body. It has the names that node's own requests have. */
export class HttpRequest extends Readable {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: '1.1' | '1.0';
  readonly rawHeaders: readonly string[];
  readonly socket: Socket;
  /** Whether all of it has come. */
  complete = false;
  #headers: Record<string, string> | undefined;
  readonly #wanted: () => void;

  /** `wanted` is called when the body is read and more of it may come. */
  constructor(head: RequestHead, socket: Socket, wanted: () => void) {
    // As objects, so that pieces are neither joined nor copied while they wait.
    super({ objectMode: true, highWaterMark: piecesAheadMax });
    this.method = head.method;
    this.url = head.target;
    this.httpVersion = head.version;
    this.rawHeaders = head.fields;
    this.socket = socket;
    this.#wanted = wanted;
  }

  /** Fields by lower-case name. */
  get headers(): Record<string, string> {
    if (this.#headers) return this.#headers;
    const headers: Record<string, string> = {};
    for (let at = 0; at < this.rawHeaders.length; at += 2) {
      const name = (this.rawHeaders[at] as string).toLowerCase();
      const value = this.rawHeaders[at + 1] as string;
      if (name === '__proto__') continue;
      const known = Object.hasOwn(headers, name) ? headers[name] : undefined;
      if (known === undefined) headers[name] = value;
      else if (!single.has(name)) headers[name] = `${known}${name === 'cookie' ? '; ' : ', '}${value}`;
    }
    this.#headers = headers;
    return headers;
  }

  override _read(): void {
    this.#wanted();
  }
}
