import type { ColumnDef, Node, TypeName } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { columnsMax } from './limits.ts';
import { checkedName, textIn } from './name.ts';
import { arrayOf, type Column, isType, type Type } from './value.ts';

/** The type that a name in a statement stands for. */
export function typeNamed(of: TypeName | undefined): Type {
  if (of?.typmods) throw notBuilt(`A precision of ${textIn(of.names?.at(-1) ?? { String: {} })} here`);
  return plainType(of);
}

/** The type alone, whatever is said besides its name. */
export function plainType(of: (TypeName & { readonly rowType?: Type }) | undefined): Type {
  if (of?.rowType !== undefined) return of.arrayBounds ? arrayOf(of.rowType) : of.rowType;
  const names = (of?.names ?? []).map(textIn);
  if (names[0] === 'pg_catalog') names.shift();
  const written = names.join('.');
  // How many dimensions an array has, and how large they are, is not kept, as in PostgreSQL.
  const name = `${written === 'varchar' ? 'text' : written}${of?.arrayBounds ? '[]' : ''}`;
  if (!isType(name)) throw notBuilt(`The type ${name}`);
  return name;
}

/** A column as its name and type say. */
const columnOfDef = ({ colname = '', typeName }: ColumnDef): Column => ({ name: checkedName(colname), type: typeNamed(typeName) });

/** The columns of a source. */
export function columnsOf(elements: readonly Node[]): Column[] {
  const columns = elements.map((element): Column => {
    if (!('ColumnDef' in element)) throw notBuilt('A constraint on a source');
    if (element.ColumnDef.constraints || element.ColumnDef.collClause) throw notBuilt('A constraint on a column');
    return columnOfDef(element.ColumnDef);
  });
  return checkedColumns(columns, 'source');
}

export function checkedColumns(columns: Column[], what: string): Column[] {
  if (columns.length > columnsMax) throw new StatementError('54011', `a ${what} has at most ${columnsMax} columns`);
  if (columns.length === 0) throw new StatementError(sqlstates.syntax, `a ${what} needs columns`);
  const twice = columns.find(({ name }, at) => columns.findIndex((other) => other.name === name) !== at);
  if (twice) throw new StatementError('42701', `column "${twice.name}" specified more than once`);
  return columns;
}
