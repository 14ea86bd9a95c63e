import type { Static } from 'typebox';
import type { Evaluation } from '#kernel/alert/evaluate.ts';
import { alertsPerRuleMax } from '#kernel/alert/limits.ts';
import { fingerprint, type Labels, type Reading } from '#kernel/alert/state.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { AlertRuleSpec } from '../contract/alert.ts';
import { relationsIn } from '../domain/reference.ts';
import { asksMoment } from '../domain/moment.ts';
import { parseStatement } from '../domain/statement.ts';
import type { Query } from '../domain/planner.ts';
import { printRow, type Row } from '../domain/value.ts';
import { answer } from '../engine/answer.ts';
import type { Batch } from '../engine/batch.ts';
import { type RoutineCalls, withRoutines } from '../engine/routine/calls.ts';
import type { Changes } from '../store/change.ts';
import { direct } from '../store/named.ts';
import { planAsked } from '../store/question.ts';
import type { Relation } from '../store/relation.ts';
import type { Plans } from '../store/view.ts';
import type { LiveViews } from './live.ts';

export type ViewRule = Static<typeof AlertRuleSpec>;

/** A rule that is understood: the question to its view, and where in a row labels and value stand. */
type Watched = {
  readonly relation: Relation;
  readonly query: Query;
  readonly by: readonly { readonly name: string; readonly place: number }[];
  readonly value: number | undefined;
};

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** Understands a rule; its condition may ask nothing but its view. */
export async function watched(plans: Plans, at: Placed, { view, when, by = [], value }: ViewRule): Promise<Watched> {
  const text = `select * from ${quoted(view)}${when === undefined ? '' : ` where (${when}\n)`}`;
  const statement = await parseStatement(text);
  if (statement?.kind !== 'select') throw new StatementError(sqlstates.syntax, 'the condition is no expression');
  const { tree: select } = await plans.functions.inlined(at, statement.select);
  if ([...relationsIn(select)].some((name) => name !== view))
    throw new StatementError(sqlstates.syntax, 'a condition asks no other relation than its view');
  if (asksMoment(select)) throw notBuilt('now() in a condition of an alert rule');
  const relation = await plans.relation(at, view);
  if (relation?.kind !== 'view') throw new StatementError(sqlstates.relationMissing, `materialized view "${view}" does not exist`);
  const query = planAsked(select, text, direct([relation]), []);
  const placeOf = (name: string) => {
    const place = query.columns.findIndex((column) => column.name === name);
    if (place < 0) throw new StatementError(sqlstates.columnMissing, `column "${name}" does not exist`);
    return place;
  };
  return {
    ...{ relation, query, by: by.map((name) => ({ name, place: placeOf(name) })) },
    value: value === undefined ? undefined : placeOf(value),
  };
}

/** What rows say: an alert for each combination of labels, or one that there are none. */
function readingsIn({ query, by, value }: Watched, { absent = false }: ViewRule, rows: readonly Row[]): Reading[] {
  if (absent) return [{ labels: {}, value: rows.length, holds: rows.length === 0 }];
  const found = new Map<string, { labels: Labels; value: number; rows: number }>();
  for (const row of rows) {
    const cells = printRow(query.columns, row);
    const labels = Object.fromEntries(by.map(({ name, place }) => [name, cells[place] ?? 'null']));
    const key = fingerprint(labels);
    const known = found.get(key);
    if (known) known.rows += 1;
    else if (found.size < alertsPerRuleMax) found.set(key, { labels, value: Number(value === undefined ? 0 : cells[value]), rows: 1 });
  }
  return [...found.values()].map(({ labels, value: own, rows: count }) => ({
    labels,
    value: value === undefined ? count : own,
    holds: true,
  }));
}

type Known = { readonly watched: Watched; readonly generation: number; readonly epoch: bigint; readonly readings: readonly Reading[] };

type Watching = { readonly plans: Plans; readonly live: LiveViews; readonly changes: Changes; readonly routines: RoutineCalls };

/** What rules over views find: a view is gone through again when it has a new commit. */
export function viewReadings({ plans, live, changes, routines }: Watching): Pick<Evaluation, 'readings' | 'round'> {
  let [before, now] = [new Map<string, Known>(), new Map<string, Known>()];
  return {
    async readings(at, _handle, name, spec) {
      const rule = spec as ViewRule;
      const key = `${at.scope} ${name} ${JSON.stringify(rule)}`;
      const { generation } = plans;
      const last = before.get(key);
      const known = last?.generation === generation ? last : undefined;
      const of = known?.watched ?? (await watched(plans, at, rule));
      const loaded = await live.get(of.relation.id);
      const read = await loaded.inTurn(async () => {
        const { epoch } = loaded;
        return epoch === known?.epoch ? known : { epoch, batch: await loaded.view.batch(changes.ahead(of.relation.id)) };
      });
      const rowsIn = (batch: Batch) => withRoutines(routines.of(at), () => answer(of.query, new Map([[of.relation.id, batch]]), []));
      const readings = 'readings' in read ? read.readings : readingsIn(of, rule, await rowsIn(read.batch));
      now.set(key, { watched: of, generation, epoch: read.epoch, readings });
      return readings;
    },
    round() {
      [before, now] = [now, new Map()];
    },
  };
}
