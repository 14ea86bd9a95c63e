import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meanYearsToLoss, ninesOf, simulateYearsToLoss, windowLoss, yearlyLoss } from '../domain/durability.ts';
import { correlatedYearsToLoss, holding, raised, raiseFor } from '../domain/failure-domain.ts';

/** Numbers in [0, 1) that are the same in every run. */
function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test("the windows agree with the rows that Backblaze's calculator prints for 4+2 at 10 % and a day, and give 17+3 its eleven nines", () => {
  const row = (parityShards: number) => windowLoss({ dataShards: 6 - parityShards, parityShards, annualFailureRate: 0.1, repairDays: 1 });
  for (const [parity, printed] of [
    [3, 3.082e-11],
    [2, 1.5e-7],
    [1, 4.105e-4],
    [0, 4.512e-1],
  ] as const)
    assert.ok(Math.abs(row(parity) / printed - 1) < 1e-3, `${parity}: ${row(parity)}`);
  const vault = windowLoss({ dataShards: 17, parityShards: 3, annualFailureRate: 0.00405, repairDays: 6.5 });
  assert.equal(Math.floor(ninesOf(vault)), 11);
  // The loss that it prints of a year, for each number of failures that a vault of twenty may come to.
  for (const [parity, printed] of [
    [3, 7.354e-12],
    [2, 2.399e-8],
    [1, 5.545e-5],
    [0, 7.781e-2],
  ] as const) {
    const loss = windowLoss({ dataShards: 20 - parity, parityShards: parity, annualFailureRate: 0.00405, repairDays: 6.5 });
    assert.ok(Math.abs(loss / printed - 1) < 1e-3, `${parity}: ${loss}`);
  }
});

test('at raised rates lives that are played out agree with the chain within five per cent', () => {
  for (const [data, parity, rate, days] of [
    [12, 4, 6, 10],
    [4, 2, 3, 15],
    [10, 0, 1, 5],
  ] as const) {
    const model = { dataShards: data, parityShards: parity, annualFailureRate: rate, repairDays: days };
    const played = simulateYearsToLoss(model, 20_000, chance(7));
    assert.ok(Math.abs(played / meanYearsToLoss(model) - 1) < 0.05, `${data}+${parity}: ${played} ${meanYearsToLoss(model)}`);
  }
});

test('12+4 has more than eleven nines with a day of repair, and racks that fail whole cost some of them', () => {
  const model = { dataShards: 12, parityShards: 4, annualFailureRate: 0.0157, repairDays: 1 / 24 };
  assert.ok(ninesOf(yearlyLoss(meanYearsToLoss(model))) > 20);
  assert.ok(ninesOf(yearlyLoss(meanYearsToLoss({ ...model, repairDays: 6.5 }))) > 11);
  const raised = { ...model, annualFailureRate: 3, repairDays: 10 };
  const alone = simulateYearsToLoss(raised, 5000, chance(1));
  const racks = simulateYearsToLoss(raised, 5000, chance(1), { count: 4, annualFailureRate: 1 });
  assert.ok(racks < alone / 2);
});

test('with domains that fail whole the chain agrees with lives that are played out, and without them with the plain chain', () => {
  const model = { dataShards: 12, parityShards: 4, annualFailureRate: 3, repairDays: 10 };
  for (const domains of [
    { count: 4, annualFailureRate: 1 },
    { count: 3, annualFailureRate: 0.5 },
    { count: 16, annualFailureRate: 2 },
    { count: 20, annualFailureRate: 1 },
  ]) {
    const chain = correlatedYearsToLoss(model, domains, 1000)!;
    const played = simulateYearsToLoss(model, 20_000, chance(3), domains);
    assert.ok(Math.abs(played / chain - 1) < 0.05, `${domains.count}: ${played} ${chain}`);
  }
  // At rates of the world too, where the answer has twenty digits before the point.
  for (const rare of [model, { ...model, annualFailureRate: 0.0157, repairDays: 1 / 24 }]) {
    const apart = correlatedYearsToLoss(rare, { count: 5, annualFailureRate: 0 }, 1000)!;
    assert.ok(Math.abs(apart / meanYearsToLoss(rare) - 1) < 1e-9, `${apart}`);
  }
  // One disk under all sixteen directories: the stripe lives as long as the disk.
  const one = correlatedYearsToLoss({ ...model, annualFailureRate: 0.0157 }, { count: 1, annualFailureRate: 0.0157 }, 1000)!;
  assert.ok(Math.abs(one * 0.0157 - 1) < 1e-3, `${one}`);
  assert.equal(correlatedYearsToLoss({ ...model, parityShards: 40 }, { count: 16, annualFailureRate: 1 }, 1000), undefined);
});

test('lives end, however rare failures are and however many domains hold nothing', () => {
  for (const dataShards of [1, 200])
    for (const parityShards of [0, 1, 50])
      for (const annualFailureRate of [0.00001, 10])
        for (const repairDays of [0.001, 365]) {
          const model = { dataShards, parityShards, annualFailureRate, repairDays };
          const domains = holding(model, { count: 250, annualFailureRate: 0.01 });
          const by = raiseFor(model, domains, 300, 300);
          if (by === undefined) continue;
          const worse = raised(model, domains, by);
          let drawn = 0;
          const years = simulateYearsToLoss(worse.model, 1, () => (drawn++ > 100_000 ? Number.NaN : Math.random()), worse.domains);
          assert.ok(years > 0 && drawn < 100_000, `${JSON.stringify(model)}: ${drawn} draws`);
        }
});
