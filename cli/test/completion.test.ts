import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { completedWords } from '../completion.ts';

const main = join(import.meta.dirname, '../main.ts');
const script = (shell: string) => execFileSync(process.execPath, [main, 'completion', shell], { encoding: 'utf8', maxBuffer: Infinity });
let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'gamut-completion-'));
});
after(() => rmSync(folder, { recursive: true }));

function bashAnswers(words: readonly string[]): string[] {
  const file = join(folder, 'gamut.bash');
  writeFileSync(file, script('bash'));
  const program = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gamut; printf "%s\\n" "${COMPREPLY[@]}"';
  return execFileSync('bash', ['-c', program, file, 'gamut', ...words], { encoding: 'utf8' })
    .trim()
    .split('\n');
}

test('bash completes commands, services, verbs and options', () => {
  assert.deepEqual(bashAnswers(['stor']), ['storage-node', 'storage']);
  assert.deepEqual(bashAnswers(['led']), ['ledger']);
  assert.deepEqual(bashAnswers(['do']), ['down']);
  assert.deepEqual(bashAnswers(['storage', 'delete-bucket-o']), ['delete-bucket-ownership-controls']);
  assert.deepEqual(bashAnswers(['credential', '']), ['create', 'list', 'revoke']);
  assert.deepEqual(bashAnswers(['storage', 'create-bucket', 'photos', '--loc']), ['--location']);
  assert.deepEqual(bashAnswers(['credential', 'create', '--r']), ['--role']);
  assert.deepEqual(bashAnswers(['up', '--det']), ['--detach']);
  assert.deepEqual(bashAnswers(['nothing', 'x']), ['']);
});

test('the scripts of zsh and fish name every word and option that bash knows', async () => {
  for (const shell of ['zsh', 'fish']) {
    const text = script(shell);
    for (const { name, verbs } of await completedWords()) {
      assert.ok(text.includes(name), `${shell}: ${name}`);
      for (const verb of verbs)
        for (const word of [verb.name, ...verb.flags]) assert.ok(text.includes(word), `${shell}: ${name} ${verb.name} ${word}`);
    }
    const installed = spawnSync(shell, ['-n'], { input: text, encoding: 'utf8' });
    if (!installed.error) assert.equal(installed.stderr, '');
  }
});

test('an unknown shell is refused with what there is', () => {
  const { status, stderr } = spawnSync(process.execPath, [main, 'completion', 'tcsh'], { encoding: 'utf8' });
  assert.equal(status, 2);
  assert.match(stderr, /bash, zsh or fish/);
});
