import { timingSafeEqual } from 'node:crypto';
import type { HttpRequest } from '#engine/http1/request.ts';
import type { Socket } from 'node:net';
import type { Face } from '../contract/contract.ts';
import { fault, OperationError } from '../contract/fault.ts';
import type { Gate, Material, Session } from '../contract/session.ts';
import { checkHost, checkOrigin } from '../listen/origin.ts';
import { environmentLengthMax } from './limits.ts';

/** What is known of the connection below HTTP. `peerFingerprint` is the SHA-256 of a verified client certificate. */
export type Connection = { readonly secure: boolean; readonly peerFingerprint?: string };

/** A session in use by one request; `release` must be called once. */
export type Presented = { readonly session: Session; readonly face: Face; release(): void };

type Shown = { readonly face: Face; readonly material: Material; readonly key: string };

/** The credential a request shows: service token, Authorization, cookie, client certificate, or none (face `open`). */
function shownBy(request: HttpRequest, connection: Connection): Shown {
  const { headers } = request;
  const peer = request.socket.remoteAddress;
  const environment = environmentOf(request);
  const shown = (face: Face, material: Material, key: string): Shown => ({
    face,
    material: { ...material, environment, peer },
    key: `${face} ${environment ?? ''} ${key}`,
  });
  const service = headers['gamut-service'];
  if (typeof service === 'string') return shown('service', { token: service }, service);
  if (headers.authorization !== undefined) return fromAuthorization(headers.authorization, shown);
  const token = cookie(headers.cookie, connection.secure ? '__Host-gamut_session' : 'gamut_session');
  if (token !== undefined) return shown('session', { token }, token);
  if (connection.peerFingerprint !== undefined)
    return shown('certificate', { fingerprint: connection.peerFingerprint }, connection.peerFingerprint);
  return shown('open', { host: headers.host, origin: headers.origin }, `${headers.host} ${headers.origin}`);
}

function environmentOf(request: HttpRequest): string | undefined {
  const environment = request.headers['gamut-environment'];
  if (environment === undefined) return undefined;
  if (typeof environment !== 'string' || environment.length > environmentLengthMax || !/^[!-~]+$/.test(environment)) {
    throw fault('BadInput', 'The Gamut-Environment header is not the id of an environment.');
  }
  return environment;
}

function fromAuthorization(header: string, shown: (face: Face, material: Material, key: string) => Shown): Shown {
  const [, scheme = '', value = ''] = /^([A-Za-z]+) +(\S+)$/.exec(header) ?? [];
  if (scheme.toLowerCase() === 'bearer') return shown('bearer', { token: value }, value);
  if (scheme.toLowerCase() === 'basic') {
    const pair = Buffer.from(value, 'base64').toString('utf8');
    const colon = pair.indexOf(':');
    if (colon < 0) throw fault('Unauthenticated', 'The Basic credential is not a user name and a password.');
    return shown('basic', { username: pair.slice(0, colon), password: pair.slice(colon + 1) }, value);
  }
  throw fault('Unauthenticated', 'The Authorization header holds neither a Bearer nor a Basic credential.');
}

function cookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined;
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}

/** The headers that `shownBy` looks at. */
type Seen = readonly (string | string[] | undefined)[];

function seenIn({ headers }: HttpRequest): Seen {
  return [headers.authorization, headers['gamut-service'], headers.cookie, headers['gamut-environment'], headers.host, headers.origin];
}

type Held = { seen: Seen; readonly key: string; readonly face: Face; readonly session: Session; users: number; replaced: boolean };

/**
 * Presents credentials at a gate and keeps the session of each connection as long as the same credential comes over it,
 * so that its grants stay cached. A session ends when its connection closes or another credential takes its place.
 */
export function presenter(gate: Gate): (request: HttpRequest, connection: Connection) => Presented {
  const bySocket = new WeakMap<Socket, Held>();
  const letGo = (held: Held) => {
    held.replaced = true;
    if (held.users === 0) held.session.end();
  };
  /** Presents what the request shows, unless that is what the connection showed before in other words. */
  const change = (request: HttpRequest, connection: Connection, held: Held | undefined, seen: Seen): Held => {
    const shown = shownBy(request, connection);
    if (held?.key === shown.key && !held.session.signal.aborted) {
      held.seen = seen;
      return held;
    }
    const { session, face } = presentOrOpen(gate, request, shown);
    // By the time it closes, a request whose body was given up in the middle has no socket any more.
    const { socket } = request;
    if (held) letGo(held);
    else socket.once('close', () => letGo(bySocket.get(socket) as Held));
    const made: Held = { seen, key: shown.key, face, session, users: 0, replaced: false };
    bySocket.set(socket, made);
    return made;
  };
  return (request, connection) => {
    const known = bySocket.get(request.socket);
    const seen = seenIn(request);
    const same = known && !known.session.signal.aborted && known.seen.every((value, at) => value === seen[at]);
    const held = same ? known : change(request, connection, known, seen);
    held.users++;
    return {
      session: held.session,
      face: held.face,
      release: () => {
        held.users--;
        if (held.replaced && held.users === 0) held.session.end();
      },
    };
  };
}

/** Where the platform is open, a caller with no or an unknown credential enters as nobody in particular; the gate knows whether it is. */
function presentOrOpen(gate: Gate, request: HttpRequest, { face, material }: Shown): { session: Session; face: Face } {
  try {
    return { session: gate.present(face, material), face };
  } catch (error) {
    if (face === 'open' || !(error instanceof OperationError) || error.path !== 'unknown') throw error;
    const { host, origin } = request.headers;
    try {
      return { session: gate.present('open', { host, origin, environment: material.environment, peer: material.peer }), face: 'open' };
    } catch {
      throw error;
    }
  }
}

/** Faces that a browser adds by itself, so that another site could make it call here. */
const ambient: ReadonlySet<Face> = new Set(['session', 'basic', 'certificate', 'open']);

/** An open platform answers to names of this machine only: a page elsewhere may have its own name resolve to 127.0.0.1. */
const ownHosts = ['localhost', '*.localhost', '127.0.0.1', '[::1]'];

/** Refuses what another site makes a browser send: by Sec-Fetch-Site, Origin, and for cookies the token of the session. */
export function refuseCrossSite(request: HttpRequest, { session, face }: Presented, write: boolean): void {
  if (!ambient.has(face)) return;
  const { method = '', headers } = request;
  checkOrigin({ method, headers });
  if (face === 'open') checkHost(headers, ownHosts);
  if (face !== 'session' || !write) return;
  // A browser names its origin with every change; without it nobody knows whose page it was.
  if (headers.origin === undefined && headers['sec-fetch-site'] !== 'same-origin')
    throw fault('CrossSite', 'A change by cookie needs an Origin header.');
  const wanted = (session.proof as { csrf?: unknown } | undefined)?.csrf;
  const given = headers['gamut-csrf'];
  if (typeof wanted !== 'string' || typeof given !== 'string' || !equal(wanted, given)) {
    throw fault('CrossSite', 'A change by cookie needs the Gamut-Csrf header with the token of the session.');
  }
}

function equal(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
