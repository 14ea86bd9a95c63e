import type { Socket } from 'node:net';
import type { HttpRequest } from '#engine/http1/request.ts';
import type { HttpResponse } from '#engine/http1/response.ts';
import { fault } from '#kernel/contract/fault.ts';
import type { DoorPlace, Log } from '#kernel/contract/implement.ts';
import { readBody } from '#kernel/listen/body.ts';
import { type HttpDoor, httpServer } from '#kernel/listen/http.ts';
import { malformedStripe, wordError } from '../../doors/stripe/error.ts';
import type { payments } from '../../service.ts';
import { assertNoCard, withoutCards } from './card-form.ts';
import { passedBytesMax } from './limits.ts';
import type { Tickets } from './ticket.ts';
import { ofConnection, Upstream } from './upstream.ts';

/** Where the public door stands. */
export type Place = DoorPlace<typeof payments>['at'];
/** The service's own door, and the word that tells it that a request came through the vault. */
export type Inner = { readonly port: number; readonly secret: string };

type Line = { readonly upstream: Upstream; readonly inner: Inner };

const form = 'application/x-www-form-urlencoded';

/**
 * The public door of the Stripe API and its pages. It stands in the vault, takes numbers and codes of cards out of what comes in, and
 * passes the rest on to the service, each caller on a line of its own.
 */
export class Front {
  readonly #door: HttpDoor;
  #inner: Inner;

  private constructor(door: HttpDoor, inner: Inner) {
    this.#door = door;
    this.#inner = inner;
  }

  static async open(place: Place, inner: Inner, { tickets, log }: { tickets: Tickets; log: Log }): Promise<Front> {
    const lines = new WeakMap<Socket, Line>();
    const lineOf = (socket: Socket): Line => {
      const known = lines.get(socket);
      if (known?.inner === front.#inner && known.upstream.isOpen) return known;
      const made = { upstream: new Upstream(front.#inner.port), inner: front.#inner };
      if (known) known.upstream.end();
      else socket.once('close', () => lines.get(socket)?.upstream.end());
      lines.set(socket, made);
      return made;
    };
    const door = await httpServer({ ...place, malformed: malformedStripe, log }, async (request, response) => {
      try {
        const body = await cardless(request, tickets);
        const { upstream, inner: at } = lineOf(request.socket);
        const answer = await upstream.request(headOf(request, body, at), body).catch((cause: unknown) => {
          throw fault('Unavailable', { detail: 'The service is away.', cause });
        });
        response.writeHead(answer.status, answer.fields);
        response.end(request.method === 'HEAD' ? undefined : answer.body);
      } catch (error) {
        refuse(response, error, log);
      }
    });
    const front: Front = new Front(door, inner);
    return front;
  }

  get address(): { readonly url: string; readonly tlsUrl?: string; readonly note?: string; readonly port: number } {
    const { url, tlsUrl, note, port } = this.#door;
    return { url, port, ...(tlsUrl === undefined ? {} : { tlsUrl }), ...(note === undefined ? {} : { note }) };
  }

  /** The service has started anew: requests go there from now on. */
  passTo(inner: Inner, certificate: Place['certificate']): void {
    this.#inner = inner;
    this.#door.renew(certificate);
  }

  close(): Promise<void> {
    return this.#door.close();
  }
}

/** The body of a request without card fields. What is no form has none that anybody would read, and is not passed on. */
async function cardless(request: HttpRequest, tickets: Tickets): Promise<Buffer> {
  const question = request.url.indexOf('?');
  if (question >= 0) assertNoCard(request.url.slice(question + 1));
  const body = await readBody(request, passedBytesMax);
  if (body.length === 0) return body;
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'multipart/form-data') return body;
  if (type !== form && request.url.startsWith('/v1/')) return Buffer.from(' ');
  const caller = request.headers.authorization ?? request.url;
  const text = body.toString('utf8');
  const left = await withoutCards(text, request.url.startsWith('/c/pay/'), (typed) => tickets.give(typed, caller));
  return left === text ? body : Buffer.from(left);
}

const dropped: ReadonlySet<string> = new Set([...ofConnection, 'content-length', 'expect', 'gamut-front', 'gamut-peer', 'gamut-scheme']);

function headOf({ method, url, rawHeaders, socket }: HttpRequest, body: Buffer, { secret }: Inner): string {
  const fields: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2)
    if (!dropped.has(String(rawHeaders[at]).toLowerCase())) fields.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  const scheme = 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http';
  fields.push(`Gamut-Front: ${secret}`, `Gamut-Peer: ${socket.remoteAddress ?? ''}`, `Gamut-Scheme: ${scheme}`);
  fields.push(`Content-Length: ${body.length}`);
  return `${method} ${url} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`;
}

function refuse(response: HttpResponse, error: unknown, log: Log): void {
  const { status, body } = wordError(error);
  if (status >= 500) log('warn', 'a request could not be passed on', { error: String((error as Error).message) });
  if (response.headersSent) return void response.destroy();
  const text = JSON.stringify({ error: body });
  response.writeHead(status, [
    ...['Content-Type', 'application/json', 'Content-Length', String(Buffer.byteLength(text)), 'Cache-Control', 'no-store'],
    ...['Stripe-Should-Retry', String(status >= 500)],
  ]);
  response.end(text);
}
