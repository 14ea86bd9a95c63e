import { strict as assert } from 'node:assert';
import { Forest } from '#engine/tree/forest.ts';
import { linearPredictions } from '#engine/tree/linear.ts';
import type { Predictor } from '#engine/tree/onnx.ts';
import type { Model, Tree } from '#engine/tree/tree.ts';
import { routineNode } from '#services/analytics/domain/routine.ts';
import { inlined } from '#services/analytics/domain/sql-function.ts';
import { planRows } from '#services/analytics/domain/planner.ts';
import { parseStatement } from '#services/analytics/domain/statement.ts';
import { placesIn } from '#services/analytics/domain/context.ts';
import { Circuit } from '#services/analytics/engine/circuit.ts';
import { scoredBy } from '#services/analytics/engine/model.ts';
import { withRoutines } from '#services/analytics/engine/routine/calls.ts';
import type { Given } from '#services/analytics/engine/score.ts';
import { Random } from '#engine/random/random.ts';
import { commitRecordsMax } from '#services/analytics/store/limits.ts';
import { type BenchRow, least, median } from '../result.ts';
import { cpuOf } from './measure.ts';

const [seed, width, trees, depth] = [9, 20, 100, 6];
const features = Array.from({ length: width }, (_, at) => `f${at}`);

/** A full tree over features and thresholds by chance. */
function treeOf(random: Random): Tree {
  const count = 2 ** (depth + 1) - 1;
  const inner = 2 ** depth - 1;
  const each = (make: (at: number) => number) => Array.from({ length: count }, (_, at) => make(at));
  return {
    feature: Int32Array.from(each((at) => (at < inner ? random.below(width) : -1))),
    threshold: Float64Array.from(each(() => random.below(1000) / 1000)),
    left: Int32Array.from(each((at) => (at < inner ? 2 * at + 1 : 0))),
    right: Int32Array.from(each((at) => (at < inner ? 2 * at + 2 : 0))),
    missing: new Uint8Array(count),
    value: Float64Array.from(each(() => random.below(1000) / 1e5)),
    cover: new Float64Array(count),
  };
}

/** A view's circuit that asks a model for each row. */
async function asking(predict: Predictor['predict'], count: number, rows: Float64Array): Promise<() => Promise<number>> {
  const params = features.map((name) => ({ name, type: 'float8' as const }));
  const routine = { name: 'risk', language: 'xgboost', params, returns: 'float8', body: '', strict: false } as const;
  const statement = await parseStatement(`select risk(${features.join()}) as p from t`);
  assert(statement?.kind === 'select');
  const typeName = { names: [{ String: { sval: 'float8' } }] };
  const args = params.map((_, at) => ({ ParamRef: { number: at + 1 } }));
  const named = params.map(({ name }) => ({ name, type: typeName }));
  const made = { name: 'risk', params: named, returns: typeName, body: routineNode(routine, args), isAnew: false };
  const scan = { kind: 'scan', relation: 1n, name: 't', appends: true, columns: params } as const;
  const context = { relation: () => scan, named: new Map(), params: [], at: placesIn('') };
  const plan = planRows(inlined(statement.select, new Map([['risk', made]])), context);
  // As many rows at once as a view takes in one commit.
  const portions = Array.from({ length: Math.ceil(count / commitRecordsMax) }, (_, part) => {
    const from = part * commitRecordsMax;
    const size = Math.min(commitRecordsMax, count - from);
    const valuesOf = (at: number) => Float64Array.from({ length: size }, (__, row) => rows[(from + row) * width + at] as number);
    const columns = features.map((__, at) => ({ values: valuesOf(at), nulls: undefined }));
    return new Map([[1n, { size, columns, weights: undefined }]]);
  });
  const asked = { predictor: { width, classes: 1, labels: undefined, predict }, places: features.map((_, at) => at) };
  const score = (of: Given) => scoredBy(asked, 'float8', of);
  const models = { atHand: () => score, score: async (_: string, of: Given) => score(of) };
  const circuit = new Circuit(plan);
  return async () => {
    let made = 0;
    for (const given of portions) made += (await withRoutines({ call: async () => [], models }, () => circuit.step(given))).size;
    return made;
  };
}

/** Rows that are scored, alone and as a view scores them. */
export async function scoring(count: number, rounds: number): Promise<BenchRow[]> {
  const random = new Random(seed);
  const rows = Float64Array.from({ length: count * width }, () => random.below(1000) / 1000);
  const weights = Float64Array.from(features, () => random.below(1000) / 1000 - 0.5);
  const linear = { features, weights, base: [0.1], link: 'logistic' } as const;
  const model: Model = {
    ...{ features, base: [0], link: 'logistic', slope: 1, isSingle: true, classOf: new Int32Array(trees) },
    trees: Array.from({ length: trees }, () => treeOf(random)),
  };
  const forest = new Forest(model);
  const asked = Math.min(count, 50_000);
  const [sums, forests] = [
    await asking((of) => linearPredictions(linear, of), asked, rows),
    await asking((of) => forest.predict(of), asked, rows),
  ];
  const ways = [
    { row: `linear model of ${width} features`, count, work: () => linearPredictions(linear, rows), goal: 5 },
    { row: `${trees} trees of depth ${depth}, ${width} features`, count, work: () => forest.predict(rows), goal: 0.8 },
    { row: `the same linear model by PREDICT in a view's circuit`, count: asked, work: sums, goal: 5 },
    { row: `the same trees by PREDICT in a view's circuit`, count: asked, work: forests, goal: 0.8 },
  ];
  const found: BenchRow[] = [];
  for (const { row, count: scored, work, goal } of ways) {
    const taken: number[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      const used = await cpuOf(work);
      if (round > 0) taken.push(scored / used / 1e6);
    }
    found.push(least(`scoring: ${row}`, 'M rows/CPU-s', median(taken), goal));
  }
  return found;
}
