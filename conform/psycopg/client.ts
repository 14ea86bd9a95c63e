import { join } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';
import type { Client } from '../client.ts';
import { pythonChecks, pythonPackage } from '../python.ts';

/** psycopg, with libpq underneath: the client of Python for PostgreSQL. */
export const client: Client = {
  name: 'psycopg',
  setup: () => pythonPackage('psycopg'),
  async run(place) {
    const { sasl } = await place.credential('--role', 'owner');
    const { hostname, port } = new URL(place.doors['analytics.postgres']?.url ?? '');
    const kafka = place.doors['log.kafka']?.url.replace('kafka://', '');
    const input = { host: hostname, port: Number(port), kafka, sasl, ca: place.ca };
    return { checks: await pythonChecks(join(installation, 'conform', 'psycopg', 'checks.py'), [], input) };
  },
};
