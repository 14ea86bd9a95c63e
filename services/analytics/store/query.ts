import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { namedColumns } from '../domain/query-statement.ts';
import { parseStatement } from '../domain/statement.ts';
import type { Column, Type } from '../domain/value.ts';
import type { Seen } from './making.ts';
import type { Named } from './named.ts';
import { planAsked } from './question.ts';
import type { Relation } from './relation.ts';
import { checkMade, type Plans } from './view.ts';

/** A plain view that is understood. */
type QueryMade = {
  readonly name: string;
  readonly isAnew: boolean;
  readonly columns: readonly Column[];
  /** What its text names, types of rows too. */
  readonly needs: readonly Relation[];
  readonly named: Named;
  /** The functions that its text calls. */
  readonly calls: readonly bigint[];
};

/** Understands the statement that makes a plain view, as if it was asked now. */
export async function queryMade(plans: Plans, at: Seen, text: string): Promise<QueryMade> {
  const types = new Set<Relation>();
  const statement = await parseStatement(text, plans.types(at, types));
  if (statement?.kind !== 'createQuery') throw new StatementError(sqlstates.syntax, 'the text is no CREATE VIEW');
  const { tree, calls } = await plans.functions.inlined(at, statement.select);
  const named = await plans.meant(at, tree);
  const params: (Type | undefined)[] = [];
  const columns = namedColumns(planAsked(tree, text, named, params).columns, statement.names);
  if (params.length > 0) throw new StatementError(sqlstates.parameterMissing, 'there is no parameter $1');
  checkMade(columns);
  const needs = [...[...named.meanings.values()].map(({ relation }) => relation), ...types];
  return { name: statement.name, isAnew: statement.isAnew, columns, needs, named, calls };
}
