import { type Framing, fieldLines } from './head.ts';
import { chunkExtrasMax, chunkSizeDigitsMax } from './limits.ts';
import { Http1Violation } from './violation.ts';

/** What a parser tells as bytes come in. A status below 200 is followed by another head. */
export type ResponseSink = {
  onHead(status: number, fields: readonly string[]): void;
  /** A piece of the body: a view of what was given, not a copy. */
  onBody(piece: Buffer): void;
  onEnd(): void;
};

const [cr, lf] = [13, 10];
const headEnd = Buffer.from('\r\n\r\n');

type State = 'head' | 'length' | 'close' | 'size' | 'data' | 'dataEnd' | 'trailer';

/**
 * Reads the replies of a connection, one after the other, by RFC 9112. `headMax` is in bytes. Throws Http1Violation, after which it
 * must not be used.
 */
export class ResponseParser {
  /** Whether the next reply is to HEAD, and has no body whatever its head says. */
  isBare = false;
  readonly #sink: ResponseSink;
  readonly #headMax: number;
  #state: State = 'head';
  #held: Buffer | undefined;
  #left = 0;
  #extras = 0;

  constructor(sink: ResponseSink, headMax: number) {
    this.#sink = sink;
    this.#headMax = headMax;
  }

  read(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) at = this.#step(bytes, at);
  }

  /** The connection has ended. False when a reply is cut off by it. */
  end(): boolean {
    if (this.#state === 'close') this.#finish();
    return this.#state === 'head' && this.#held === undefined;
  }

  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case 'head':
        return this.#head(bytes, at);
      case 'length':
      case 'data':
        return this.#piece(bytes, at);
      case 'close':
        this.#sink.onBody(bytes.subarray(at));
        return bytes.length;
      default:
        return this.#line(bytes, at);
    }
  }

  #head(bytes: Buffer, at: number): number {
    const fresh = bytes.subarray(at);
    const all = this.#held ? Buffer.concat([this.#held, fresh]) : fresh;
    const end = all.indexOf(headEnd);
    if (end > this.#headMax || (end < 0 && all.length > this.#headMax)) throw new Http1Violation('head', 'The head is too large.');
    if (end < 0) {
      this.#held = all;
      return bytes.length;
    }
    const taken = end + headEnd.length - (this.#held?.length ?? 0);
    this.#held = undefined;
    this.#begin(all.toString('latin1', 0, end));
    return at + taken;
  }

  #begin(text: string): void {
    const first = text.indexOf('\r\n');
    const digits = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first < 0 ? text : text.slice(0, first))?.[1];
    if (digits === undefined) throw new Http1Violation('syntax', 'The status line is malformed.');
    const status = Number(digits);
    const fields = first < 0 ? [] : fieldLines(text, first + 2);
    this.#sink.onHead(status, fields);
    if (status < 200) return;
    const framing = this.isBare || status === 204 || status === 304 ? 0 : framingOf(fields);
    this.#left = typeof framing === 'number' ? framing : 0;
    if (framing === 'chunked') this.#state = 'size';
    else if (framing === 'close') this.#state = 'close';
    else if (framing > 0) this.#state = 'length';
    else this.#finish();
  }

  #finish(): void {
    this.#state = 'head';
    this.#extras = 0;
    this.#sink.onEnd();
  }

  #piece(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.#left -= end - at;
    this.#sink.onBody(bytes.subarray(at, end));
    if (this.#left === 0) {
      if (this.#state === 'length') this.#finish();
      else this.#state = 'dataEnd';
    }
    return end;
  }

  #line(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(lf, at);
    const piece = bytes.subarray(at, end < 0 ? bytes.length : end + 1);
    const line = this.#held ? Buffer.concat([this.#held, piece]) : piece;
    if (this.#extras + line.length > chunkExtrasMax) throw new Http1Violation('extras', 'The lines between chunks are too long.');
    this.#held = end < 0 ? line : undefined;
    if (end < 0) return bytes.length;
    if (line.at(-2) !== cr) throw new Http1Violation('syntax', 'A line does not end with CR LF.');
    this.#extras += line.length;
    this.#take(line.toString('latin1', 0, line.length - 2));
    return end + 1;
  }

  #take(line: string): void {
    if (this.#state === 'trailer') return line === '' ? this.#finish() : undefined;
    if (this.#state === 'dataEnd') {
      if (line !== '') throw new Http1Violation('syntax', 'A chunk is longer than it was said to be.');
      this.#extras = 0;
      this.#state = 'size';
      return;
    }
    const [digits = ''] = line.split(';', 1);
    if (digits.length > chunkSizeDigitsMax || !/^[0-9a-fA-F]+$/.test(digits)) throw new Http1Violation('syntax', 'A chunk has no size.');
    this.#left = Number.parseInt(digits, 16);
    this.#state = this.#left === 0 ? 'trailer' : 'data';
  }
}

/** RFC 9112 6.3 for replies: what is neither counted nor in chunks goes on to the end of the connection. */
function framingOf(fields: readonly string[]): Framing | 'close' {
  let length: string | undefined;
  for (let at = 0; at < fields.length; at += 2) {
    const name = (fields[at] as string).toLowerCase();
    if (name === 'transfer-encoding') return 'chunked';
    if (name === 'content-length') length = fields[at + 1];
  }
  if (length === undefined) return 'close';
  if (!/^\d{1,15}$/.test(length)) throw new Http1Violation('syntax', 'Content-Length is no number.');
  return Number(length);
}
