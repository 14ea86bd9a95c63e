import type { Placed } from '#kernel/contract/provider.ts';
import { type Calibration, shareOf } from '#engine/tree/calibration.ts';
import { contributionsOf } from '#engine/tree/contribution.ts';
import { Forest } from '#engine/tree/forest.ts';
import { readLightgbm } from '#engine/tree/lightgbm.ts';
import type { Model } from '#engine/tree/tree.ts';
import { readModel } from '#engine/tree/written.ts';
import { readXgboost } from '#engine/tree/xgboost.ts';
import { type Fields, fieldsOf, numberOf, textOf, type Thing } from '../domain/json.ts';
import { type Asked, type Assessment, builtIn, factsOf, factType, levelOf } from '../domain/risk.ts';
import { type Fact, type Facts, readRule, type Rule } from '../domain/rule.ts';
import { features } from '../domain/velocity.ts';
import { Features } from './feature.ts';
import { modelReasonsMax, rulesFreshMs, rulesKeptMax, rulesKeptMs, rulesMax } from './limits.ts';
import type { Kept, Objects } from './object.ts';

export const ruleKind = 'radar.rule';
export const modelKind = 'radar.model';

type Written = { readonly rule: Rule; readonly said: Fields; readonly isShadow: boolean };
type Scoring = { readonly version: number; readonly forest: Forest; readonly calibration: Calibration | undefined };
type Known = {
  /** When they were read. */
  readonly since: number;
  readonly rules: readonly Written[];
  readonly scoring: Scoring | undefined;
  readonly needsFeatures: boolean;
};

/** What a payment is assessed by, besides itself: the behaviour of a test card, and how it is made. */
type Beside = { readonly method?: Kept; readonly isOffSession: boolean; readonly isAuthenticated: boolean };

const readers: Readonly<Record<string, (text: string) => Model>> = { xgboost: readXgboost, lightgbm: readLightgbm, gamut: readModel };
const order = ['allow', 'block', 'challenge', 'review'] as const;

/** The model of a text in the format that is said; throws what is wrong with it. */
export function modelOf(format: string, text: string): Model {
  const model = readers[format]?.(text);
  if (!model || model.link !== 'logistic' || model.base.length !== 1) throw new TypeError('the model does not tell one probability');
  const strange = model.features.find((name) => factType(name) !== 'number' || name === 'risk_score');
  if (strange !== undefined) throw new TypeError(`there is no number called ${strange}`);
  return model;
}

/** Assesses payments by each environment's own rules and model; what was changed holds within a second. */
export class Risks {
  readonly #objects: Objects;
  readonly #features: Features;
  readonly #now: () => number;
  readonly #known = new Map<bigint, Known>();
  readonly #reading = new Map<bigint, Promise<Known>>();

  constructor(objects: Objects, features: Features, now: () => number) {
    this.#objects = objects;
    this.#features = features;
    this.#now = now;
  }

  forget(at: Placed): void {
    const known = this.#known.get(at.scope);
    if (known) this.#known.set(at.scope, { ...known, since: Number.NEGATIVE_INFINITY });
    // What is being read may be from before the change.
    this.#reading.delete(at.scope);
  }

  async assess(at: Placed, asked: Asked, { method, isOffSession, isAuthenticated }: Beside): Promise<Assessment> {
    const { rules, scoring, needsFeatures } = await this.#of(at);
    const velocity = needsFeatures ? await this.#features.of(at) : undefined;
    const plain = factsOf(asked, { isOffSession, isAuthenticated, velocity });
    const scored = scoreOf(scoring, plain);
    const score = numberOf(fieldsOf(method?.hidden.behaviour).risk) ?? scored?.score;
    const level = levelOf(score);
    const facts: Facts = (name) => (name === 'risk_score' ? score : name === 'risk_level' ? level : plain(name));
    const matched = rules.filter(({ rule }) => rule.holds(facts));
    const built = level === 'highest' ? [{ rule: { action: 'block' as const }, said: builtIn, isShadow: false }] : [];
    const active = [...matched, ...built].filter(({ isShadow }) => !isShadow);
    const action = order.find((each) => active.some(({ rule }) => rule.action === each)) ?? 'none';
    const rule = active.find((each) => each.rule.action === action)?.said ?? null;
    const reasons = scored && level !== 'normal' ? scored.reasons() : [];
    const names = new Set([...rules.flatMap((each) => [...each.rule.names]), ...(scoring?.forest.model.features ?? [])]);
    return {
      ...{ action, level, score: score ?? null, rule, matched: matched.map(({ said }) => String(said.id)), reasons },
      facts: numbersOf(names, facts),
    };
  }

  /** What is known of an environment. It is read anew beside the payments while it may still be gone by, and by one for all. */
  async #of(at: Placed): Promise<Known> {
    const known = this.#known.get(at.scope);
    const ageMs = known ? this.#now() - known.since : Number.POSITIVE_INFINITY;
    if (known && ageMs < rulesFreshMs) return known;
    const reading = this.#reading.get(at.scope) ?? this.#begin(at, known);
    return known && ageMs < rulesKeptMs ? known : reading;
  }

  #begin(at: Placed, before: Known | undefined): Promise<Known> {
    const reading = this.#read(at, before);
    this.#reading.set(at.scope, reading);
    const isCurrent = () => this.#reading.get(at.scope) === reading;
    reading.then(
      (known) => {
        if (!isCurrent()) return;
        this.#reading.delete(at.scope);
        if (this.#known.size >= rulesKeptMax) this.#known.clear();
        this.#known.set(at.scope, known);
      },
      // Whoever waits for it is told; the next one reads again.
      () => isCurrent() && this.#reading.delete(at.scope),
    );
    return reading;
  }

  async #read(at: Placed, before: Known | undefined): Promise<Known> {
    const since = this.#now();
    const [{ items }, scoring] = await Promise.all([
      this.#objects.list(at, ruleKind, { limit: rulesMax, where: [[`body->>'status' <> 'disabled'`]] }),
      this.#scoring(at, before?.scoring),
    ]);
    const rules = items.reverse().map(({ thing }) => writtenOf(thing));
    const asks = [...rules.flatMap(({ rule }) => [...rule.names]), ...(scoring?.forest.model.features ?? [])];
    return { since, rules, scoring, needsFeatures: asks.some((name) => features.has(name)) };
  }

  /** A model that did not change since `before` is neither read nor laid out anew. */
  async #scoring(at: Placed, before: Scoring | undefined): Promise<Scoring | undefined> {
    if (before && (await this.#objects.version(at, modelKind, modelKind)) === before.version) return before;
    return scoringOf(await this.#objects.get(at, modelKind, modelKind));
  }
}

/** Assessments of payments among these objects, with features that hear of each event. */
export function risksOver(objects: Objects, now: () => number): Risks {
  const features = new Features(objects, now);
  objects.onEvent = (at, event) => features.told(at, event);
  return new Risks(objects, features, now);
}

function writtenOf(thing: Thing): Written {
  const { id, action = null, predicate = null, status } = thing;
  return { rule: readRule(`${action} if ${predicate}`, factType), said: { id, action, predicate }, isShadow: status === 'shadow' };
}

function scoringOf(kept: Kept | undefined): Scoring | undefined {
  if (!kept) return undefined;
  const { thing, version } = kept;
  const text = textOf(thing.model);
  if (text === undefined) return undefined;
  const { scores, shares } = fieldsOf(thing.calibration);
  const calibration = Array.isArray(scores) && scores.length > 0 ? ({ scores, shares } as unknown as Calibration) : undefined;
  return { version, forest: new Forest(modelOf(String(thing.format), text)), calibration };
}

/** Of 100, as Stripe counts; and what speaks for it most, when that is asked. */
function scoreOf(scoring: Scoring | undefined, facts: Facts) {
  if (!scoring) return undefined;
  const { forest, calibration } = scoring;
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
  return { score: Math.round(share * 100), reasons };
}

const numberIn = (fact: Fact): number => (typeof fact === 'number' ? fact : Number.NaN);

/** What was looked at, as far as it says nothing of who somebody is. */
function numbersOf(names: Iterable<string>, facts: Facts): Fields {
  const known = [...names].map((name) => [name, facts(name)] as const).filter(([, fact]) => typeof fact === 'number');
  return Object.fromEntries(known) as Fields;
}
