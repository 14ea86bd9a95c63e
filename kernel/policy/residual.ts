import type { CompiledPolicy } from './compile.ts';
import { compileExpression } from './expression.ts';
import type { Frame } from './frame.ts';
import { residualTextMax } from './limits.ts';
import { type Columns, namedBy } from './residual-row.ts';
import { type Known, type Term, termOf, truth } from './residual-term.ts';
import { all, any, type Condition, no, not, type Sql, textOf, yes } from './sql.ts';

/**
 * What is left of policies when all but the resource is known, as SQL that is true of a row or false, never null.
 * `isExact` is false where policies ask what SQL is not asked here: then it lets more through than they do, never less,
 * and each row is decided once more.
 */
export type Residual = { readonly where: Sql; readonly isExact: boolean };

/** Policies of one set that have a say, and whether their permits count. */
type Part = { readonly policies: readonly CompiledPolicy[]; readonly mayPermit: boolean };

/** One action on a resource that nobody knows, with the policies that have a say in it. */
export type Asking = { readonly parts: readonly Part[]; readonly frame: Frame };

const everything: Residual = { where: yes, isExact: false };

/**
 * Partial evaluation: `frame` has principal, action and context; its resource stands for one nobody knows, of its type and
 * with its ancestors. A policy that fails on a row has no say in it, as Cedar has it. Of several actions one has to be
 * permitted, and none forbidden.
 */
export function residualOf(asked: readonly Asking[], columns: Columns): Residual {
  let isExact = true;
  const permits: Condition[] = [];
  const forbids: Condition[] = [];
  for (const { parts, frame } of asked) {
    const run: Known['run'] = (json) => compileExpression(json, { path: '', depth: 0, count: { nodes: 0 } }).run(frame);
    for (const policy of parts.flatMap(({ policies, mayPermit }) => policies.filter(({ permits }) => mayPermit || !permits))) {
      const applies = appliesTo(policy, { frame, columns, run });
      // What cannot be told is let through: a permit as if it applied, a forbid as if it did not.
      if (applies === undefined) isExact = false;
      if (policy.permits) permits.push(applies ?? yes);
      else if (applies !== undefined) forbids.push(applies);
    }
  }
  const where = all([any(permits), not(any(forbids))]);
  if (where === undefined || textOf(where).length > residualTextMax) return everything;
  return { where, isExact };
}

/** When a policy applies to a row; undefined where SQL cannot tell. */
function appliesTo(policy: CompiledPolicy, known: Known): Condition {
  const conditions: Condition[] = [scopeCondition(policy, known)];
  for (const { body, wanted } of policy.clauses) {
    const term = termOf(body, known);
    if (term === undefined) return conditions.includes(no) ? no : undefined;
    conditions.push(truthOf(term, wanted));
  }
  return all(conditions);
}

/** Whether a term is true (or false) of a row; a value of another type is neither. */
function truthOf(term: Term, wanted: boolean): Condition {
  const { isTrue, isFalse } = truth(term);
  return wanted ? isTrue() : isFalse();
}

function scopeCondition({ resource }: CompiledPolicy, { frame, columns }: Known): Condition {
  if (resource.type !== undefined && resource.type !== frame.resource.type) return no;
  if (resource.op === 'all' || resource.op === 'is') return yes;
  if (resource.op === 'in' && resource.keys.some((key) => frame.resourceData?.ancestors.has(key))) return yes;
  return namedBy(resource.keys, frame.resource.type, columns);
}
