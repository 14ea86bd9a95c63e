import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { type Column, isPseudo, typeText } from './value.ts';

/** A name as SQL has it, whatever it is. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** The statement that makes a table of the columns of a question; `names` are those of the first of them. */
export function tableText(name: string, columns: readonly Column[], names: readonly string[]): string {
  if (names.length > columns.length) throw new StatementError(sqlstates.syntax, 'too many column names were specified');
  const row = columns.find(({ type }) => isPseudo(type));
  if (row) throw new StatementError('42P16', `column "${row.name}" has pseudo-type record`);
  const written = columns.map((column, place) => `${quoted(names[place] ?? column.name)} ${typeText(column.type)}`);
  return `create table ${quoted(name)} (${written.join(', ')})`;
}
