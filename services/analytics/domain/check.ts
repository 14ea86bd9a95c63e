import { bind, type Names } from './bind.ts';
import { asCondition } from './bound.ts';
import { placesIn } from './context.ts';
import type { Expr } from './expression.ts';
import { Scope } from './scope.ts';
import type { Table } from './table.ts';

/** What the checks of a table say of a row; `name` is what they may call the table, which is another once it was renamed. */
export function checksOf({ checks, columns }: Pick<Table, 'checks' | 'columns'>, name?: string): Expr[] {
  const scope = new Scope([{ name: name ?? '', columns, from: 0, merged: new Set() }]);
  const columnOf: Names['columnOf'] = (path, at) => scope.columnOf(name === undefined ? path.slice(-1) : path, at);
  const names = { columnOf, params: [], at: placesIn('') };
  return checks.map(({ node }) => asCondition(bind(node, names), 'CHECK'));
}
