import { type Calibration, shareOf } from '#engine/tree/calibration.ts';
import { contributionsOf } from '#engine/tree/contribution.ts';
import { Forest } from '#engine/tree/forest.ts';
import { type Fields, fieldsOf, textOf } from '../domain/json.ts';
import { highestFrom } from '../domain/risk.ts';
import type { Fact, Facts } from '../domain/rule.ts';
import { readDefault } from '../engine/risk/default.ts';
import { modelOf } from '../engine/risk/model.ts';
import { modelReasonsMax } from './limits.ts';
import type { Kept } from './object.ts';

/** The name of the model that environments begin with. */
export const defaultModel = 'default';

/** A model that is ready to score, with its name; `version` is that of the object that says so, 0 where none does. */
export type Scoring = {
  readonly version: number;
  readonly name: string;
  readonly forest: Forest;
  readonly calibration: Calibration | undefined;
  /** It says no more than this, of 100. */
  readonly most: number;
};

let ready: Omit<Scoring, 'version'> | undefined;

/** It learned of a simulated world, and so it warns: what it thinks highest is elevated, and blocks nothing by itself. */
function defaultScoring(version: number): Scoring {
  if (!ready) {
    const { model, calibration } = readDefault();
    ready = { name: defaultModel, forest: new Forest(modelOf('gamut', model)), calibration, most: highestFrom - 1 };
  }
  return { ...ready, version };
}

/** What an environment scores by, of what it says of that: the default where it never said anything, and nothing where it says so. */
export function scoringOf(kept: Kept | undefined): Scoring | undefined {
  if (!kept) return defaultScoring(0);
  return scoringIn(kept) ?? (kept.thing.version === defaultModel ? defaultScoring(kept.version) : undefined);
}

/** The model that an object has, if it has one. */
export function scoringIn({ thing, version }: Kept): Scoring | undefined {
  const text = textOf(thing.model);
  if (text === undefined) return undefined;
  const forest = new Forest(modelOf(String(thing.format), text));
  return { version, name: textOf(thing.version) ?? 'uploaded', forest, calibration: calibrationIn(thing), most: 100 };
}

export function calibrationIn(thing: Fields): Calibration | undefined {
  const { scores, shares } = fieldsOf(thing.calibration);
  return Array.isArray(scores) && scores.length > 0 ? ({ scores, shares } as unknown as Calibration) : undefined;
}

/** Of 100, as Stripe counts; and what speaks for it most, when that is asked. */
export function scoreOf({ forest, calibration, most }: Scoring, facts: Facts) {
  const { model } = forest;
  const row = Float64Array.from(model.features, (name) => numberIn(facts(name)));
  const [said = 0] = forest.predict(row);
  const share = calibration ? shareOf(calibration, said) : said;
  const reasons = (): Fields[] =>
    [...contributionsOf(model, row).subarray(0, -1)]
      .map((contribution, at) => ({
        feature: model.features[at] ?? '',
        value: Number.isNaN(row[at]) ? null : (row[at] ?? null),
        contribution,
      }))
      .sort((one, other) => Math.abs(other.contribution) - Math.abs(one.contribution))
      .slice(0, modelReasonsMax);
  return { score: Math.min(most, Math.round(share * 100)), reasons };
}

const numberIn = (fact: Fact): number => (typeof fact === 'number' ? fact : Number.NaN);
