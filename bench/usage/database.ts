import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemUrl } from '#kernel/control/deploy.ts';

/** How to reach the embedded PostgreSQL of a running platform from outside it. */
export type Database = {
  readonly socket: string;
  readonly user: string;
  readonly password: string;
  readonly admin: string;
  readonly system: URL;
};

export function databaseOf(data: string): Database {
  // PostgreSQL's own file: the fourth line is its port, the fifth the directory of its socket.
  const lines = readFileSync(join(data, 'postgres', 'postmaster.pid'), 'utf8').split('\n');
  const [port = '', directory = ''] = lines.slice(3, 5);
  const user = 'gamut_admin';
  const password = readFileSync(join(data, 'secrets', 'postgres.password'), 'utf8').trim();
  const { deployment } = JSON.parse(readFileSync(join(data, 'format.json'), 'utf8')) as { deployment: string };
  const admin = new URL(`postgres://${user}:${password}@localhost:${port}/postgres`);
  admin.searchParams.set('host', directory);
  return {
    socket: join(directory, `.s.PGSQL.${port}`),
    user,
    password,
    admin: admin.href,
    system: systemUrl(admin.href, deployment, data),
  };
}
