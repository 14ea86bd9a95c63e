import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { freeUsed, isUsedOnce } from './chunk.ts';
import { gatherMinBytes, sendAheadBytes } from './limits.ts';
import type { HttpRequest } from './request.ts';
import { reasons } from './reason.ts';

/** Names and values in turn, or by name. */
export type HeadFields = readonly FieldValue[] | Readonly<Record<string, FieldValue | undefined>>;
type FieldValue = string | number | readonly string[];

const unsafe = /[^\t\x20-\x7e\x80-\xff]/;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

let dateSecond = 0;
let dateLine = '';

/** The Date field, made once a second. */
function date(): string {
  const now = Date.now();
  const second = Math.floor(now / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateLine = `Date: ${new Date(now).toUTCString()}\r\n`;
  }
  return dateLine;
}

/** What a response needs of its connection. */
export type Line = {
  readonly socket: Socket;
  /** All of it was handed to the socket, or it was given up. */
  finished(response: HttpResponse): void;
};

/** The reply to a request, with the names that node's own replies have. */
export class HttpResponse extends Writable {
  readonly req: HttpRequest;
  statusCode = 200;
  shouldKeepAlive: boolean;
  headersSent = false;
  /** Bytes of the body that were handed to the socket. */
  sentBytes = 0;
  /** Words were spoken in its place: what its handler still writes goes nowhere. */
  isReplaced = false;
  readonly #line: Line;
  #fields: Map<string, [name: string, value: string | number | readonly string[]]> | undefined;
  #head: string | undefined;
  #framing: 'length' | 'chunked' | 'none' | 'close' = 'none';
  #left = 0;
  #isFinal = false;
  #gathers = false;

  constructor(req: HttpRequest, line: Line, keepAlive: boolean) {
    // Nobody waits for the end of a reply that has finished; two turns of every request are saved.
    super({ decodeStrings: false, autoDestroy: false, highWaterMark: sendAheadBytes });
    this.req = req;
    this.shouldKeepAlive = keepAlive;
    this.#line = line;
  }

  get socket(): Socket | undefined {
    return this.destroyed ? undefined : this.#line.socket;
  }

  setHeader(name: string, value: string | number | readonly string[]): this {
    this.#fields ??= new Map();
    this.#fields.set(name.toLowerCase(), [name, value]);
    return this;
  }

  getHeader(name: string): string | number | readonly string[] | undefined {
    return this.#fields?.get(name.toLowerCase())?.[1];
  }

  /** RFC 9110 15.2.1; the head proper comes later. */
  writeContinue(): void {
    if (!this.#isGone() && this.#head === undefined) this.#line.socket.write('HTTP/1.1 100 Continue\r\n\r\n');
  }

  /** Sets status and fields; they leave with the first bytes of the body. A name or value that would break the head throws a TypeError. */
  writeHead(status: number, fields: HeadFields = []): this {
    if (this.#head !== undefined) throw new TypeError('The head was written before.');
    const isHead = this.req.method === 'HEAD';
    const isBare = status === 204 || status === 304 || status < 200;
    const asked = { length: undefined as number | undefined, close: false, date: false, chunked: false };
    let text = `HTTP/1.1 ${status} ${reasons[status] ?? 'Unknown'}\r\n`;
    text += this.#fields === undefined && Array.isArray(fields) ? lines(fields, asked) : lines(this.#all(fields), asked);
    if (!asked.date) text += date();
    if (asked.close) this.shouldKeepAlive = false;
    this.statusCode = status;
    this.#left = asked.length ?? 0;
    if (isHead || isBare) this.#framing = 'none';
    else if (asked.length !== undefined) this.#framing = 'length';
    else if (this.req.httpVersion === '1.1') this.#framing = 'chunked';
    else this.#framing = 'close';
    if (this.#framing === 'chunked' && !asked.chunked) text += 'Transfer-Encoding: chunked\r\n';
    if (this.#framing === 'close') this.shouldKeepAlive = false;
    if (!this.shouldKeepAlive) text += asked.close ? '' : 'Connection: close\r\n';
    else if (this.req.httpVersion === '1.0') text += 'Connection: keep-alive\r\n';
    this.#head = `${text}\r\n`;
    this.headersSent = true;
    return this;
  }

  /** What was set before, unless it is given again, and what is given. */
  #all(fields: HeadFields): readonly FieldValue[] {
    const given: FieldValue[] = [];
    if (Array.isArray(fields)) given.push(...fields);
    else for (const [name, value] of Object.entries(fields)) if (value !== undefined) given.push(name, value);
    const named = new Set(given.filter((_, at) => at % 2 === 0).map((name) => String(name).toLowerCase()));
    const before = [...(this.#fields ?? [])].filter(([key]) => !named.has(key)).flatMap(([, pair]) => pair);
    return [...before, ...given];
  }

  /** Whether these bytes are all that is missing of a body whose length was said, with nothing before them waiting. */
  isLast(bytes: Uint8Array): boolean {
    return this.#framing === 'length' && bytes.length === this.#left && this.writableLength === 0;
  }

  /** A whole reply leaves in one write. */
  override end(chunk?: unknown, ...rest: unknown[]): this {
    if (this.#head === undefined && !this.#isGone()) {
      const isBody = typeof chunk === 'string' || chunk instanceof Uint8Array;
      const bytes = isBody ? Buffer.byteLength(chunk as string) : 0;
      this.writeHead(this.statusCode, this.getHeader('content-length') === undefined ? { 'Content-Length': bytes } : {});
    }
    const isWhole = this.#head !== '' || (chunk instanceof Uint8Array && this.isLast(chunk));
    if (!this.writableEnded && this.writableLength === 0 && isWhole && typeof chunk !== 'function' && rest.length === 0) {
      this.#isFinal = true;
      if (chunk === undefined || chunk === null) this.#send('');
      else this.#send(chunk as string | Uint8Array);
      return super.end();
    }
    return super.end(chunk as never, ...(rest as []));
  }

  override _write(chunk: string | Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.#head === undefined) this.writeHead(this.statusCode);
    if (chunk.length >= gatherMinBytes) this.#gather();
    if (this.#send(chunk) || this.#line.socket.writableLength < sendAheadBytes || this.#isGone()) return done();
    this.#drained = done;
  }

  #drained: (() => void) | undefined;

  /** What is written in this turn leaves together: one call of the system takes a mebibyte for little more than 64 KiB. */
  #gather(): void {
    if (this.#gathers) return;
    this.#gathers = true;
    const { socket } = this.#line;
    socket.cork();
    process.nextTick(() => {
      this.#gathers = false;
      socket.uncork();
    });
  }

  /** The socket took what was waiting. */
  drain(): void {
    const done = this.#drained;
    this.#drained = undefined;
    done?.();
  }

  override _final(done: (error?: Error | null) => void): void {
    if (!this.#isFinal) {
      this.#isFinal = true;
      if (this.#head === undefined) this.writeHead(this.statusCode, { 'Content-Length': 0 });
      this.#send('');
    }
    // A body shorter than it was said to be must not look whole.
    if (this.#framing === 'length' && this.#left !== 0 && !this.isReplaced) this.#line.socket.destroy();
    done();
    this.#line.finished(this);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.writableFinished && !this.isReplaced) {
      this.#line.socket.destroy();
      this.#line.finished(this);
    }
    this.drain();
    // Whoever destroys a reply knows why; its readers learn it from the connection.
    done(error && this.listenerCount('error') > 0 ? error : null);
  }

  #isGone(): boolean {
    return this.isReplaced || !this.#line.socket.writable;
  }

  /** Writes a piece, framed, with what of the head has not left yet; false when the socket is full. */
  #send(chunk: string | Uint8Array): boolean {
    if (this.#isGone()) return true;
    const head = this.#head ?? '';
    this.#head = '';
    const size = typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length;
    const { socket } = this.#line;
    if (this.#framing !== 'none') this.sentBytes += size;
    if (this.#framing === 'none' || (size === 0 && this.#framing !== 'chunked')) return head === '' || socket.write(head, 'latin1');
    if (this.#framing === 'length') {
      this.#left -= size;
      if (this.#left < 0) {
        socket.destroy();
        return true;
      }
    }
    const opening = this.#framing === 'chunked' && size > 0 ? `${head}${size.toString(16)}\r\n` : head;
    const closing = this.#framing !== 'chunked' ? '' : `${size > 0 ? '\r\n' : ''}${this.#isFinal ? '0\r\n\r\n' : ''}`;
    return write(socket, opening, chunk, closing);
  }
}

/** One write where it is cheap to make one: text that is ASCII, or bytes that are few. */
function write(socket: Socket, opening: string, chunk: string | Uint8Array, closing: string): boolean {
  if (typeof chunk === 'string' && Buffer.byteLength(chunk) === chunk.length) return socket.write(`${opening}${chunk}${closing}`, 'latin1');
  if (opening === '' && closing === '') return writeChunk(socket, chunk);
  socket.cork();
  if (opening !== '') socket.write(opening, 'latin1');
  const taken = writeChunk(socket, chunk);
  if (closing !== '') socket.write(closing, 'latin1');
  socket.uncork();
  return taken;
}

/** What is used once is freed when it has left. */
function writeChunk(socket: Socket, chunk: string | Uint8Array): boolean {
  if (typeof chunk === 'string' || !isUsedOnce(chunk)) return socket.write(chunk);
  return socket.write(chunk, (error) => {
    if (!error) freeUsed(chunk);
  });
}

type Asked = { length: number | undefined; close: boolean; date: boolean; chunked: boolean };

function lines(fields: readonly FieldValue[], asked: Asked): string {
  let text = '';
  for (let at = 0; at < fields.length; at += 2) {
    const name = String(fields[at]);
    const value = fields[at + 1] as FieldValue;
    if (Array.isArray(value)) for (const one of value) text += fieldLine(name, one, asked);
    else text += fieldLine(name, value as string | number, asked);
  }
  return text;
}

function fieldLine(name: string, value: string | number, asked: Asked): string {
  const text = String(value);
  if (!token.test(name) || unsafe.test(text)) throw new TypeError(`The header field ${JSON.stringify(name)} cannot be sent.`);
  if (name.length === 14 && name.toLowerCase() === 'content-length') asked.length = Number(text);
  else if (name.length === 10 && name.toLowerCase() === 'connection') asked.close = /(^|,)\s*close\s*(,|$)/i.test(text);
  else if (name.length === 4 && name.toLowerCase() === 'date') asked.date = true;
  else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') asked.chunked = true;
  return `${name}: ${text}\r\n`;
}
