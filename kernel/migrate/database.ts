import { PostgresError } from '#seams/sql/error.ts';
import { withLogin } from '#seams/sql/address.ts';
import { openSql, type Sql } from '#seams/sql/sql.ts';
import { tenancySql } from '#kernel/tenancy/schema.ts';
import { databaseName, identifier, serviceNames } from './name.ts';

/** Locks out every other deployment of schemas in this database until the transaction ends. */
export const deployLock = "select pg_advisory_xact_lock(hashtextextended('gamut.deploy', 0))";

const recordSql = `
create table if not exists gamut.migration (
  service text not null, number int not null, name text not null, checksum text not null,
  applied_at timestamptz not null default now(), primary key (service, number));
`;

/**
 * Makes the deployment's database, if it is not there, with the schema `gamut`. `admin` is the address of a role with
 * CREATEDB and CREATEROLE; answers its address on the new database, for `deploySchema`.
 */
export async function deployDatabase(admin: URL | string, deployment: string): Promise<URL> {
  const database = databaseName(deployment);
  await createDatabase(admin, database);
  const url = withLogin(admin, { database });
  await using sql = openSql(url, { max: 1, applicationName: 'gamut-deploy' });
  await sql.platform().begin(async (tx) => {
    await tx.query(deployLock);
    await tx.script(tenancySql + recordSql);
    await tx.script(`revoke connect, temporary on database ${identifier(database)} from public; revoke all on schema public from public;`);
  });
  return url;
}

async function createDatabase(admin: URL | string, database: string): Promise<void> {
  await using sql: Sql = openSql(admin, { max: 1, applicationName: 'gamut-deploy' });
  const platform = sql.platform();
  const { count } = await platform.query('select 1 from pg_database where datname = $1', [database]);
  if (count > 0) return;
  try {
    await platform.script(`create database ${identifier(database)} encoding 'UTF8' template template0`);
  } catch (error) {
    // 42P04, or 23505 in the catalogue: another process made it in the meantime.
    if (!(error instanceof PostgresError) || !['42P04', '23505'].includes(error.sqlstate)) throw error;
  }
}

/** The address by which a service logs in to its schema; `url` is any address on the deployment's server. */
export function serviceUrl(url: URL | string, deployment: string, service: string, password: string): URL {
  const names = serviceNames(deployment, service);
  return withLogin(url, { user: names.login, password, database: names.database });
}
