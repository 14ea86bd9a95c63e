import assert from 'node:assert/strict';
import { test } from 'node:test';
import { typeFindings } from '../lint.ts';
import { findings } from '../main.ts';

test('the repository is as its style says', () => {
  assert.deepEqual(findings(), []);
});

test('the types of the whole tree fit', () => {
  assert.deepEqual(typeFindings(), []);
});
