import assert from 'node:assert/strict';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ballastHeld, fillBallast } from '../ballast.ts';
import { release } from '../release.ts';
import { openVolume } from '../volume.ts';
import { newFolder, remountReadOnly, smallDisk } from './place.ts';

const isRoot = process.getuid?.() === 0;

/** The sentence with which a data directory is refused. */
function refusal(path: string): string {
  try {
    openVolume(path).close();
  } catch (error) {
    assert.equal((error as { code: string }).code, 'DataDirectory');
    const text = (error as Error).message.replace('The data directory cannot be used. ', '');
    assert.match(text, /^[^\n]+\.$/);
    return text;
  }
  return assert.fail('it was not refused');
}

function withFormat(path: string, change: (format: Record<string, unknown>) => void): void {
  const file = join(path, 'format.json');
  const format = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  change(format);
  writeFileSync(file, JSON.stringify(format));
}

test('a missing directory is made with its parents, keeps its deployment id, and is closed to others', (t) => {
  const path = join(newFolder(t), 'a/b/data');
  const volume = openVolume(path);
  assert.match(volume.deployment, /^[0-9a-f]{16}$/);
  assert.equal(statSync(path).mode & 0o777, isRoot ? 0o711 : 0o700);
  assert.equal(statSync(volume.directory('keeper')).mode & 0o777, 0o700);
  assert.equal(statSync(volume.run).mode & 0o777, isRoot ? 0o711 : 0o700);
  for (const file of ['owner.json', 'owner.lock']) assert.equal(statSync(join(path, file)).mode & 0o077, 0);
  volume.close();
  const again = openVolume(path);
  assert.equal(again.deployment, volume.deployment);
  again.close();
});

test('an empty file system with its lost+found is taken, and a directory that was open to others is closed', (t) => {
  const path = newFolder(t);
  mkdirSync(join(path, 'lost+found'));
  chmodSync(path, 0o777);
  openVolume(path).close();
  assert.equal(statSync(path).mode & 0o777, isRoot ? 0o711 : 0o700);
});

test('a directory with other files is refused, and nothing is written to it', (t) => {
  const path = newFolder(t);
  writeFileSync(join(path, 'thesis.txt'), 'mine');
  assert.equal(refusal(path), `${path} holds other files (thesis.txt) and no format.json: name an empty directory.`);
  assert.deepEqual(readdirSync(path), ['thesis.txt']);
});

test('what an operator wrote for a service before the first start is taken, and anything else below services is foreign', (t) => {
  const path = newFolder(t);
  mkdirSync(join(path, 'service', 'storage'), { recursive: true });
  writeFileSync(join(path, 'service', 'storage', 'thesis.txt'), 'mine');
  assert.match(refusal(path), /holds other files \(service\)/);
  rmSync(join(path, 'service', 'storage', 'thesis.txt'));
  writeFileSync(join(path, 'service', 'storage', 'topology.json'), '{}');
  openVolume(path).close();
  assert.deepEqual(readdirSync(join(path, 'service', 'storage')), ['topology.json']);
});

test('a directory of a newer release is refused with the release it needs', (t) => {
  const path = newFolder(t);
  openVolume(path).close();
  withFormat(path, (format) => Object.assign(format, { release: '9.8.7', formats: { ...(format.formats as object), journal: 2 } }));
  const reads = `this is ${release}, which reads journal up to 1: use Gamut 9.8.7 or later.`;
  assert.equal(refusal(path), `${path} was written by Gamut 9.8.7 (journal format 2) and ${reads}`);
  withFormat(path, (format) => Object.assign(format, { formats: { telepathy: 1 } }));
  assert.match(refusal(path), /which does not know telepathy: use Gamut 9\.8\.7 or later\.$/);
});

test('a directory of a release too old is refused', (t) => {
  const path = newFolder(t);
  openVolume(path).close();
  withFormat(path, (format) => Object.assign(format, { formats: { ...(format.formats as object), sql: 17 } }));
  assert.match(refusal(path), /holds sql in format 17, and .* reads from 18 on/);
});

for (const [what, content] of [
  ['no JSON', '{'],
  ['null', 'null'],
  ["another program's", '{"version":3}'],
  ['without an id', '{"gamut":true,"release":"1","formats":{}}'],
  ['with a foolish version', '{"gamut":true,"release":"1","deployment":"0123456789abcdef","formats":{"journal":"x"}}'],
  ['too large', ' '.repeat(70_000)],
] as const) {
  test(`a format.json that is ${what} is refused and left as it is`, (t) => {
    const path = newFolder(t);
    writeFileSync(join(path, 'format.json'), content);
    assert.match(refusal(path), /format\.json cannot be understood: /);
    assert.equal(readFileSync(join(path, 'format.json'), 'utf8'), content);
  });
}

test('a file, a name below a file and a loop of links are refused', (t) => {
  const path = newFolder(t);
  writeFileSync(join(path, 'file'), '');
  symlinkSync(join(path, 'loop'), join(path, 'loop'));
  assert.equal(refusal(join(path, 'file')), `${join(path, 'file')} is not a directory.`);
  assert.equal(refusal(join(path, 'file', 'data')), `${join(path, 'file', 'data')} is below something that is not a directory.`);
  assert.match(refusal(join(path, 'loop')), /loop of links\.$/);
});

test('a first start that was cut off before format.json is taken up', (t) => {
  const path = newFolder(t);
  writeFileSync(join(path, 'owner.lock'), '');
  writeFileSync(join(path, 'format.json.new'), '{"gam');
  openVolume(path).close();
  assert.ok(existsSync(join(path, 'format.json')));
});

test('a read-only directory is refused in one sentence, as root too', (t) => {
  const path = smallDisk(t, 4);
  if (path === undefined) return;
  openVolume(path).close();
  remountReadOnly(path);
  assert.equal(refusal(path), `${path} is on a read-only file system.`);
  assert.equal(refusal(join(path, 'below')), `${join(path, 'below')} is on a read-only file system.`);
});

test('a directory without rights is refused in one sentence', { skip: isRoot ? 'root may write everywhere' : false }, (t) => {
  const path = newFolder(t, () => chmodSync(path, 0o700));
  chmodSync(path, 0o500);
  assert.equal(refusal(path), `${path} may not be read and written by this user.`);
});

test('a directory of another user is refused', { skip: isRoot ? false : 'only root can give a directory away' }, (t) => {
  const path = newFolder(t);
  openVolume(path).close();
  chownSync(join(path, 'format.json'), 12_345, 12_345);
  assert.equal(refusal(path), `${path} belongs to user 12345 and this is user 0: start Gamut as the user who made it.`);
});

test('a directory on a disk that ran full is opened again with the space of the ballast', async (t) => {
  const path = smallDisk(t, 8);
  if (path === undefined) return;
  openVolume(path).close();
  assert.equal(await fillBallast(path, 1_048_576, () => true), true);
  assert.throws(() => writeFileSync(join(path, 'filling'), Buffer.alloc(8_000_000)), { code: 'ENOSPC' });
  openVolume(path).close();
  assert.equal(ballastHeld(path), 0);
});

test('a full disk is refused in one sentence, and nothing half made remains in the way', (t) => {
  const path = smallDisk(t, 1);
  if (path === undefined) return;
  assert.throws(() => writeFileSync(join(path, 'lost+found'), Buffer.alloc(2_000_000)), { code: 'ENOSPC' });
  assert.equal(refusal(path), `${path} is on a disk without free space.`);
  writeFileSync(join(path, 'lost+found'), '');
  openVolume(path).close();
});
