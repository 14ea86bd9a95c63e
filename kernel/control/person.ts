import { randomBytes } from 'node:crypto';
import { fault } from '../contract/fault.ts';
import { sha256Hex } from '../keys/face-secret.ts';
import { formatId, parseId } from '../tenancy/id.ts';
import { change, type Context, type Note, type Row } from './context.ts';
import { invitationMs, resetMs, sessionMs } from './limits.ts';
import { assertPassword, hashPassword, passwordFits } from './password.ts';
import { isErased, ofCredential, ofPerson, openPersonal, sealPersonal } from './personal.ts';

/** A session just begun: the token goes into the cookie, `csrf` into the page. */
export type Begun = { readonly token: string; readonly csrf: string; readonly expiresAt: number };

const normal = (email: string) => email.trim().normalize('NFC').toLowerCase();
/** Where an address stands, for its seal. */
export const emailPlace = (person: bigint): string => `person ${person} email`;

/** The person of an e-mail address, made when there is none; addresses are sealed and found by a keyed hash. */
export async function personOf(context: Context, email: string): Promise<bigint> {
  const hash = await accountOf(context, email);
  const db = context.system.platform();
  const known = await db.query('select id from platform.person where email_hash = $1', [hash]);
  if (known.rows[0]) return (known.rows[0] as Row).id as bigint;
  const id = context.ids.next();
  const sealed = await sealPersonal(context, ofPerson(id), normal(email), emailPlace(id));
  await db.query('insert into platform.person (id, email_hash, email_sealed) values ($1, $2, $3) on conflict (email_hash) do nothing', [
    id,
    hash,
    sealed,
  ]);
  return ((await db.query('select id from platform.person where email_hash = $1', [hash])).rows[0] as Row).id as bigint;
}

/** The address of a person; empty where there is none, or none any more. */
export async function emailOf(context: Context, person: bigint): Promise<string> {
  const { rows } = await context.system.platform().query('select email_sealed from platform.person where id = $1', [person]);
  const [row] = rows as Row[];
  return (row && (await openPersonal(context, ofPerson(person), row.email_sealed, emailPlace(person))))?.toString() ?? '';
}

/** The person of an e-mail and password. Unknown addresses take as long as wrong passwords. `account` is the keyed hash of the address. */
export async function personByPassword(context: Context, account: Buffer, password: string): Promise<bigint> {
  const { rows } = await context.system.platform().query('select id, password from platform.person where email_hash = $1', [account]);
  const [row] = rows as Row[];
  const phc = typeof row?.password === 'string' ? row.password : undefined;
  if (!(await passwordFits(password, phc)) || !row)
    throw fault('Unauthenticated', { path: 'signature', detail: 'The e-mail address or the password is wrong.' });
  return row.id as bigint;
}

/** The keyed hash by which an e-mail address is found. */
export const accountOf = (context: Pick<Context, 'keeper'>, email: string): Promise<Buffer> =>
  context.keeper.lookup(`email ${normal(email)}`);

/** Whether this is the person's password. */
export async function isPasswordOf(context: Context, person: bigint, password: unknown): Promise<boolean> {
  const { rows } = await context.system.platform().query('select password from platform.person where id = $1', [person]);
  const phc = (rows[0] as Row | undefined)?.password;
  return passwordFits(typeof password === 'string' ? password : '', typeof phc === 'string' ? phc : undefined);
}

/** How a session was proven, and where it comes from. Assurance 2: a second factor was proven at `factorAt`. */
export type Beginning = {
  readonly credential?: string;
  readonly assurance: 1 | 2;
  readonly address: string;
  readonly agent: string;
  readonly net: Buffer;
};

/** A session, as far as its origin asks: whose it is, and the id that the origin is sealed for. */
export type Held = { readonly id: string; readonly principal: string; readonly credential: bigint | null };

export const originPlace = (id: string): string => `session ${id}`;
/** Whom the origin of a session is about: its person, or the holder of the credential that began it. */
export const holderOf = ({ principal, credential }: Held): string =>
  credential === null ? ofPerson(parseId(principal)) : ofCredential(credential);

/** Begins a session of a principal; one begun with a bearer ends with that credential. */
export async function beginSession(
  context: Context,
  principal: string,
  { credential, assurance, address, agent, net }: Beginning,
): Promise<Begun> {
  const [token, csrf] = [randomBytes(32).toString('base64url'), randomBytes(24).toString('base64url')];
  const id = sha256Hex(token);
  const expiresAt = context.now() + sessionMs;
  const held = { id, principal, credential: credential === undefined ? null : parseId(credential) };
  const origin = await sealOrigin(context, held, { address, agent });
  await change(context, 'platform', async (tx, note) => {
    await tx.query('delete from platform.session where expires_at < now()');
    await tx.query(
      `insert into platform.session (id, principal, credential, csrf, expires_at, assurance, factor_at, origin_sealed, net_hash)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [id, principal, held.credential, csrf, new Date(expiresAt), assurance, assurance === 2 ? new Date(context.now()) : null, origin, net],
    );
    await note(0n, 'session', [id]);
  });
  return { token, csrf, expiresAt };
}

export type Origin = { readonly address: string; readonly agent: string };

/** Seals where a session comes from. Nobody who was erased has one: throws Unauthenticated. */
export async function sealOrigin(context: Context, held: Held, origin: Origin): Promise<Buffer> {
  try {
    return await sealPersonal(context, holderOf(held), JSON.stringify(origin), originPlace(held.id));
  } catch (error) {
    throw isErased(error) ? fault('Unauthenticated', { path: 'revoked', cause: error }) : error;
  }
}

/** Where a session was used last, by its row; empty where that is not kept any more. */
export async function originOf(context: Context, row: Row): Promise<Origin> {
  const held = row as Held;
  const plain =
    row.origin_sealed instanceof Uint8Array
      ? await openPersonal(context, holderOf(held), row.origin_sealed, originPlace(held.id))
      : undefined;
  return plain ? (JSON.parse(plain.toString()) as Origin) : { address: '', agent: '' };
}

/** Forgets where sessions come from that were not used since; answers of how many. */
export async function forgetOrigins(context: Context, { before }: { readonly before: number }): Promise<number> {
  const since = [new Date(before)];
  const db = context.system.platform();
  const ended = await db.query('delete from platform.session where expires_at < now() and seen_at < $1', since);
  const blanked = await db.query(
    'update platform.session set origin_sealed = null, net_hash = null where seen_at < $1 and origin_sealed is not null',
    since,
  );
  return ended.count + blanked.count;
}

/** Raises a session to assurance 2: its person proved a second factor. */
export async function raiseSession(context: Context, id: string): Promise<void> {
  await change(context, 'platform', async (tx, note) => {
    await tx.query('update platform.session set assurance = 2, factor_at = now() where id = $1', [id]);
    await note(0n, 'session', [id]);
  });
}

export async function endSession(context: Context, id: string): Promise<void> {
  await change(context, 'platform', async (tx, note) => {
    await tx.query('delete from platform.session where id = $1', [id]);
    await note(0n, 'session', [id]);
  });
}

type Querying = { query(text: string, params?: readonly unknown[]): Promise<{ rows: object[] }> };

/** Ends the sessions that rest on a password alone and were begun in a network since then; answers how many. */
export async function endSessionsFrom(context: Context, net: Buffer, since: number): Promise<number> {
  return change(context, 'platform', async (tx, note) => {
    const { rows } = await tx.query(
      'delete from platform.session where net_hash = $1 and created_at > $2 and assurance = 1 and credential is null returning id',
      [net, new Date(since)],
    );
    for (const row of rows as Row[]) await note(0n, 'session', [String(row.id)]);
    return rows.length;
  });
}

/** Ends all sessions of a person, after a password changed or a membership ended. */
export async function endSessionsOf(tx: Querying, note: Note, person: bigint): Promise<void> {
  const { rows } = await tx.query('delete from platform.session where principal = $1 returning id', [formatId(person)]);
  for (const row of rows as Row[]) await note(0n, 'session', [String(row.id)]);
}

/** Makes a ticket for a mail: only its hash is kept. */
export async function makeTicket(
  context: Context,
  kind: 'invitation' | 'reset',
  person: bigint,
  member?: { tenant: bigint; id: bigint },
): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  const life = kind === 'invitation' ? invitationMs : resetMs;
  await context.system
    .platform()
    .query('insert into platform.ticket (id, kind, person, member_tenant, member_id, expires_at) values ($1, $2, $3, $4, $5, $6)', [
      sha256Hex(token),
      kind,
      person,
      member?.tenant ?? null,
      member?.id ?? null,
      new Date(context.now() + life),
    ]);
  return token;
}

/** Uses a ticket once: sets the password, and for an invitation makes the membership count. */
export async function useTicket(context: Context, kind: 'invitation' | 'reset', token: unknown, password: unknown): Promise<bigint> {
  assertPassword(password);
  if (typeof token !== 'string') throw fault('BadInput', { path: '/token', detail: 'The token is missing.' });
  const phc = await hashPassword(password);
  return change(context, 'platform', async (tx, note) => {
    const { rows } = await tx.query(
      `update platform.ticket set used_at = now() where id = $1 and kind = $2 and used_at is null and expires_at > now()
       returning person, member_tenant, member_id`,
      [sha256Hex(token), kind],
    );
    const [row] = rows as Row[];
    if (!row) throw fault('NotFound', 'The link was used already, or is too old.');
    const person = row.person as bigint;
    // An invitation sets the password of somebody who has none; it must not take over an account that exists.
    const { rows: had } = await tx.query('select password from platform.person where id = $1', [person]);
    const existing = (had[0] as Row).password;
    if (kind === 'invitation' && typeof existing === 'string') {
      if (!(await passwordFits(password, existing)))
        throw fault('Unauthenticated', { path: 'signature', detail: 'You have an account already; give its password.' });
    } else {
      await tx.query('update platform.person set password = $2 where id = $1', [person, phc]);
      await endSessionsOf(tx, note, person);
    }
    if (row.member_tenant !== null) await acceptMember(tx, note, row);
    return person;
  });
}

async function acceptMember(tx: Querying, note: Note, row: Row): Promise<void> {
  const { rows } = await tx.query(
    'update platform.member set accepted_at = now(), version = version + 1 where tenant = $1 and id = $2 returning role',
    [row.member_tenant, row.member_id],
  );
  const [member] = rows as Row[];
  if (!member) throw fault('NotFound', 'The invitation was taken back.');
  const [tenant, principal] = [row.member_tenant as bigint, formatId(row.person as bigint)];
  await tx.query('insert into platform.binding (tenant, principal, role) values ($1, $2, $3) on conflict do nothing', [
    tenant,
    principal,
    member.role,
  ]);
  await note(tenant, 'principal', [formatId(tenant), principal]);
  const { rows: sessions } = await tx.query('select id from platform.session where principal = $1', [principal]);
  for (const session of sessions as Row[]) await note(tenant, 'session', [String(session.id)]);
}
