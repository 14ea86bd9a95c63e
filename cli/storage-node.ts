import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fault } from '#kernel/contract/fault.ts';
import { readNodeAddress } from '#engine/storage-node/address.ts';
import { keyBytes } from '#engine/storage-node/limits.ts';
import { openStorageNode } from '#services/storage/store/node-server.ts';
import type { Global } from './global.ts';
import { usage } from './verb/parse.ts';

/** `gamut storage-node`: holds drives for the storage of a platform, in the foreground until it is interrupted. */
export async function run(argv: string[], global: Global): Promise<number> {
  const options = readOptions(argv);
  if (options.newKey !== undefined) return makeKey(options.newKey);
  const { listen, key, drives } = options;
  if (listen === undefined || key === undefined || drives.length === 0) throw usage('Say --listen, --key and at least one --drive.');
  for (const path of drives) await demandDirectory(path);
  process.umask(0o077);
  const onRefused = (why: string) => console.error(`gamut: somebody was refused: ${why}`);
  const at = readNodeAddress(listen);
  if (!at) throw usage(`${listen} is no address: unix:/PATH or tls://HOST:PORT.`);
  const node = await openStorageNode({ listen: at, key, drives, onRefused }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.syscall === undefined) throw cause;
    throw fault('Usage', { detail: `It cannot listen at ${listen}: ${cause.code}.`, cause });
  });
  const { address } = node;
  console.log(global.output === 'json' ? JSON.stringify({ address, drives }) : `Serves at ${address}: ${drives.join(', ')}`);
  await interrupted();
  await node.close();
  return 0;
}

type Options = { listen?: string | undefined; key?: string | undefined; newKey?: string | undefined; drives: readonly string[] };

function readOptions(argv: string[]): Options {
  const { drive = [], listen, key, 'new-key': newKey } = parsed(argv);
  const drives = drive.map((path) => resolve(path));
  if (new Set(drives).size < drives.length) throw usage('A drive is named twice.');
  return { listen, key, newKey, drives };
}

function parsed(argv: string[]) {
  const text = { type: 'string' } as const;
  const drive = { type: 'string', multiple: true } as const;
  try {
    return parseArgs({ args: argv, options: { listen: text, key: text, 'new-key': text, drive } }).values;
  } catch (cause) {
    throw usage((cause as Error).message);
  }
}

/** Makes a key; one that is there is never written over. */
function makeKey(path: string): number {
  try {
    writeFileSync(path, `${randomBytes(keyBytes).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    throw fault('Usage', { detail: `The key cannot be written: ${(cause as Error).message}.`, cause });
  }
  console.log(`${path} is a new key. Copy it to where storage runs, by a way that nobody else reads.`);
  return 0;
}

/** A directory that is not there is no disk that is mounted, and is not made. */
async function demandDirectory(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) throw fault('Usage', `There is no directory ${path}.`);
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
}
