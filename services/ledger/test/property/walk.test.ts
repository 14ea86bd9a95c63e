import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountStatus, transferStatus } from '#wire/tigerbeetle/status.ts';
import { walk } from './walk.ts';

/** `LEDGER_WALK_EVENTS=200000` walks as far as a release does. */
const events = Number(process.env.LEDGER_WALK_EVENTS ?? 24_000);
const seeds = [1, 2, 3, 4];

test('random batches of every kind have the results, rows and events of a plain model', () => {
  const seen = new Map<string, number>();
  for (const seed of seeds)
    for (const [name, count] of walk(seed * 7919, events / seeds.length).seen) seen.set(name, (seen.get(name) ?? 0) + count);
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
