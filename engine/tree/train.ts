import { binned } from './bin.ts';
import { type Growth, grown } from './grow.ts';
import type { Model, Tree } from './tree.ts';

export type Training = Growth & {
  readonly rounds: number;
  /** What is trained for: the probability of yes (1) or no (0), or a number. */
  readonly objective: 'logistic' | 'squared';
};

/** What is usual. */
export const usual: Training = {
  ...{ rounds: 100, objective: 'logistic', depthMost: 6, leavesMost: 64, childLeast: 1, lambda: 1, rate: 0.1 },
};

/** Gradient boosting on histograms. Rows stand one after the other, and have a label each; the same rows make the same model. */
export function train(features: readonly string[], rows: Float64Array, labels: Float64Array, training: Training): Model {
  const width = features.length;
  if (rows.length !== labels.length * width || labels.length === 0) throw new TypeError('each row needs its numbers and its label');
  const data = binned(rows, width);
  const isLogistic = training.objective === 'logistic';
  const mean = labels.reduce((sum, label) => sum + label, 0) / labels.length;
  const part = Math.min(Math.max(mean, partLeast), 1 - partLeast);
  const base = isLogistic ? Math.log(part / (1 - part)) : mean;
  const margins = new Float64Array(labels.length).fill(base);
  const slopes = { first: new Float64Array(labels.length), second: new Float64Array(labels.length).fill(1) };
  const trees: Tree[] = [];
  for (let round = 0; round < training.rounds; round += 1) {
    for (let row = 0; row < labels.length; row += 1) {
      const margin = margins[row] as number;
      const said = isLogistic ? 1 / (1 + Math.exp(-margin)) : margin;
      slopes.first[row] = said - (labels[row] as number);
      if (isLogistic) slopes.second[row] = Math.max(said * (1 - said), secondLeast);
    }
    trees.push(grown(data, slopes, training, margins));
  }
  const kind = { link: isLogistic ? 'logistic' : 'identity', slope: 1, isSingle: false } as const;
  return { features, base: [base], ...kind, trees, classOf: new Int32Array(trees.length) };
}

/** Where all labels are the same, the margin is still a number. */
const partLeast = 1e-6;
const secondLeast = 1e-16;
