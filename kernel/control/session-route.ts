import type { HttpRequest } from '#engine/http1/request.ts';
import { fault } from '../contract/fault.ts';
import { sha256Hex } from '../keys/face-secret.ts';
import { bearer } from '../caller/face/bearer.ts';
import { rolesIn } from '../caller/place.ts';
import type { SessionRecord } from '../snapshot/record.ts';
import { checkOrigin } from '../listen/origin.ts';
import { formatId, parseId } from '../tenancy/id.ts';
import { builtInRoles } from '../contract/contract.ts';
import { type Context, nameOrId, type Row } from './context.ts';
import { seenEveryMs } from './identity/limits.ts';
import type { Entered, Login } from './identity/login.ts';
import { securityRoutes } from './identity/security-route.ts';
import { isImpossible } from './identity/watch.ts';
import { loginTriesMax, loginWindowMs } from './limits.ts';
import { accountOf, beginSession, emailOf, endSession, type Held, makeTicket, originOf, sealOrigin, useTicket } from './person.ts';
import { cookieOf, given, type Replied, type SessionRoute, tokenOf } from './session-cookie.ts';

/** Sessions of the browser: begun by password, second factor, passkey, bearer or a mailed link, read, and ended. */
export function sessionRoutes(context: Context, login: Login, options: { readonly isLocalOutbox: boolean; outbox(): Promise<unknown[]> }) {
  const failures = new Map<string, { count: number; until: number }>();

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

  async function begin(request: HttpRequest): Promise<Replied> {
    const { email, password, bearer: token } = await given(request);
    const visitor = await login.visitorOf(request);
    if (typeof token === 'string') {
      const { principal, credential } = bearer({ token: token.trim() }, context.snapshot, context.now());
      return entered(request, { begun: await beginSession(context, principal, { ...visitor, credential, assurance: 1 }) });
    }
    if (typeof email !== 'string' || typeof password !== 'string')
      throw fault('BadInput', { path: '/email', detail: 'An e-mail address and a password are needed, or a bearer.' });
    const key = `${request.socket.remoteAddress} ${email.trim().toLowerCase()}`;
    throttle(key);
    try {
      return await entered(request, await login.byPassword(visitor, email, password));
    } catch (error) {
      failed(key);
      throw error;
    }
  }

  async function second(request: HttpRequest): Promise<Replied> {
    const { ticket, ...proof } = await given(request);
    return entered(request, await login.bySecond(await login.visitorOf(request), ticket, proof));
  }

  async function askPasskey(request: HttpRequest): Promise<Replied> {
    await given(request);
    return { status: 200, body: { pending: await login.askPasskey(await login.visitorOf(request)) } };
  }

  async function byPasskey(request: HttpRequest): Promise<Replied> {
    const { ticket, passkey } = await given(request);
    return entered(request, await login.byPasskey(await login.visitorOf(request), ticket, passkey));
  }

  async function entered(request: HttpRequest, end: Entered): Promise<Replied> {
    if (!('begun' in end)) return { status: 200, body: { pending: end.waits } };
    const { token } = end.begun;
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

  async function read(request: HttpRequest): Promise<Replied> {
    const record = recordOf(tokenOf(request));
    await seen(request, record);
    return { status: 200, body: await described(record) };
  }

  /** Notes that a session is in use, and ends one that is used where nobody can have gone since it was used last. */
  async function seen(request: HttpRequest, record: SessionRecord): Promise<void> {
    const db = context.system.platform();
    const { rows } = await db.query('select id, principal, credential, origin_sealed, seen_at from platform.session where id = $1', [
      record.id,
    ]);
    const [row] = rows as Row[];
    if (!row) throw fault('Unauthenticated', { path: 'revoked' });
    const before = await originOf(context, row);
    const address = request.socket.remoteAddress ?? '';
    const at = (row.seen_at as Date).getTime();
    const [there, here] = [login.locate(before.address), login.locate(address)];
    if (there && here && isImpossible({ place: there, at }, { place: here, at: context.now() })) {
      await endSession(context, record.id);
      await context.recordSignIn(record.principal, 'UseSession', 'Unauthenticated');
      throw fault('Unauthenticated', { path: 'revoked', detail: 'The session was ended: it came from two distant places at once.' });
    }
    if (address === before.address && context.now() - at < seenEveryMs) return;
    const origin = await sealOrigin(context, row as Held, { ...before, address });
    await db.query('update platform.session set seen_at = now(), origin_sealed = $2 where id = $1', [record.id, origin]);
  }

  async function described(record: SessionRecord) {
    const person = nameOrId(record.principal).id;
    const email = person === 0n ? '' : await emailOf(context, person);
    const organizations = await Promise.all(record.tenants.map((tenant) => organizationOf(tenant, record.principal)));
    return {
      csrf: record.csrf,
      assurance: record.assurance ?? 0,
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

  async function end(request: HttpRequest): Promise<Replied> {
    checkOrigin({ method: 'DELETE', headers: request.headers });
    const token = tokenOf(request);
    if (token !== undefined) await endSession(context, sha256Hex(token));
    return { status: 204, cookie: cookieOf(request, '') };
  }

  async function invitation(request: HttpRequest): Promise<Replied> {
    const { token, password } = await given(request);
    const person = await useTicket(context, 'invitation', token, password);
    return entered(request, await login.admit(await login.visitorOf(request), person));
  }

  /** Answers alike whether the address is known or not. */
  async function reset(request: HttpRequest): Promise<Replied> {
    const { email } = await given(request);
    if (typeof email !== 'string') throw fault('BadInput', { path: '/email', detail: 'An e-mail address is needed.' });
    const key = `reset ${request.socket.remoteAddress}`;
    throttle(key);
    failed(key);
    const { rows } = await context.system
      .platform()
      .query('select id from platform.person where email_hash = $1 and password is not null', [await accountOf(context, email)]);
    const [row] = rows as Row[];
    // Neither how long the mail takes nor whether it can be sent may tell who exists.
    if (row)
      void mailReset(email.trim(), row.id as bigint).catch((error) =>
        context.log('error', 'the mail for a new password was not sent', { error: String(error) }),
      );
    return { status: 202, body: {} };
  }

  async function mailReset(to: string, person: bigint): Promise<void> {
    const token = await makeTicket(context, 'reset', person);
    const link = `${context.consoleUrl()}/reset?token=${token}`;
    const text = ['Choose a new password within an hour:', link, '', 'If you did not ask for this, do nothing.', ''].join('\n');
    await context.mail.send({ to, subject: 'Reset your password on Gamut', text });
  }

  async function confirm(request: HttpRequest): Promise<Replied> {
    const { token, password } = await given(request);
    await useTicket(context, 'reset', token, password);
    return { status: 200, body: {} };
  }

  async function outbox(request: HttpRequest): Promise<Replied> {
    const record = recordOf(tokenOf(request));
    if (!options.isLocalOutbox || !rolesIn(context.snapshot, record.principal, '-', '-').includes('operator')) throw fault('Denied');
    return { status: 200, body: { mails: await options.outbox() } };
  }

  const routes: Record<string, SessionRoute> = {
    'POST /session': begin,
    'POST /session/factor': second,
    'POST /session/passkey/begin': askPasskey,
    'POST /session/passkey': byPasskey,
    'GET /session': read,
    'DELETE /session': end,
    'POST /session/invitation': invitation,
    'POST /session/reset': reset,
    'POST /session/reset/confirm': confirm,
    'GET /session/outbox': outbox,
    ...securityRoutes(context, login, (request) => recordOf(tokenOf(request))),
  };
  return (request: HttpRequest, path: string) => {
    const route = routes[`${request.method} ${path}`];
    if (!route) throw fault(Object.keys(routes).some((known) => known.endsWith(` ${path}`)) ? 'MethodNotAllowed' : 'NoSuchOperation');
    return route(request);
  };
}
