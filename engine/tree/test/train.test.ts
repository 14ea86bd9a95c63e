import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calibrated, shareOf } from '../calibration.ts';
import { contributionsOf } from '../contribution.ts';
import { Forest } from '../forest.ts';
import { train, usual } from '../train.ts';
import type { Model, Tree } from '../tree.ts';
import { readModel, writeModel } from '../written.ts';

/** Numbers between 0 and 1 that are the same in every run. */
function chanceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const names = ['a', 'b', 'c', 'noise'];
/** Yes is likely where a is above b, or where c is not known. */
function drawn(count: number, seed: number) {
  const chance = chanceOf(seed);
  const rows = Float64Array.from({ length: count * 4 }, (_, at) => (at % 4 === 2 && chance() < 0.2 ? Number.NaN : chance()));
  const labels = Float64Array.from({ length: count }, (_, row) => {
    const [a = 0, b = 0, c = 0] = rows.subarray(row * 4, row * 4 + 4);
    return Number(chance() < (a > b || Number.isNaN(c) ? 0.9 : 0.1));
  });
  return { rows, labels };
}

const learned = drawn(4000, 1);
const unseen = drawn(2000, 2);
const model = train(names, learned.rows, learned.labels, { ...usual, rounds: 40 });

test('a model that is trained tells what is likely of rows it has not seen, and is the same when it is trained again', () => {
  const said = new Forest(model).predict(unseen.rows);
  const right = said.filter((each, row) => each > 0.5 === (unseen.labels[row] === 1)).length;
  assert.ok(right / said.length > 0.86, `${right} of ${said.length}`);
  assert.equal(writeModel(train(names, learned.rows, learned.labels, { ...usual, rounds: 40 })), writeModel(model));
  assert.deepEqual(new Forest(readModel(writeModel(model))).predict(unseen.rows), said);
  assert.throws(() => readModel(writeModel(model).replace(/"left":\[1/, '"left":[0')));
});

test('a model for numbers comes near to them', () => {
  const target = (rows: Float64Array) =>
    Float64Array.from({ length: rows.length / 4 }, (_, row) => 3 * (rows[row * 4] ?? 0) + ((rows[row * 4 + 1] ?? 0) > 0.5 ? 2 : 0));
  const said = new Forest(train(names, learned.rows, target(learned.rows), { ...usual, objective: 'squared' })).predict(unseen.rows);
  const wanted = target(unseen.rows);
  const error = Math.sqrt(said.reduce((sum, each, row) => sum + (each - (wanted[row] ?? 0)) ** 2, 0) / said.length);
  assert.ok(error < 0.1, `${error}`);
});

test('what features contribute adds up to the margin, and tells what counted', () => {
  const row = Float64Array.of(0.9, 0.1, 0.5, 0.5);
  const parts = contributionsOf(model, row);
  const margin = new Forest(model).margins(row)[0] ?? 0;
  assert.ok(Math.abs(parts.reduce((sum, each) => sum + each, 0) - margin) < 1e-9);
  assert.ok(Math.max(Math.abs(parts[0] ?? 0), Math.abs(parts[1] ?? 0)) > 3 * Math.abs(parts[3] ?? 0));
});

test('a calibration says how often it was so', () => {
  const scores = Float64Array.of(0.1, 0.2, 0.3, 0.4, 0.4, 0.8, 0.9, 0.9);
  const labels = Float64Array.of(0, 1, 0, 0, 1, 1, 1, 1);
  const known = calibrated(scores, labels);
  const shares = [0, 0.1, 0.2, 0.25, 0.4, 0.6, 0.8, 1].map((score) => shareOf(known, score));
  assert.deepEqual(
    shares.map((each) => Math.round(each * 1000) / 1000),
    [0, 0, 0.5, 0.5, 0.5, 0.75, 1, 1],
  );
  const near = calibrated(new Forest(model).predict(unseen.rows), unseen.labels);
  const fresh = drawn(2000, 3);
  const said = [...new Forest(model).predict(fresh.rows)].map((score) => shareOf(near, score));
  const mean = (list: readonly number[]) => list.reduce((sum, each) => sum + each, 0) / list.length;
  assert.ok(Math.abs(mean(said) - mean([...fresh.labels])) < 0.03);
});

/** A tree that asks at each node for a drawn feature and threshold, and ends now and then before the greatest depth. */
function drawnTree(chance: () => number, depthMost: number): Tree {
  const lists: Record<'feature' | 'threshold' | 'left' | 'right' | 'missing' | 'value' | 'cover', number[]> = {
    ...{ feature: [], threshold: [], left: [], right: [], missing: [], value: [], cover: [] },
  };
  const grow = (depth: number): number => {
    const node = lists.feature.length;
    for (const list of Object.values(lists)) list.push(0);
    lists.value[node] = chance() - 0.5;
    lists.feature[node] = depth === depthMost || (depth > 0 && chance() < 0.1) ? -1 : Math.floor(chance() * 4);
    lists.cover[node] = 1;
    if (lists.feature[node] === -1) return node;
    lists.threshold[node] = chance() < 0.1 ? 0.5 : chance();
    lists.missing[node] = Number(chance() < 0.5);
    const [left, right] = [grow(depth + 1), grow(depth + 1)];
    lists.left[node] = left;
    lists.right[node] = right;
    lists.cover[node] = (lists.cover[left] ?? 0) + (lists.cover[right] ?? 0);
    return node;
  };
  grow(0);
  const { feature, left, right, missing, threshold, value, cover } = lists;
  return {
    ...{ feature: Int32Array.from(feature), left: Int32Array.from(left), right: Int32Array.from(right) },
    ...{ missing: Uint8Array.from(missing), threshold: Float64Array.from(threshold) },
    ...{ value: Float64Array.from(value), cover: Float64Array.from(cover) },
  };
}

test('rows are scored together as each is alone: trees of all depths, more thresholds than a byte tells, classes, and no numbers', () => {
  const chance = chanceOf(7);
  const rows = Float64Array.from({ length: 1003 * 4 }, () => (chance() < 0.1 ? Number.NaN : chance() < 0.1 ? 0.5 : chance()));
  rows.set([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0]);
  for (const [depthMost, count, isSingle] of [
    [8, 120, false],
    [6, 100, true],
    [1, 600, false],
    [0, 5, false],
    [11, 20, true],
  ] as const) {
    const trees = Array.from({ length: count }, (_, at) => drawnTree(chance, Math.max(0, depthMost - (at % 3))));
    const kind = { link: 'softmax', slope: 1, isSingle, classOf: Int32Array.from(trees, (_, at) => at % 2) } as const;
    const drawnModel: Model = { features: names, base: [0.25, -0.5], ...kind, trees };
    const forest = new Forest(drawnModel);
    const alone = Array.from({ length: rows.length / 4 }, (_, row) => [...forest.margins(rows.subarray(row * 4, row * 4 + 4))]);
    assert.deepEqual([...forest.margins(rows)], alone.flat(), `depth ${depthMost}`);
  }
});

test('contributions add up to the margin in trees that ask for a feature again, and what is not asked for has none', () => {
  const chance = chanceOf(11);
  const kind = { link: 'identity', slope: 1, isSingle: false, classOf: Int32Array.of(0, 0), base: [0.5] } as const;
  for (const depth of [0, 1, 3, 16]) {
    const drawnModel: Model = { features: [...names, 'unasked'], ...kind, trees: [drawnTree(chance, depth), drawnTree(chance, depth)] };
    for (let row = 0; row < 3; row += 1) {
      const numbers = Float64Array.from({ length: 5 }, () => (chance() < 0.1 ? Number.NaN : chance()));
      const parts = contributionsOf(drawnModel, numbers);
      const margin = new Forest(drawnModel).margins(numbers)[0] ?? 0;
      const sum = parts.reduce((all, each) => all + each, 0);
      assert.ok(Math.abs(sum - margin) < 1e-9, `depth ${depth}: ${sum} is not ${margin}`);
      assert.equal(parts[4], 0);
    }
  }
});
