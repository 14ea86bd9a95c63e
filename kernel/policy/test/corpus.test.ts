import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Checked, checkCase } from './fixtures/case.ts';
import { readTar } from './fixtures/tar.ts';

const data = join(dirname(fileURLToPath(import.meta.url)), '../../../../shared/data/cedar');
const skip = existsSync(data) ? false : `there is no ${data} beside this checkout`;

function total(checked: readonly Checked[]): Checked {
  const sum = (field: keyof Checked) => checked.reduce((all, one) => all + one[field], 0);
  return { requests: sum('requests'), allowed: sum('allowed'), withErrors: sum('withErrors') };
}

test('decides each of the 7,809 cases of the public corpus with the recorded decision, reasons and errors', { skip }, (t) => {
  const files = readTar(join(data, 'corpus-tests.tar.gz'));
  const read = (path: string) => {
    const bytes = files.get(path);
    assert.ok(bytes, `${path} is not in the archive`);
    return bytes.toString();
  };
  const names = [...files.keys()].filter((name) => /\/[0-9a-f]{40}\.json$/.test(name));
  assert.equal(names.length, 7809);
  const checked = total(names.map((name) => checkCase(name, read)));
  assert.deepEqual(checked, { requests: 62_472, allowed: 37_232, withErrors: 3782 });
  t.diagnostic(`${names.length} cases, ${checked.requests} requests`);
});

test('decides each hand-written case over the sample sandboxes with the recorded decision, reasons and errors', { skip }, (t) => {
  const names = globSync('tests/*/*.json', { cwd: data }).sort();
  assert.ok(names.length > 20, `only ${names.length} cases found`);
  const checked = total(names.map((name) => checkCase(name, (path) => readFileSync(join(data, path), 'utf8'), true)));
  assert.ok(checked.allowed > 0 && checked.allowed < checked.requests);
  t.diagnostic(`${names.length} cases, ${checked.requests} requests`);
});
