import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Client } from '../client.ts';
import { tryCommand } from '../command.ts';
import { goBuild, goPath } from '../go.ts';
import { lineChecks } from '../line.ts';

const program = fileURLToPath(new URL('./program', import.meta.url));

/** pgx, the client of Go for PostgreSQL, by itself, under database/sql, and under GORM. */
export const client: Client = {
  name: 'pgx',
  async setup() {
    if ((await tryCommand(['sh', '-c', 'command -v go'])).code !== 0) return { skip: 'go is not installed' };
    await goBuild(program, 'pgx');
    const [, version = ''] = /pgx\/v5 (\S+)/.exec(readFileSync(`${program}/go.mod`, 'utf8')) ?? [];
    return { version };
  },
  async run(place) {
    const { sasl } = await place.credential('--role', 'owner');
    const { hostname, port } = new URL(place.doors['analytics.postgres']?.url ?? '');
    return { checks: await lineChecks([goPath('pgx')], { host: hostname, port: Number(port), sasl }) };
  },
};
