import { randomBytes } from 'node:crypto';
import { scramVerifier } from '#wire/pgwire/scram.ts';
import type { Sql, Transaction } from '#seams/sql/sql.ts';
import { checkRole, checkTenancy, type TableLevels } from '#kernel/tenancy/check.ts';
import { deployLock } from './database.ts';
import { fault } from './fault.ts';
import { migrationRunMs } from './limits.ts';
import { type Migration, readMigrations } from './migration.ts';
import { identifier, literal, type Names, serviceNames } from './name.ts';

export type SchemaDeploy = TableLevels & {
  /** On the deployment's database, as a role with CREATEROLE. */
  readonly admin: Sql;
  readonly deployment: string;
  readonly service: string;
  /** Folder of `NNNN-name.sql`. */
  readonly folder: string;
  /** Of the service's login; kept by the caller in a file of mode 0600. */
  readonly password: string;
};

/**
 * Brings a service's schema to this release: its two roles, the migrations that are missing, its grants; then checks
 * that tenants are kept apart. Forward only. Answers the numbers applied now.
 */
export async function deploySchema(deploy: SchemaDeploy): Promise<number[]> {
  const names = serviceNames(deploy.deployment, deploy.service);
  const migrations = await readMigrations(deploy.folder);
  const platform = deploy.admin.platform();
  const verifier = await scramVerifier(deploy.password, randomBytes(16));
  await platform.begin((tx) => makeRoles(tx, names, verifier));
  const applied: number[] = [];
  for (;;) {
    const number = await platform.begin((tx) => applyNext(tx, deploy.service, names, migrations));
    if (number === undefined) break;
    applied.push(number);
  }
  await platform.begin((tx) => grant(tx, names));
  await checkTenancy(platform, names.schema, deploy);
  await checkRole(platform, names.login, names.owner);
  return applied;
}

async function makeRoles(tx: Transaction, names: Names, verifier: string): Promise<void> {
  await tx.query(deployLock);
  const owner = identifier(names.owner);
  const login = identifier(names.login);
  const { rows } = await tx.query<{ rolname: string }>('select rolname from pg_roles where rolname in ($1, $2)', [
    names.owner,
    names.login,
  ]);
  const known = new Set(rows.map((row) => row.rolname));
  // The server stores what it is given when that is a verifier already, so the password is in no statement.
  if (!known.has(names.owner)) await tx.script(`create role ${owner} nologin; grant ${owner} to current_user;`);
  await tx.script(`${known.has(names.login) ? 'alter' : 'create'} role ${login} login password ${literal(verifier)}`);
  await tx.script(`create schema if not exists ${identifier(names.schema)} authorization ${owner}`);
  await tx.script(`grant connect on database ${identifier(names.database)} to ${login}`);
  await tx.script(`grant usage on schema gamut to ${login}, ${owner}`);
  await tx.script(`alter role ${login} in database ${identifier(names.database)} set search_path = ${identifier(names.schema)}`);
}

async function applyNext(tx: Transaction, service: string, names: Names, migrations: readonly Migration[]): Promise<number | undefined> {
  await tx.query(deployLock);
  const { rows } = await tx.query<{ number: number; name: string; checksum: string }>(
    'select number, name, checksum from gamut.migration where service = $1 order by number',
    [service],
  );
  for (const row of rows) {
    const known = migrations[row.number - 1];
    const shown = `${service} ${String(row.number).padStart(4, '0')}-${row.name}`;
    if (!known)
      throw fault(
        'MigrationNewer',
        `Migration ${shown} is in the database, and this release knows ${migrations.length}: start a newer release.`,
      );
    if (known.checksum !== row.checksum)
      throw fault(
        'MigrationChanged',
        `${shown} was applied with other content: restore the file, and write a new migration for the change.`,
      );
  }
  const next = migrations[rows.length];
  if (!next) return undefined;
  await tx.script(
    `set local statement_timeout = ${migrationRunMs}; set local search_path = ${identifier(names.schema)};
     set local role ${identifier(names.owner)};`,
  );
  await tx.script(next.text);
  await tx.script('set local role none; set local search_path = pg_catalog;');
  await tx.query('insert into gamut.migration (service, number, name, checksum) values ($1, $2, $3, $4)', [
    service,
    next.number,
    next.name,
    next.checksum,
  ]);
  return next.number;
}

/** The login reads and writes rows; it makes, alters and truncates nothing. */
async function grant(tx: Transaction, names: Names): Promise<void> {
  await tx.query(deployLock);
  const schema = identifier(names.schema);
  const login = identifier(names.login);
  await tx.script(`set local role ${identifier(names.owner)};
    grant usage on schema ${schema} to ${login};
    grant select, insert, update, delete on all tables in schema ${schema} to ${login};
    grant usage, select on all sequences in schema ${schema} to ${login};
    revoke execute on all functions in schema ${schema} from public;
    grant execute on all functions in schema ${schema} to ${login};`);
}
