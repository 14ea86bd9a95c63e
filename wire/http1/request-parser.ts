import { type Framing, fieldLines, readHead, type RequestHead } from './head.ts';
import { chunkExtrasMax, chunkSizeDigitsMax } from './limits.ts';
import { Http1Violation } from './violation.ts';

/** What a parser tells as bytes come in. */
export type RequestSink = {
  onHead(head: RequestHead): void;
  /** A piece of the body: a view of what was given, not a copy. */
  onBody(piece: Buffer): void;
  onEnd(): void;
};

const [cr, lf] = [13, 10];
const headEnd = Buffer.from('\r\n\r\n');

type State = 'head' | 'length' | 'size' | 'data' | 'dataEnd' | 'trailer';

/**
 * Reads requests from the bytes of a connection, one after the other, strictly by RFC 9112: lines end with CR LF, and what
 * could be framed in two ways is refused. `headMax` is in bytes. Throws Http1Violation, after which it must not be used.
 */
export class RequestParser {
  readonly #sink: RequestSink;
  readonly #headMax: number;
  #state: State = 'head';
  /** What came of a head or a line that is not whole yet. */
  #held: Buffer | undefined;
  #left = 0;
  #extras = 0;
  #stopped = false;

  constructor(sink: RequestSink, headMax: number) {
    this.#sink = sink;
    this.#headMax = headMax;
  }

  /** Whether nothing of a request has come since the last one ended. */
  get isBetween(): boolean {
    return this.#state === 'head' && this.#held === undefined;
  }

  /** Ends this `read` after the piece under way, from within the sink; the rest of the bytes is what it returns. */
  stop(): void {
    this.#stopped = true;
  }

  /** Takes the next bytes of the connection; returns those that were not read because the sink said stop. */
  read(bytes: Buffer): Buffer | undefined {
    this.#stopped = false;
    let at = 0;
    while (at < bytes.length) {
      if (this.#stopped) return bytes.subarray(at);
      at = this.#step(bytes, at);
    }
    return undefined;
  }

  #step(bytes: Buffer, at: number): number {
    if (this.#state === 'head') return this.#head(bytes, at);
    if (this.#state === 'length' || this.#state === 'data') return this.#piece(bytes, at);
    return this.#line(bytes, at);
  }

  #head(bytes: Buffer, at: number): number {
    const before = this.#held?.length ?? 0;
    const whole = this.#held ? Buffer.concat([this.#held, bytes.subarray(at)]) : bytes;
    const given = this.#held ? 0 : at;
    let from = given;
    // RFC 9112 2.2: empty lines before a request are passed over.
    while (whole[from] === cr && whole[from + 1] === lf) from += 2;
    this.#held = undefined;
    if (from >= whole.length) return bytes.length;
    const end = whole.indexOf(headEnd, Math.max(from, before - headEnd.length));
    if ((end < 0 ? whole.length : end) - from > this.#headMax) throw new Http1Violation('head', 'The head is larger than it may be.');
    if (end < 0) {
      this.#held = Buffer.from(whole.subarray(from));
      this.#refuseEarly(this.#held);
      return bytes.length;
    }
    this.#begin(readHead(whole.toString('latin1', from, end)));
    return end + headEnd.length + (whole === bytes ? 0 : at - before);
  }

  /** What can be no request is refused before its end, which may never come. */
  #refuseEarly(held: Buffer): void {
    const line = held.indexOf(lf);
    if (line > 0 && held[line - 1] !== cr) throw new Http1Violation('syntax', 'A line does not end with CR LF.');
    if (line === 0 || (held[0] as number) < 33 || (held[0] as number) > 126) {
      if (!(held.length === 1 && held[0] === cr)) throw new Http1Violation('syntax', 'This is no HTTP.');
    }
  }

  #begin(head: RequestHead): void {
    const { framing } = head;
    this.#enter(framing);
    this.#sink.onHead(head);
    if (framing === 0) this.#sink.onEnd();
  }

  #enter(framing: Framing): void {
    this.#extras = 0;
    this.#left = framing === 'chunked' ? 0 : framing;
    this.#state = framing === 'chunked' ? 'size' : framing === 0 ? 'head' : 'length';
  }

  #piece(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.#left -= end - at;
    const wasLength = this.#state === 'length';
    if (this.#left === 0) this.#state = wasLength ? 'head' : 'dataEnd';
    this.#sink.onBody(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    if (this.#left === 0 && wasLength) this.#sink.onEnd();
    return end;
  }

  /** A line of the chunked coding: a size, the end of a chunk, or a trailer field. */
  #line(bytes: Buffer, at: number): number {
    const found = bytes.indexOf(lf, at);
    const end = found < 0 ? bytes.length : found + 1;
    const line = this.#held ? Buffer.concat([this.#held, bytes.subarray(at, end)]) : bytes.subarray(at, end);
    if (this.#extras + line.length > chunkExtrasMax) throw new Http1Violation('extras', 'A chunk says too much beside its size.');
    if (found < 0) {
      this.#held = Buffer.from(line);
      return end;
    }
    this.#held = undefined;
    if (line[line.length - 2] !== cr) throw new Http1Violation('syntax', 'A line does not end with CR LF.');
    this.#chunkLine(line.toString('latin1', 0, line.length - 2));
    return end;
  }

  #chunkLine(text: string): void {
    if (this.#state === 'dataEnd') {
      if (text !== '') throw new Http1Violation('syntax', 'A chunk is longer than its size.');
      this.#state = 'size';
    } else if (this.#state === 'trailer') {
      this.#extras += text.length;
      if (text !== '') fieldLines(text, 0);
      else {
        this.#state = 'head';
        this.#sink.onEnd();
      }
    } else this.#chunkSize(text);
  }

  #chunkSize(text: string): void {
    const semicolon = text.indexOf(';');
    const digits = semicolon < 0 ? text : text.slice(0, semicolon).trimEnd();
    if (digits.length > chunkSizeDigitsMax || !/^[0-9A-Fa-f]+$/.test(digits) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(text))
      throw new Http1Violation('syntax', 'The size of a chunk is malformed.');
    this.#extras += text.length - digits.length;
    this.#left = Number.parseInt(digits, 16);
    this.#state = this.#left === 0 ? 'trailer' : 'data';
  }
}
