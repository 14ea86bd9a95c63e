import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataPath } from '../path.ts';
import { makeRunDirectory, runDirectory } from '../run-directory.ts';
import { openVolume } from '../volume.ts';
import { newFolder } from './place.ts';

test('the data directory is what was named, else GAMUT_DATA, else the usual place of this user', () => {
  assert.equal(dataPath('/a', { GAMUT_DATA: '/b' }), '/a');
  assert.equal(dataPath('a', {}), join(process.cwd(), 'a'));
  assert.equal(dataPath(undefined, { GAMUT_DATA: '/b' }), '/b');
  const usual = dataPath(undefined, { XDG_DATA_HOME: '/x' });
  assert.equal(usual, process.getuid?.() === 0 ? '/var/lib/gamut' : '/x/gamut');
  if (process.getuid?.() !== 0) assert.equal(dataPath(undefined, { XDG_DATA_HOME: 'relative' }), join(homedir(), '.local/share/gamut'));
});

test('sockets stand below the data directory, or in a short directory of their own when that path is too long', (t) => {
  const near = newFolder(t);
  assert.equal(runDirectory(near, '0'.repeat(16)), join(near, 'run'));
  const long = join(newFolder(t), 'x'.repeat(100));
  const volume = openVolume(long);
  const far = volume.run;
  assert.ok(Buffer.byteLength(far) <= 70 && far.includes(volume.deployment), far);
  assert.equal(statSync(far).uid, process.getuid?.());
  volume.close();
  assert.ok(!existsSync(far));
});

test('a directory for sockets that is a link, or that stands open, is not used as it is', (t) => {
  const folder = newFolder(t);
  symlinkSync('/tmp', join(folder, 'link'));
  assert.throws(() => makeRunDirectory(join(folder, 'link')), { code: 'DataDirectory' });
  mkdirSync(join(folder, 'open'));
  chmodSync(join(folder, 'open'), 0o777);
  makeRunDirectory(join(folder, 'open'));
  assert.equal(statSync(join(folder, 'open')).mode & 0o066, 0);
});
