import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Client } from '../client.ts';
import { tryCommand } from '../command.ts';
import { goBuild, goPath } from '../go.ts';
import { lineChecks } from '../line.ts';

const program = fileURLToPath(new URL('./program', import.meta.url));

/** franz-go, the client of Kafka for Go. */
export const client: Client = {
  name: 'franz-go',
  async setup() {
    if ((await tryCommand(['sh', '-c', 'command -v go'])).code !== 0) return { skip: 'go is not installed' };
    await goBuild(program, 'franz-go');
    const [, version = ''] = /franz-go (\S+)/.exec(readFileSync(`${program}/go.mod`, 'utf8')) ?? [];
    return { version };
  },
  async run(place) {
    const { sasl } = await place.credential();
    const kafka = place.doors['log.kafka']?.url.replace('kafka://', '');
    return { checks: await lineChecks([goPath('franz-go')], { kafka, sasl }) };
  },
};
