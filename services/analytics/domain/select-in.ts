import type { SelectStmt } from 'libpg-query';
import type { Statement } from './statement.ts';

/** The SELECT whose rows a statement shows, in a cursor or a COPY too. */
export function selectIn(statement: Statement): SelectStmt | undefined {
  if (statement.kind === 'copy') return 'select' in statement.of ? statement.of.select : undefined;
  return statement.kind === 'select' || statement.kind === 'declare' ? statement.select : undefined;
}
