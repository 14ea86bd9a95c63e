import { randomBytes } from 'node:crypto';
import type { Call, Handlers } from '../../contract/call.ts';
import { fault } from '../../contract/fault.ts';
import { builtInRoles } from '../../contract/contract.ts';
import { accessKeyId, sha256Hex } from '../../keys/face-secret.ts';
import { formatId } from '../../tenancy/id.ts';
import { change, type Context, found, own, type Row } from '../context.ts';
import type { platform } from '../service.ts';
import { roleSessionSeconds, sessionSeconds, sweepBatchMax, temporaryKeptMs, temporaryMax, temporarySweepMs } from '../sts/limits.ts';
import { assertMayGive, isCustomRole, unbind } from './credential.ts';

type Mine = Pick<Handlers<typeof platform>, 'AssumeRole' | 'GetSessionToken'>;
type New = { readonly principal: string; readonly role: string; readonly seconds: number; readonly binds: boolean };

/** Temporary credentials: rows like all others, with an end, a token, and the credential they come from. */
export function temporaryHandlers(context: Context): Mine {
  async function callers(call: Call): Promise<Row> {
    const { rows } = await own(context, call).query('select * from platform.credential where id = $1', [call.caller.credential]);
    return found(rows, 'credential that a temporary one could come from');
  }

  async function make(call: Call, from: Row, { principal, role, seconds, binds }: New) {
    const { tenant, scope } = call.caller;
    const parent = (from.parent ?? from.id) as bigint;
    const ends = [call.caller.face === 'session' ? undefined : from.expires_at].map((at) =>
      at instanceof Date ? at.getTime() : undefined,
    );
    const expiresAt = Math.min(context.now() + seconds * 1000, ...ends.flatMap((end) => end ?? []));
    const id = context.ids.next();
    const name = formatId(id);
    const sealed = await context.keeper.mint(tenant, name);
    const sessionToken = randomBytes(96).toString('base64');
    await change(context, call.caller, async (tx, note) => {
      const { rows } = await tx.query(
        'select count(*) as count from platform.credential where parent is not null and revoked_at is null and expires_at > now()',
      );
      if (Number((rows[0] as Row).count) >= temporaryMax)
        throw fault('QuotaExceeded', `An organization has at most ${temporaryMax} temporary credentials.`);
      await tx.query(
        `insert into platform.credential (tenant, id, scope, principal, role, title, sealed, expires_at, parent, token_hash)
         values ($1, $2, $3, $4, $5, 'temporary', $6, $7, $8, $9)`,
        [tenant, id, scope, principal, role, sealed, new Date(expiresAt), parent, sha256Hex(sessionToken)],
      );
      if (binds) {
        await tx.query('insert into platform.binding (tenant, principal, role, scope) values ($1, $2, $3, $4) on conflict do nothing', [
          tenant,
          principal,
          role,
          scope,
        ]);
        await note(tenant, 'principal', [formatId(tenant), principal]);
      }
      await note(tenant, 'credential', [name]);
    });
    const { s3 } = await context.keeper.faces(tenant, name, sealed);
    return { id: name, accessKeyId: accessKeyId(name, true), secretAccessKey: s3, sessionToken, expiresAt, principal };
  }

  return {
    async AssumeRole(call) {
      const { role, sessionName, durationSeconds = roleSessionSeconds } = call.input;
      const from = await callers(call as Call);
      if (!(builtInRoles as readonly string[]).includes(role) && !isCustomRole(context, call as Call, role))
        throw fault('Denied', `There is no role ${role}.`);
      assertMayGive(context, call as Call, role);
      const principal = `assumed-${role}/${sessionName}`;
      const { id, ...output } = await make(call as Call, from, { principal, role, seconds: durationSeconds, binds: true });
      call.emit('CredentialCreated', { credential: id });
      return { output };
    },
    async GetSessionToken(call) {
      const { durationSeconds = sessionSeconds } = call.input;
      const from = await callers(call as Call);
      if (from.parent !== null) throw fault('Denied', 'A temporary credential gives no session token.');
      const kept = { principal: call.caller.principal, role: String(from.role), seconds: durationSeconds, binds: false };
      const { id, ...output } = await make(call as Call, from, kept);
      call.emit('CredentialCreated', { credential: id });
      return { output };
    },
  };
}

/** Takes temporary credentials away some time after their end, with the roles that only they gave. */
export function sweepTemporary(context: Context): () => void {
  let running = false;
  async function sweep(): Promise<void> {
    const { rows } = await context.system
      .platform()
      .query('select tenant, id, principal, role, scope from platform.credential where parent is not null and expires_at < $1 limit $2', [
        new Date(context.now() - temporaryKeptMs),
        sweepBatchMax,
      ]);
    if (rows.length === 0) return;
    await change(context, 'platform', async (tx, note) => {
      for (const row of rows as Row[]) {
        const tenant = row.tenant as bigint;
        await tx.query('delete from platform.credential where tenant = $1 and id = $2', [tenant, row.id]);
        if (String(row.principal).startsWith('assumed-')) await unbind(tx, row);
        await note(tenant, 'principal', [formatId(tenant), String(row.principal)]);
        await note(tenant, 'credential', [formatId(row.id as bigint)]);
      }
    });
  }
  const timer = setInterval(() => {
    if (running) return;
    running = true;
    sweep()
      .catch((error) => context.log('warn', 'temporary credentials were not swept; trying again', { error: String(error) }))
      .finally(() => {
        running = false;
      });
  }, temporarySweepMs);
  return () => clearInterval(timer);
}
