import type { HttpRequest } from '#engine/http1/request.ts';
import { fault } from '../../contract/fault.ts';
import { formatId } from '../../tenancy/id.ts';
import type { SessionRecord } from '../../snapshot/record.ts';
import { change, type Context, nameOrId, type Row } from '../context.ts';
import { emailOf, endSession, isPasswordOf, originOf, raiseSession } from '../person.ts';
import { checkToken, given, type Replied, type SessionRoute } from '../session-cookie.ts';
import { addPasskey, beginTotp, confirmTotp, factorsOf, makeRecoveryCodes, passkeysOf, recoveryLeft, removeFactor } from './factor.ts';
import { sessionsListMax } from './limits.ts';
import type { Login } from './login.ts';
import { registered, registrationOptions } from './passkey.ts';

type Given = Readonly<Record<string, unknown>>;
type Own = { readonly request: HttpRequest; readonly record: SessionRecord; readonly person: bigint; readonly body: Given };

/** What a person does about their own second factors and sessions; every route needs an open session. */
export function securityRoutes(
  context: Context,
  login: Login,
  recordOf: (request: HttpRequest) => SessionRecord,
): Record<string, SessionRoute> {
  const personOf = (record: SessionRecord): bigint => {
    const person = record.credential === undefined ? nameOrId(record.principal).id : 0n;
    if (person === 0n) throw fault('Denied', 'Second factors belong to persons; this session was begun with a credential.');
    return person;
  };

  /** A change by the person whose session it is. */
  const own =
    (work: (own: Own) => Promise<unknown>): SessionRoute =>
    async (request) => {
      const body = await given(request);
      const record = recordOf(request);
      checkToken(request, record);
      return { status: 200, body: (await work({ request, record, person: personOf(record), body })) ?? {} };
    };

  /** Who changes factors has just proven more than a cookie: a second factor, or while there is none the password. */
  async function assertFresh({ record, person, body }: Own): Promise<void> {
    if (await login.hasFactors(person)) {
      if ((record.assurance ?? 0) < 2) throw fault('StepUp');
      return;
    }
    const waiting = login.pending.put({ purpose: 'totp', person });
    login.pending.attempt(waiting, 'totp');
    if (!(await isPasswordOf(context, person, body.password)))
      throw fault('BadInput', { path: '/password', detail: 'Give your password to add the first factor; this one is wrong.' });
  }

  /** A session that proved a factor while adding it needs no second proof. */
  async function raised({ record, person }: Own): Promise<{ factors: unknown }> {
    if ((record.assurance ?? 0) < 2) await raiseSession(context, record.id);
    return { factors: await factorsOf(context, person) };
  }

  async function registerPasskey(own: Own): Promise<unknown> {
    const { person, request, body } = own;
    const waiting = login.pending.attempt(body.ticket, 'register');
    if (waiting.person !== person) throw fault('Unauthenticated', { path: 'signature' });
    const { site } = await login.visitorOf(request);
    await addPasskey(context, person, await registered(site, waiting.challenge ?? '', body.passkey), body.title);
    login.pending.done(body.ticket);
    return raised(own);
  }

  async function overview(request: HttpRequest): Promise<Replied> {
    const record = recordOf(request);
    const person = record.credential === undefined ? nameOrId(record.principal).id : 0n;
    const sessions = await sessionsOf(context, record);
    if (person === 0n) return { status: 200, body: { person: false, assurance: 0, factors: [], recovery: 0, sessions } };
    const [factors, recovery] = [await factorsOf(context, person), await recoveryLeft(context, person)];
    return { status: 200, body: { person: true, assurance: record.assurance ?? 0, factors, recovery, sessions } };
  }

  return {
    'GET /session/security': overview,
    'POST /session/totp': own(async (own) => {
      await assertFresh(own);
      return beginTotp(context, own.person, await emailOf(context, own.person), own.body.title);
    }),
    'POST /session/totp/confirm': own(async (own) => {
      await confirmTotp(context, own.person, own.body.code);
      return raised(own);
    }),
    'POST /session/passkey/register': own(async (own) => {
      await assertFresh(own);
      const { site } = await login.visitorOf(own.request);
      const person = { id: formatId(own.person), email: await emailOf(context, own.person) };
      const options = await registrationOptions(site, person, await passkeysOf(context, own.person));
      return { ticket: login.pending.put({ purpose: 'register', person: own.person, challenge: options.challenge }), options };
    }),
    'POST /session/passkey/register/confirm': own(registerPasskey),
    'POST /session/recovery': own(async (own) => {
      if ((own.record.assurance ?? 0) < 2) throw fault('StepUp');
      return { codes: await makeRecoveryCodes(context, own.person) };
    }),
    'POST /session/factor/remove': own(async (own) => {
      if ((own.record.assurance ?? 0) < 2) throw fault('StepUp');
      await removeFactor(context, own.person, nameOrId(String(own.body.factor)).id);
      return { factors: await factorsOf(context, own.person) };
    }),
    'POST /session/step-up/begin': own(async ({ request, person }) => login.askStepUp(await login.visitorOf(request), person)),
    'POST /session/step-up': own(async ({ request, person, record, body }) => {
      await login.byStepUp(await login.visitorOf(request), person, body.ticket, body);
      await raiseSession(context, record.id);
    }),
    'POST /session/end': own(async ({ record, body }) => endOwn(context, record, body)),
  };
}

async function sessionsOf(context: Context, record: SessionRecord) {
  const { rows } = await context.system.platform().query(
    `select * from platform.session where principal = $1 and expires_at > now() and credential is not distinct from $3
       order by created_at desc limit $2`,
    [record.principal, sessionsListMax, record.credential === undefined ? null : nameOrId(record.credential).id],
  );
  return Promise.all((rows as Row[]).map(async (row) => ({ ...(await sessionOf(context, row)), current: row.id === record.id })));
}

/** What is shown of a session; its id is a hash of its secret, and opens nothing. */
export async function sessionOf(context: Context, row: Row) {
  const { address, agent } = await originOf(context, row);
  return {
    id: String(row.id),
    principal: String(row.principal),
    createdAt: (row.created_at as Date).getTime(),
    seenAt: (row.seen_at as Date).getTime(),
    expiresAt: (row.expires_at as Date).getTime(),
    factor: row.assurance === 2,
    byCredential: row.credential !== null,
    address,
    agent,
  };
}

/** Ends one of one's own sessions, or all others. */
async function endOwn(context: Context, record: SessionRecord, body: Given): Promise<unknown> {
  if (body.others === true) {
    const ended = await change(context, 'platform', async (tx, note) => {
      const { rows } = await tx.query(
        'delete from platform.session where principal = $1 and id <> $2 and credential is null returning id',
        [record.principal, record.id],
      );
      for (const row of rows as Row[]) await note(0n, 'session', [String(row.id)]);
      return rows.length;
    });
    return { ended };
  }
  const { rows } = await context.system
    .platform()
    .query('select id from platform.session where id = $1 and principal = $2 and credential is null', [
      String(body.session),
      record.principal,
    ]);
  if (rows.length === 0) throw fault('NotFound', 'There is no such session of yours.');
  await endSession(context, String(body.session));
  return { ended: 1 };
}
