import type { SelectStmt } from 'libpg-query';
import { notBuilt } from '#engine/pgwire/statement-error.ts';
import type { Context } from '../domain/context.ts';
import { asksMoment, atMoment } from '../domain/moment.ts';
import { allOf, checkSize, type Plan } from '../domain/plan.ts';
import { planNamed, planQuery, type Query } from '../domain/planner.ts';
import { pushedDown } from '../domain/push-down.ts';
import { type Recursion, Recursions, recursionsRead, withRecursions } from '../domain/recursive.ts';
import type { Type } from '../domain/value.ts';
import type { Meaning, Named } from './named.ts';
import type { Relation } from './relation.ts';
import { askableOf, contextOf, scanOf } from './view.ts';

/** Views and tables of a query as they were at a moment, in microseconds, by the numbers that they have in its plan. */
type Pasts = ReadonlyMap<bigint, { readonly relation: Relation; readonly micros: number }>;

/** How the names of a question are planned: plain views become part of it. */
type Reading = Pick<Context, 'relation' | 'asked'>;
type Asking = Pick<Context, 'past' | 'recursions'>;

/** What names stand for in the plan of a question; `now()` within plain views is `micros`, `asking` is for what only questions can. */
export function readingOf(meanings: ReadonlyMap<string, Meaning>, micros: number, asking: Asking = {}): Reading {
  const plans = new Map<string, Plan>();
  const planOf = ({ relation, width, within }: Meaning): Plan => {
    if (!within) return firstOf(scanOf(relation), width);
    const { select, meanings: inner } = within;
    const context = { ...contextOf('', new Map(), []), ...readingOf(inner, micros, asking), at: () => undefined };
    const columns = relation.columns.slice(0, width);
    return planNamed(asksMoment(select) ? atMoment(select, micros) : select, columns, { ...context, ...asking });
  };
  return {
    relation(name) {
      const meaning = meanings.get(name);
      const plan = plans.get(name) ?? (meaning && planOf(meaning));
      if (plan) plans.set(name, plan);
      return plan;
    },
    asked(name) {
      const { relation } = meanings.get(name) ?? {};
      return relation?.origin?.lookup ? askableOf(relation) : undefined;
    },
  };
}

/** The columns that there were when what names a relation was made. */
function firstOf(plan: Plan, width: number): Plan {
  const columns = plan.columns.slice(0, width);
  return columns.length === plan.columns.length ? plan : { kind: 'map', input: plan, where: undefined, outputs: allOf(columns), columns };
}

/** A query that is asked once. */
type AskedQuery = Query & { readonly pasts: Pasts; readonly recursions: readonly Recursion[] };

/** Understands a query that is asked once, of relations as they are; `now()` in it is `now`, in milliseconds since 1970. */
export function planAsked(
  select: SelectStmt,
  text: string,
  { relations, meanings }: Pick<Named, 'relations' | 'meanings'>,
  params: (Type | undefined)[],
  now = Date.now(),
): AskedQuery {
  const pasts = new Map<bigint, { readonly relation: Relation; readonly micros: number }>();
  const past = (plan: Plan, micros: number, at: number | undefined): Plan => {
    const relation = plan.kind === 'scan' ? relations.find(({ id }) => id === plan.relation) : undefined;
    if (plan.kind !== 'scan' || (relation?.kind !== 'view' && relation?.kind !== 'table'))
      throw notBuilt('FOR SYSTEM_TIME AS OF a moment of anything but a view or table', at);
    const id = BigInt(-1 - pasts.size);
    pasts.set(id, { relation, micros });
    return { ...plan, relation: id };
  };
  const tree = asksMoment(select) ? atMoment(select, now * 1000) : select;
  const recursions = new Recursions();
  const reading = readingOf(meanings, now * 1000, { past, recursions });
  const query = planQuery(tree, { ...contextOf(text, new Map(), params), ...reading, past, recursions });
  checkSize(withRecursions(query.plan, recursions.all));
  const pushed = recursions.all.map((each) => ({ ...each, first: pushedDown(each.first), again: pushedDown(each.again) }));
  const plan = pushedDown(query.plan);
  return { ...query, plan, pasts, recursions: recursionsRead(plan, pushed) };
}
