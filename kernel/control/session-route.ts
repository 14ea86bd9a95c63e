import type { IncomingMessage, ServerResponse } from 'node:http';
import { fault } from '../contract/fault.ts';
import { sha256Hex } from '../keys/face-secret.ts';
import { bearer } from '../caller/face/bearer.ts';
import { rolesIn } from '../caller/place.ts';
import type { SessionRecord } from '../snapshot/record.ts';
import { readBody } from '../listen/body.ts';
import { parseJson } from '../listen/json.ts';
import { checkOrigin } from '../listen/origin.ts';
import { parseId } from '../tenancy/id.ts';
import { builtInRoles } from '../contract/contract.ts';
import { type Context, nameOrId, type Row } from './context.ts';
import { frontBodyBytes, loginTriesMax, loginWindowMs } from './limits.ts';
import { beginSession, type Begun, emailOf, endSession, login, makeTicket, useTicket } from './person.ts';
import { formatId } from '../tenancy/id.ts';

export type Replied = { readonly status: number; readonly body?: unknown; readonly cookie?: string };
type Given = { email?: unknown; password?: unknown; bearer?: unknown; token?: unknown };

/** Sessions of the browser: begun by password, bearer or a mailed link, read, and ended. */
export function sessionRoutes(context: Context, options: { readonly isLocalOutbox: boolean; outbox(): Promise<unknown[]> }) {
  const failures = new Map<string, { count: number; until: number }>();

  async function given(request: IncomingMessage): Promise<Given> {
    checkOrigin({ method: request.method ?? '', headers: request.headers });
    const body = parseJson((await readBody(request, frontBodyBytes)).toString('utf8'));
    if (typeof body !== 'object' || body === null || Array.isArray(body))
      throw fault('BadInput', { path: '', detail: 'The body must be a JSON object.' });
    return body as Given;
  }

  function throttle(key: string): void {
    const now = context.now();
    for (const [old, entry] of failures) if (entry.until <= now) failures.delete(old);
    const entry = failures.get(key);
    if (entry && entry.count >= loginTriesMax)
      throw fault('TooMany', { detail: 'Too many failed log-ins; wait a minute.', retryAfterMs: entry.until - now });
  }

  function failed(key: string): void {
    const entry = failures.get(key) ?? { count: 0, until: context.now() + loginWindowMs };
    failures.set(key, { ...entry, count: entry.count + 1 });
  }

  async function begin(request: IncomingMessage): Promise<Replied> {
    const { email, password, bearer: token } = await given(request);
    if (typeof token === 'string') {
      const { principal, credential } = bearer({ token: token.trim() }, context.snapshot, context.now());
      return begun(request, await beginSession(context, principal, credential));
    }
    if (typeof email !== 'string' || typeof password !== 'string')
      throw fault('BadInput', { path: '/email', detail: 'An e-mail address and a password are needed, or a bearer.' });
    const key = `${request.socket.remoteAddress} ${email.trim().toLowerCase()}`;
    throttle(key);
    try {
      return begun(request, (await login(context, email, password)).begun);
    } catch (error) {
      failed(key);
      throw error;
    }
  }

  async function begun(request: IncomingMessage, { token }: Begun): Promise<Replied> {
    context.snapshot.refresh();
    return { status: 200, body: await described(recordOf(token)), cookie: cookieOf(request, token) };
  }

  function recordOf(token: string | undefined): SessionRecord {
    const record = token === undefined ? undefined : context.snapshot.get('session', sha256Hex(token));
    if (!record || record.expiresAt <= context.now()) throw fault('Unauthenticated', { path: 'missing', detail: 'Nobody is signed in.' });
    if (record.credential !== undefined && context.snapshot.get('credential', record.credential)?.revokedAt !== undefined)
      throw fault('Unauthenticated', { path: 'revoked' });
    return record;
  }

  async function described(record: SessionRecord) {
    const person = nameOrId(record.principal).id;
    const email = person === 0n ? '' : await emailOf(context, person);
    const organizations = await Promise.all(record.tenants.map((tenant) => organizationOf(tenant, record.principal)));
    return {
      csrf: record.csrf,
      person: { id: record.principal, email, title: email || record.principal },
      organizations: organizations.flatMap((found) => found ?? []),
    };
  }

  async function organizationOf(tenant: string, principal: string) {
    const known = context.snapshot.get('tenant', tenant);
    if (!known || known.ended) return undefined;
    const db = context.sql.as({ tenant: parseId(tenant), scope: parseId(known.defaultScope ?? tenant) });
    const [projects, environments] = await db.group([
      { text: 'select id, name, title from platform.project order by name' },
      { text: 'select id, project, name, title, kind from platform.environment order by id' },
    ]);
    const roles = rolesIn(context.snapshot, principal, tenant, known.defaultScope ?? '');
    return {
      id: tenant,
      name: known.name,
      title: known.title,
      role: builtInRoles.find((role) => roles.includes(role)) ?? roles[0] ?? '',
      projects: ((projects?.rows ?? []) as Row[]).map((project) => ({
        id: formatId(project.id as bigint),
        name: project.name,
        title: project.title,
        environments: ((environments?.rows ?? []) as Row[])
          .filter((row) => row.project === project.id)
          .map((row) => ({ id: formatId(row.id as bigint), name: row.name, title: row.title, kind: row.kind })),
      })),
    };
  }

  async function end(request: IncomingMessage): Promise<Replied> {
    checkOrigin({ method: 'DELETE', headers: request.headers });
    const token = tokenOf(request);
    if (token !== undefined) await endSession(context, sha256Hex(token));
    return { status: 204, cookie: cookieOf(request, '') };
  }

  async function invitation(request: IncomingMessage): Promise<Replied> {
    const { token, password } = await given(request);
    const person = await useTicket(context, 'invitation', token, password);
    return begun(request, await beginSession(context, formatId(person)));
  }

  /** Answers alike whether the address is known or not. */
  async function reset(request: IncomingMessage): Promise<Replied> {
    const { email } = await given(request);
    if (typeof email !== 'string') throw fault('BadInput', { path: '/email', detail: 'An e-mail address is needed.' });
    const key = `reset ${request.socket.remoteAddress}`;
    throttle(key);
    failed(key);
    const hash = await context.keeper.lookup(`email ${email.trim().normalize('NFC').toLowerCase()}`);
    const { rows } = await context.system
      .platform()
      .query('select id from platform.person where email_hash = $1 and password is not null', [hash]);
    const [row] = rows as Row[];
    if (row) {
      const token = await makeTicket(context, 'reset', row.id as bigint);
      await context.mail.send({
        to: email.trim(),
        subject: 'Reset your password on Gamut',
        text: [
          'Choose a new password within an hour:',
          `${context.consoleUrl()}/reset?token=${token}`,
          '',
          'If you did not ask for this, do nothing.',
          '',
        ].join('\n'),
      });
    }
    return { status: 202, body: {} };
  }

  async function confirm(request: IncomingMessage): Promise<Replied> {
    const { token, password } = await given(request);
    await useTicket(context, 'reset', token, password);
    return { status: 200, body: {} };
  }

  async function outbox(request: IncomingMessage): Promise<Replied> {
    const record = recordOf(tokenOf(request));
    if (!options.isLocalOutbox || !rolesIn(context.snapshot, record.principal, '-', '-').includes('operator')) throw fault('Denied');
    return { status: 200, body: { mails: await options.outbox() } };
  }

  const routes: Record<string, (request: IncomingMessage) => Promise<Replied>> = {
    'POST /session': begin,
    'GET /session': async (request) => ({ status: 200, body: await described(recordOf(tokenOf(request))) }),
    'DELETE /session': end,
    'POST /session/invitation': invitation,
    'POST /session/reset': reset,
    'POST /session/reset/confirm': confirm,
    'GET /session/outbox': outbox,
  };
  return (request: IncomingMessage, path: string) => {
    const route = routes[`${request.method} ${path}`];
    if (!route) throw fault(Object.keys(routes).some((known) => known.endsWith(` ${path}`)) ? 'MethodNotAllowed' : 'NoSuchOperation');
    return route(request);
  };
}

const isSecure = (request: IncomingMessage) => 'encrypted' in request.socket;
const cookieName = (request: IncomingMessage) => (isSecure(request) ? '__Host-gamut_session' : 'gamut_session');

function cookieOf(request: IncomingMessage, token: string): string {
  const more = `${isSecure(request) ? '; Secure' : ''}${token === '' ? '; Max-Age=0' : ''}`;
  return `${cookieName(request)}=${token}; Path=/; HttpOnly; SameSite=Strict${more}`;
}

function tokenOf(request: IncomingMessage): string | undefined {
  const name = `${cookieName(request)}=`;
  const pair = request.headers.cookie
    ?.split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(name));
  return pair?.slice(name.length) || undefined;
}

/** Sends what a route answered. */
export function sendReply(response: ServerResponse, { status, body, cookie }: Replied): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    ...(cookie === undefined ? {} : { 'set-cookie': cookie }),
  });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
