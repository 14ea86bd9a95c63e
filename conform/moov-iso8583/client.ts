import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Client } from '../client.ts';
import { tryCommand } from '../command.ts';
import { goBuild, goPath } from '../go.ts';
import { bothWays, cases } from '../iso8583.ts';

const program = fileURLToPath(new URL('./program', import.meta.url));

/** moov-io/iso8583, a codec of card messages in Go: it reads what we write, and we read what it writes. */
export const client: Client = {
  name: 'moov-iso8583',
  async setup() {
    if ((await tryCommand(['sh', '-c', 'command -v go'])).code !== 0) return { skip: 'go is not installed' };
    await goBuild(program, 'moov-iso8583');
    const [, version = ''] = /moov-io\/iso8583 (\S+)/.exec(readFileSync(`${program}/go.mod`, 'utf8')) ?? [];
    return { version };
  },
  async run() {
    return { checks: await bothWays([goPath('moov-iso8583')], cases('before')) };
  },
};
