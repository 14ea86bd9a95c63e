import type { SelectStmt } from 'libpg-query';
import type { Placed } from '#kernel/contract/provider.ts';
import { Estimates } from '../domain/estimate.ts';
import { explain } from '../domain/explain.ts';
import { isWeighed, reordered } from '../domain/join-order.ts';
import { Circuit } from '../engine/circuit.ts';
import type { Relation } from './relation.ts';
import { planAsked, type Plans } from './view.ts';

type Asked = {
  readonly select: SelectStmt;
  readonly text: string;
  readonly code: boolean;
  /** Whether it is of a view that would be made. */
  readonly view: boolean;
  readonly relations: readonly Relation[];
};

/** What EXPLAIN answers. */
export async function explained(plans: Plans, at: Placed, { select, text, code, view, relations }: Asked): Promise<string[]> {
  const made = view ? await plans.view(at, text.replace(/^\s*explain\s*(\([^)]*\))?/i, '')) : undefined;
  const known = await plans.statistics(at, made?.sources ?? relations);
  const asked = made?.plan ?? planAsked(select, text, relations, []).plan;
  const plan = !made && isWeighed(asked) ? reordered(asked, known).plan : asked;
  return [...explain(plan, new Estimates(known)), ...(code ? new Circuit(plan).code() : [])];
}
