import { StatementError } from '#engine/pgwire/statement-error.ts';
import { finite } from '../domain/value.ts';
import { foretoldBy, readTree } from './hoeffding/text.ts';

/** How fast weights follow the error of a row. */
const rate = 0.01;

/**
 * What an online model has learned: weights over features that are scaled by what was seen of them so far. It is never changed,
 * only followed by another, so that a step can be taken back.
 */
export type Learner = {
  readonly isLogistic: boolean;
  readonly rows: number;
  /** Rows that were foretold rightly before they were learned; of numbers the sum of errors. */
  readonly score: number;
  readonly bias: number;
  readonly weights: readonly number[];
  readonly means: readonly number[];
  /** Sums of squared distances from the means. */
  readonly squares: readonly number[];
};

/** A row as text: what an aggregate has one argument for. */
export const sample = (...values: readonly (number | string)[]): string => JSON.stringify(values);

/** Weights times features, each in units of its deviation. */
function marginOf({ rows, bias, weights, means, squares }: Learner, features: readonly number[]): number {
  let sum = bias;
  for (let at = 0; at < weights.length; at += 1) {
    const deviation = Math.sqrt((squares[at] as number) / rows);
    if (deviation > 0) sum += (weights[at] as number) * (((features[at] as number) - (means[at] as number)) / deviation);
  }
  return sum;
}

const sigmoid = (margin: number): number => 1 / (1 + Math.exp(-margin));

/** What a model says of features: a number, or how likely it is. */
const foretold = (learner: Learner, features: readonly number[]): number => {
  const margin = learner.rows === 0 ? 0 : marginOf(learner, features);
  return learner.isLogistic ? sigmoid(margin) : margin;
};

/** A row is foretold, then learned: one step down the slope of its loss (stochastic gradient descent). */
function learnOne(before: Learner, label: number, features: readonly number[]): Learner {
  const told = foretold(before, features);
  const hit = before.isLogistic ? Number(told > 0.5 === (label === 1)) : Math.abs(told - label);
  const rows = before.rows + 1;
  const means = before.means.map((mean, at) => mean + ((features[at] as number) - mean) / rows);
  const squares = before.squares.map(
    (sum, at) => sum + ((features[at] as number) - (before.means[at] as number)) * ((features[at] as number) - (means[at] as number)),
  );
  const seen = { ...before, rows, means, squares };
  const margin = marginOf(seen, features);
  const slope = before.isLogistic ? sigmoid(margin) - label : 2 * (margin - label);
  const weights = before.weights.map((weight, at) => {
    const deviation = Math.sqrt((squares[at] as number) / rows);
    const scaled = deviation > 0 ? ((features[at] as number) - (means[at] as number)) / deviation : 0;
    return finite(weight - rate * slope * scaled);
  });
  return { ...seen, score: finite(before.score + hit), bias: finite(before.bias - rate * slope), weights };
}

/** A model that has learned one more row, or as many of the same. */
export function learn(before: Learner | null, row: string, times: number, isLogistic: boolean): Learner {
  const [label = 0, ...features] = JSON.parse(row) as number[];
  const none = features.map(() => 0);
  let learner = before ?? { isLogistic, rows: 0, score: 0, bias: 0, weights: none, means: none, squares: none };
  for (let left = times; left > 0; left -= 1) learner = learnOne(learner, label, features);
  return learner;
}

/** A model as text: what `predict_online` reads, with how well it foretold rows before it learned them. */
export function learned({ isLogistic, rows, score, bias, weights, means, squares }: Learner): string {
  const told = isLogistic ? { accuracy: score / rows } : { error: score / rows };
  return JSON.stringify({ kind: isLogistic ? 'logistic' : 'linear', rows, ...told, bias, weights, means, squares });
}

/** A model that was a text. */
type Model = { readonly features: number; readonly foretell: (features: readonly number[]) => number };
let last: { readonly text: string; readonly model: Model } | undefined;

const wrong = () => new StatementError('22023', 'the text is no model that learned, or one of other features');

/** What a model that is a text says of features. Throws StatementError for a text that is none. */
export function predictOnline(text: string, features: readonly number[]): number {
  if (last?.text !== text) {
    const model = modelIn(text);
    if (!model) throw wrong();
    last = { text, model };
  }
  if (last.model.features !== features.length) throw wrong();
  return finite(last.model.foretell(features));
}

function modelIn(text: string): Model | undefined {
  try {
    const read = JSON.parse(text) as Record<string, unknown>;
    const tree = read.kind === 'tree' ? readTree(read) : undefined;
    if (tree) return { features: tree.features, foretell: (features) => foretoldBy(tree, features) };
    const { kind, rows, bias, weights, means, squares } = read;
    const lists = [weights, means, squares];
    const areNumbers = lists.every((list) => Array.isArray(list) && list.every((each) => typeof each === 'number'));
    if (!areNumbers || typeof rows !== 'number' || typeof bias !== 'number') return undefined;
    const [own, at, of] = lists as number[][];
    if (own?.length !== at?.length || own?.length !== of?.length) return undefined;
    const learner = { isLogistic: kind === 'logistic', rows, score: 0, bias, weights: own ?? [], means: at ?? [], squares: of ?? [] };
    return { features: learner.weights.length, foretell: (features) => foretold(learner, features) };
  } catch {
    return undefined;
  }
}
