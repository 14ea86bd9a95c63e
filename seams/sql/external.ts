import { SqlRefused } from './error.ts';
import { openSql } from './sql.ts';

/** The oldest PostgreSQL that the platform's SQL runs on, as server_version_num has it. */
const oldestServer = 150_000;

/** What an external PostgreSQL was found to be. */
export type External = { readonly version: string; readonly superuser: boolean };

/** Checks that a PostgreSQL can serve the platform: version 15, CREATEROLE, CREATEDB, UTF-8. Throws SqlRefused with one sentence. */
export async function openExternal(url: URL | string): Promise<External> {
  await using sql = openSql(url, { max: 1, applicationName: 'gamut-check' });
  const { rows } = await sql.platform().query<{
    number: number;
    version: string;
    encoding: string;
    rolcreaterole: boolean;
    rolcreatedb: boolean;
    rolsuper: boolean;
    rolname: string;
  }>(
    `select current_setting('server_version_num')::int as number, current_setting('server_version') as version,
       current_setting('server_encoding') as encoding, rolname, rolcreaterole, rolcreatedb, rolsuper
     from pg_roles where rolname = current_user`,
  );
  const found = rows[0];
  if (!found) throw new SqlRefused('The PostgreSQL at the sql address does not show the role that logged in.');
  if (found.number < oldestServer)
    throw new SqlRefused(`The PostgreSQL at the sql address is version ${found.version}; 15 or newer is needed.`);
  const lacking = [found.rolcreaterole || found.rolsuper ? '' : 'CREATEROLE', found.rolcreatedb || found.rolsuper ? '' : 'CREATEDB'].filter(
    Boolean,
  );
  if (lacking.length > 0) throw new SqlRefused(`The role ${found.rolname} at the sql address lacks ${lacking.join(' and ')}.`);
  return { version: found.version, superuser: found.rolsuper };
}
