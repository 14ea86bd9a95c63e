import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { Found, input, List, may, nothing, oneOf, page, read, write } from './field.ts';
import { calibrationMax, labelSecondsMax, labelSecondsUsual, modelCharactersMax, modelFeaturesMax, modelRoundsMax } from './limits.ts';

const model = { on: 'RiskModel', at: 'collection' } as const;
const version = { on: 'RiskModelVersion' } as const;
const collection = { ...version, at: 'collection' } as const;

const Numbers = Type.Array(Type.Number({ minimum: 0, maximum: 1 }), { maxItems: calibrationMax });
const Activation = oneOf('by_hand', 'when_better');
const Seconds = Type.Integer({
  ...{ minimum: 0, maximum: labelSecondsMax },
  description: `How old payments are that are learned from, so that somebody could have contested them; ${labelSecondsUsual} if not said.`,
});

/** What payments are scored by, and how it is made: a model is trained, scores in shadow, and is put to work. */
export const riskModelOperations = {
  GetRiskModel: { ...model, ...read, text: 'Read what payments are scored by.', input: nothing, output: Found },
  PutRiskModel: {
    ...model,
    ...write,
    repeat: 'natural',
    text: 'Score payments by a model whose features are attributes of rules: a file of XGBoost or LightGBM, or one trained here.',
    input: input({
      format: oneOf('xgboost', 'lightgbm', 'gamut'),
      model: may(Type.String({ maxLength: modelCharactersMax, description: 'The text of the file; null ends scoring.' })),
      calibration: may(input({ scores: Numbers, shares: Numbers })),
    }),
    output: Found,
  },
  TrainRiskModel: {
    ...collection,
    ...write,
    text: 'Train a model on the payments that were and on what was said of them; it scores in shadow when it is ready.',
    input: input({
      label_after_s: may(Seconds),
      features: may(Type.Integer({ minimum: 1, maximum: modelFeaturesMax, description: 'Most features, chosen of 1,011.' })),
      rounds: may(Type.Integer({ minimum: 1, maximum: modelRoundsMax, description: 'Trees.' })),
      activation: may(Activation),
    }),
    output: Found,
  },
  GetRiskModelVersion: {
    ...version,
    ...read,
    text: 'Read a model that was trained: how good it was on later payments, and how it does in shadow.',
    input: nothing,
    output: Found,
  },
  ListRiskModelVersions: { ...collection, ...read, text: 'List trained models, newest first.', input: input({ ...page }), output: List },
  UpdateRiskModelVersion: {
    ...version,
    ...write,
    text: 'Put a trained model to work, into shadow, or away; the model of the name default is the one that environments begin with.',
    input: input({ status: may(oneOf('active', 'shadow', 'retired')), activation: may(Activation) }),
    output: Found,
  },
} as const satisfies Record<string, Operation>;
