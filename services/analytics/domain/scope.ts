import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { column, type Expr, type NamedExpr } from './expression.ts';
import { namedRow } from './row-call.ts';
import type { Column } from './value.ts';

/** A relation as it may be named in a SELECT; its columns begin at a place of the row. */
export type Item = {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly from: number;
  /** Columns that USING made one with others: they are named, and not shown by `*`. */
  readonly merged: ReadonlySet<string>;
  /** What a function answers that is no row: its name stands for the one column. */
  readonly isScalar?: boolean;
};

/** What names of columns stand for in a SELECT. */
export class Scope {
  readonly items: readonly Item[];
  /** The places of what `*` shows, where that is in an order of its own. */
  readonly #shown: readonly number[] | undefined;

  constructor(items: readonly Item[], shown?: readonly number[]) {
    this.items = items;
    this.#shown = shown;
    const twice = items.find(({ name }, at) => name !== '' && items.findIndex((other) => other.name === name) !== at);
    if (twice) throw new StatementError(sqlstates.duplicateAlias, `table name "${twice.name}" specified more than once`);
  }

  has(name: string): boolean {
    return this.items.some(({ columns }) => columns.some((each) => each.name === name));
  }

  /** Whether a name stands for something here, right or wrong. */
  knows(path: readonly string[]): boolean {
    const [last = '', relation] = [path.at(-1), path.length === 2 ? path[0] : undefined];
    return relation === undefined ? this.has(last) : this.items.some(({ name }) => name === relation);
  }

  columnOf(path: readonly string[], at: number | undefined): Expr {
    const [last = '', relation] = [path.at(-1), path.length === 2 ? path[0] : undefined];
    if (relation !== undefined && !this.items.some(({ name }) => name === relation))
      throw new StatementError(sqlstates.relationMissing, `missing FROM-clause entry for table "${relation}"`, at);
    const found = this.items
      .filter(({ name, merged }) => (relation === undefined ? !merged.has(last) : name === relation))
      .flatMap(({ columns, from }) => columns.flatMap(({ name, type }, place) => (name === last ? [column(type, from + place)] : [])));
    const [first, ...more] = found;
    const item = first || relation !== undefined ? undefined : this.items.find(({ name }) => name === last);
    if (item) return item.isScalar ? (this.star(last, at)[0] as NamedExpr).expr : namedRow(this.star(last, at));
    if (!first)
      throw new StatementError(
        sqlstates.columnMissing,
        `column ${relation === undefined ? `"${last}"` : path.join('.')} does not exist`,
        at,
      );
    if (more.length > 0) throw new StatementError(sqlstates.ambiguous, `column reference "${last}" is ambiguous`, at);
    return first;
  }

  /** All columns of a relation, or of all. */
  star(relation: string | undefined, at: number | undefined): NamedExpr[] {
    if (this.items.length === 0) throw new StatementError(sqlstates.syntax, 'SELECT * with no tables specified is not valid', at);
    const items = this.items.filter(({ name }) => relation === undefined || name === relation);
    if (items.length === 0) throw new StatementError(sqlstates.relationMissing, `missing FROM-clause entry for table "${relation}"`, at);
    const all = items.flatMap(({ columns, from, merged }) =>
      columns.map(({ name, type }, place) => ({ name, expr: column(type, from + place), place: from + place, isHidden: merged.has(name) })),
    );
    if (relation !== undefined) return all;
    const shown = this.#shown?.flatMap((place) => all.find((each) => each.place === place) ?? []);
    return shown ?? all.filter(({ isHidden }) => !isHidden);
  }
}
