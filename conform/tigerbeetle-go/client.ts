import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Client } from '../client.ts';
import { tryCommand } from '../command.ts';
import { goBuild, goPath } from '../go.ts';
import { ledgerChecks, ledgerInput } from '../ledger.ts';

const program = fileURLToPath(new URL('./program', import.meta.url));

/** TigerBeetle's client for Go. */
export const client: Client = {
  name: 'tigerbeetle-go',
  async setup() {
    if ((await tryCommand(['sh', '-c', 'command -v go && command -v cc'])).code !== 0) return { skip: 'go is not installed' };
    await goBuild(program, 'tigerbeetle');
    const [, version = ''] = /tigerbeetle-go (\S+)/.exec(readFileSync(`${program}/go.mod`, 'utf8')) ?? [];
    return { version };
  },
  run: async (place) => ({ checks: await ledgerChecks([goPath('tigerbeetle')], await ledgerInput(place)) }),
};
