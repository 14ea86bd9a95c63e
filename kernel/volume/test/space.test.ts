import assert from 'node:assert/strict';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ballastHeld, fillBallast, releaseBallast, reserveOf } from '../ballast.ts';
import { keepBallast } from '../ballast-keeper.ts';
import { ballastBytes, reserveBytes } from '../limits.ts';
import { spaceLevel, watchSpace } from '../space.ts';
import { newFolder, smallDisk } from './place.ts';

const mib = 1_048_576;

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 20_000; performance.now() < end; await sleep(20)) if (holds()) return;
  assert.fail(`never happened: ${what}`);
}

/** Fills a disk but for so many bytes. */
function fillDisk(path: string, leaveBytes: number): void {
  const free = statfsSync(path);
  writeFileSync(join(path, 'filling'), Buffer.alloc(free.bavail * free.bsize - leaveBytes));
}

test('changes stop below the reserve, and go on a tenth above it', () => {
  assert.equal(spaceLevel(200, 100, 'plenty'), 'plenty');
  assert.equal(spaceLevel(199, 100, 'plenty'), 'warning');
  assert.equal(spaceLevel(100, 100, 'warning'), 'warning');
  assert.equal(spaceLevel(99, 100, 'warning'), 'short');
  assert.equal(spaceLevel(109, 100, 'short'), 'short');
  assert.equal(spaceLevel(110, 100, 'short'), 'warning');
});

test('the reserve is 2 GiB if the operator does not set another, and the ballast shrinks with a small one', () => {
  assert.deepEqual(reserveOf(), { reserveBytes, ballastBytes });
  assert.deepEqual(reserveOf(8 * mib), { reserveBytes: 8 * mib, ballastBytes: 2 * mib });
  assert.deepEqual(reserveOf(100 * reserveBytes), { reserveBytes: 100 * reserveBytes, ballastBytes });
  for (const foolish of [0, -1, 1.5, Number.NaN, 1000]) assert.throws(() => reserveOf(foolish), { code: 'BadInput' });
});

test('a process sees within a look that the disk runs full, and that there is room again', async (t) => {
  let watch: ReturnType<typeof watchSpace> | undefined;
  const path = smallDisk(t, 32, () => watch?.stop());
  if (path === undefined) return;
  watch = watchSpace({ path, reserveBytes: 8 * mib, pollMs: 20 });
  assert.deepEqual([watch.mayWrite(), watch.level()], [true, 'plenty']);
  fillDisk(path, 4 * mib);
  await until('changes stop', () => !watch?.mayWrite());
  assert.equal(watch.freeBytes(), 4 * mib);
  rmSync(join(path, 'filling'));
  await until('changes go on', () => watch?.mayWrite() === true);
});

test('the ballast holds real bytes, is released when the disk runs full, and is made again when there is room', async (t) => {
  let watch: ReturnType<typeof keepBallast> | undefined;
  const path = smallDisk(t, 64, () => watch?.stop());
  if (path === undefined) return;
  const told: string[] = [];
  watch = keepBallast(path, reserveOf(16 * mib), ({ level, text }) => told.push(`${level} ${text}`));
  watch.fill();
  await until('the ballast is full', () => ballastHeld(path) === 4 * mib);
  const { blocks, bavail, bsize } = statfsSync(path);
  assert.ok((blocks - bavail) * bsize >= 4 * mib);
  fillDisk(path, 0);
  await until('the ballast is released', () => ballastHeld(path) === 0);
  assert.equal(watch.mayWrite(), false);
  writeFileSync(join(path, 'revoked'), Buffer.alloc(3 * mib));
  rmSync(join(path, 'filling'));
  await until('the ballast is full again', () => ballastHeld(path) === 4 * mib);
  await until('changes go on', () => watch?.mayWrite() === true);
  assert.ok(
    told.some((line) => /^error .*ballast of 4194304 bytes was released/.test(line)),
    told.join('\n'),
  );
  assert.ok(
    told.some((line) => /^error .*changes are refused until there is more/.test(line)),
    told.join('\n'),
  );
});

test('any process may release the ballast for an essential change, in the middle of its making too', async (t) => {
  const path = smallDisk(t, 16);
  if (path === undefined) return;
  assert.equal(releaseBallast(path), 0);
  assert.equal(await fillBallast(path, 4 * mib, () => true), true);
  fillDisk(path, 0);
  assert.throws(() => writeFileSync(join(path, 'revoked'), Buffer.alloc(mib)), { code: 'ENOSPC' });
  assert.equal(releaseBallast(path), 4 * mib);
  writeFileSync(join(path, 'revoked'), Buffer.alloc(mib));
  rmSync(join(path, 'filling'));
  let slices = 0;
  const filled = await fillBallast(path, 8 * mib, () => {
    slices += 1;
    if (slices === 3) releaseBallast(path);
    return true;
  });
  assert.deepEqual([filled, ballastHeld(path)], [false, 0]);
});

test('a ballast for which there is no room is given up and leaves the disk as it was', async (t) => {
  const path = smallDisk(t, 4);
  if (path === undefined) return;
  assert.equal(await fillBallast(path, 8 * mib, () => true), false);
  assert.equal(ballastHeld(path), 0);
});

test('a ballast that was cut off is completed, and one that is too large is cut', async (t) => {
  const path = newFolder(t);
  assert.equal(await fillBallast(path, 2 * mib, () => ballastHeld(path) < mib), false);
  assert.equal(ballastHeld(path), mib);
  assert.equal(await fillBallast(path, 3 * mib, () => true), true);
  assert.equal(await fillBallast(path, 2 * mib, () => true), true);
  assert.equal(ballastHeld(path), 2 * mib);
});
