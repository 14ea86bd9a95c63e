import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLogin } from '#seams/sql/address.ts';
import { openSql, type Sql } from '#seams/sql/sql.ts';
import { scramVerifier } from '#wire/pgwire/scram.ts';
import { deployDatabase, serviceUrl } from '../migrate/database.ts';
import { deploySchema } from '../migrate/deploy.ts';
import { identifier, literal, serviceNames } from '../migrate/name.ts';

/** The tables of the platform's schema in which a tenant sees its own rows, and the platform's login all. */
const tenantTables = [
  'project',
  'environment',
  'member',
  'binding',
  'credential',
  'audit_head',
  'audit_record',
  'usage_window',
  'usage_seen',
  'event_head',
  'event',
  'service_account',
  'policy',
  'custom_role',
  'webhook',
  'webhook_delivery',
  'key',
  'budget',
  'budget_alert',
  'quota',
];

/** The platform's own tables, which no caller's statement is cut to a tenant in. */
const platformTables = [
  'organization',
  'person',
  'access_key',
  'login',
  'session',
  'guard_rail',
  'factor',
  'recovery_code',
  'ticket',
  'mail',
  'reseal',
  'change_counter',
  'change',
  'contract',
  'journal_cursor',
  'log_cursor',
  'audit_root',
  'witnessed_log',
  'audit_log',
];

/** The deployment's database, with the addresses of the platform's two logins. */
export type Deployed = {
  /** As the role that makes schemas and roles. */
  readonly admin: Sql;
  readonly deployment: string;
  /** The login of control's handlers: sees a caller's tenant. */
  readonly platform: URL;
  /** The login that sees every tenant: publishing, recording, log-in. */
  readonly system: URL;
  /** Brings a service's schemas to this release and answers the address of its login. */
  service(name: string, migrations: string | undefined, platformTables?: readonly string[]): Promise<URL>;
};

/** Passwords of database logins, in files only this user reads. */
function loginPassword(data: string, login: string): string {
  const directory = join(data, 'secret');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, `${login}.sql-password`);
  if (!existsSync(path)) {
    writeFileSync(`${path}.new`, randomBytes(24).toString('base64url'), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
  return readFileSync(path, 'utf8');
}

const systemLogin = (deployment: string) => `gamut_${deployment}_system`;

/** The address of the login that sees every tenant, for recorder. */
export function systemUrl(admin: string, deployment: string, data: string): URL {
  return withLogin(admin, {
    user: systemLogin(deployment),
    password: loginPassword(data, 'system'),
    database: serviceNames(deployment, 'platform').database,
  });
}

/** Makes the database, the platform's schema and its logins, as far as they are missing. */
export async function deployPlatform(adminUrl: string, deployment: string, data: string): Promise<Deployed> {
  const url = await deployDatabase(adminUrl, deployment);
  const admin = openSql(url, { max: 2, applicationName: 'gamut deploy' });
  const password = loginPassword(data, 'platform');
  await deploySchema({
    admin,
    deployment,
    service: 'platform',
    folder: fileURLToPath(new URL('migration', import.meta.url)),
    password,
    platformLevel: platformTables,
    tenantLevel: tenantTables,
    systemLogin: systemLogin(deployment),
  });
  await deploySystem(admin, deployment, loginPassword(data, 'system'));
  await deployKernelTables(admin, deployment, data, 'platform');
  return {
    admin,
    deployment,
    platform: serviceUrl(url, deployment, 'platform', password),
    system: systemUrl(adminUrl, deployment, data),
    service: (name, migrations, platformTables = []) => deployService({ admin, url, deployment, data, name, migrations, platformTables }),
  };
}

/** The login that sees all tenants: a policy of its own in each tenant's table, no right to bypass row-level security. */
async function deploySystem(admin: Sql, deployment: string, password: string): Promise<void> {
  const login = identifier(systemLogin(deployment));
  const { owner } = serviceNames(deployment, 'platform');
  const verifier = await scramVerifier(password, randomBytes(16));
  await admin.platform().begin(async (tx) => {
    const { rows } = await tx.query('select 1 from pg_roles where rolname = $1', [systemLogin(deployment)]);
    await tx.script(`${rows.length > 0 ? 'alter' : 'create'} role ${login} login password ${literal(verifier)}`);
    await tx.script(
      `grant connect on database ${identifier(serviceNames(deployment, 'platform').database)} to ${login}; grant usage on
       schema gamut to ${login};`,
    );
    const policies = tenantTables.map(
      (table) =>
        `drop policy if exists gamut_system on platform.${table}; create policy gamut_system on platform.${table} to
         ${login} using (true) with check (true);`,
    );
    await tx.script(`set local role ${identifier(owner)};
      grant usage on schema platform to ${login};
      grant select, insert, update, delete on all tables in schema platform to ${login};
      grant execute on all functions in schema platform to ${login};
      ${policies.join('\n')}`);
  });
}

/** The tables that the kernel keeps for a service (resources, replies to keyed requests), which its login may use. */
async function deployKernelTables(admin: Sql, deployment: string, data: string, name: string): Promise<void> {
  const service = `${name}-kernel`;
  const folder = fileURLToPath(new URL('../resource/migration', import.meta.url));
  await deploySchema({ admin, deployment, service, folder, password: loginPassword(data, service), systemLogin: systemLogin(deployment) });
  const names = serviceNames(deployment, service);
  const [schema, login, system] = [names.schema, serviceNames(deployment, name).login, systemLogin(deployment)].map(identifier);
  await admin.platform().begin((tx) =>
    tx.script(`set local role ${identifier(names.owner)};
    grant usage on schema ${schema} to ${login}, ${system};
    grant select, insert, update, delete on all tables in schema ${schema} to ${login};
    grant select on all tables in schema ${schema} to ${system};
    drop policy if exists gamut_system on ${schema}.resource;
    create policy gamut_system on ${schema}.resource for select to ${system} using (true);`),
  );
}

type ServiceDeploy = {
  readonly admin: Sql;
  readonly url: URL;
  readonly deployment: string;
  readonly data: string;
  readonly name: string;
  readonly migrations: string | undefined;
  readonly platformTables: readonly string[];
};

async function deployService({ admin, url, deployment, data, name, migrations, platformTables }: ServiceDeploy): Promise<URL> {
  const none = join(data, 'secret', 'no-migration');
  mkdirSync(none, { recursive: true, mode: 0o700 });
  const password = loginPassword(data, name);
  await deploySchema({ admin, deployment, service: name, folder: migrations ?? none, password, platformLevel: platformTables });
  await deployKernelTables(admin, deployment, data, name);
  const login = identifier(serviceNames(deployment, name).login);
  await admin.platform().begin((tx) =>
    tx.script(`set local role ${identifier(serviceNames(deployment, 'platform').owner)};
    grant usage on schema platform to ${login};
    grant execute on function platform.note_change to ${login};`),
  );
  return serviceUrl(url, deployment, name, password);
}
