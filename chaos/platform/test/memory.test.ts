import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openWith } from '#kernel/keys/sealed.ts';
import { type House, openHouse } from '../../../kernel/session/test/fixture/house.ts';

const pieceBytes = 4 * 1024 * 1024;
const isRoot = process.getuid?.() === 0;
let house: House;
before(async () => {
  house = await openHouse({ mode: 'processes', quiet: true });
});
after(() => house.stop());

/** The root key and every tenant's keys, by the keeper's own files. */
function secrets(): Map<string, Buffer> {
  const directory = join(house.data, 'keeper');
  const root = readFileSync(join(directory, 'root.key'));
  const found = new Map<string, Buffer>([['the root key', root]]);
  for (const name of readdirSync(join(directory, 'ring')).filter((file) => file.endsWith('.json'))) {
    const { versions } = JSON.parse(readFileSync(join(directory, 'ring', name), 'utf8')) as {
      versions: { version: number; sealed: string }[];
    };
    const tenant = name.slice(0, -'.json'.length);
    for (const { version, sealed } of versions)
      found.set(`the key of tenant ${tenant}`, openWith(root, Buffer.from(sealed, 'base64'), `ring ${tenant} ${version}`));
  }
  return found;
}

/** Which of the secrets stand in the memory of a process that it may write. */
function inMemory(pid: number, wanted: ReadonlyMap<string, Buffer>): Set<string> {
  const found = new Set<string>();
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const buffer = Buffer.alloc(pieceBytes);
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
      const [, from = '', to = '', mode = ''] = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(line) ?? [];
      if (!mode.startsWith('rw')) continue;
      scan(memory, buffer, Number.parseInt(from, 16), Number.parseInt(to, 16), wanted, found);
    }
  } finally {
    closeSync(memory);
  }
  return found;
}

function scan(memory: number, buffer: Buffer, from: number, to: number, wanted: ReadonlyMap<string, Buffer>, found: Set<string>): void {
  for (let at = from; at < to; at += pieceBytes - 32) {
    const size = read(memory, buffer, at, Math.min(pieceBytes, to - at));
    // What was reserved and never touched cannot be read, and holds nothing.
    if (size === 0) return;
    for (const [name, secret] of wanted) if (buffer.subarray(0, size).includes(secret)) found.add(name);
  }
}

function read(memory: number, buffer: Buffer, at: number, size: number): number {
  try {
    return readSync(memory, buffer, 0, size, at);
  } catch {
    return 0;
  }
}

test('no process but keeper has the root key or a tenant key in its memory', {
  skip: !isRoot && 'only root can read the memory of others',
}, async () => {
  await house.credential({ role: 'reader' });
  await house.call('POST', '/v1/platform/keys', { name: 'one' });
  await house.call('GET', '/v1/platform/audit');
  const wanted = secrets();
  assert.ok(wanted.size >= 2);
  const processes = house.platform.status().processes.filter(({ pid, name }) => pid !== null && name !== 'postgres');
  for (const { name, pid } of processes) {
    const found = [...inMemory(Number(pid), wanted)];
    if (name === 'keeper') assert.ok(found.includes('the root key'), 'the scan does not even find the root key where it is');
    else assert.deepEqual(found, [], `${name} holds ${found.join(', ')}`);
  }
});
