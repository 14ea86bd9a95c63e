import { randomBytes } from 'node:crypto';
import { fault } from '../../contract/fault.ts';
import { formatId } from '../../tenancy/id.ts';
import type { Context, Row } from '../context.ts';
import { factorsMax, factorTitleMax, recoveryCodes, totpSecretBytes } from './limits.ts';
import { ofPerson, openPersonal, sealPersonal } from '../personal.ts';
import { handleIn, type Passkey, proven, type Site } from './passkey.ts';
import type { Pending } from './pending.ts';
import { matchedStep, totpAddress } from './totp.ts';

/** How somebody may prove a second time that it is them. */
export type Method = 'totp' | 'passkey' | 'recovery' | 'mail';

/** What a person sees of a second factor. */
export type Factor = {
  readonly id: string;
  readonly kind: 'totp' | 'passkey';
  readonly title: string;
  readonly createdAt: number;
  readonly usedAt?: number;
};

/** What a browser sends as proof: one of these. */
export type Proof = { readonly code?: unknown; readonly recovery?: unknown; readonly mailed?: unknown; readonly passkey?: unknown };

/** Where the secret of a factor stands, and what its person calls it. */
export const factorPlace = (id: unknown): string => `factor ${id}`;
export const titlePlace = (id: unknown): string => `factor ${id} title`;
const secretOf = (context: Context, row: Row) => openPersonal(context, ofPerson(row.person as bigint), row.sealed, factorPlace(row.id));

/** What a factor is called; until it is sealed, as an earlier release left it. */
export async function titleOf(context: Context, row: Row): Promise<string> {
  if (!(row.title_sealed instanceof Uint8Array)) return String(row.title ?? '');
  return (await openPersonal(context, ofPerson(row.person as bigint), row.title_sealed, titlePlace(row.id)))?.toString() ?? '';
}

const db = (context: Context) => context.system.platform();
const wrong = () => fault('Unauthenticated', { path: 'signature', detail: 'The code or passkey is wrong, or was used before.' });

async function rowsOf(context: Context, person: bigint): Promise<Row[]> {
  const { rows } = await db(context).query('select * from platform.factor where person = $1 and confirmed_at is not null order by id', [
    person,
  ]);
  return rows as Row[];
}

/** The confirmed second factors of a person. */
export async function factorsOf(context: Context, person: bigint): Promise<Factor[]> {
  return Promise.all(
    (await rowsOf(context, person)).map(async (row) => ({
      id: formatId(row.id as bigint),
      kind: row.kind as Factor['kind'],
      title: await titleOf(context, row),
      createdAt: (row.created_at as Date).getTime(),
      ...(row.used_at instanceof Date ? { usedAt: row.used_at.getTime() } : {}),
    })),
  );
}

/** The handles of a person's passkeys on this site. */
export async function passkeysOf(context: Context, person: bigint): Promise<{ handle: string }[]> {
  return (await rowsOf(context, person)).flatMap((row) => (row.kind === 'passkey' ? [{ handle: String(row.handle) }] : []));
}

/** The ways a person has beyond the password. */
export async function methodsOf(context: Context, person: bigint): Promise<Method[]> {
  const kinds = new Set<Method>((await rowsOf(context, person)).map((row) => row.kind as Method));
  if (kinds.size > 0 && (await recoveryLeft(context, person)) > 0) kinds.add('recovery');
  return [...kinds];
}

async function insertFactor(
  context: Context,
  person: bigint,
  made: { kind: Factor['kind']; title: unknown; plain: Buffer; handle?: string; counter?: number; confirmed: boolean },
): Promise<bigint> {
  const id = context.ids.next();
  const title = typeof made.title === 'string' ? made.title.trim() : '';
  if (title.length > factorTitleMax || /\p{Cc}/u.test(title))
    throw fault('BadInput', { path: '/title', detail: `A title has at most ${factorTitleMax} characters.` });
  const { rows } = await db(context).query('select count(*) as count from platform.factor where person = $1', [person]);
  if (Number((rows[0] as Row).count) >= factorsMax) throw fault('QuotaExceeded', `A person has at most ${factorsMax} second factors.`);
  const usual = made.kind === 'totp' ? 'Authenticator app' : 'Passkey';
  const done = await db(context).query(
    `insert into platform.factor (id, person, kind, title_sealed, sealed, handle, counter, confirmed_at)
     values ($1, $2, $3, $4, $5, $6, $7, case when $8::boolean then now() end) on conflict do nothing`,
    [
      id,
      person,
      made.kind,
      await sealPersonal(context, ofPerson(person), title || usual, titlePlace(id)),
      await sealPersonal(context, ofPerson(person), made.plain, factorPlace(id)),
      made.handle ?? null,
      BigInt(made.counter ?? 0),
      made.confirmed,
    ],
  );
  if (done.count === 0) throw fault('Conflict', 'This passkey is known already.');
  return id;
}

/** Begins an authenticator app: its secret is shown once, and counts when a code of it was given. */
export async function beginTotp(context: Context, person: bigint, account: string, title: unknown) {
  await db(context).query(`delete from platform.factor where person = $1 and kind = 'totp' and confirmed_at is null`, [person]);
  const secret = randomBytes(totpSecretBytes);
  const id = await insertFactor(context, person, { kind: 'totp', title, plain: secret, confirmed: false });
  return { factor: formatId(id), ...totpAddress(secret, account) };
}

/** Takes the first code of an authenticator app. */
export async function confirmTotp(context: Context, person: bigint, code: unknown): Promise<void> {
  const { rows } = await db(context).query(
    `select * from platform.factor where person = $1 and kind = 'totp' and confirmed_at is null order by id desc limit 1`,
    [person],
  );
  const [row] = rows as Row[];
  if (!row) throw fault('NotFound', 'No authenticator app waits for its first code.');
  if (!(await useTotp(context, row, code))) throw wrong();
  await db(context).query('update platform.factor set confirmed_at = now() where id = $1', [row.id]);
}

export async function addPasskey(
  context: Context,
  person: bigint,
  made: { handle: string; counter: number; passkey: Passkey },
  title: unknown,
): Promise<void> {
  const plain = Buffer.from(JSON.stringify(made.passkey));
  await insertFactor(context, person, { kind: 'passkey', title, plain, handle: made.handle, counter: made.counter, confirmed: true });
}

/** Takes a second factor away; recovery codes go with the last one. */
export async function removeFactor(context: Context, person: bigint, id: bigint): Promise<void> {
  const gone = await db(context).query('delete from platform.factor where person = $1 and id = $2', [person, id]);
  if (gone.count === 0) throw fault('NotFound', 'There is no such factor.');
  if ((await rowsOf(context, person)).length === 0)
    await db(context).query('delete from platform.recovery_code where person = $1', [person]);
}

/** A code counts once, whoever sends it first. */
async function useTotp(context: Context, row: Row, code: unknown): Promise<boolean> {
  const secret = await secretOf(context, row);
  const step = secret && matchedStep(secret, String(code).replaceAll(' ', ''), context.now(), Number(row.last_step));
  if (step === undefined) return false;
  const used = await db(context).query('update platform.factor set last_step = $2, used_at = now() where id = $1 and last_step < $2', [
    row.id,
    BigInt(step),
  ]);
  return used.count === 1;
}

const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';
const hashOf = (context: Context, person: bigint, code: string) =>
  context.keeper.lookup(`recovery ${person} ${code.toLowerCase().replaceAll(/[^a-z0-9]/g, '')}`);

/** Makes recovery codes, which replace those before; they are shown once. */
export async function makeRecoveryCodes(context: Context, person: bigint): Promise<string[]> {
  const letter = (byte: number) => alphabet[byte % alphabet.length] ?? '';
  const codes = Array.from({ length: recoveryCodes }, () => {
    const text = [...randomBytes(64)]
      .filter((byte) => byte < 8 * alphabet.length)
      .map(letter)
      .slice(0, 12)
      .join('');
    return `${text.slice(0, 4)}-${text.slice(4, 8)}-${text.slice(8)}`;
  });
  const hashes = await Promise.all(codes.map((code) => hashOf(context, person, code)));
  await db(context).begin(async (tx) => {
    await tx.query('delete from platform.recovery_code where person = $1', [person]);
    for (const hash of hashes) await tx.query('insert into platform.recovery_code (person, hash) values ($1, $2)', [person, hash]);
  });
  return codes;
}

export async function recoveryLeft(context: Context, person: bigint): Promise<number> {
  const { rows } = await db(context).query('select count(*) as count from platform.recovery_code where person = $1 and used_at is null', [
    person,
  ]);
  return Number((rows[0] as Row).count);
}

/** Proves a second factor of a person, or throws Unauthenticated. `pending` holds what was asked. */
export async function prove(context: Context, person: bigint, proof: Proof, pending: Pending, site: Site): Promise<Method> {
  if (typeof proof.code === 'string') {
    for (const row of await rowsOf(context, person)) if (row.kind === 'totp' && (await useTotp(context, row, proof.code))) return 'totp';
    throw wrong();
  }
  if (typeof proof.recovery === 'string') {
    const used = await db(context).query(
      'update platform.recovery_code set used_at = now() where person = $1 and hash = $2 and used_at is null',
      [person, await hashOf(context, person, proof.recovery)],
    );
    if (used.count === 1) return 'recovery';
    throw wrong();
  }
  if (typeof proof.mailed === 'string') {
    const hash = await context.keeper.lookup(`mailed ${person} ${proof.mailed.replaceAll(/\D/g, '')}`);
    if (pending.mailed !== undefined && pending.mailed === hash.toString('base64')) return 'mail';
    throw wrong();
  }
  if ((await provePasskey(context, proof.passkey, pending, site, false)) !== person) throw wrong();
  return 'passkey';
}

/** The person whose passkey answers the challenge. `alone`: it is all that is shown, so the authenticator must know its person. */
export async function provePasskey(context: Context, response: unknown, pending: Pending, site: Site, alone: boolean): Promise<bigint> {
  const handle = handleIn(response);
  const { rows } = await db(context).query(
    `select * from platform.factor where handle = $1 and kind = 'passkey' and confirmed_at is not null`,
    [handle],
  );
  const [row] = rows as Row[];
  if (!row || pending.challenge === undefined) throw wrong();
  const secret = await secretOf(context, row);
  if (!secret) throw wrong();
  const passkey = JSON.parse(secret.toString()) as Passkey;
  const { counter } = await proven(site, pending.challenge, response, { handle, counter: Number(row.counter), passkey }, alone);
  await db(context).query('update platform.factor set counter = $2, used_at = now() where id = $1', [row.id, BigInt(counter)]);
  return row.person as bigint;
}

/** Mails a code to a person who has no other second factor, and answers the keyed hash to hold it against. */
export async function mailCode(context: Context, person: bigint, email: string): Promise<string> {
  const code = String(randomBytes(6).readUIntBE(0, 6) % 100_000_000).padStart(8, '0');
  await context.mail.send({
    to: email,
    subject: 'Your sign-in code for Gamut',
    text: [`Code: ${code}`, '', 'It works once, for ten minutes. If you are not signing in, change your password.', ''].join('\n'),
  });
  return (await context.keeper.lookup(`mailed ${person} ${code}`)).toString('base64');
}
