import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { contributionsOf } from '../contribution.ts';
import { Forest } from '../forest.ts';
import { readLightgbm } from '../lightgbm.ts';
import { ModelError } from '../tree.ts';
import { readXgboost } from '../xgboost.ts';

type Row = readonly (number | null)[];
type Case = { file: string; predict: Row[]; margin: Row[]; contributions: Row[] | null };

const read = (file: string) => readFileSync(new URL(`fixture/${file}`, import.meta.url), 'utf8');
const { rows, cases } = JSON.parse(read('vector.json')) as { rows: Row[]; cases: Record<string, Case> };
const numbers = (row: Row) => Float64Array.from(row, (each) => each ?? Number.NaN);
const all = numbers(rows.flat());
const modelOf = (file: string) => (file.startsWith('xgboost') ? readXgboost(read(file)) : readLightgbm(read(file)));

function assertNear(found: Float64Array, wanted: Row, what: string): void {
  assert.equal(found.length, wanted.length, what);
  wanted.forEach((each, at) => {
    const off = Math.abs((found[at] ?? Number.NaN) - (each ?? 0)) / Math.max(1, Math.abs(each ?? 0));
    assert.ok(off <= 1e-5, `${what}: ${found[at]} is not ${each}, at ${at}`);
  });
}

for (const [name, { file, predict, margin, contributions }] of Object.entries(cases))
  test(`a model of ${name} predicts what its library predicts, with what each feature contributes`, () => {
    const model = modelOf(file);
    const forest = new Forest(model);
    // Vectors of one row hold all rows where a row has one number.
    assertNear(forest.margins(all), margin.flat(), 'margins');
    assertNear(forest.predict(all), predict.flat(), 'predictions');
    const alone = rows.slice(0, 5).flatMap((row) => [...forest.predict(numbers(row))]);
    assert.deepEqual(alone, [...forest.predict(all)].slice(0, alone.length));
    contributions?.forEach((wanted, at) =>
      assertNear(contributionsOf(model, numbers(rows[at] ?? [])), wanted, `contributions of row ${at}`),
    );
  });

test('a file that is no model, or is one that is not served, is refused', () => {
  const good = read('xgboost-logistic.json');
  const broken: [text: string, reader: (text: string) => unknown][] = [
    ['', readXgboost],
    ['{}', readXgboost],
    [good.replace('"gbtree"', '"gblinear"'), readXgboost],
    [good.replace('binary:logistic', 'survival:aft'), readXgboost],
    [good.replace(/"left_children":\[1,3/, '"left_children":[0,3'), readXgboost],
    [good.replace(/"left_children":\[1,3/, '"left_children":[1,99999'), readXgboost],
    [good.replace(/"split_indices":\[0/, '"split_indices":[77'), readXgboost],
    ['', readLightgbm],
    [read('lightgbm-binary.txt').replace('is_linear=0', 'is_linear=1'), readLightgbm],
    [read('lightgbm-binary.txt').replace(/left_child=\S+/, 'left_child=0'), readLightgbm],
    [read('lightgbm-binary.txt').replace(/split_feature=\S+/, 'split_feature=6'), readLightgbm],
    [read('lightgbm-binary.txt').replace(/leaf_value=\S+ /, 'leaf_value='), readLightgbm],
  ];
  broken.forEach(([text, reader], at) => assert.throws(() => reader(text), ModelError, `file ${at}`));
});
