import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { accountStatus, transferStatus } from '#wire/tigerbeetle/status.ts';
import { createState } from '../../engine/state.ts';
import { directoryDisk } from '../../store/disk.ts';
import { Spill } from '../../store/spill.ts';
import { walk } from './walk.ts';

/** `LEDGER_WALK_EVENTS=200000` walks as far as a release does. */
const events = Number(process.env.LEDGER_WALK_EVENTS ?? 24_000);
const seeds = [1, 2, 3, 4];

test('random batches of every kind have the results, rows and events of a plain model', async () => {
  const seen = new Map<string, number>();
  for (const seed of seeds)
    for (const [name, count] of await walk(seed * 7919, events / seeds.length)) seen.set(name, (seen.get(name) ?? 0) + count);
  // Two only come of clocks near the end of time or of luck with ids; the others must all have been met.
  const rare = [
    transferStatus.overflowsTimeout,
    transferStatus.creditAccountIdMustNotBeIntMax,
    transferStatus.debitAccountIdMustNotBeIntMax,
  ] as number[];
  const missing = (kind: string, table: Readonly<Record<string, number>>) =>
    Object.entries(table).flatMap(([name, code]) => (seen.has(`${kind} ${code}`) || rare.includes(code) ? [] : [`${kind} ${name}`]));
  assert.deepEqual([...missing('account', accountStatus), ...missing('transfer', transferStatus)], []);
});

test('so they have when most ids and lists lie in files', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'gamut-ledger-walk-'));
  const state = createState();
  const spill = new Spill(directoryDisk(directory), 1n, state, 60);
  let segments = 0;
  await walk(31, events / 4, state, async () => {
    await spill.run();
    segments = Math.max(segments, spill.segments.length);
  });
  rmSync(directory, { recursive: true });
  assert.ok(segments > 4, `${segments} stretches of rows had files at the same time`);
  const { from, burntTo } = spill.segments.at(-1) ?? { from: 0, burntTo: 0 };
  assert.ok(from > 0 && burntTo > 0);
});
