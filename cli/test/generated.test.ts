import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { installation } from '#kernel/supervise/module.ts';
import { allLimits, generatedFiles, staleFiles } from '../generate.ts';

test('every generated file equals what its source says', async () => {
  assert.deepEqual(await staleFiles(), []);
});

test('every generated page says so on its first line', async () => {
  for (const [file, text] of await generatedFiles()) {
    if (file.endsWith('.md')) assert.match(text, /^<!-- Generated from .*-->\n# /, file);
    else assert.equal(typeof JSON.parse(text), 'object');
  }
});

test('no limit is left out', async () => {
  const listed = await allLimits();
  for (const place of globSync('{wire,engine,seams,kernel,services}/**/limits.ts', { cwd: installation })) {
    const names = [...readFileSync(join(installation, place), 'utf8').matchAll(/^export const (\w+)(?:: number)? = (?!\{)/gm)].map(
      ([, name]) => name,
    );
    for (const name of names)
      assert.ok(
        listed.some((limit) => limit.name === name && limit.text !== ''),
        `${place}: ${name}`,
      );
  }
});
