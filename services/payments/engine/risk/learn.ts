import { type Calibration, calibrated, shareOf } from '#engine/tree/calibration.ts';
import { Forest } from '#engine/tree/forest.ts';
import { averagePrecision } from '#engine/tree/precision.ts';
import { train, type Training, usual } from '#engine/tree/train.ts';
import type { Model } from '#engine/tree/tree.ts';
import { highestFrom, numbersThen, noteAll } from '../../domain/risk.ts';
import { type Entity, features, Velocity } from '../../domain/velocity.ts';
import { fraudsMin, fraudsToTellMin, sampledRowsMax } from './limits.ts';

/** A payment as training sees it: when, how much in whole units of its currency, and of whom. */
type Payment = {
  readonly id: string;
  readonly seconds: number;
  readonly amount: number;
  readonly entities: readonly (readonly [Entity, string])[];
};
/**
 * What happened, in its order: a payment came in or was declined, was contested, or somebody said whether it was a fraud. What is said
 * of a payment last holds; one that nothing was said of was none.
 */
export type Happened =
  | ({ readonly kind: 'paid' | 'declined' } & Payment)
  | { readonly kind: 'disputed'; readonly id: string; readonly seconds: number }
  | { readonly kind: 'told'; readonly id: string; readonly isFraud: boolean };

/** A model that is in use, to compare with. */
export type Rival = { readonly model: Model; readonly calibration: Calibration | undefined };
export type Wish = {
  /** Features that may be chosen, by name. */
  readonly candidates: readonly string[];
  readonly training: Partial<Training>;
  readonly featuresMost: number;
  /** Entities that are remembered at once. */
  readonly entitiesMost: number;
  /** Payments after this are too young to be told to be frauds; seconds since 1970. */
  readonly until: number;
  readonly rival?: Rival | undefined;
};

/** What became of the payments that a model had not seen. Shares are of 1. */
export type Report = {
  readonly learned: Part;
  readonly calibrated: Part;
  readonly told: Part;
  readonly average_precision: number;
  /** The same of the model that was in use; null where there was none. */
  readonly average_precision_before: number | null;
  /** How far what is said is from what was, in the mean. */
  readonly calibration_error: number;
  /** What would be blocked: how many payments, how many of them frauds, and which share of the frauds' value. */
  readonly blocked: { readonly payments: number; readonly frauds: number; readonly value_share: number };
  readonly tenths: readonly { readonly said: number; readonly found: number; readonly payments: number }[];
};
type Part = { readonly payments: number; readonly frauds: number; readonly from: number; readonly to: number };
export type Learned = { readonly model: Model; readonly calibration: Calibration; readonly report: Report };

/** Nothing can be learned from what there is. */
export class TooLittle extends Error {
  override readonly name = 'TooLittle';
}

/** All numbers that a model may ask for. */
export const allNumbers: readonly string[] = ['amount', 'hour', 'weekday', ...features.keys()];

type Row = Payment & { readonly label: number };

/**
 * Trains trees on the earlier payments, calibrates what they say on later ones, and tells of the latest how good they are: 60, 20 and
 * 20 of a hundred. Which features are looked at is chosen by trees on a sample of the first part, that have all of them.
 */
export function learn(all: readonly Happened[], wish: Wish): Learned {
  const payments = labelled(all, wish.until);
  const [early, later, last] = parted(payments);
  const names = chosen(all, early, wish);
  const asked = [...new Set([...names, ...(wish.rival?.model.features ?? [])])];
  const numbers = numbersOf(all, new Set(payments.map(({ id }) => id)), asked, wish.entitiesMost);
  const of = (part: readonly Row[], from: number, wanted: readonly string[]): Float64Array =>
    picked(numbers.subarray(from * asked.length, (from + part.length) * asked.length), asked, wanted);
  const model = train(names, of(early, 0, names), labelsOf(early), { ...usual, ...wish.training });
  const forest = new Forest(model);
  const calibration = calibrated(forest.predict(of(later, early.length, names)), labelsOf(later));
  const from = early.length + later.length;
  const scores = forest.predict(of(last, from, names)).map((score) => shareOf(calibration, score));
  const before = wish.rival && rivalScores(wish.rival, of(last, from, wish.rival.model.features));
  const report = { learned: partOf(early), calibrated: partOf(later), told: partOf(last), ...toldOf(last, scores, before) };
  return { model, calibration, report };
}

/** The payments that came in, with what was said of them in the end. */
function labelled(all: readonly Happened[], until: number): Row[] {
  const said = new Map<string, boolean>();
  for (const each of all) if (each.kind === 'told') said.set(each.id, each.isFraud);
  const rows = all.flatMap((each) =>
    each.kind === 'paid' && each.seconds <= until ? [{ ...each, label: said.get(each.id) ? 1 : 0 }] : [],
  );
  const frauds = fraudsIn(rows);
  if (frauds < fraudsMin)
    throw new TooLittle(`Of ${rows.length} payments that are old enough ${frauds} were told to be frauds; ${fraudsMin} are needed.`);
  return rows;
}

const fraudsIn = (rows: readonly Row[]): number => rows.reduce((sum, { label }) => sum + label, 0);
const labelsOf = (rows: readonly Row[]): Float64Array => Float64Array.from(rows, ({ label }) => label);

function parted(rows: readonly Row[]): [Row[], Row[], Row[]] {
  const [first, second] = [Math.floor(rows.length * 0.6), Math.floor(rows.length * 0.8)];
  const parts: [Row[], Row[], Row[]] = [rows.slice(0, first), rows.slice(first, second), rows.slice(second)];
  if (parts.some((part) => fraudsIn(part) < fraudsToTellMin))
    throw new TooLittle(`Frauds are too far apart: ${parts.map(fraudsIn).join(', ')} in the early, the later and the last payments.`);
  return parts;
}

/** Goes through what happened, and gives the numbers of some payments as they were just before them, row after row. */
function numbersOf(all: readonly Happened[], wanted: ReadonlySet<string>, names: readonly string[], entitiesMost: number): Float64Array {
  const velocity = new Velocity(entitiesMost);
  const known = new Map<string, Payment>();
  const numbers = new Float64Array(wanted.size * names.length);
  let at = 0;
  for (const each of all) {
    if (each.kind === 'told') continue;
    const payment = each.kind === 'disputed' ? known.get(each.id) : each;
    if (!payment) continue;
    const entities = new Map(payment.entities);
    if (each.kind === 'paid' && wanted.has(each.id)) {
      const read = numbersThen(payment, entities, velocity);
      for (const name of names) numbers[at++] = read(name) ?? Number.NaN;
    }
    if (each.kind !== 'disputed') known.set(each.id, each);
    noteAll(velocity, entities, each.seconds, { kind: each.kind, amount: payment.amount });
  }
  return numbers;
}

/** The columns of some names, out of rows of others. */
function picked(rows: Float64Array, names: readonly string[], wanted: readonly string[]): Float64Array {
  const places = wanted.map((name) => names.indexOf(name));
  const count = rows.length / names.length;
  const own = new Float64Array(count * wanted.length);
  for (let row = 0; row < count; row += 1)
    places.forEach((place, at) => {
      own[row * wanted.length + at] = rows[row * names.length + place] as number;
    });
  return own;
}

/** Trees that are enough to say which features tell something. */
const choosing = { ...usual, rounds: 30, depthMost: 4, leavesMost: 12 } as const;

/** The features that trees ask for most, by how much of the payments comes to where they are asked for. */
function chosen(all: readonly Happened[], early: readonly Row[], { candidates, entitiesMost, featuresMost }: Wish): string[] {
  if (candidates.length <= featuresMost) return [...candidates];
  const [frauds, others] = [early.filter(({ label }) => label === 1), early.filter(({ label }) => label === 0)];
  const some = (rows: readonly Row[], count: number) => {
    const step = Math.max(1, rows.length / count);
    return Array.from({ length: Math.min(rows.length, count) }, (_, at) => rows[Math.floor(at * step)] as Row);
  };
  const sample = new Set([...some(frauds, sampledRowsMax / 3), ...some(others, (sampledRowsMax * 2) / 3)]);
  const rows = early.filter((row) => sample.has(row));
  const numbers = numbersOf(all, new Set(rows.map(({ id }) => id)), candidates, entitiesMost);
  const { trees } = train(candidates, numbers, labelsOf(rows), choosing);
  const weight = new Float64Array(candidates.length);
  for (const { feature, cover } of trees)
    feature.forEach((own, node) => {
      if (own >= 0) weight[own] = (weight[own] as number) + (cover[node] as number);
    });
  const order = [...candidates.keys()].sort((one, other) => (weight[other] as number) - (weight[one] as number));
  const best = order.slice(0, featuresMost).filter((at) => (weight[at] as number) > 0);
  if (best.length === 0) throw new TooLittle('No feature tells frauds from other payments.');
  return best.map((at) => candidates[at] as string);
}

function rivalScores({ model, calibration }: Rival, rows: Float64Array): Float64Array {
  const scores = new Forest(model).predict(rows);
  return calibration ? scores.map((score) => shareOf(calibration, score)) : scores;
}

const partOf = (rows: readonly Row[]): Part => ({
  ...{ payments: rows.length, frauds: fraudsIn(rows), from: rows[0]?.seconds ?? 0, to: rows.at(-1)?.seconds ?? 0 },
});

type Told = Omit<Report, 'learned' | 'calibrated' | 'told'>;

function toldOf(rows: readonly Row[], scores: Float64Array, before: Float64Array | undefined): Told {
  const labels = labelsOf(rows);
  const tenths = Array.from({ length: 10 }, () => ({ said: 0, found: 0, payments: 0 }));
  const blocked = { payments: 0, frauds: 0, value_share: 0 };
  let [value, caught] = [0, 0];
  rows.forEach(({ amount, label }, row) => {
    const score = scores[row] as number;
    const tenth = tenths[Math.min(9, Math.floor(score * 10))] as (typeof tenths)[number];
    tenth.said += score;
    tenth.found += label;
    tenth.payments += 1;
    value += label * amount;
    if (Math.round(score * 100) < highestFrom) return;
    blocked.payments += 1;
    blocked.frauds += label;
    caught += label * amount;
  });
  const off = tenths.reduce((sum, { said, found }) => sum + Math.abs(said - found), 0);
  const mean = (sum: number, count: number) => (count === 0 ? 0 : sum / count);
  return {
    average_precision: averagePrecision(scores, labels),
    average_precision_before: before ? averagePrecision(before, labels) : null,
    calibration_error: mean(off, rows.length),
    blocked: { ...blocked, value_share: mean(caught, value) },
    tenths: tenths.map(({ said, found, payments }) => ({ said: mean(said, payments), found: mean(found, payments), payments })),
  };
}
