import type { Static } from 'typebox';
import { secondBounds } from '#kernel/observe/registry.ts';
import type { Evaluation } from '#kernel/alert/evaluate.ts';
import type { Handle } from '#seams/sql/sql.ts';
import type { AlertRuleSpec } from '../contract/alert.ts';
import { alertsPerRuleMax } from '#kernel/alert/limits.ts';
import { anomalyHistoryMax } from '../contract/limits.ts';
import { judged, type Measured } from '../domain/alert.ts';
import { type AnomalyState, freshState, measure, usualAnomaly } from '../domain/anomaly.ts';
import { labelsOf } from '#kernel/alert/state.ts';
import type { Labels } from '../domain/point.ts';
import { type Answered, type Fold, quantileOf, query } from '../domain/query.ts';
import { readOperations, readPoints } from '../store/read.ts';

export type AlertRule = Static<typeof AlertRuleSpec>;
type Measure = NonNullable<AlertRule['measure']>;
type Steps = { readonly from: number; readonly to: number; readonly stepMs: number; readonly origin: number };

const minuteMs = 60_000;

/** What a rule watches, in steps: one list of samples for each combination of labels. */
function samples(sql: Handle, rule: AlertRule, steps: Steps): Promise<Answered[]> {
  return rule.metric === undefined ? ofOperations(sql, rule, steps) : ofMetric(sql, rule, rule.metric, steps);
}

async function ofMetric(sql: Handle, rule: AlertRule, metric: string, steps: Steps): Promise<Answered[]> {
  const found = await readPoints(sql, metric, labelsOf(rule.where), steps);
  const usual = { gauge: 'average', counter: 'rate', histogram: 'p95' } as const;
  const fold = (rule.fold as Fold | undefined) ?? usual[found[0]?.series.kind ?? 'gauge'];
  return query(found, fold, rule.by ?? [], steps).slice(0, alertsPerRuleMax);
}

async function ofOperations(sql: Handle, rule: AlertRule, { from, to, stepMs, origin }: Steps): Promise<Answered[]> {
  const { service, operation, measure: of = 'failedShare' } = rule;
  const filter = { ...(service === undefined ? {} : { service }), ...(operation === undefined ? {} : { operation }) };
  const rows = await readOperations(sql, { from: Math.floor(from / minuteMs) * minuteMs, to, stepMs: minuteMs, ...filter });
  const steps = new Map<number, { count: number; failed: number; counts: number[] }>();
  for (const row of rows) {
    const at = origin + Math.floor((Math.max(Number(row.at), origin) - origin) / stepMs) * stepMs;
    const sum = steps.get(at) ?? { count: 0, failed: 0, counts: [] };
    sum.count += Number(row.count);
    sum.failed += Number(row.failed);
    for (const [bucket, count] of (row.buckets as unknown[]).entries()) sum.counts[bucket] = (sum.counts[bucket] ?? 0) + Number(count);
    steps.set(at, sum);
  }
  const points = [...steps].flatMap(([at, sum]) => {
    const value = valueOf(of, sum, stepMs);
    return value === undefined ? [] : [{ at, value }];
  });
  return [{ labels: filter, points: points.sort((a, b) => a.at - b.at) }];
}

function valueOf(of: Measure, { count, failed, counts }: { count: number; failed: number; counts: number[] }, stepMs: number) {
  if (of === 'rate') return count / (stepMs / 1000);
  if (of === 'failed') return failed / (stepMs / 1000);
  if (of === 'failedShare') return count === 0 ? undefined : failed / count;
  const value = quantileOf({ bounds: secondBounds, counts }, Number(of.slice(1, -2)) / 100);
  return value === undefined ? undefined : value * 1000;
}

/** What a rule's window holds now. Where nothing at all was measured there is one reading without a value. */
async function readingsOf(sql: Handle, rule: AlertRule, now: number): Promise<Measured[]> {
  const windowMs = rule.windowMs ?? minuteMs;
  const found = await samples(sql, rule, { from: now - windowMs, to: now + 1, stepMs: windowMs + 1, origin: now - windowMs });
  const readings = found.map(({ labels, points }): Measured => ({ labels, value: points.at(-1)?.value }));
  return readings.length > 0 ? readings : [{ labels: {}, value: undefined }];
}

type Followed = {
  next: number;
  readonly states: Map<string, { labels: Labels; state: AnomalyState; odd: boolean; value: number | undefined }>;
};

/** Follows series minute by minute for rules that ask for anomalies; what lies before the first look is read from the store. */
export class Follower {
  readonly #followed = new Map<string, Followed>();

  /** `key` names the rule in its generation: a rule that was changed begins anew. */
  async readings(sql: Handle, key: string, rule: AlertRule, now: number): Promise<Measured[]> {
    // A minute is judged when the reports of all processes of it have come.
    const until = Math.floor((now - minuteMs / 2) / minuteMs) * minuteMs;
    const followed = this.#followed.get(key) ?? { next: until - (anomalyHistoryMax - 1) * minuteMs, states: new Map() };
    this.#followed.set(key, followed);
    if (until > followed.next) {
      const found = await samples(sql, rule, { from: followed.next, to: until, stepMs: minuteMs, origin: followed.next });
      for (const { labels, points } of found) this.#take(followed, labels, new Map(points.map(({ at, value }) => [at, value])), until);
      followed.next = until;
    }
    return [...followed.states.values()].map(({ labels, odd, value }) => ({ labels, odd, value }));
  }

  /** Forgets every rule but these. */
  keep(keys: ReadonlySet<string>): void {
    for (const key of this.#followed.keys()) if (!keys.has(key)) this.#followed.delete(key);
  }

  #take(followed: Followed, labels: Labels, values: ReadonlyMap<number, number>, until: number): void {
    const id = JSON.stringify(labels);
    const one = followed.states.get(id) ?? { labels, state: freshState(), odd: false, value: undefined };
    followed.states.set(id, one);
    const first = one.state.values.length === 0 ? Math.min(until, ...values.keys()) : followed.next;
    for (let at = first; at < until; at += minuteMs) {
      one.value = values.get(at);
      one.odd = measure(one.state, { at, value: one.value }, usualAnomaly) !== undefined;
    }
  }
}

/** What rules find; those that look for anomalies remember what was. */
export function ruleReadings(now: () => number): Pick<Evaluation, 'readings' | 'round'> {
  const follower = new Follower();
  let followed = new Set<string>();
  return {
    async readings(at, handle, name, spec) {
      const rule = spec as AlertRule;
      const key = `${at.scope} ${name} ${JSON.stringify(rule)}`;
      const isAnomaly = rule.condition === 'anomaly';
      if (isAnomaly) followed.add(key);
      const found = await (isAnomaly ? follower.readings(handle, key, rule, now()) : readingsOf(handle, rule, now()));
      return judged({ condition: rule.condition, threshold: rule.threshold ?? 0 }, found);
    },
    round() {
      follower.keep(followed);
      followed = new Set();
    },
  };
}
