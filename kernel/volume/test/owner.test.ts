import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readOwner } from '../owner.ts';
import { isRunning, processIdentity } from '../process-identity.ts';
import { openVolume } from '../volume.ts';
import { newFolder } from './place.ts';

const module = new URL('../volume.ts', import.meta.url).href;

/** A process that owns a data directory until it is killed. */
async function stranger(path: string) {
  const script = `const { openVolume } = await import(${JSON.stringify(module)});
    openVolume(process.argv[1]);
    console.log('owned');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

test('a second owner is refused while the first runs, and taken when that was ended by kill -9', async (t) => {
  const path = newFolder(t);
  const first = await stranger(path);
  assert.throws(() => openVolume(path), { code: 'DataDirectory', message: new RegExp(`is in use by process ${first.pid} since 20`) });
  assert.equal(readOwner(path)?.pid, first.pid);
  first.kill('SIGKILL');
  await once(first, 'exit');
  assert.equal(readOwner(path), undefined);
  const second = openVolume(path);
  assert.equal(readOwner(path)?.pid, process.pid);
  second.close();
  assert.equal(readOwner(path), undefined);
});

test('of many that start at once after a crash exactly one becomes the owner', async (t) => {
  const path = newFolder(t);
  const crashed = await stranger(path);
  crashed.kill('SIGKILL');
  await once(crashed, 'exit');
  const script = `const { openVolume } = await import(${JSON.stringify(module)});
    try { openVolume(process.argv[1]); console.log('owner'); } catch (error) { console.log(error.code); }
    process.stdin.on('end', () => process.exit(0)).resume();`;
  const many = Array.from({ length: 6 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', script, path], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  const said = await Promise.all(many.map(async (child) => String((await once(child.stdout, 'data'))[0]).trim()));
  for (const child of many) child.stdin.end();
  await Promise.all(many.map((child) => once(child, 'exit')));
  assert.deepEqual(said.sort(), ['DataDirectory', 'DataDirectory', 'DataDirectory', 'DataDirectory', 'DataDirectory', 'owner']);
});

test('two owners in one process are refused as well', (t) => {
  const path = newFolder(t);
  const first = openVolume(path);
  assert.throws(() => openVolume(path), { code: 'DataDirectory' });
  first.close();
  openVolume(path).close();
});

test('a process number that another program has now is not taken for the owner', (t) => {
  const path = newFolder(t);
  writeFileSync(join(path, 'owner.json'), JSON.stringify({ pid: process.pid, identity: 'another boot/1', run: path, since: 0 }));
  assert.equal(readOwner(path), undefined);
  for (const nonsense of ['', '{', 'null', '[]', '{"pid":"x"}']) {
    writeFileSync(join(path, 'owner.json'), nonsense);
    assert.equal(readOwner(path), undefined);
  }
});

test('an identity is the same for one run of a process, and gone with it', async () => {
  const child = spawn('/bin/sleep', ['100']);
  const pid = child.pid ?? 0;
  const identity = processIdentity(pid) ?? '';
  assert.ok(isRunning(pid, identity));
  assert.notEqual(identity, processIdentity(process.pid));
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.ok(!isRunning(pid, identity));
  assert.ok(!existsSync(`/proc/${pid}/stat`));
});
