import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { base, gamut, newData } from './fixtures/command.ts';

test('a data directory that cannot be used is told in one sentence, detached or not', async (t) => {
  const data = newData(t);
  writeFileSync(join(data, 'thesis.txt'), 'mine');
  for (const detach of [['--detach'], []]) {
    const refused = await gamut(...base, ...detach, '--data', data);
    assert.deepEqual([refused.code, refused.stdout], [1, '']);
    assert.match(
      refused.stderr,
      /^gamut: DataDirectory: [^\n]* holds other files \(thesis\.txt\) and no format\.json: name an empty directory\.\n$/,
    );
  }
  const json = await gamut(...base, '--data', data, '-o', 'json');
  assert.equal((JSON.parse(json.stderr) as { error: { code: string } }).error.code, 'DataDirectory');
});

for (const [argv, sentence] of [
  [['up', '--ports', 'some'], /--ports is usual or auto, not some\.$/],
  [['up', '--open', '--host', '0.0.0.0'], /--open is for loopback only, and 0\.0\.0\.0 is not\.$/],
  [['up', '--detach', '--in-process'], /exclude each other\.$/],
  [['up', '--reserve', 'much'], /"much" is not a size such as 512M or 2G\.$/],
  [['up', '--region', 'Über'], /A region is named by /],
  [['up', '--sideways'], /'--sideways'/],
  [['up', 'extra'], /extra/],
  [['status', 'extra'], /"extra" is not an option here\.$/],
  [['status', '-o', 'xml'], /-o is text or json, not xml\.$/],
  [['status', '--data'], /--data needs a value\.$/],
  [['frobnicate'], /"frobnicate"/],
] as const) {
  test(`gamut ${argv.join(' ')} exits with 2 and one sentence`, async () => {
    const refused = await gamut(...argv);
    assert.deepEqual([refused.code, refused.stdout], [2, '']);
    assert.match(refused.stderr.trim(), sentence);
    assert.match(refused.stderr, /^gamut: Usage: [^\n]+\n$/);
  });
}

test('an address of an external seam that is none is refused before anything starts', async (t) => {
  const data = newData(t);
  const refused = await gamut(...base, '--data', data, '--sql', 'mysql://x:hush@y/z');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^gamut: SeamUnsupported: [^\n]+\n$/);
  assert.ok(!refused.stderr.includes('hush'));
});

test('a service that does not exist is refused with those that do', async (t) => {
  const refused = await gamut('up', '--only', 'telepathy', '--data', newData(t));
  assert.deepEqual(refused.code, 1);
  assert.match(refused.stderr, /No service is called telepathy; there are /);
});

test('help names every command, and each says how it is used', async () => {
  const { stdout, code } = await gamut('help');
  assert.equal(code, 0);
  const { commands } = await import('../command.ts');
  for (const name of Object.keys(commands)) assert.match(stdout, new RegExp(`^  ${name} `, 'm'));
  assert.match((await gamut('up', '--help')).stdout, /--detach/);
  assert.match((await gamut('--version')).stdout, /^\d+\.\d+\.\d+\n$/);
});
