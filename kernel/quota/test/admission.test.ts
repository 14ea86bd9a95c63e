import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OperationError } from '../../contract/fault.ts';
import { ReadTurns } from '../../listen/turn.ts';
import { Admission } from '../admission.ts';
import { Concurrency } from '../concurrency.ts';
import { FairQueue } from '../fair-queue.ts';
import {
  callCostMax,
  callsPerSharedTurnMax,
  callsPerTurnMax,
  concurrencyMin,
  concurrencyStart,
  fairQuantum,
  waitingPerTenantMax,
} from '../limits.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('whoever waits is served in proportion: no tenant gets ahead of another by more than a turn and one call', () => {
  const costs = fc.array(fc.integer({ min: 1, max: callCostMax }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(fc.array(costs, { minLength: 2, maxLength: 6 }), (tenants) => {
      const queue = new FairQueue<{ tenant: number; cost: number }>(fairQuantum);
      tenants.forEach((calls, tenant) => calls.forEach((cost) => queue.push(`t${tenant}`, { tenant, cost }, cost, 0)));
      const left = tenants.map((calls) => calls.length);
      const used = tenants.map(() => 0);
      for (let next = queue.next(); next !== undefined; next = queue.next()) {
        used[next.tenant] = (used[next.tenant] ?? 0) + next.cost;
        left[next.tenant] = (left[next.tenant] ?? 0) - 1;
        const busy = used.filter((_, tenant) => (left[tenant] ?? 0) > 0);
        if (busy.length > 1) assert.ok(Math.max(...busy) - Math.min(...busy) <= fairQuantum + 2 * callCostMax);
      }
      assert.deepEqual(
        left,
        tenants.map(() => 0),
      );
      assert.equal(queue.size, 0);
    }),
  );
});

test('calls that wait too long are taken out, oldest first, and the rest keep their order', () => {
  const queue = new FairQueue<number>(1);
  for (let index = 0; index < 10; index += 1) queue.push(index % 2 ? 'a' : 'b', index, 1, index);
  const gone: number[] = [];
  queue.expire(4, (item) => gone.push(item));
  assert.deepEqual(gone.sort(), [0, 1, 2, 3]);
  assert.deepEqual(Array.from({ length: 6 }, () => queue.next()).sort(), [4, 5, 6, 7, 8, 9]);
  assert.equal(queue.next(), undefined);
});

test('a call that comes after a thousand of another tenant runs with the first of them', async () => {
  const admission = new Admission();
  const order: string[] = [];
  const call = async (tenant: string) => {
    await admission.enter(tenant, 'Read', performance.now());
    order.push(tenant);
    admission.leave('Read', 0, performance.now());
  };
  const noisy = Array.from({ length: 1000 }, () => call('noisy'));
  await call('quiet');
  assert.ok(
    order.indexOf('quiet') <= callsPerTurnMax + callsPerSharedTurnMax + fairQuantum + 1,
    `${order.indexOf('quiet')} calls ran before it`,
  );
  await Promise.all(noisy);
  assert.equal(admission.running, 0);
  assert.equal(admission.waiting, 0);
  admission.stop();
});

test('who has nothing waiting begins ahead of what another tenant sent, once in a turn, and is read so', async () => {
  const admission = new Admission();
  const enter = (tenant: string) => admission.enter(tenant, 'Read', performance.now());
  const waits = [enter('quiet'), ...Array.from({ length: 100 }, () => enter('noisy'))];
  assert.ok(admission.waiting > 0);
  await turn();
  assert.equal(enter('quiet'), undefined, 'the first of a turn');
  waits.push(enter('quiet'));
  assert.notEqual(waits.at(-1), undefined, 'the second waits');
  for (let turns = 0; admission.waiting > 0 && turns < 1000; turns += 1) await turn();
  await Promise.all(waits);
  admission.stop();

  const reads = new ReadTurns();
  const read: string[] = [];
  const ask = (lane: string) => {
    const begin = () => void read.push(lane);
    if (reads.mayBegin(lane, { begin })) begin();
  };
  for (let index = 0; index < 1000; index += 1) ask('noisy');
  ask('quiet');
  assert.equal(read.at(-1), 'quiet');
  ask('quiet');
  assert.equal(read.filter((lane) => lane === 'quiet').length, 1);
  await turn();
  assert.equal(read.filter((lane) => lane === 'quiet').length, 2, 'the second comes in its turn');
  for (let turns = 0; read.length < 1002 && turns < 1000; turns += 1) await turn();
  assert.equal(read.length, 1002);
});

test('fewer calls run at once when they take longer than usual, and more again when they do not', () => {
  const concurrency = new Concurrency();
  const observe = (count: number, ms: number) => {
    for (let index = 0; index < count; index += 1) concurrency.observe('Read', ms, concurrency.limit, 0);
  };
  observe(200, 5);
  assert.ok(concurrency.limit > concurrencyStart);
  observe(10_000, 50);
  assert.equal(concurrency.limit, concurrencyMin);
  observe(1000, 6);
  assert.ok(concurrency.limit > 4 * concurrencyMin);
});

test('slow calls of a process that is not full are no reason to run fewer', () => {
  const concurrency = new Concurrency();
  for (let index = 0; index < 10_000; index += 1) concurrency.observe('Read', index < 100 ? 5 : 500, 3, 0);
  assert.equal(concurrency.limit, concurrencyStart);
});

test('beyond what may wait a tenant is refused with TooMany and when to come again, and another tenant is not', async () => {
  const admission = new Admission();
  const waits: Promise<void>[] = [];
  const enter = (tenant: string) => {
    const wait = admission.enter(tenant, 'Read', performance.now());
    if (wait) waits.push(wait);
  };
  let refusal: unknown;
  for (let index = 0; index < waitingPerTenantMax + concurrencyStart && refusal === undefined; index += 1)
    try {
      enter('noisy');
    } catch (error) {
      refusal = error;
    }
  assert.ok(refusal instanceof OperationError && refusal.code === 'TooMany' && (refusal.retryAfterMs ?? 0) > 0);
  assert.equal(admission.refused, 1);
  assert.doesNotThrow(() => enter('quiet'));
  // Nobody leaves: what waits is let in beside what is parked, or refused in the end; nothing waits for ever.
  const outcomes = await Promise.allSettled(waits);
  assert.equal(outcomes.length, waits.length);
  await turn();
  assert.equal(admission.waiting, 0);
  admission.stop();
});
