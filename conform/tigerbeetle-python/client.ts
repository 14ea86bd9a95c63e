import { join } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';
import type { Client } from '../client.ts';
import { ledgerInput } from '../ledger.ts';
import { pythonChecks, pythonPackage } from '../python.ts';

/** TigerBeetle's client for Python. */
export const client: Client = {
  name: 'tigerbeetle-python',
  setup: () => pythonPackage('tigerbeetle'),
  async run(place) {
    const script = join(installation, 'conform', 'tigerbeetle-python', 'checks.py');
    return { checks: await pythonChecks(script, [], await ledgerInput(place)) };
  },
};
