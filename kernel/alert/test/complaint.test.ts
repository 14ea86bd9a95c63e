import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Complaints } from '../complaint.ts';

test('a rule that cannot be looked at is told of once, and again when the reason is another or it had worked meanwhile', () => {
  const complaints = new Complaints();
  assert.deepEqual(
    [1, 2, 3].map(() => complaints.isNew('1 full', 'the view is gone')),
    [true, false, false],
  );
  assert.equal(complaints.isNew('2 full', 'the view is gone'), true);
  assert.equal(complaints.isNew('1 full', 'the condition is wrong'), true);
  assert.deepEqual([complaints.end('1 full'), complaints.end('1 full')], [true, false]);
  assert.equal(complaints.isNew('1 full', 'the condition is wrong'), true);
  complaints.keep(new Set(['1 full']));
  assert.deepEqual([complaints.isNew('1 full', 'the condition is wrong'), complaints.isNew('2 full', 'the view is gone')], [false, true]);
});
