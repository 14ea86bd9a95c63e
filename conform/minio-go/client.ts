import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { castOf } from '../cast.ts';
import type { Client } from '../client.ts';
import { tryCommand } from '../command.ts';
import { goBuild, goPath } from '../go.ts';
import { lineChecks } from '../line.ts';

const program = fileURLToPath(new URL('./program', import.meta.url));

/** A program on minio-go, MinIO's client for Go. */
export const client: Client = {
  name: 'minio-go',
  async setup() {
    if ((await tryCommand(['sh', '-c', 'command -v go'])).code !== 0) return { skip: 'go is not installed' };
    await goBuild(program, 'minio-go');
    const [, version = ''] = /minio-go\/v7 (\S+)/.exec(readFileSync(`${program}/go.mod`, 'utf8')) ?? [];
    return { version };
  },
  run: async (place) => ({ checks: await lineChecks([goPath('minio-go')], await castOf(place), { SSL_CERT_FILE: place.ca }) }),
};
