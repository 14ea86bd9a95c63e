import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Log } from '#kernel/contract/implement.ts';
import type { Connection } from './acceptor.ts';
import { farewell } from './farewell.ts';
import { type Listener, type ListenOptions, listen } from './listen.ts';
import { type HttpLimits, httpLimits, type ListenLimits } from './limits.ts';
import { type MalformedCode, type MalformedDialect, malformedCode, problemDialect } from './malformed.ts';
import { Pace } from './pace.ts';
import { createServer } from './node-http.ts';

/** Serves one request; what it throws is a bug, is logged and answered with the dialect's 500. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse, connection: Connection) => void | Promise<void>;

export type HttpOptions = Omit<ListenOptions, 'onConnection' | 'schemes' | 'halfOpen' | 'refusal' | 'limits'> & {
  /** Words what node's parser refuses; problem details if not said. */
  readonly malformed?: MalformedDialect;
  /** Who answers `Expect: 100-continue`: the server at once, or the handler by `response.writeContinue()` once it wants the body. */
  readonly expect?: 'server' | 'handler';
  readonly log?: Log;
  readonly limits?: Partial<ListenLimits & HttpLimits>;
};

/** An HTTP port. `close` stops accepting, closes idle connections at once and waits for running requests up to the drain limit. */
export type HttpDoor = Pick<Listener, 'url' | 'tlsUrl' | 'port' | 'usual' | 'note' | 'renew' | 'close'> & AsyncDisposable;

/** Listens for HTTP/1.1 and hands every request to `handler`, body unread. */
export async function httpServer(options: HttpOptions, handler: HttpHandler): Promise<HttpDoor> {
  const server = new HttpServer(options);
  server.serve((request, response) => {
    const failed = (error: unknown) => server.failed(error, response);
    try {
      const running = handler(request, response, connectionOf(request));
      if (running) running.catch(failed);
    } catch (error) {
      failed(error);
    }
  });
  return server.open();
}

const connections = new WeakMap<Socket, Connection>();

/** The connection a request came over: whether it is secure, and whose certificate the client showed. */
function connectionOf(request: IncomingMessage): Connection {
  return connections.get(request.socket) ?? { secure: false, confidential: false, peerAddress: '' };
}

/** What a living connection carries: the last request seen on it, and how many there were. */
type Current = { request: IncomingMessage | undefined; count: number };

/** node's HTTP server with strict limits, on sockets that `listen` accepts. */
class HttpServer {
  readonly server: Server;
  readonly #options: HttpOptions;
  readonly #limits: HttpLimits;
  readonly #malformed: MalformedDialect;
  readonly #current = new Map<Socket, Current>();
  readonly #refused = new WeakSet<Duplex>();
  readonly #pace: Pace;
  #draining = false;

  constructor(options: HttpOptions) {
    this.#options = options;
    this.#limits = { ...httpLimits, ...options.limits };
    this.#malformed = options.malformed ?? problemDialect;
    this.#pace = new Pace(this.#limits);
    this.server = createServer({
      maxHeaderSize: this.#limits.headerMaxBytes,
      headersTimeout: this.#limits.headersMs,
      requestTimeout: this.#limits.requestMs,
      keepAliveTimeout: this.#limits.keepAliveMs,
      connectionsCheckingInterval: Math.min(this.#limits.sweepMs, this.#limits.headersMs),
      insecureHTTPParser: false,
      // RFC 9112 3.2 is kept in `oneHost`, which also refuses a second Host and answers in the dialect.
      requireHostHeader: false,
    });
    // The head's bytes are limited; a limit on the number would drop fields silently.
    this.server.maxHeadersCount = 0;
    this.server.on('clientError', (error, socket) => this.#refuse(socket, malformedCode(error)));
  }

  /** Sets who serves requests that are whole and well-formed. */
  serve(handler: (request: IncomingMessage, response: ServerResponse) => void): void {
    const enter = (request: IncomingMessage, response: ServerResponse) => {
      if (this.#enter(request, response)) handler(request, response);
    };
    this.server.on('request', enter);
    // RFC 9110 10.1.1: an expectation that nobody knows may be passed over; node alone would answer it outside the dialect.
    this.server.on('checkExpectation', enter);
    if (this.#options.expect === 'handler') this.server.on('checkContinue', enter);
  }

  /** A handler threw: the client learns no more than that. */
  failed(error: unknown, response: ServerResponse): void {
    this.#options.log?.('error', 'a request failed', { door: this.#options.name, error });
    if (response.headersSent || !response.socket) response.destroy();
    else this.#refuse(response.socket, 'Internal');
  }

  async open(): Promise<HttpDoor> {
    const listener = await listen({
      ...this.#options,
      schemes: ['http', 'https'],
      halfOpen: true,
      refusal: this.#malformed('BadInput'),
      onConnection: (socket, connection) => this.#connect(socket, connection),
    });
    // node starts its clock for slow heads when the server itself listens; here the listener does that for it.
    this.server.emit('listening');
    const sweep = setInterval(() => this.#sweep(), this.#limits.sweepMs).unref();
    const close = () => this.#close(listener, sweep);
    return {
      url: listener.url,
      tlsUrl: listener.tlsUrl,
      port: listener.port,
      usual: listener.usual,
      note: listener.note,
      renew: (certificate) => listener.renew(certificate),
      close,
      [Symbol.asyncDispose]: close,
    };
  }

  async #close(listener: Listener, sweep: NodeJS.Timeout): Promise<void> {
    this.#draining = true;
    const closed = listener.close();
    this.#closeIdle();
    const idle = setInterval(() => this.#closeIdle(), this.#limits.drainSweepMs);
    await closed;
    clearInterval(idle);
    clearInterval(sweep);
    // It never listened itself; closing it stops its clock.
    this.server.close(() => {});
  }

  #connect(socket: Socket, connection: Connection): void {
    connections.set(socket, connection);
    this.#current.set(socket, { request: undefined, count: 0 });
    socket.once('close', () => this.#current.delete(socket));
    this.server.emit('connection', socket);
  }

  #enter(request: IncomingMessage, response: ServerResponse): boolean {
    // A handler that gives a body up in the middle takes the request's socket away, so it is remembered here.
    const { socket } = request;
    const current = this.#current.get(socket);
    if (!current) return false;
    current.request = request;
    current.count += 1;
    if (this.#draining || current.count >= this.#limits.connectionRequestsMax) response.shouldKeepAlive = false;
    if (!oneHost(request.rawHeaders) || !plainlyFramed(request)) {
      this.#refuse(socket, 'BadInput');
      return false;
    }
    if (!request.complete) response.once('finish', () => this.#linger(request, socket));
    return true;
  }

  /** A reply may come before its request has been read; the rest is read for a while, so that the client sees the reply. */
  #linger(request: IncomingMessage, socket: Socket): void {
    if (request.complete) return;
    const cut = setTimeout(() => {
      if (!request.complete && this.#current.get(socket)?.request === request) socket.destroy();
    }, this.#limits.lingerMs).unref();
    request.once('end', () => clearTimeout(cut));
  }

  #refuse(socket: Duplex, code: MalformedCode): void {
    // The parser complains again about every byte that follows.
    if (this.#refused.has(socket)) return;
    this.#refused.add(socket);
    const reply = (socket as { _httpMessage?: ServerResponse })._httpMessage;
    if (!socket.writable || reply?.headersSent) socket.destroy();
    else farewell(socket, this.#malformed(code), this.#limits.lingerMs);
  }

  #sweep(): void {
    for (const [socket, { request }] of this.#current) {
      if (this.#pace.tooSlow(socket, request)) this.#refuse(socket, 'Timeout');
    }
  }

  #closeIdle(): void {
    this.server.closeIdleConnections();
    // Connections that have not carried a request yet are not idle in node's sense.
    for (const [socket, { request }] of this.#current) if (!request) socket.destroy();
  }
}

/** RFC 9112 3.2: a request has exactly one Host. Names stand at even places. */
function oneHost(rawHeaders: readonly string[]): boolean {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  return count === 1;
}

/** RFC 9112 6.1: a coding other than chunked alone leaves the end of the body open to opinion. */
function plainlyFramed(request: IncomingMessage): boolean {
  const coding = request.headers['transfer-encoding'];
  return coding === undefined || (coding.toLowerCase() === 'chunked' && request.httpVersion === '1.1');
}
