import type { CommonTableExpr, SelectStmt, WithClause } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { converted, oneType } from './bound.ts';
import type { Context } from './context.ts';
import { column } from './expression.ts';
import { checkEquals } from './grouping.ts';
import { textIn } from './name.ts';
import { allOf, inputsOf, type Plan } from './plan.ts';
import { recursionIn } from './recursion-form.ts';
import { type Column, nameOfType, type Type } from './value.ts';

/** A relation that is made of itself: the first rows, and what comes of those that were found last, until nothing does. */
export type Recursion = {
  readonly name: string;
  readonly columns: readonly Column[];
  /** The number that all of its rows have in plans, and that which those found last have in `again`. */
  readonly id: bigint;
  readonly last: bigint;
  readonly first: Plan;
  readonly again: Plan;
  /** UNION: rows that were found before are none. */
  readonly isDistinct: boolean;
};

/** Gathers the recursions of one question. Their numbers are apart from those of relations, and of relations as they were. */
export class Recursions {
  readonly all: Recursion[] = [];
  #number = -(2n ** 40n);

  next(): bigint {
    this.#number -= 1n;
    return this.#number;
  }
}

type Planner = {
  readonly rows: (select: SelectStmt, context: Context) => Plan;
  readonly named: (clause: WithClause | undefined, context: Context) => Context;
};

const scanOf = (relation: bigint, name: string, columns: readonly Column[]): Plan => ({
  ...{ kind: 'scan', relation, name, columns, appends: false },
});

/** Plans a query of WITH RECURSIVE that reads itself: what is left in the plan around it reads its rows. */
export function recursivePlan(cte: CommonTableExpr, outer: Context, { rows, named }: Planner): Plan {
  const { ctename: name = '', aliascolnames = [] } = cte;
  const { first: base, again: term, isDistinct, withClause } = recursionIn(cte, outer.at);
  const { recursions } = outer;
  if (!recursions)
    throw notBuilt(
      'WITH RECURSIVE anywhere but in questions (in what is kept up rows could hold each other up when what they came of goes)',
    );
  const context = named(withClause, outer);
  const first = rows(base, context);
  const columns = first.columns.map((each, at) => ({ ...each, name: textIn(aliascolnames[at] ?? { String: { sval: each.name } }) }));
  const last = recursions.next();
  const again = rows(term, { ...context, named: new Map(context.named).set(name, scanOf(last, name, columns)) });
  if (isDistinct) checkEquals(allOf(columns));
  const made = {
    name,
    columns,
    id: recursions.next(),
    last,
    first: { ...first, columns },
    again: fitting(name, again, columns),
    isDistinct,
  };
  recursions.all.push(made);
  return scanOf(made.id, name, columns);
}

/** The recursive term as rows of the types that the first rows have. */
function fitting(name: string, again: Plan, columns: readonly Column[]): Plan {
  if (again.columns.length !== columns.length)
    throw new StatementError(sqlstates.syntax, 'each UNION query must have the same number of columns');
  const outputs = columns.map(({ type }, at) => {
    const own = again.columns[at]?.type as Type;
    const overall = oneType([column(type, 0), column(own, 0)]);
    if (!overall) throw new StatementError(sqlstates.typeWrong, `UNION types ${nameOfType(type)} and ${nameOfType(own)} cannot be matched`);
    if (overall !== type) {
      const place = `recursive query "${name}" column ${at + 1}`;
      const both = `${nameOfType(type)} in non-recursive term but type ${nameOfType(overall)} overall`;
      throw new StatementError(sqlstates.typeWrong, `${place} has type ${both}`);
    }
    return converted(column(own, at), type);
  });
  return { kind: 'map', input: again, where: undefined, outputs, columns };
}

/** The recursions that a plan reads, each behind those that it reads itself. */
export function recursionsRead(plan: Plan, all: readonly Recursion[]): readonly Recursion[] {
  const wanted = new Set<bigint>();
  const look = (each: Plan): void => {
    if (each.kind === 'scan') wanted.add(each.relation);
    for (const input of inputsOf(each)) look(input);
  };
  look(plan);
  // What a recursion reads was planned before it.
  const found = all.toReversed().filter((each) => {
    if (!wanted.has(each.id)) return false;
    look(each.first);
    look(each.again);
    return true;
  });
  return found.toReversed();
}

/** All that has to be read for a plan and the recursions in it, as one plan. */
export const withRecursions = (plan: Plan, all: readonly Recursion[]): Plan =>
  all.length === 0 ? plan : { kind: 'union', inputs: [plan, ...all.flatMap(({ first, again }) => [first, again])], columns: plan.columns };
