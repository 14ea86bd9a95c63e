import type { SelectStmt } from 'libpg-query';
import type { Placed } from '#kernel/contract/provider.ts';
import { Estimates, type Statistics } from '../domain/estimate.ts';
import { explain } from '../domain/explain.ts';
import { isWeighed, reordered } from '../domain/join-order.ts';
import { hashesIn } from '../domain/part.ts';
import type { Plan } from '../domain/plan.ts';
import type { Query } from '../domain/planner.ts';
import type { Recursion } from '../domain/recursive.ts';
import { Circuit } from '../engine/circuit.ts';
import { partsOf } from '../engine/duck/part.ts';
import { sharedRecordsMin } from '../engine/worker/limits.ts';
import { unshared } from '../engine/worker/split.ts';
import type { Named } from './named.ts';
import { planAsked } from './question.ts';
import type { Relation } from './relation.ts';
import type { Share } from './share.ts';
import { isLong, isStorable } from './topic-rows.ts';
import type { Plans } from './view.ts';

type Asked = {
  readonly select: SelectStmt;
  readonly text: string;
  readonly code: boolean;
  /** Whether it is of a view that would be made. */
  readonly view: boolean;
  readonly named: Named;
};

/** What EXPLAIN answers. */
export async function explained(plans: Plans, at: Placed, { select, text, code, view, named }: Asked): Promise<string[]> {
  const made = view ? await plans.view(at, text.replace(/^\s*explain\s*(\([^)]*\))?/i, '')) : undefined;
  const { relations } = named;
  const known = await plans.statistics(at, made?.sources ?? relations);
  const query = made ? undefined : planAsked(select, text, named, []);
  const asked = query && isWeighed(query.plan) ? { ...query, plan: reordered(query.plan, known).plan } : query;
  const plan = made?.plan ?? (asked as Query).plan;
  const pasts = [...(query?.pasts ?? [])].map(([id, { relation }]) => ({ ...relation, id }));
  const parts = asked?.recursions.length === 0 ? apartIn(asked, [...relations, ...pasts], known) : undefined;
  const apart = parts && new Map(parts.map((part) => [part.plan, 'Engine: DuckDB'] as const));
  const shared = made?.share && sharedIn(plan, made.share);
  const lines = explain(plan, new Estimates(known), apart ?? shared);
  const recursions = (asked?.recursions ?? []).flatMap((each) => recursionIn(each, known));
  const workers = made && !made.share ? workersOf(plan, plans.workers) : [];
  return [...lines, ...recursions, ...workers, ...(code ? new Circuit(plan).code() : [])];
}

/** What a recursion begins with, and what comes of its last rows. */
const recursionIn = ({ name, first, again }: Recursion, known: Statistics): string[] => [
  ...[`Recursion ${name}: first`, ...explain(first, new Estimates(known))],
  ...[`Recursion ${name}: again`, ...explain(again, new Estimates(known))],
];

/** The parts that a view would have of another. */
function sharedIn(plan: Plan, { owner, cut }: Share): ReadonlyMap<Plan, string> {
  const equal = [...hashesIn(plan)].filter(([, hash]) => hash === cut.hash);
  return new Map(equal.map(([part]) => [part, `Shared with ${owner.name}`]));
}

/** How many workers share a view of a plan, where there are workers. */
function workersOf(plan: Plan, count: number): string[] {
  if (count < 2) return [];
  const why = unshared(plan);
  return [why === undefined ? `Workers: ${count} from ${sharedRecordsMin} records at once on` : `Workers: none, for ${why}`];
}

/** The parts that DuckDB would carry out. */
function apartIn(query: Query, relations: readonly Relation[], known: Statistics) {
  const byId = new Map(relations.map((relation) => [relation.id, relation]));
  return partsOf({
    ...{ query, params: [], isKnown: (id) => byId.has(id) },
    isLong: (id) => isLong(byId.get(id) as Relation, known.rows(id)),
    isThere: (id, place) => isStorable({ unfit: new Set() }, byId.get(id) ?? { id, columns: [] }, place),
  }).parts;
}
