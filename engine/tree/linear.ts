import { linked } from './forest.ts';
import type { Link } from './tree.ts';

/** Sums of features by weights, one for each class: `weights` has those of the first class, then of the next. */
export type LinearModel = {
  readonly features: readonly string[];
  readonly weights: Float64Array;
  /** The sum before any feature, one for each class. */
  readonly base: readonly number[];
  readonly link: Link;
};

/** Scores rows that stand one after the other: margins, one for each class of each row. */
function linearMargins({ features, weights, base }: LinearModel, rows: Float64Array): Float64Array {
  const [width, classes] = [features.length, base.length];
  const count = rows.length / width;
  const margins = new Float64Array(count * classes);
  for (let row = 0, at = 0; row < count; row += 1, at += width)
    for (let each = 0; each < classes; each += 1) {
      let sum = base[each] as number;
      for (let feature = 0, weight = each * width; feature < width; feature += 1, weight += 1)
        sum += (rows[at + feature] as number) * (weights[weight] as number);
      margins[row * classes + each] = sum;
    }
  return margins;
}

/** Predictions of rows that stand one after the other. */
export function linearPredictions(model: LinearModel, rows: Float64Array): Float64Array {
  const margins = linearMargins(model, rows);
  linked({ ...model, slope: 1 }, margins);
  return margins;
}
