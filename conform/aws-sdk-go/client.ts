import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { castOf } from '../cast.ts';
import type { Client } from '../client.ts';
import { tryCommand } from '../command.ts';
import { goBuild, goPath } from '../go.ts';
import { lineChecks } from '../line.ts';

const program = fileURLToPath(new URL('./program', import.meta.url));

/** A program on the AWS SDK for Go, version 2. */
export const client: Client = {
  name: 'aws-sdk-go',
  async setup() {
    if ((await tryCommand(['sh', '-c', 'command -v go'])).code !== 0) return { skip: 'go is not installed' };
    await goBuild(program, 'aws-sdk-go');
    const [, version = ''] = /service\/s3 (\S+)/.exec(readFileSync(`${program}/go.mod`, 'utf8')) ?? [];
    return { version };
  },
  run: async (place) => ({ checks: await lineChecks([goPath('aws-sdk-go')], await castOf(place), { SSL_CERT_FILE: place.ca }) }),
};
