import { join } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';
import type { Client } from '../client.ts';
import { pythonChecks, pythonPackage, pythonSet } from '../python.ts';

const set = pythonSet('sqlalchemy');

/** SQLAlchemy, its ORM, and pandas over it, as they come: they make tables and fill them within transactions. */
export const client: Client = {
  name: 'sqlalchemy',
  setup: () => pythonPackage('SQLAlchemy', set),
  async run(place) {
    const { sasl } = await place.credential('--role', 'owner');
    const { hostname, port } = new URL(place.doors['analytics.postgres']?.url ?? '');
    const input = { host: hostname, port: Number(port), sasl };
    return { checks: await pythonChecks(join(installation, 'conform', 'sqlalchemy', 'checks.py'), [], input, set) };
  },
};
