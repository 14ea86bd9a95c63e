import type { InsertStmt, Node, TypeName } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { textIn } from './name.ts';
import { fieldNamesOf, fieldsOf, nameOfType, type Type } from './value.ts';

/** A type as statements name it; of rows by what it is. */
export const typeNode = (type: Type): TypeName =>
  ({ names: [{ String: { sval: type } }], typemod: -1, ...(/^record/.test(type) ? { rowType: type } : {}) }) as TypeName;

/** A column that a statement sets, or the field of it that `path` leads to. */
export type Part = { readonly name: string; readonly path: readonly string[] };

/** What a target of SET or INSERT names. */
export function partOf(node: Node, at: (location: number | undefined) => number | undefined): Part {
  const { name = '', indirection = [], location } = 'ResTarget' in node ? node.ResTarget : {};
  if (indirection.some((step) => !('String' in step))) throw notBuilt('A part of a column', at(location));
  return { name, path: indirection.map(textIn) };
}

/** The row that a column becomes by another value of one of its fields; what was NULL is a row then. */
export function withField(row: Node, type: Type, { name, path }: Part, val: Node): Node {
  const [field, ...rest] = path;
  if (field === undefined) return val;
  const types = fieldsOf(type);
  if (!types)
    throw new StatementError(
      sqlstates.typeWrong,
      `cannot assign to field "${field}" of column "${name}" because its type ${nameOfType(type)} is not a composite type`,
    );
  const names = fieldNamesOf(type);
  if (!names.includes(field))
    throw new StatementError(
      sqlstates.columnMissing,
      `cannot assign to field "${field}" of column "${name}" because there is no such column in data type ${nameOfType(type)}`,
    );
  const args = names.map((own, place): Node => {
    const before: Node = { A_Indirection: { arg: row, indirection: [{ String: { sval: own } }] } };
    if (own !== field) return before;
    const inner = types[place] as Type;
    return { TypeCast: { arg: withField(before, inner, { name: field, path: rest }, val), typeName: typeNode(inner) } };
  });
  return { TypeCast: { arg: { RowExpr: { args } }, typeName: typeNode(type) } };
}

/** An INSERT whose list of columns names fields as one of whole columns; `typeOf` is of a column by its name. */
export function wholeColumns(
  node: InsertStmt,
  typeOf: (name: string, location: number | undefined) => Type,
  at: (location: number | undefined) => number | undefined,
): InsertStmt {
  const { cols = [], selectStmt } = node;
  const parts = cols.map((each) => partOf(each, at));
  if (parts.every(({ path }) => path.length === 0)) return node;
  const select = selectStmt && 'SelectStmt' in selectStmt ? selectStmt.SelectStmt : undefined;
  if (!select?.valuesLists) throw notBuilt('A field of a column in an INSERT of a SELECT');
  const lists = select.valuesLists.map((list) => {
    const items = 'List' in list ? (list.List.items ?? []) : [];
    if (items.length !== parts.length) {
      const [more, less] = items.length > parts.length ? ['expressions', 'target columns'] : ['target columns', 'expressions'];
      throw new StatementError(sqlstates.syntax, `INSERT has more ${more} than ${less}`);
    }
    const values = new Map<string, Node>();
    for (const [place, part] of parts.entries()) {
      const { name, path } = part;
      const type = typeOf(name, locationOf(cols[place] as Node));
      const before = values.get(name);
      if (before && (path.length === 0 || parts.some((other) => other.name === name && other.path.length === 0)))
        throw new StatementError('42701', `column "${name}" specified more than once`);
      const none: Node = { TypeCast: { arg: { A_Const: { isnull: true } }, typeName: typeNode(type) } };
      values.set(name, withField(before ?? none, type, part, items[place] as Node));
    }
    return values;
  });
  const names = [...(lists[0]?.keys() ?? [])];
  const valuesLists = lists.map((values): Node => ({ List: { items: [...values.values()] } }));
  return { ...node, cols: names.map((name) => ({ ResTarget: { name } })), selectStmt: { SelectStmt: { ...select, valuesLists } } };
}

const locationOf = (node: Node): number | undefined => ('ResTarget' in node ? node.ResTarget.location : undefined);
