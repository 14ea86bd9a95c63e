import type { SelectStmt } from 'libpg-query';
import type { Placed } from '#kernel/contract/provider.ts';
import { parseStatement } from '../domain/statement.ts';
import type { Relation } from './relation.ts';
import { keptTypes } from './row-type.ts';
import type { Inlined, SqlFunctions } from './sql-function.ts';

type Query = Pick<Relation, 'name' | 'text' | 'types'>;

/** The SELECT of a plain view, with what functions say in the place of their calls. */
export const selectOf = async (functions: SqlFunctions, at: Placed, query: Query): Promise<SelectStmt> =>
  (await inlinedOf(functions, at, query)).tree;

/** The same with the functions that it calls. */
export async function inlinedOf(functions: SqlFunctions, at: Placed, query: Query): Promise<Inlined<SelectStmt>> {
  const statement = await parseStatement(query.text ?? '', keptTypes(query));
  if (statement?.kind !== 'createQuery') throw new TypeError(`the statement of the view ${query.name} makes none`);
  return functions.inlined(at, statement.select);
}
