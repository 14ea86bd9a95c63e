import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { LeasedBucket, openLeases } from '../lease.ts';
import { createRates } from '../rates.ts';

const execute = promisify(execFile);
const run = mkdtempSync(join(tmpdir(), 'gamut-lease-'));
after(() => rmSync(run, { recursive: true, force: true }));

test('three processes that spend one rate as fast as they can spend together what one bucket would give', async () => {
  const [perSecond, burst, takes] = [2000, 1000, 1500];
  const spender = fileURLToPath(new URL('./spender.main.ts', import.meta.url));
  const told = await Promise.all(
    ['a', 'b', 'c'].map(async (name) => {
      const words = [spender, run, name, String(perSecond), String(burst), String(takes)];
      return JSON.parse((await execute(process.execPath, words)).stdout) as { from: number; to: number; spent: number };
    }),
  );
  const seconds = (Math.max(...told.map(({ to }) => to)) - Math.min(...told.map(({ from }) => from))) / 1000;
  const spent = told.reduce((sum, one) => sum + one.spent, 0);
  assert.equal(spent, 3 * takes);
  assert.ok(spent <= burst + perSecond * seconds + 1, `${spent} spent in ${seconds} s`);
});

test('whatever the order, any stretch of time has at most the burst and what the rate gives in it', async () => {
  const step = fc.record({ process: fc.nat(2), amount: fc.integer({ min: 1, max: 30 }), pauseMs: fc.nat(1500), back: fc.boolean() });
  let nowMs = 1000;
  const leases = openLeases(run, 'walk', () => nowMs);
  let key = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const rate = { perSecond: 50, burst: 40 };
      key += 1;
      const buckets = ['a', 'b', 'c'].map((name) => new LeasedBucket(leases, String(key), name, rate, () => nowMs));
      const taken: { at: number; amount: number }[] = [];
      for (const { process, amount, pauseMs, back } of steps) {
        nowMs += pauseMs % 3 === 0 ? pauseMs : pauseMs % 20;
        const bucket = buckets[process] as LeasedBucket;
        if (bucket.take(amount) > 0) continue;
        if (back) bucket.give(amount);
        else taken.push({ at: nowMs, amount });
      }
      for (const [from, first] of taken.entries()) {
        let sum = 0;
        for (const { at, amount } of taken.slice(from)) {
          sum += amount;
          assert.ok(sum <= rate.burst + (rate.perSecond * (at - first.at)) / 1000 + 1e-6, `${sum} in ${at - first.at} ms`);
        }
      }
    }),
    { numRuns: 150 },
  );
  await leases.close();
});

test('what a process was lent and did not spend is there for the others once its time has passed', async () => {
  let nowMs = 0;
  const leases = openLeases(run, 'ended', () => nowMs);
  const bucket = (name: string) => new LeasedBucket(leases, 'k', name, { perSecond: 1, burst: 100 }, () => nowMs);
  const [dead, alive] = [bucket('dead'), bucket('alive')];
  assert.equal(dead.take(100), 0);
  dead.give(100);
  assert.ok(alive.take(90) > 0);
  nowMs += 100_000;
  assert.equal(alive.take(90), 0);
  assert.ok(dead.take(90) > 0, 'what ended is not spent by its process either');
  await leases.close();
});

test('a limit that is set anew leaves what was used, and touches no other tenant', () => {
  const quotas = { calls: { kind: 'rate', unit: 'call', perSecond: 10, burst: 10, text: '' } } as const;
  const contract = { quotas, operations: { Read: { quota: ['calls'] } } };
  let own: number | undefined;
  const rates = createRates(
    contract as never,
    (scope) => (scope === 's' ? own : undefined),
    () => 0,
  );
  const [mine, other] = [rates.of('t', 's', 'Read')[0]?.bucket, rates.of('u', 'v', 'Read')[0]?.bucket];
  assert.equal(mine?.take(10, 0), 0);
  assert.equal(other?.take(10, 0), 0);
  rates.adjust(new Set(['t', 'u']));
  assert.ok((mine?.take(1, 0) ?? 0) > 0, 'a change of something else gives nothing back');
  own = 1000;
  rates.adjust(new Set(['t']));
  assert.ok((mine?.take(50, 0) ?? 0) > 0);
  assert.equal(mine?.take(50, 60), 0, 'the new rate fills it');
  assert.ok((other?.take(1, 0) ?? 0) > 0);
});
