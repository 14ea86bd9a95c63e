import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { HttpRequest } from '#engine/http1/request.ts';
import type { HttpResponse } from '#engine/http1/response.ts';
import { ResponseParser } from '#wire/http1/response-parser.ts';
import { fault } from '../contract/fault.ts';
import type { Connection } from './acceptor.ts';
import { headerMaxBytes, relayRetryMs, relayWaitMs } from './limits.ts';

/** Which door of the other process a connection is for, and what is known of the client's own. */
export type Relayed = { readonly door: string; readonly from: Connection };

type Exchange = {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

/** The lines that requests of a connection were passed on by, by the socket of the other process. */
const lines = new WeakMap<Socket, Map<string, Line>>();

/**
 * Passes a request on to a process of the same service as it came, bytes as they come, and its reply back. Each connection of a
 * client has a line of its own there, for as long as it lasts. Unavailable: the process is away, or ended before it replied.
 */
export async function relay(path: string, to: Relayed, request: HttpRequest, response: HttpResponse): Promise<void> {
  const { socket } = request;
  const own = lines.get(socket) ?? new Map<string, Line>();
  lines.set(socket, own);
  const place = `${path} ${to.door}`;
  let line = own.get(place);
  if (line === undefined || line.isOver) {
    line = new Line(await reach(path, response), to);
    // The client may have left while the other process was awaited.
    if (socket.destroyed) return line.end();
    const made = line;
    socket.once('close', () => made.end());
    own.set(place, line);
  }
  await line.pass(request, response);
}

/** Connects; a process that is away for a moment is waited for. */
async function reach(path: string, response: HttpResponse): Promise<Socket> {
  const until = performance.now() + relayWaitMs;
  for (;;) {
    const socket = connect({ path });
    const failed = await new Promise<Error | undefined>((resolve) => {
      socket.once('connect', () => resolve(undefined));
      socket.once('error', resolve);
    });
    if (!failed) return socket;
    if (performance.now() >= until || response.destroyed)
      throw fault('Unavailable', { detail: 'The process that has this is away.', cause: failed });
    await pause(relayRetryMs);
  }
}

/** One connection's line to another process: one exchange at a time. */
class Line {
  readonly #socket: Socket;
  readonly #parser: ResponseParser;
  #exchange: Exchange | undefined;
  isOver = false;

  constructor(socket: Socket, to: Relayed) {
    this.#socket = socket;
    this.#parser = new ResponseParser(
      {
        onHead: (status, fields) => this.#head(status, fields),
        onBody: (piece) => this.#body(piece),
        onEnd: () => this.#replied(),
      },
      2 * headerMaxBytes,
    );
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    socket.on('end', () => this.#parser.end());
    socket.on('error', () => {});
    socket.on('close', () => this.#gone());
    socket.write(`${JSON.stringify(to)}\n`);
  }

  end(): void {
    this.isOver = true;
    this.#socket.destroy();
  }

  pass(request: HttpRequest, response: HttpResponse): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#exchange = { request, response, resolve, reject };
      this.#parser.isBare = request.method === 'HEAD';
      response.once('close', () => {
        if (!response.writableFinished) this.end();
      });
      const socket = this.#socket;
      // What of the body is here already leaves with the head.
      socket.cork();
      socket.write(headOf(request), 'latin1');
      const isChunked = request.headers['transfer-encoding'] !== undefined;
      request.on('data', (piece: Buffer) => {
        if (isChunked) socket.write(`${piece.length.toString(16)}\r\n`);
        const hasRoom = socket.write(piece);
        if (isChunked) socket.write('\r\n');
        if (!hasRoom && !this.isOver) {
          request.pause();
          socket.once('drain', () => request.resume());
        }
      });
      request.once('end', () => isChunked && socket.write('0\r\n\r\n'));
      process.nextTick(() => socket.uncork());
    });
  }

  #read(bytes: Buffer): void {
    try {
      this.#parser.read(bytes);
    } catch {
      this.end();
    }
  }

  #head(status: number, fields: readonly string[]): void {
    const { response } = this.#exchange ?? {};
    if (!response || response.destroyed) return this.end();
    if (status === 100) response.writeContinue();
    else if (status >= 200) response.writeHead(status, [...fields]);
  }

  #body(piece: Buffer): void {
    const { response } = this.#exchange ?? {};
    if (!response || response.write(piece)) return;
    this.#socket.pause();
    response.once('drain', () => this.#socket.resume());
  }

  #replied(): void {
    const exchange = this.#exchange;
    if (!exchange) return;
    this.#exchange = undefined;
    // A reply that came before the body was read ends the line: what is left of the body is no request.
    if (!exchange.request.complete) this.end();
    exchange.response.end();
    exchange.resolve();
  }

  #gone(): void {
    this.isOver = true;
    const exchange = this.#exchange;
    this.#exchange = undefined;
    if (!exchange) return;
    const { request, response, resolve, reject } = exchange;
    if (!request.complete) request.resume();
    if (!response.headersSent && !response.destroyed)
      return reject(fault('Unavailable', 'The process that has this ended before it replied.'));
    response.destroy();
    resolve();
  }
}

function headOf({ method, url, httpVersion, rawHeaders }: HttpRequest): string {
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let at = 0; at < rawHeaders.length; at += 2) text += `${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`;
  return `${text}\r\n`;
}
