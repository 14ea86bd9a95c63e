import { readLightgbm } from '#engine/tree/lightgbm.ts';
import type { Model } from '#engine/tree/tree.ts';
import { readModel } from '#engine/tree/written.ts';
import { readXgboost } from '#engine/tree/xgboost.ts';
import { factType } from '../../domain/risk.ts';

const readers: Readonly<Record<string, (text: string) => Model>> = { xgboost: readXgboost, lightgbm: readLightgbm, gamut: readModel };

/** The model of a text in the format that is said; throws what is wrong with it. */
export function modelOf(format: string, text: string): Model {
  const model = readers[format]?.(text);
  if (!model || model.link !== 'logistic' || model.base.length !== 1) throw new TypeError('the model does not tell one probability');
  const strange = model.features.find((name) => factType(name) !== 'number' || name === 'risk_score');
  if (strange !== undefined) throw new TypeError(`there is no number called ${strange}`);
  return model;
}
