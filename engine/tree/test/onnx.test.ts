import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readOnnx } from '../onnx.ts';
import { ModelError } from '../tree.ts';

const fixture = (name: string) => readFileSync(new URL(`fixture/${name}`, import.meta.url));
type Case = { readonly predict: readonly (readonly number[])[]; readonly labels: readonly number[] | null };
const { rows, cases } = JSON.parse(fixture('onnx-vector.json').toString()) as {
  readonly rows: readonly (readonly number[])[];
  readonly cases: Readonly<Record<string, Case>>;
};

test("models of scikit-learn in ONNX predict what onnxruntime predicts, and call classes by scikit-learn's names", () => {
  for (const [name, { predict, labels }] of Object.entries(cases)) {
    const model = readOnnx(fixture(`onnx-${name}.onnx`));
    const told = model.predict(Float64Array.from(rows.flat()));
    for (const [row, wanted] of predict.entries()) {
      const own = [...told.subarray(row * model.classes, (row + 1) * model.classes)];
      // Of two classes the share of the second alone may be told.
      const shares = own.length === 1 && wanted.length === 2 ? [1 - (own[0] ?? 0), own[0] ?? 0] : own;
      assert.equal(shares.length, wanted.length, name);
      for (const [at, value] of wanted.entries())
        assert.ok(
          Math.abs((shares[at] ?? Number.NaN) - value) <= 1e-5 * Math.max(1, Math.abs(value)),
          `${name} ${row}: ${shares} ${wanted}`,
        );
      if (labels) assert.equal(model.labels?.[shares.indexOf(Math.max(...shares))], labels[row], `${name} ${row}`);
    }
  }
});

test('a file of ONNX that is cut, or has an operator that is not served, is refused', () => {
  assert.throws(() => readOnnx(fixture('onnx-network.onnx')), { name: 'ModelError', message: /operator .* is not served/ });
  const whole = fixture('onnx-logistic.onnx');
  for (let length = 0; length < whole.length; length += 3) {
    try {
      readOnnx(whole.subarray(0, length));
    } catch (error) {
      assert.ok(error instanceof ModelError, `${length}: ${error}`);
    }
  }
  const forest = fixture('onnx-forest.onnx');
  for (let at = 0; at < forest.length; at += 97) {
    const bent = Buffer.from(forest);
    bent[at] = (bent[at] ?? 0) ^ 0x55;
    try {
      readOnnx(bent);
    } catch (error) {
      assert.ok(error instanceof ModelError, `${at}: ${error}`);
    }
  }
});
