import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Pool, type PoolSpec } from '../pool.ts';

class Chair {
  isOpen = false;
  closed = 0;
  close(): void {
    this.isOpen = false;
    this.closed += 1;
  }
}
const poolOf = (more: Partial<PoolSpec<Chair>> = {}) => {
  const made: Chair[] = [];
  const make = () => {
    const chair = new Chair();
    made.push(chair);
    return chair;
  };
  return { made, pool: new Pool({ make, most: 2, idleMs: 60_000, stopped: () => new Error('stopped'), ...more }) };
};
type Room = () => Promise<void>;
const opened = async (chair: Chair, room: Room): Promise<void> => {
  await room();
  chair.isOpen = true;
};

test("an owner's work is done in the order in which it came, one after the other, whatever becomes of it", async () => {
  const { pool, made } = poolOf();
  const done: string[] = [];
  const work = (name: string, ms: number) => async (chair: Chair, room: Room) => {
    await opened(chair, room);
    done.push(`${name} begins`);
    await pause(ms);
    done.push(`${name} ends`);
    if (name === 'b') throw new Error('b failed');
  };
  const all = await Promise.allSettled([pool.inTurn('x', work('a', 20)), pool.inTurn('x', work('b', 1)), pool.inTurn('x', work('c', 5))]);
  assert.deepEqual(
    all.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.deepEqual(done, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  assert.equal(made.length, 1);
  pool.stop();
});

test('a seat that rests makes room for another owner, and one at work does not', async () => {
  const { pool, made } = poolOf();
  const end = Promise.withResolvers<void>();
  const sits = async (chair: Chair, room: Room) => {
    await opened(chair, room);
    await end.promise;
  };
  const busy = pool.inTurn('busy', sits);
  await pool.inTurn('rests', opened);
  await pool.inTurn('third', opened);
  assert.deepEqual(
    made.map(({ isOpen, closed }) => [isOpen, closed]),
    [
      [true, 0],
      [false, 1],
      [true, 0],
    ],
  );
  const other = pool.inTurn('third', sits);
  let isFourth = false;
  const fourth = pool.inTurn('fourth', opened).then(() => (isFourth = true));
  await pause(20);
  assert.equal(isFourth, false);
  end.resolve();
  await Promise.all([busy, other, fourth]);
  assert.equal(isFourth, true);
  pool.stop();
});

test('what would wait for long work of its owner gets a second seat, and no third', async () => {
  const { pool, made } = poolOf({ besideMs: 30, most: 3 });
  const end = Promise.withResolvers<void>();
  const sits = async (chair: Chair, room: Room) => {
    await opened(chair, room);
    await end.promise;
  };
  const slow = pool.inTurn('x', sits);
  const begun = performance.now();
  await pool.inTurn('x', opened);
  assert.ok(performance.now() - begun >= 25);
  assert.equal(made.length, 2);
  const second = pool.inTurn('x', sits);
  let isThird = false;
  const third = pool.inTurn('x', opened).then(() => (isThird = true));
  await pause(80);
  assert.deepEqual([made.length, isThird], [2, false]);
  end.resolve();
  await Promise.all([slow, second, third]);
  pool.stop();
});

test('nobody waits longer than may be, and whoever waits when all ends is told', async () => {
  const { pool } = poolOf({ wait: { ms: 30, late: () => new Error('late') }, most: 1 });
  const end = Promise.withResolvers<void>();
  const slow = pool.inTurn('x', async (chair, room) => {
    await opened(chair, room);
    await end.promise;
  });
  const kept = setInterval(() => undefined, 1000);
  await assert.rejects(pool.inTurn('x', opened), /late/);
  const waits = assert.rejects(pool.inTurn('other', opened), /stopped/);
  await pause(5);
  pool.stop();
  await waits;
  end.resolve();
  await slow;
  clearInterval(kept);
});
