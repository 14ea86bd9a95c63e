import type { HttpRequest } from '#engine/http1/request.ts';
import type { HttpResponse } from '#engine/http1/response.ts';
import { timingSafeEqual } from 'node:crypto';
import { fault } from '../contract/fault.ts';
import { readBody } from '../listen/body.ts';
import { parseJson } from '../listen/json.ts';
import { checkOrigin } from '../listen/origin.ts';
import type { SessionRecord } from '../snapshot/record.ts';
import { frontBodyBytes } from './limits.ts';

/** What a session route answers. */
export type Replied = { readonly status: number; readonly body?: unknown; readonly cookie?: string };

/** A session route: its request was held against its origin. */
export type SessionRoute = (request: HttpRequest) => Promise<Replied>;

const isSecure = (request: HttpRequest) => 'encrypted' in request.socket;
const cookieName = (request: HttpRequest) => (isSecure(request) ? '__Host-gamut_session' : 'gamut_session');

export function cookieOf(request: HttpRequest, token: string): string {
  const more = `${isSecure(request) ? '; Secure' : ''}${token === '' ? '; Max-Age=0' : ''}`;
  return `${cookieName(request)}=${token}; Path=/; HttpOnly; SameSite=Strict${more}`;
}

export function tokenOf(request: HttpRequest): string | undefined {
  const name = `${cookieName(request)}=`;
  const pair = request.headers.cookie
    ?.split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(name));
  return pair?.slice(name.length) || undefined;
}

/** The JSON object that a request of our own pages brings. */
export async function given(request: HttpRequest): Promise<Readonly<Record<string, unknown>>> {
  checkOrigin({ method: request.method ?? '', headers: request.headers });
  const body = parseJson((await readBody(request, frontBodyBytes)).toString('utf8'));
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw fault('BadInput', { path: '', detail: 'The body must be a JSON object.' });
  return body as Record<string, unknown>;
}

/** Refuses a change by cookie without the token that our pages send along. */
export function checkToken(request: HttpRequest, record: SessionRecord): void {
  const token = request.headers['gamut-csrf'];
  const [wanted, shown] = [Buffer.from(record.csrf), Buffer.from(typeof token === 'string' ? token : '')];
  if (wanted.length !== shown.length || !timingSafeEqual(wanted, shown))
    throw fault('CrossSite', 'A change by cookie needs the Gamut-Csrf header with the token of the session.');
}

/** Sends what a route answered. */
export function sendReply(response: HttpResponse, { status, body, cookie }: Replied): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    ...(cookie === undefined ? {} : { 'set-cookie': cookie }),
  });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
