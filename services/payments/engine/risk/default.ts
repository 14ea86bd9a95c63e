import { readFileSync } from 'node:fs';
import type { Calibration } from '#engine/tree/calibration.ts';
import { writeModel } from '#engine/tree/written.ts';
import { features } from '../../domain/velocity.ts';
import { learn, type Report } from './learn.ts';
import { worldOf } from './world.ts';

/** The model of an environment that has no other: it is trained on a simulated world, and so it warns and blocks nothing. */
type Written = { readonly seed: number; readonly calibration: Calibration; readonly report: Report; readonly model: string };

const [seed, entitiesMost] = [2026, 50_000];
const candidate = /_(declined|decline_rate|disputed|dispute_rate|others|zscore|burst)_(10m|1h|1d|7d|90d)$/;
/** Test cards are shared by all who test, and amounts are of any currency: what is counted of them tells nothing. */
const candidates = [...features.keys()].filter(
  (name) =>
    !/^(card_country|card_kind|email_domain|network)_/.test(name) &&
    candidate.test(name) &&
    !/^card_others|^(card|customer|email)_burst/.test(name),
);
const small = { rounds: 24, depthMost: 3, leavesMost: 8, rate: 0.2, childLeast: 2 } as const;

/** Trains it anew; the same each time. */
export function trainDefault(): Written {
  const until = Number.POSITIVE_INFINITY;
  const { model, calibration, report } = learn(worldOf(seed), { candidates, training: small, featuresMost: 14, entitiesMost, until });
  return { seed, calibration, report, model: writeModel(model) };
}

const file = new URL('./default-model.json', import.meta.url);
export const writtenDefault = (written: Written): string => `${JSON.stringify(written)}\n`;
/** As it is kept beside this file, where `default.main.ts` wrote it. */
export const readDefault = (): Written => JSON.parse(readFileSync(file, 'utf8')) as Written;
export { file as defaultFile };
