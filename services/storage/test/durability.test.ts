import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meanYearsToLoss, ninesOf, simulateYearsToLoss, windowLoss, yearlyLoss } from '../domain/durability.ts';

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
