import { join } from 'node:path';
import { allOfBoto3, boto3Checks } from '../boto3/checks.ts';
import { type Check, check, type Client } from '../client.ts';
import { debianPackage } from '../debian.ts';
import { openPlace, type Place } from '../place.ts';
import { pythonPackage } from '../python.ts';
import { type Server, startServer } from './server.ts';

/** Whose address the platform is given. */
const roles = [
  { name: 'maker', rights: 'createrole createdb', words: 'as a role with CREATEROLE and CREATEDB', extent: 'all' },
  { name: 'almighty', rights: 'superuser', words: 'as a superuser', extent: 'smoke' },
] as const;

/** The platform over a PostgreSQL that it did not start: all that boto3 is held to, and the same audit. */
export const client: Client = {
  name: 'postgresql',
  async setup() {
    const python = await pythonPackage('boto3');
    if ('skip' in python) return python;
    return debianPackage('postgresql');
  },
  async run({ folder }) {
    const checks: Check[] = [];
    const server = await startServer(join(folder, 'server'));
    try {
      for (const role of roles) {
        const address = await server.role(role.name, role.rights);
        const made = await runOn(server, address, join(folder, role.name), role.extent);
        checks.push(...made.map((one) => ({ ...one, title: `${role.words}: ${one.title}` })));
      }
    } finally {
      await server.stop();
    }
    return { checks };
  },
};

async function runOn(server: Server, address: string, folder: string, extent: 'all' | 'smoke'): Promise<Check[]> {
  const up = ['--sql', address];
  let place: Place | undefined;
  const checks: Check[] = [];
  const known = await databases(server);
  const started = await check('the platform starts', async () => {
    place = await openPlace(folder, { up });
  });
  if (!place) return [started];
  checks.push(started);
  try {
    const own = (await databases(server)).find((name) => !known.includes(name)) ?? '';
    checks.push(
      ...(extent === 'all'
        ? [await check('all that boto3 is held to', () => allOfBoto3(place as Place))]
        : await boto3Checks(place, extent)),
    );
    checks.push(await check('row-level security is forced on every table of tenants', () => forced(server, own)));
    checks.push(await check('no login of the platform may pass row-level security by', () => plain(server, own)));
    checks.push(await check('what was done is in the audit log', () => audited(place as Place)));
    checks.push(await check('a restart of the server is outlived', () => outlives(server, place as Place)));
    await place.down();
    checks.push(
      await check('the next start finds what was there', async () => {
        place = await openPlace(folder, { up });
        if (!(await place.gamut('tenant', 'list')).includes('kept-organization')) throw new Error('the organization is gone');
      }),
    );
  } finally {
    await place.down();
  }
  return checks;
}

const databases = async (server: Server): Promise<string[]> =>
  (await server.ask('postgres', "select datname from pg_database where datname like 'gamut%'")).split('\n').filter((name) => name !== '');

/** Every table with a column `tenant` keeps tenants apart, its owner included. */
async function forced(server: Server, database: string): Promise<void> {
  const tables = `select n.nspname || '.' || c.relname, c.relrowsecurity and c.relforcerowsecurity as safe from pg_class c
    join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant'
    where c.relkind in ('r', 'p') and n.nspname not like 'pg_%'`;
  const rows = (await server.ask(database, tables)).trim().split('\n');
  const open = rows.filter((row) => !row.endsWith('|t'));
  const allowed = /^platform\.(change|contract|mail|session|ticket|access_key|journal_cursor|log_cursor|organization)\|/;
  const wrong = open.filter((row) => !allowed.test(row));
  if (rows.length < 8 || wrong.length > 0) throw new Error(`${rows.length} tables, of which open: ${wrong.join(' ')}`);
}

async function plain(server: Server, database: string): Promise<void> {
  const logins = `select rolname, rolsuper or rolbypassrls or rolcreaterole or rolcreatedb
    from pg_roles where rolcanlogin and rolname like '${database}%'`;
  const rows = (await server.ask(database, logins)).trim().split('\n');
  if (rows.length < 3 || rows.some((row) => !row.endsWith('|f'))) throw new Error(rows.join(' '));
}

type Record = { readonly service: string; readonly operation: string; readonly credential?: string; readonly outcome?: string };

/** A credential's creation, and the bucket that it makes, are recorded with its id. */
async function audited({ admin }: Place): Promise<void> {
  const found = new Set<string>();
  for (let tries = 0; tries < 50; tries += 1) {
    const response = await fetch(`${admin.url}/v1/platform/audit?limit=1000`, { headers: { authorization: `Bearer ${admin.bearer}` } });
    const { items } = (await response.json()) as { items: Record[] };
    for (const { service, operation } of items) found.add(`${service}.${operation}`);
    if (
      ['platform.CreateCredential', 'platform.RevokeCredential', 'storage.CreateBucket', 'storage.PutObject', 'storage.GetObject'].every(
        (name) => found.has(name),
      )
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`only these are recorded: ${[...found].join(' ')}`);
}

/** Connections are made anew; a command that comes right after the restart may be told to repeat, not more. */
async function outlives(server: Server, place: Place): Promise<void> {
  await server.restart();
  let last: unknown;
  for (let tries = 0; tries < 20; tries += 1) {
    try {
      await place.gamut('tenant', 'create', 'kept-organization');
      return;
    } catch (error) {
      last = error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
  throw last;
}
