import { formatId } from '../tenancy/id.ts';
import { change, type Context, type Row } from './context.ts';

/** The credential that `up` shows: an operator of the platform and owner of the first organization. */
export type Admin = { readonly id: string; readonly bearer: string };

const adminPrincipal = 'admin';
const devName = 'dev';

/** Makes the first organization and the administrator's credential when there are none, and answers its bearer. */
export async function ensureFirst(context: Context): Promise<Admin> {
  const tenant = await ensureOrganization(context, 'default', 'Default');
  const db = context.system.platform();
  const { rows } = await db.query(
    `select id, sealed from platform.credential where tenant = $1 and principal = $2 and title = 'administrator' and
     revoked_at is null order by id limit 1`,
    [tenant, adminPrincipal],
  );
  const [known] = rows as Row[];
  if (known) return shown(context, tenant, formatId(known.id as bigint), known.sealed as Buffer);
  const id = context.ids.next();
  const scope = await liveScope(context, tenant);
  const sealed = await context.keeper.mint(tenant, formatId(id));
  await change(context, 'platform', async (tx, note) => {
    await tx.query(
      `insert into platform.credential (tenant, id, scope, principal, role, title, sealed) values ($1, $2, $3, $4,
       'owner', 'administrator', $5)`,
      [tenant, id, scope, adminPrincipal, sealed],
    );
    await tx.query(
      `insert into platform.binding (tenant, principal, role) values ($1, $2, 'owner'), (0, $2, 'operator') on conflict do nothing`,
      [tenant, adminPrincipal],
    );
    await note(tenant, 'principal', [formatId(tenant), adminPrincipal]);
    await note(0n, 'principal', ['', adminPrincipal]);
    await note(tenant, 'credential', [formatId(id)]);
  });
  return shown(context, tenant, formatId(id), sealed);
}

async function shown(context: Context, tenant: bigint, id: string, sealed: Buffer): Promise<Admin> {
  return { id, bearer: (await context.keeper.faces(tenant, id, sealed)).bearer };
}

async function liveScope(context: Context, tenant: bigint): Promise<bigint> {
  const { rows } = await context.system
    .platform()
    .query(`select id from platform.environment where tenant = $1 and kind = 'live' order by id limit 1`, [tenant]);
  return (rows[0] as Row).id as bigint;
}

/** An organization with a default project and its environments, by name. */
async function ensureOrganization(context: Context, name: string, title: string): Promise<bigint> {
  const { rows } = await context.system.platform().query('select id from platform.organization where name = $1', [name]);
  if (rows[0]) return (rows[0] as Row).id as bigint;
  const [tenant, project, live, test] = [context.ids.next(), context.ids.next(), context.ids.next(), context.ids.next()];
  await change(context, 'platform', async (tx, note) => {
    await tx.query('insert into platform.organization (id, name, title) values ($1, $2, $3)', [tenant, name, title]);
    await tx.query(`insert into platform.project (tenant, id, name, title) values ($1, $2, 'default', 'Default')`, [tenant, project]);
    await tx.query(
      `insert into platform.environment (tenant, id, project, name, title, kind) values ($1, $2, $4, 'live', 'Live',
       'live'), ($1, $3, $4, 'test', 'Test', 'test')`,
      [tenant, live, test, project],
    );
    await note(tenant, 'tenant', [formatId(tenant)]);
    await note(tenant, 'scope', [formatId(live)]);
    await note(tenant, 'scope', [formatId(test)]);
  });
  return tenant;
}

/** For `up --open`: the organization of callers without a credential, whose principal has no role on the platform. */
export async function ensureDev(context: Context): Promise<{ devScope: string; devPrincipal: string }> {
  const tenant = await ensureOrganization(context, devName, 'Development');
  await change(context, 'platform', async (tx, note) => {
    await tx.query(`insert into platform.binding (tenant, principal, role) values ($1, $2, 'admin') on conflict do nothing`, [
      tenant,
      devName,
    ]);
    await note(tenant, 'principal', [formatId(tenant), devName]);
  });
  return { devScope: formatId(await liveScope(context, tenant)), devPrincipal: devName };
}
