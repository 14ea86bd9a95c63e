import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterExit, type ExitHistory, noExits } from '../restart.ts';

const never = 0;

/** The waits of a process that exits again and again, `gapMs` after each start, until its circuit opens. */
function waits(gapMs: number, random: number, exits: number): { delayMs: number; open: boolean }[] {
  let history: ExitHistory = noExits;
  let now = 1_000_000;
  const seen = [];
  for (let exit = 0; exit < exits; exit += 1) {
    now += gapMs;
    const next = afterExit(history, now, never, random);
    history = next.history;
    now += next.delayMs;
    seen.push({ delayMs: next.delayMs, open: next.open });
  }
  return seen;
}

test('the first restart comes after a tenth of a second and every further wait is twice as long', () => {
  assert.deepEqual(
    waits(10, 0.999999, 4).map(({ delayMs }) => delayMs),
    [100, 200, 400, 800],
  );
});

test('the waits are jittered between half and the whole, and never below the first', () => {
  assert.deepEqual(
    waits(10, 0, 4).map(({ delayMs }) => delayMs),
    [100, 100, 200, 400],
  );
});

test('the fifth exit within a minute opens the circuit', () => {
  assert.deepEqual(
    waits(10, 0.5, 5).map(({ open }) => open),
    [false, false, false, false, true],
  );
});

test('a process that exits slowly is restarted for ever, with a wait of at most half a minute', () => {
  const seen = waits(20_000, 0.999999, 40);
  assert.ok(seen.every(({ open }) => !open));
  assert.equal(Math.max(...seen.map(({ delayMs }) => delayMs)), 30_000);
});

test('one exit while the circuit is half open opens it again, for twice as long', () => {
  const opened = waits(10, 0.999999, 5).at(-1);
  assert.equal(opened?.delayMs, 60_000);
  const again = afterExit({ exits: [], failures: 5, opened: 1 }, 5_000_000, 1000, 0.999999);
  assert.deepEqual([again.open, again.delayMs], [true, 120_000]);
});

test('a process that was ready for a minute begins anew', () => {
  const next = afterExit({ exits: [], failures: 9, opened: 3 }, 5_000_000, 60_000, 0.999999);
  assert.deepEqual(next, { history: { exits: [5_000_000], failures: 1, opened: 0 }, delayMs: 100, open: false });
});

test('a process that says a restart would not help is not restarted at once', () => {
  assert.equal(afterExit(noExits, 0, never, 0.5, true).open, true);
});
