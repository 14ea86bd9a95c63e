import type { Placed } from '#kernel/contract/provider.ts';
import { type Fields, fieldsOf, numberOf, type Thing } from '../domain/json.ts';
import { type Asked, type Assessment, builtIn, factsOf, factType, levelOf } from '../domain/risk.ts';
import { type Fact, type Facts, readRule, type Rule } from '../domain/rule.ts';
import { features } from '../domain/velocity.ts';
import { Features } from './feature.ts';
import { rulesFreshMs, rulesKeptMax, rulesKeptMs, rulesMax } from './limits.ts';
import type { Kept, Objects } from './object.ts';
import { type Scoring, scoreOf, scoringIn, scoringOf } from './scoring.ts';
import { type ValueLists, valueListsOf, withLists } from './value-list.ts';

export const ruleKind = 'radar.rule';
/** What an environment scores by: one object says which model decides, another which one is in shadow. */
export const modelKind = 'radar.model';
export const shadowId = 'radar.shadow_model';

type Written = { readonly rule: Rule; readonly said: Fields; readonly isShadow: boolean };
type Known = {
  /** When they were read. */
  readonly since: number;
  readonly rules: readonly Written[];
  readonly scoring: Scoring | undefined;
  readonly shadow: Scoring | undefined;
  readonly names: ReadonlySet<string>;
  readonly lists: ValueLists;
  readonly needsFeatures: boolean;
};

/** What a payment is assessed by, besides itself: the behaviour of a test card, and how it is made. */
type Beside = { readonly method?: Kept; readonly isOffSession: boolean; readonly isAuthenticated: boolean };

const order = ['allow', 'block', 'challenge', 'review'] as const;

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

  /** Counts features of environments before a payment asks for them, one after the other. */
  async prepare(scopes: readonly Placed[], signal: AbortSignal): Promise<void> {
    for (const at of scopes) {
      if (signal.aborted) return;
      if ((await this.#of(at)).needsFeatures) await this.#features.of(at);
    }
  }

  async assess(at: Placed, asked: Asked, { method, isOffSession, isAuthenticated }: Beside): Promise<Assessment> {
    const { rules, scoring, shadow, names, lists, needsFeatures } = await this.#of(at);
    const velocity = needsFeatures ? await this.#features.of(at) : undefined;
    const plain = withLists(lists, remembered(factsOf(asked, { isOffSession, isAuthenticated, velocity })));
    const known = numberOf(fieldsOf(method?.hidden.behaviour).risk);
    const scored = scoring && scoreOf(scoring, plain);
    const score = known ?? scored?.score;
    const { facts, level, action, rule, matched } = decided(rules, score, plain);
    const beside = shadow && scoreOf(shadow, plain).score;
    const other = beside === undefined ? undefined : decided(rules, beside, plain);
    return {
      ...{ action, level, score: score ?? null, rule, matched: matched.map(({ said }) => String(said.id)) },
      ...{ model: known === undefined ? (scoring?.name ?? null) : null, reasons: scored && level !== 'normal' ? scored.reasons() : [] },
      shadow: shadow && other ? { model: shadow.name, score: beside ?? null, level: other.level, action: other.action } : null,
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
    const [{ items }, scoring, shadow] = await Promise.all([
      this.#objects.list(at, ruleKind, { limit: rulesMax, where: [[`body->>'status' <> 'disabled'`]] }),
      this.#scoring(at, modelKind, before?.scoring),
      this.#scoring(at, shadowId, before?.shadow),
    ]);
    const rules = items.reverse().map(({ thing }) => writtenOf(thing));
    const asked = [scoring, shadow].flatMap((each) => each?.forest.model.features ?? []);
    const names = new Set([...rules.flatMap(({ rule }) => [...rule.names]), ...asked]);
    const lists = await valueListsOf(this.#objects, at, [...new Set(rules.flatMap(({ rule }) => [...rule.lists]))]);
    return { since, rules, scoring, shadow, names, lists, needsFeatures: [...names].some((name) => features.has(name)) };
  }

  /** A model that did not change since `before` is neither read nor laid out anew. */
  async #scoring(at: Placed, id: string, before: Scoring | undefined): Promise<Scoring | undefined> {
    if (before && ((await this.#objects.version(at, modelKind, id)) ?? 0) === before.version) return before;
    const kept = await this.#objects.get(at, modelKind, id);
    return id === shadowId ? kept && scoringIn(kept) : scoringOf(kept);
  }
}

/** What is decided where a score is so much. */
function decided(rules: readonly Written[], score: number | undefined, plain: Facts) {
  const level = levelOf(score);
  const facts: Facts = (name) => (name === 'risk_score' ? score : name === 'risk_level' ? level : plain(name));
  const matched = rules.filter(({ rule }) => rule.holds(facts));
  const built = level === 'highest' ? [{ rule: { action: 'block' as const }, said: builtIn, isShadow: false }] : [];
  const active = [...matched, ...built].filter(({ isShadow }) => !isShadow);
  const action: Assessment['action'] = order.find((each) => active.some(({ rule }) => rule.action === each)) ?? 'none';
  return { level, facts, matched, action, rule: active.find((each) => each.rule.action === action)?.said ?? null };
}

/** Facts that are found out once. */
function remembered(facts: Facts): Facts {
  const known = new Map<string, Fact>();
  return (name) => {
    if (!known.has(name)) known.set(name, facts(name));
    return known.get(name);
  };
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

/** What was looked at, as far as it says nothing of who somebody is. */
function numbersOf(names: Iterable<string>, facts: Facts): Fields {
  const known = [...names].map((name) => [name, facts(name)] as const).filter(([, fact]) => typeof fact === 'number');
  return Object.fromEntries(known) as Fields;
}
