import { once } from 'node:events';
import type { Socket } from 'node:net';
import { HttpConnection } from '#engine/http1/connection.ts';
import type { HttpRequest } from '#engine/http1/request.ts';
import type { HttpResponse } from '#engine/http1/response.ts';
import type { Http1ViolationKind } from '#wire/http1/violation.ts';
import type { Log } from '#kernel/contract/implement.ts';
import type { Connection } from './acceptor.ts';
import { farewell } from './farewell.ts';
import { type Listener, type ListenOptions, listen } from './listen.ts';
import { drainMs, type HttpLimits, httpLimits, type ListenLimits } from './limits.ts';
import { type MalformedCode, type MalformedDialect, problemDialect } from './malformed.ts';
import { laneOf } from './lane.ts';
import { Pace } from './pace.ts';
import { ReadTurns } from './turn.ts';

/** Serves one request; what it throws is a bug, is logged and answered with the dialect's 500. */
export type HttpHandler = (request: HttpRequest, response: HttpResponse, connection: Connection) => void | Promise<void>;

export type HttpOptions = Omit<ListenOptions, 'onConnection' | 'schemes' | 'halfOpen' | 'refusal' | 'limits'> & {
  /** Words what the parser refuses; problem details if not said. */
  readonly malformed?: MalformedDialect;
  /** Who answers `Expect: 100-continue`: the server at once, or the handler by `response.writeContinue()` once it wants the body. */
  readonly expect?: 'server' | 'handler';
  readonly log?: Log;
  readonly limits?: Partial<ListenLimits & HttpLimits>;
};

/** An HTTP port. `close` stops accepting, closes idle connections at once and waits for running requests up to the drain limit. */
export type HttpDoor = Pick<Listener, 'url' | 'tlsUrl' | 'port' | 'usual' | 'note' | 'renew' | 'close'> &
  AsyncDisposable & {
    /** Serves a connection that another process accepted. */
    take(socket: Socket, connection: Connection): void;
  };

/** Listens for HTTP/1.1 and hands every request to `handler`, body unread. */
export async function httpServer(options: HttpOptions, handler: HttpHandler): Promise<HttpDoor> {
  const server: HttpServer = new HttpServer(options, (request, response, connection) => {
    const failed = (error: unknown) => server.failed(error, response, connection);
    try {
      const running = handler(request, response, connectionOf(request));
      if (running) running.catch(failed);
    } catch (error) {
      failed(error);
    }
  });
  return server.open();
}

const origins = new WeakMap<Socket, Connection>();

/** The connection a request came over: whether it is secure, where from, and whose certificate the client showed. */
export function connectionOf(request: HttpRequest): Connection {
  return origins.get(request.socket) ?? { secure: false, confidential: false, peerAddress: '' };
}

type Serve = (request: HttpRequest, response: HttpResponse, connection: HttpConnection) => void;

/** Our HTTP/1.1 with strict limits, on sockets that `listen` accepts. */
class HttpServer {
  readonly #options: HttpOptions;
  readonly #limits: HttpLimits;
  readonly #malformed: MalformedDialect;
  readonly #living = new Map<HttpConnection, { count: number }>();
  readonly #refused = new WeakSet<HttpConnection>();
  readonly #pace: Pace;
  readonly #turns = new ReadTurns();
  readonly #serve: Serve;
  #draining = false;

  constructor(options: HttpOptions, serve: Serve) {
    this.#options = options;
    this.#limits = { ...httpLimits, ...options.limits };
    this.#malformed = options.malformed ?? problemDialect;
    this.#pace = new Pace(this.#limits);
    this.#serve = serve;
  }

  /** A handler threw: the client learns no more than that. */
  failed(error: unknown, response: HttpResponse, connection: HttpConnection): void {
    this.#options.log?.('error', 'a request failed', { door: this.#options.name, error });
    if (response.headersSent || response.destroyed) response.destroy();
    else this.#refuse(connection, 'Internal');
  }

  async open(): Promise<HttpDoor> {
    const listener = await listen({
      ...this.#options,
      schemes: ['http', 'https'],
      halfOpen: true,
      refusal: this.#malformed('BadInput'),
      onConnection: (socket, connection) => this.#connect(socket, connection),
    });
    const { sweepMs, headersMs, requestMs } = this.#limits;
    const timers = [
      setInterval(() => this.#sweep(), sweepMs).unref(),
      setInterval(() => this.#expire(performance.now()), Math.min(sweepMs, headersMs, requestMs)).unref(),
    ];
    const close = () => this.#close(listener, timers);
    return {
      url: listener.url,
      tlsUrl: listener.tlsUrl,
      port: listener.port,
      usual: listener.usual,
      note: listener.note,
      renew: (certificate) => listener.renew(certificate),
      take: (socket, connection) => this.#connect(socket, connection),
      close,
      [Symbol.asyncDispose]: close,
    };
  }

  async #close(listener: Listener, timers: readonly NodeJS.Timeout[]): Promise<void> {
    this.#draining = true;
    const closed = listener.close();
    this.#closeIdle();
    const idle = setInterval(() => this.#closeIdle(), this.#limits.drainSweepMs);
    await Promise.all([closed, this.#takenEnd()]);
    clearInterval(idle);
    for (const timer of timers) clearInterval(timer);
  }

  /** Resolves when the connections that other processes accepted have ended; what has not by the drain limit is cut. */
  async #takenEnd(): Promise<void> {
    const taken = [...this.#living.keys()].map(({ socket }) => socket).filter((socket) => origins.get(socket)?.isRelayed);
    const cut = setTimeout(() => {
      for (const socket of taken) socket.destroy();
    }, this.#options.limits?.drainMs ?? drainMs);
    await Promise.all(taken.map((socket) => socket.closed || once(socket, 'close')));
    clearTimeout(cut);
  }

  #connect(socket: Socket, origin: Connection): void {
    origins.set(socket, origin);
    const connection: HttpConnection = new HttpConnection(socket, {
      headMax: this.#limits.headerMaxBytes,
      expect: this.#options.expect ?? 'server',
      mayBegin: () => this.#turns.mayBegin(laneOf(socket), connection),
      onRequest: (request, response) => this.#enter(connection, request, response),
      onViolation: (_, kind) => this.#refuse(connection, malformedCodes[kind]),
    });
    this.#living.set(connection, { count: 0 });
    socket.once('close', () => this.#living.delete(connection));
  }

  #enter(connection: HttpConnection, request: HttpRequest, response: HttpResponse): void {
    const current = this.#living.get(connection);
    if (!current) return;
    current.count += 1;
    if (this.#draining || current.count >= this.#limits.connectionRequestsMax) response.shouldKeepAlive = false;
    if (!oneHost(request.rawHeaders)) return this.#refuse(connection, 'BadInput');
    if (!request.complete) response.once('finish', () => this.#linger(connection, request));
    this.#serve(request, response, connection);
  }

  /** A reply may come before its request has been read; the rest is read for a while, so that the client sees the reply. */
  #linger(connection: HttpConnection, request: HttpRequest): void {
    if (request.complete) return;
    setTimeout(() => {
      if (!request.complete && connection.request === request) connection.socket.destroy();
    }, this.#limits.lingerMs).unref();
  }

  #refuse(connection: HttpConnection, code: MalformedCode): void {
    if (this.#refused.has(connection)) return;
    this.#refused.add(connection);
    const hasBegun = connection.response?.headersSent ?? false;
    connection.give();
    if (!connection.socket.writable || hasBegun) connection.socket.destroy();
    else farewell(connection.socket, this.#malformed(code), this.#limits.lingerMs);
  }

  #sweep(): void {
    for (const connection of this.#living.keys())
      if (this.#pace.tooSlow(connection.socket, connection.request)) this.#refuse(connection, 'Timeout');
  }

  /** Ends what takes too long to ask, and what has nothing more to ask. */
  #expire(now: number): void {
    const { headersMs, requestMs, keepAliveMs } = this.#limits;
    for (const connection of this.#living.keys()) {
      const { request, since, requestSince } = connection;
      if (connection.awaitsHead) {
        if (now - since > headersMs) this.#refuse(connection, 'Timeout');
      } else if (request && !request.complete) {
        if (now - requestSince > requestMs) this.#refuse(connection, 'Timeout');
      } else if (connection.isIdle && now - since > keepAliveMs && !origins.get(connection.socket)?.isRelayed) {
        // That of another process ends with its client's: closed here, it might be just when a request comes on it.
        connection.socket.destroy();
      }
    }
  }

  #closeIdle(): void {
    for (const connection of this.#living.keys()) if (connection.isIdle || !connection.request) connection.socket.destroy();
  }
}

const malformedCodes: Readonly<Record<Http1ViolationKind, MalformedCode>> = {
  syntax: 'BadInput',
  head: 'HeadersTooLarge',
  extras: 'TooLarge',
};

/** RFC 9112 3.2: a request has exactly one Host. Names stand at even places. */
function oneHost(rawHeaders: readonly string[]): boolean {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  return count === 1;
}
