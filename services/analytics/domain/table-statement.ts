import type { CreateStmt } from 'libpg-query';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { withName } from './alter-statement.ts';
import { Reshape } from './reshape.ts';
import { parseStatement, splitStatements } from './statement.ts';
import { tableOf } from './table.ts';
import type { TypesOf } from './type-name.ts';

/** The statement that would make a table as the statements of its text have made it, one behind the other. */
export async function madeIn(text: string, types: TypesOf): Promise<CreateStmt> {
  const [first = '', ...more] = await splitStatements(text);
  const statement = await parseStatement(first, types);
  if (statement?.kind !== 'createTable') throw new StatementError(sqlstates.syntax, 'the text is no CREATE TABLE');
  if (more.length === 0) return statement.made;
  const shape = new Reshape(statement.made, tableOf);
  for (const each of more) {
    const next = await parseStatement(each, types);
    if (next?.kind !== 'reshape') throw new StatementError(sqlstates.syntax, 'the text is no ALTER TABLE');
    shape.take(next.node);
  }
  return shape.reshaped.made;
}

/** The statements that make a table, with another one behind them, all under the name that it has then. */
export async function withStatement(text: string, more: string, name: string, types: TypesOf): Promise<string> {
  const statements = [...(await splitStatements(text)).map((each) => each.trim()), more.trim().replace(/;\s*$/, '')];
  const named: string[] = [];
  for (const each of statements) {
    const parsed = await parseStatement(each, types);
    const isRename = parsed?.kind === 'reshape' && 'RenameStmt' in parsed.node && parsed.node.RenameStmt.renameType === 'OBJECT_TABLE';
    if (!isRename) named.push(await withName(each, name));
  }
  return named.join(';\n');
}
