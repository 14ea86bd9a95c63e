import type { Call, Handlers } from '../../contract/call.ts';
import { fault } from '../../contract/fault.ts';
import { roleOperations } from '../../contract/check.ts';
import { rolesIn } from '../../caller/place.ts';
import { accessKeyId, stripeKey } from '../../keys/face-secret.ts';
import { formatId } from '../../tenancy/id.ts';
import { change, type Context, enveloped, found, isOperator, nameOrId, own, paged, type Row } from '../context.ts';
import { certificateDays, credentialsMax, overlapDefaultMs } from '../limits.ts';
import { platform } from '../service.ts';

type All = Handlers<typeof platform>;
type Mine = Pick<
  All,
  | 'CreateCredential'
  | 'ImportCredential'
  | 'GetCredential'
  | 'ListCredentials'
  | 'RotateCredential'
  | 'RevokeCredential'
  | 'IssueCertificate'
>;
type New = {
  title?: string;
  project?: string;
  environment?: string;
  role?: string;
  principal?: string;
  expiresAt?: number;
  labels?: Record<string, string>;
};

/** What is told of a verifier. */
export type Told = { mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-512'; rounds: number };

const time = (value: unknown) => (value instanceof Date ? value.getTime() : undefined);

function credentialOf(row: Row) {
  const optional = {
    expiresAt: time(row.expires_at),
    revokedAt: time(row.revoked_at),
    rotatedAt: time(row.rotated_at),
    overlapUntil: time(row.overlap_until),
  };
  const times = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  const verified = row.login === null ? {} : { login: String(row.login), verifiers: row.verifiers as Told[] };
  return enveloped(row, formatId(row.id as bigint), {
    principal: String(row.principal),
    environment: formatId(row.scope as bigint),
    role: String(row.role),
    title: String(row.title),
    ...times,
    ...verified,
  });
}

/** The environment something is for: by id, or by name or kind in a project (the first one, if none is named). */
export async function environmentFor(context: Context, call: Call, { environment = 'live', project }: New): Promise<bigint> {
  const wanted = nameOrId(environment);
  const inProject = project === undefined ? undefined : nameOrId(project);
  const { rows } = await own(context, call).query(
    `select e.id from platform.environment e join platform.project p on p.tenant = e.tenant and p.id = e.project
     where (e.id = $1 or e.name = $2 or ($3::text is null and e.kind = $2)) and ($3::text is null or p.name = $3 or p.id
       = $4) order by p.id, e.id limit 1`,
    [wanted.id, wanted.name, inProject?.name ?? null, inProject?.id ?? 0n],
  );
  return found(rows, `environment ${environment}${project === undefined ? '' : ` in project ${project}`}`).id as bigint;
}

/** Whether the organization made this role. */
export function isCustomRole(context: Context, call: Call, role: string): boolean {
  return context.snapshot.get('ownPolicy', formatId(call.caller.tenant), `role.${role}`) !== undefined;
}

/** Nobody gives away more than they have: every platform operation of the role must be the giver's too. */
export function assertMayGive(context: Context, call: Call, role: string): void {
  if (isOperator(context, call)) return;
  const mine = rolesIn(context.snapshot, call.caller.principal, formatId(call.caller.tenant), formatId(call.caller.scope));
  const allowed = new Set(mine.flatMap((held) => [...roleOperations(platform, held)]));
  // What an organization made itself may be more than the giver has, so its owners give it.
  if (isCustomRole(context, call, role)) {
    if (mine.includes('owner')) return;
    throw fault('Denied', `The role ${role} is given by owners.`);
  }
  const rank = ['auditor', 'reader', 'editor', 'admin', 'owner'];
  const highest = Math.max(...mine.map((held) => rank.indexOf(held)));
  const isGivable = rank.indexOf(role) <= highest && [...roleOperations(platform, role)].every((operation) => allowed.has(operation));
  if (!isGivable || role === 'operator') throw fault('Denied', `The role ${role} is more than yours.`);
}

/**
 * Who makes or renews a credential can act as its principal from then on: that is for oneself, for a service account that
 * has no more than one's own roles, or for operators. Nobody else acts as a person.
 */
export async function assertMayActAs(context: Context, call: Call, principal: string): Promise<void> {
  if (principal === call.caller.principal || isOperator(context, call)) return;
  const { rows: known } = await context.system
    .platform()
    .query(`select 1 from platform.binding where tenant = 0 and principal = $1 union all select 1 from platform.person where id = $2`, [
      principal,
      nameOrId(principal).id,
    ]);
  if (known.length > 0) throw fault('Denied', `Nobody but themselves acts as ${principal}.`);
  const { rows: bindings } = await own(context, call).query('select role from platform.binding where principal = $1', [principal]);
  for (const { role } of bindings as Row[]) assertMayGive(context, call, String(role));
}

/** The credential of an id, if the caller may act as its principal. */
async function locateOwn(context: Context, call: Call, id: string): Promise<Row> {
  const row = await locate(context, call, id);
  await assertMayActAs(context, call, String(row.principal));
  if (row.revoked_at) throw fault('Conflict', 'The credential was revoked.');
  return row;
}

/** The credential of an id: the caller's tenant's, or anybody's for an operator. */
async function locate(context: Context, call: Call, id: string): Promise<Row> {
  const wanted = nameOrId(id).id;
  const handle = isOperator(context, call) ? context.system.platform() : own(context, call);
  const { rows } = await handle.query('select * from platform.credential where id = $1', [wanted]);
  return found(rows, `credential ${id}`);
}

/** Takes the role of an ended credential from its principal, unless another credential or an account gives it still. */
export async function unbind(tx: { query(text: string, params: readonly unknown[]): Promise<unknown> }, row: Row): Promise<void> {
  await tx.query(
    `delete from platform.binding b where principal = $1 and scope = $2 and role = $3 and not exists
     (select from platform.credential c where c.principal = b.principal and c.scope = b.scope and c.role = b.role
       and c.revoked_at is null) and not exists
     (select from platform.service_account a where 'service-' || a.name = b.principal and a.scope = b.scope and a.role = b.role)`,
    [row.principal, row.scope, row.role],
  );
}

/** The names of ended credentials may be taken again. */
export async function freeLogins(tx: { query(text: string, params: readonly unknown[]): Promise<unknown> }, ids: readonly unknown[]) {
  await tx.query('delete from platform.login where credential = any($1::bigint[])', [ids]);
}

const placeOf = (row: Row) => ({ tenant: row.tenant as bigint, scope: row.scope as bigint });

/** Credentials: made, imported, rotated, revoked. Secrets are made by keeper and pass through here once, to be shown. */
export function credentialHandlers(context: Context): Mine {
  async function insert(
    call: Call,
    wanted: New,
    sealedOf: (id: string) => Promise<Buffer>,
    accessKey: string | null,
  ): Promise<{ id: string; sealed: Buffer; scope: bigint; role: string }> {
    const { tenant } = call.caller;
    const role = wanted.role ?? 'admin';
    if (!Object.hasOwn(platform.roles, role) && !/^[a-z][A-Za-z0-9]*$/.test(role))
      throw fault('BadInput', { path: '/role', detail: `There is no role ${role}.` });
    assertMayGive(context, call, role);
    if (wanted.principal !== undefined) await assertMayActAs(context, call, wanted.principal);
    const scope = await environmentFor(context, call, wanted);
    const id = context.ids.next();
    const name = formatId(id);
    const principal = wanted.principal ?? `service-${name}`;
    const sealed = await sealedOf(name);
    await change(context, { tenant, scope }, async (tx, note) => {
      await tx.query('select pg_advisory_xact_lock($1)', [tenant]);
      const { rows } = await tx.query('select count(*) as count from platform.credential where revoked_at is null and parent is null');
      if (Number((rows[0] as Row).count) >= credentialsMax)
        throw fault('QuotaExceeded', `An organization has at most ${credentialsMax} credentials.`);
      if (accessKey !== null) {
        const taken = await tx.query('insert into platform.access_key (name, credential) values ($1, $2) on conflict do nothing', [
          accessKey,
          id,
        ]);
        if (taken.count === 0) throw fault('Conflict', `The access key ${accessKey} is known already.`);
      }
      await tx.query(
        `insert into platform.credential (tenant, id, scope, principal, role, title, sealed, access_key, labels,
         expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
        [
          tenant,
          id,
          scope,
          principal,
          role,
          wanted.title ?? '',
          sealed,
          accessKey,
          JSON.stringify(wanted.labels ?? {}),
          wanted.expiresAt === undefined ? null : new Date(wanted.expiresAt),
        ],
      );
      await tx.query('insert into platform.binding (tenant, principal, role, scope) values ($1, $2, $3, $4) on conflict do nothing', [
        tenant,
        principal,
        role,
        scope,
      ]);
      await note(tenant, 'principal', [formatId(tenant), principal]);
      await note(tenant, 'credential', [name]);
    });
    return { id: name, sealed, scope, role };
  }

  type Shown = { tenant: bigint; scope: bigint; role: string; id: string; sealed: Buffer; accessKey: string | null };

  /** Where a door speaks PostgreSQL: an address that its clients take as it is. */
  async function postgresFace(id: string, password: string, scope: bigint) {
    const door = (await context.doors())['analytics.postgres'];
    if (!door) return {};
    const url = new URL(door.url);
    Object.assign(url, { username: id, password, pathname: `/${formatId(scope)}` });
    return { postgres: { url: url.href } };
  }

  async function facesOf({ tenant, scope, role, id, sealed, accessKey }: Shown) {
    const secrets = await context.keeper.faces(tenant, id, sealed);
    const mode = context.snapshot.get('scope', formatId(scope))?.kind === 'live' ? 'live' : 'test';
    // Whoever may not do everything holds what Stripe calls a restricted key.
    const kind = role === 'owner' || role === 'admin' ? 'sk' : 'rk';
    return {
      id,
      bearer: secrets.bearer,
      s3: { accessKeyId: accessKey ?? accessKeyId(id), secretAccessKey: secrets.s3, region: context.region },
      basic: { username: id, password: secrets.basic },
      sasl: { username: id, password: secrets.sasl },
      ...(await postgresFace(id, secrets.sasl, scope)),
      ledger: { cluster: secrets.cluster },
      stripe: {
        secretKey: stripeKey({ kind, mode, id, secret: secrets.stripe }),
        publishableKey: stripeKey({ kind: 'pk', mode, id, secret: secrets.publishable }),
      },
    };
  }

  return {
    async CreateCredential(call) {
      const { tenant } = call.caller;
      const made = await insert(call as Call, call.input, (id) => context.keeper.mint(tenant, id, { sigv2: call.input.signatureV2 }), null);
      call.emit('CredentialCreated', { credential: made.id });
      return { output: await facesOf({ ...made, tenant, accessKey: null }) };
    },
    async ImportCredential(call) {
      const { accessKeyId: accessKey, secretAccessKey } = call.input;
      if (/^GMTA/i.test(accessKey))
        throw fault('BadInput', { path: '/accessKeyId', detail: 'Names that begin with GMTA are given by this platform.' });
      const made = await insert(
        call as Call,
        call.input,
        (id) => context.keeper.importSecret(call.caller.tenant, id, secretAccessKey),
        accessKey,
      );
      call.emit('CredentialCreated', { credential: made.id });
      return { output: { id: made.id, s3: { accessKeyId: accessKey } } };
    },
    async GetCredential(call) {
      return { output: credentialOf(await locate(context, call as Call, call.ref.name)) };
    },
    async ListCredentials(call) {
      const { after = '', limit = 100, verifiers = false } = call.input;
      const { rows } = await own(context, call as Call).query(
        `select * from platform.credential where id > $1 and parent is null
         and (not $3 or (login is not null and revoked_at is null and scope = $4)) order by id limit $2`,
        [after === '' ? 0n : nameOrId(after).id, limit + 1, verifiers, call.caller.scope],
      );
      return { output: paged((rows as Row[]).map(credentialOf), limit) };
    },
    async RotateCredential(call) {
      const row = await locateOwn(context, call as Call, call.ref.name);
      if (row.login !== null) throw fault('Conflict', 'Its secret was never told; bring another verifier.');
      const id = formatId(row.id as bigint);
      const { tenant } = placeOf(row);
      const sigv2 = context.snapshot.get('credential', id)?.generations.some((generation) => generation.sigv2 !== undefined);
      const sealed = await context.keeper.mint(tenant, id, { sigv2 });
      const until = new Date(context.now() + (call.input.overlapMs ?? overlapDefaultMs));
      await change(context, placeOf(row), async (tx, note) => {
        await tx.query(
          `update platform.credential set previous_sealed = sealed, sealed = $2, overlap_until = $3, rotated_at = now(),
           generation = generation + 1, version = version + 1 where id = $1 and revoked_at is null`,
          [row.id, sealed, until],
        );
        await note(tenant, 'credential', [id]);
      });
      const accessKey = row.access_key === null ? null : String(row.access_key);
      return { output: await facesOf({ ...placeOf(row), role: String(row.role), id, sealed, accessKey }) };
    },
    async RevokeCredential(call) {
      const row = await locate(context, call as Call, call.ref.name);
      const id = formatId(row.id as bigint);
      const { tenant } = placeOf(row);
      await change(context, placeOf(row), async (tx, note) => {
        // What was derived from it goes with it.
        const { rows } = await tx.query(
          `update platform.credential set revoked_at = coalesce(revoked_at, now()), version = version + 1
           where id = $1 or parent = $1 returning id, principal, scope, role`,
          [row.id],
        );
        await freeLogins(
          tx,
          (rows as Row[]).map((ended) => ended.id),
        );
        for (const ended of rows as Row[]) {
          await unbind(tx, ended);
          await note(tenant, 'principal', [formatId(tenant), String(ended.principal)]);
          await note(tenant, 'credential', [formatId(ended.id as bigint)]);
        }
      });
      call.emit('CredentialRevoked', { credential: id });
      return { output: {} };
    },
    async IssueCertificate(call) {
      const row = await locateOwn(context, call as Call, call.ref.name);
      const id = formatId(row.id as bigint);
      const { tenant } = placeOf(row);
      const { issueClient } = await import('../../listen/authority.ts');
      const issued = await issueClient(context.authority, { subject: id, days: certificateDays });
      const fingerprint = issued.fingerprint256.replaceAll(':', '').toLowerCase();
      await change(context, placeOf(row), async (tx, note) => {
        await tx.query(
          'update platform.credential set fingerprints = array_append(fingerprints, $2), version = version + 1 where id = $1',
          [row.id, fingerprint],
        );
        await note(tenant, 'credential', [id]);
      });
      return {
        output: {
          certificatePem: issued.certificatePem,
          keyPem: issued.keyPem,
          fingerprint,
          notAfter: context.now() + certificateDays * 86_400_000,
        },
      };
    },
  };
}
