import type { SelectStmt } from 'libpg-query';
import type { Placed } from '#kernel/contract/provider.ts';
import { parseStatement } from '../domain/statement.ts';
import type { Relation } from './relation.ts';
import { keptTypes } from './row-type.ts';
import type { SqlFunctions } from './sql-function.ts';

/** The SELECT of a plain view, with what functions say in the place of their calls. */
export async function selectOf(functions: SqlFunctions, at: Placed, query: Pick<Relation, 'name' | 'text' | 'types'>): Promise<SelectStmt> {
  const statement = await parseStatement(query.text ?? '', keptTypes(query));
  if (statement?.kind !== 'createQuery') throw new TypeError(`the statement of the view ${query.name} makes none`);
  return (await functions.inlined(at, statement.select)).tree;
}
