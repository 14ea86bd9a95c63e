import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditRecord } from '../record.ts';
import { AuditWindows, type WindowKey } from '../window.ts';

const key: WindowKey = {
  tenant: 't',
  scope: 's',
  service: 'echo',
  operation: 'Hear',
  kind: 'Channel',
  name: 'a',
  principal: 'p',
  credential: 'c',
  face: 'bearer',
  outcome: 'ok',
};

function opened() {
  const written: AuditRecord[] = [];
  let now = 1500;
  const windows = new AuditWindows(
    (record) => written.push(record),
    () => now,
  );
  return { written, windows, later: (ms: number) => void (now += ms) };
}

test('a window holds what was counted since the last flush, and the second in which it began', () => {
  const { written, windows } = opened();
  windows.add(key, 10, 'first');
  windows.add(key, 5, 'second');
  windows.flush();
  windows.flush();
  assert.deepEqual(written, [{ ...key, at: 1000, count: 2, bytes: 15, requestId: 'second' }]);
});

test('what is counted in an entry that was kept through idle seconds is written', () => {
  const { written, windows, later } = opened();
  const kept = windows.entry(key);
  for (let second = 0; second < 3; second += 1) {
    later(1000);
    windows.flush();
  }
  kept.add(7, 70);
  windows.add(key, 1, 'other');
  windows.flush();
  assert.equal(
    written.reduce((sum, { count }) => sum + count, 0),
    8,
  );
  assert.equal(
    written.reduce((sum, { bytes }) => sum + bytes, 0),
    71,
  );
  assert.deepEqual(
    written.map(({ at }) => at),
    [4000, 4000],
  );
});

test('bytes without a call are counted', () => {
  const { written, windows } = opened();
  windows.entry(key).add(0, 9);
  windows.flush();
  assert.deepEqual(
    written.map(({ count, bytes }) => [count, bytes]),
    [[0, 9]],
  );
});
