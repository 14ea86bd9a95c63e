import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acquirers, firstAcquirer } from '../domain/acquirer.ts';
import { Bandit, slotsOf } from '../domain/bandit.ts';
import { isRetryable, routed, verdictOn } from '../domain/route.ts';
import { Market } from '../engine/card/market.ts';

/** Numbers from 0 to 1 that are the same each time: those of mulberry32. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const wanted = { policy: 'learned', fixed: firstAcquirer, residency: null, costWeight: 0, attemptsMax: 3 } as const;
const german = { country: 'DE', brand: 'visa', bin: '400000', amount: 5000, entry: 'plain', currency: 'eur' };

test('hard constraints come before anything that was learned, and say what they are', () => {
  const bandit = new Bandit(random(1));
  const excluded = (context: object, more: object = {}) =>
    Object.fromEntries(
      routed(bandit, { ...german, ...context }, { ...wanted, ...more }).candidates.map((each) => [each.acquirer, each.excluded]),
    );
  assert.deepEqual(excluded({ currency: 'jpy', brand: 'amex' }), {
    ...{ alder: null, birch: null, cedar: 'currency', elm: 'currency', larch: null, oak: 'licence' },
  });
  const european = routed(bandit, german, { ...wanted, residency: 'eu' });
  assert.deepEqual(european.order.toSorted(), ['birch', 'elm']);
  // One that is fixed and may not be asked is not asked.
  assert.ok(['birch', 'elm'].includes(routed(bandit, german, { ...wanted, policy: 'fixed', residency: 'eu' }).order[0] ?? ''));
  assert.deepEqual(routed(bandit, { ...german, currency: 'jpy', brand: 'amex' }, { ...wanted, residency: 'apac' }).order, ['larch']);
});

test('what is learned goes where payments are approved, by country, and goes elsewhere when that ends', () => {
  const draw = random(7);
  const bandit = new Bandit(draw);
  const good: Record<string, string> = { DE: 'elm', US: 'oak' };
  let turned = false;
  const approvals = (payments: number): number => {
    let approved = 0;
    for (let at = 0; at < payments; at += 1) {
      const country = at % 2 === 0 ? 'DE' : 'US';
      const context = { ...german, country };
      const [first = ''] = routed(bandit, context, wanted).order;
      const chance = first === good[country] ? (turned ? 0.1 : 0.97) : 0.75;
      const isApproved = draw() < chance;
      bandit.learn(first, slotsOf(context), isApproved);
      approved += Number(isApproved);
    }
    return approved / payments;
  };
  approvals(3000);
  assert.ok(approvals(2000) > 0.93);
  const copy = new Bandit(random(9), JSON.parse(JSON.stringify(bandit.written())));
  for (const { id } of acquirers) assert.equal(copy.chance(id, slotsOf(german)).mean, bandit.chance(id, slotsOf(german)).mean);
  turned = true;
  approvals(500);
  assert.ok(approvals(1000) > 0.68);
});

test('a dear acquirer is asked when it is worth it', () => {
  const bandit = new Bandit(() => 0.5);
  const cheap = routed(bandit, { ...german, amount: 100 }, { ...wanted, costWeight: 1 }).order[0];
  assert.equal(cheap, 'cedar');
  assert.equal(routed(bandit, { ...german, amount: 10_000_000 }, { ...wanted, costWeight: 1 }).order[0], 'oak');
});

test('a rollout goes on when both ways do as well, and back when what was learned does worse than chance', () => {
  const rollout = (learned: number, fixed: number, asked = 1000) => ({
    ...{ stage: 0, learned: { asked, approved: learned }, fixed: { asked, approved: fixed } },
  });
  const bounds = { paymentsMin: 500, dropMax: 0.01 };
  assert.equal(verdictOn(rollout(95, 95, 100), bounds), 'stay');
  assert.equal(verdictOn(rollout(950, 900), bounds), 'on');
  assert.equal(verdictOn(rollout(935, 950), bounds), 'stay');
  assert.equal(verdictOn(rollout(850, 950), bounds), 'back');
  assert.ok(['91', '96'].every(isRetryable));
  assert.ok(['14', '41', '43', '51', '54', '05', '00'].every((code) => !isRetryable(code)));
});

test('a market follows from its seed, and differs from others', () => {
  const chance = (seed: string) => acquirers.map(({ id }) => new Market(seed).approval(id, german));
  assert.deepEqual(chance('a'), chance('a'));
  assert.notDeepEqual(chance('a'), chance('b'));
  assert.ok(chance('a').every((one) => one > 0.2 && one < 1));
});
