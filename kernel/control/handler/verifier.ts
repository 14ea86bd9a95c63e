import type { ScramHash } from '#wire/scram/server.ts';
import { json, type Transaction } from '#seams/sql/sql.ts';
import type { Call, Handlers } from '../../contract/call.ts';
import { fault } from '../../contract/fault.ts';
import { scramOf } from '../../keys/scram-text.ts';
import { formatId } from '../../tenancy/id.ts';
import { change, type Context, nameOrId, type Row } from '../context.ts';
import { credentialsMax } from '../limits.ts';
import type { platform } from '../service.ts';
import { assertMayActAs, freeLogins, type Told, unbind } from './credential.ts';

type Mine = Pick<Handlers<typeof platform>, 'AlterVerifiers'>;

const hashes: Readonly<Record<Told['mechanism'], ScramHash>> = { 'SCRAM-SHA-256': 'sha256', 'SCRAM-SHA-512': 'sha512' };
const hashBytes: Readonly<Record<ScramHash, number>> = { sha256: 32, sha512: 64 };

/** Credentials of people and programs whose password nobody here knows: a name, and a salted verifier per mechanism. */
export function verifierHandlers(context: Context): Mine {
  return {
    async AlterVerifiers(call) {
      const { login, put = [], drop = [] } = call.input;
      const { tenant, scope } = call.caller;
      if (nameOrId(login.toLowerCase()).id !== 0n) throw fault('BadInput', { path: '/login', detail: 'A name may not look like an id.' });
      if (put.length + drop.length === 0) throw fault('BadInput', { path: '/put', detail: 'Put a verifier, or drop one.' });
      for (const { mechanism, storedKey, serverKey } of put)
        if ([storedKey, serverKey].some((key) => Buffer.from(key, 'base64').length !== hashBytes[hashes[mechanism]]))
          throw fault('BadInput', { path: '/put', detail: `The keys of ${mechanism} have another length.` });
      const principal = `service-${login}`;
      await assertMayActAs(context, call as Call, principal);
      const verifiers = Object.fromEntries(put.map((one) => [hashes[one.mechanism], scramOf(one)]));
      const seal = (id: bigint, sealed?: Buffer) =>
        context.keeper.alterVerifiers(
          tenant,
          formatId(id),
          verifiers,
          drop.map((mechanism) => hashes[mechanism]),
          sealed,
        );
      const { id, ended } = await change(context, { tenant, scope }, async (tx, note) => {
        await tx.query('select pg_advisory_xact_lock($1)', [tenant]);
        const { rows } = await tx.query('select * from platform.credential where login = $1 and revoked_at is null and scope = $2', [
          login,
          scope,
        ]);
        const [row] = rows as Row[];
        const left = leftOf((row?.verifiers ?? []) as Told[], put, drop, login);
        const place = { tenant, scope, login, principal };
        const altered = row ? await alter(tx, row, left, seal) : await insert(tx, context, place, left, seal);
        await note(tenant, 'principal', [formatId(tenant), principal]);
        await note(tenant, 'credential', [formatId(altered)]);
        return { id: formatId(altered), ended: left.length === 0 };
      });
      if (ended) call.emit('CredentialRevoked', { credential: id });
      else call.emit('CredentialCreated', { credential: id });
      return { output: { id, login } };
    },
  };
}

/** The verifiers that there are afterwards. Throws NotFound for one that is dropped and is not there. */
function leftOf(known: readonly Told[], put: readonly Told[], drop: readonly Told['mechanism'][], login: string): Told[] {
  const missing = drop.find((mechanism) => !known.some((one) => one.mechanism === mechanism));
  if (missing) throw fault('NotFound', `${login} has no verifier for ${missing}.`);
  const kept = known.filter(({ mechanism }) => !drop.includes(mechanism) && !put.some((one) => one.mechanism === mechanism));
  return [...kept, ...put.map(({ mechanism, rounds }) => ({ mechanism, rounds }))];
}

type Seal = (id: bigint, sealed?: Buffer) => Promise<Buffer>;

async function alter(tx: Transaction, row: Row, left: readonly Told[], seal: Seal): Promise<bigint> {
  const id = row.id as bigint;
  await tx.query(
    `update platform.credential set sealed = $2, verifiers = $3, version = version + 1, generation = generation + 1,
     revoked_at = case when $4 then now() end where id = $1`,
    [id, await seal(id, row.sealed as Buffer), json(left), left.length === 0],
  );
  if (left.length === 0) {
    await unbind(tx, row);
    await freeLogins(tx, [id]);
  }
  return id;
}

type Place = { readonly tenant: bigint; readonly scope: bigint; readonly login: string; readonly principal: string };

/** It has no role: what its principal may do is said by policies, and by the roles of a service account of its name. */
async function insert(tx: Transaction, context: Context, { tenant, scope, login, principal }: Place, left: readonly Told[], seal: Seal) {
  const { rows } = await tx.query('select count(*) as count from platform.credential where revoked_at is null and parent is null');
  if (Number((rows[0] as Row).count) >= credentialsMax)
    throw fault('QuotaExceeded', `An organization has at most ${credentialsMax} credentials.`);
  const id = context.ids.next();
  const taken = await tx.query('insert into platform.login (name, credential) values ($1, $2) on conflict do nothing', [login, id]);
  if (taken.count === 0) throw fault('Conflict', `Somebody on this platform logs in as ${login} already.`);
  await tx.query(
    `insert into platform.credential (tenant, id, scope, principal, role, title, sealed, login, verifiers)
     values ($1, $2, $3, $4, 'none', $5, $6, $5, $7)`,
    [tenant, id, scope, principal, login, await seal(id), json(left)],
  );
  return id;
}
