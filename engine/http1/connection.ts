import type { Socket } from 'node:net';
import type { RequestHead } from '#wire/http1/head.ts';
import { RequestParser } from '#wire/http1/request-parser.ts';
import { Http1Violation, type Http1ViolationKind } from '#wire/http1/violation.ts';
import { HttpRequest } from './request.ts';
import { HttpResponse } from './response.ts';

/** What a connection asks of its server. Times are milliseconds of the monotonic clock. */
export type ConnectionHost = {
  readonly headMax: number;
  /** Who answers `Expect: 100-continue`: the connection at once, or the handler. */
  readonly expect: 'server' | 'handler';
  /** Whether a request that begins to come is read now; where it is not, `begin` is called later. */
  mayBegin?(connection: HttpConnection): boolean;
  onRequest(request: HttpRequest, response: HttpResponse): void;
  /** The bytes are no request that can be served; whoever is told has the last word on the connection. */
  onViolation(connection: HttpConnection, kind: Http1ViolationKind): void;
};

/** One connection: requests are served one after the other, in the order they come. */
export class HttpConnection {
  readonly socket: Socket;
  /** The last request seen, and its reply while that is not finished. */
  request: HttpRequest | undefined;
  response: HttpResponse | undefined;
  /** When what is waited for began: a head, or the next request. */
  since: number = performance.now();
  /** When the request that is being received began. */
  requestSince = 0;
  #broken = false;
  readonly #host: ConnectionHost;
  readonly #parser: RequestParser;
  /** Bytes of later requests, which wait for the reply to this one. */
  #rest: Buffer | undefined;
  #ended = false;
  #keepAlive = true;
  #isReading = false;
  #isPaused = false;

  constructor(socket: Socket, host: ConnectionHost) {
    this.socket = socket;
    this.#host = host;
    this.#parser = new RequestParser(
      {
        onHead: (head) => this.#begin(head),
        onBody: (piece) => this.#piece(piece),
        onEnd: () => this.#complete(),
      },
      host.headMax,
    );
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('end', () => this.#end());
    socket.on('drain', () => this.response?.drain());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#closed());
  }

  /** Whether no request is being received or answered. */
  get isIdle(): boolean {
    return this.response === undefined && this.#parser.isBetween && (this.request?.complete ?? true) && this.#rest === undefined;
  }

  /** Whether a head is being waited for that has begun, or the first one. */
  get awaitsHead(): boolean {
    return this.response === undefined && (this.request === undefined || !this.#parser.isBetween) && (this.request?.complete ?? true);
  }

  /** From now on nothing is read as a request, and the reply under way says nothing more: someone else has the last word. */
  give(): void {
    this.#broken = true;
    const { request, response } = this;
    if (response) response.isReplaced = true;
    if (request && !request.complete) request.destroy();
    response?.destroy();
  }

  #take(bytes: Buffer): void {
    if (this.#broken) return;
    if (this.#isReading || this.#rest || (this.response && this.request?.complete)) {
      this.#rest = this.#rest ? Buffer.concat([this.#rest, bytes]) : bytes;
      this.#pause();
      return;
    }
    if (this.#parser.isBetween && this.response === undefined) {
      this.since = performance.now();
      if (this.#host.mayBegin?.(this) === false) {
        this.#rest = bytes;
        return;
      }
    }
    this.#read(bytes);
  }

  /** Reads the request that was put off. */
  begin(): void {
    if (this.#broken || this.socket.destroyed) return;
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest) this.#read(rest);
    if (this.#ended && !this.#rest && this.response === undefined) this.#end();
    else if (!this.#rest) this.#resume();
  }

  #read(bytes: Buffer): void {
    this.#isReading = true;
    try {
      const rest = this.#parser.read(bytes);
      if (rest && rest.length > 0) {
        this.#rest = this.#rest ? Buffer.concat([rest, this.#rest]) : rest;
        this.#pause();
      }
    } catch (error) {
      if (!(error instanceof Http1Violation)) throw error;
      this.#broken = true;
      this.#host.onViolation(this, error.kind);
    } finally {
      this.#isReading = false;
    }
  }

  #begin(head: RequestHead): void {
    const request = new HttpRequest(head, this.socket, () => this.#resume());
    const response = new HttpResponse(request, { socket: this.socket, finished: (done) => this.#finished(done) }, head.keepAlive);
    this.request = request;
    this.response = response;
    this.requestSince = this.since;
    if (head.framing === 0) request.complete = true;
    else if (head.expectsContinue && this.#host.expect === 'server') response.writeContinue();
    this.#host.onRequest(request, response);
  }

  #piece(piece: Buffer): void {
    const { request } = this;
    if (!request || request.destroyed || this.response === undefined) return;
    if (!request.push(piece)) this.#pause();
  }

  #complete(): void {
    const { request } = this;
    if (request) {
      request.complete = true;
      if (!request.destroyed) request.push(null);
    }
    if (this.response) this.#parser.stop();
    else this.#next();
  }

  /** The reply has left; a body that nobody read is thrown away as it comes. */
  #finished(response: HttpResponse): void {
    if (this.response !== response) return;
    this.response = undefined;
    if (!response.shouldKeepAlive) this.#keepAlive = false;
    if (this.request?.complete) this.#next();
    else if (!this.#broken) {
      this.request?.resume();
      this.#resume();
    }
  }

  /** What comes after a whole exchange. */
  #next(): void {
    if (this.#broken || this.socket.destroyed) return;
    this.since = performance.now();
    if (!this.#keepAlive || (this.#ended && !this.#rest)) {
      this.#broken = true;
      this.socket.end();
      this.socket.resume();
      return;
    }
    if (this.#isReading) return;
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest) this.#read(rest);
    if (this.#ended && !this.#rest && this.response === undefined) this.#end();
    else if (!this.#rest) this.#resume();
  }

  /** The client sends no more: it went away, as far as anybody can tell, and what waits for it may stop. */
  #end(): void {
    this.#ended = true;
    if (this.#broken || this.#rest) return;
    if ((this.request && !this.request.complete) || !this.#parser.isBetween) {
      this.#broken = true;
      this.#host.onViolation(this, 'syntax');
    } else if (this.response && !this.response.writableEnded) this.response.destroy();
    else if (!this.response) this.socket.end();
  }

  #closed(): void {
    this.#broken = true;
    const { request, response } = this;
    if (request && !request.complete) request.destroy();
    if (response && !response.destroyed) response.destroy();
    this.response = undefined;
  }

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.socket.pause();
  }

  #resume(): void {
    if (!this.#isPaused || this.#rest) return;
    this.#isPaused = false;
    this.socket.resume();
  }
}
