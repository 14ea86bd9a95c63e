import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withRows } from '../record.ts';

const head = '| client | version | date | passed | failed |\n|---|---|---|---|---|\n';
const row = (name: string, passed: number) => ({ name, version: '1.0', passed, failed: 0 });

test('rows of a run stand in order of their names, and take the place of older ones of the same client only', () => {
  const first = withRows(`before\n\n${head}\nafter | this\n`, [row('s3cmd', 1), row('boto3', 2)], '2026-01-01');
  assert.equal(first, `before\n\n${head}| boto3 | 1.0 | 2026-01-01 | 2 | 0 |\n| s3cmd | 1.0 | 2026-01-01 | 1 | 0 |\n\nafter | this\n`);
  const second = withRows(first, [row('s3cmd', 3)], '2026-02-02');
  assert.equal(second, first.replace('2026-01-01 | 1 |', '2026-02-02 | 3 |'));
});

test('a page without the table is refused', () => {
  assert.throws(() => withRows('nothing\n', [row('boto3', 1)], '2026-01-01'), /has no table/);
});
