import type { DeleteStmt, InsertStmt, Node, OnConflictClause, ReturningClause, SelectStmt, UpdateStmt } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { bind, type Names } from './bind.ts';
import { asCondition, type Bound, cast, settled } from './bound.ts';
import { isTaken } from './cast.ts';
import { partOf, typeNode, wholeColumns, withField } from './column-part.ts';
import { type Context, locationIn } from './context.ts';
import { constant, type Expr } from './expression.ts';
import { planQuery, type Query } from './planner.ts';
import { Scope } from './scope.ts';
import type { Table } from './table.ts';
import { targetsOf } from './target.ts';
import { type Column, elementOf, isRecord, type Type, nameOfType } from './value.ts';

/** A statement that changes a table, as its grammar has it. */
export type Changing =
  | { readonly insert: InsertStmt }
  | { readonly update: UpdateStmt }
  /** TRUNCATE deletes all rows. */
  | { readonly delete: DeleteStmt; readonly isTruncation?: true };

/**
 * What becomes of a row whose key is there: nothing, or columns get other values, told over the old row and the new one. `by` is
 * the primary key (-1) or a unique index by its place; any, where it is not said.
 */
export type Conflict =
  | 'error'
  | {
      readonly by: number | undefined;
      readonly update: { readonly sets: ReadonlyMap<number, Expr>; readonly where: Expr | undefined } | undefined;
    };

/** A change of a table that is understood. Columns are by their places. */
export type Write = {
  readonly returning: { readonly columns: readonly Column[]; readonly outputs: readonly Expr[] } | undefined;
} /** `drawn`: by row, the columns that count by themselves. */ & (
  | {
      readonly kind: 'insert';
      readonly rows: readonly (readonly Expr[])[];
      readonly drawn: readonly (readonly number[])[];
      readonly conflict: Conflict;
    }
  /** The query's columns go into these of the table; the others are given by `rest`. */
  | {
      readonly kind: 'insertQuery';
      readonly query: Query;
      readonly places: readonly number[];
      readonly rest: ReadonlyMap<number, Expr>;
      readonly drawn: readonly number[];
      readonly conflict: Conflict;
    }
  /** The query's rows are the old rows, and behind them what some columns become. */
  | {
      readonly kind: 'update';
      readonly query: Query;
      readonly places: readonly number[];
      readonly defaults: ReadonlyMap<number, Expr>;
      readonly drawn: readonly number[];
    }
  | { readonly kind: 'delete'; readonly query: Query }
);

/** The table that a statement changes, as it is called in it. */
type Of = Table & { readonly name: string; readonly alias: string };

const clean = (path: readonly string[]): never => {
  throw new StatementError(sqlstates.columnMissing, `column "${path.join('.')}" does not exist`);
};

/** Understands a change of a table. */
export function planWrite(of: Changing, table: Table, context: Context): Write {
  const node = 'insert' in of ? of.insert : 'update' in of ? of.update : of.delete;
  const { relname: name = '', alias } = node.relation ?? {};
  const own: Of = { ...table, name, alias: alias?.aliasname ?? name };
  const returning = returned(node.returningClause, own, context);
  if ('insert' in of) return { ...inserted(of.insert, own, context), returning };
  if ('update' in of) return { ...updated(of.update, own, context), returning };
  const { relation, usingClause = [], whereClause, withClause } = of.delete;
  const query = planQuery(selectOf([star(own)], [{ RangeVar: relation ?? {} }, ...usingClause], whereClause, withClause), context);
  return { returning, kind: 'delete', query };
}

const star = ({ alias }: Of): Node => ({ ResTarget: { val: { ColumnRef: { fields: [{ String: { sval: alias } }, { A_Star: {} }] } } } });

function selectOf(targetList: Node[], fromClause: Node[], whereClause: Node | undefined, withClause: SelectStmt['withClause']): SelectStmt {
  return { targetList, fromClause, op: 'SETOP_NONE', ...(whereClause ? { whereClause } : {}), ...(withClause ? { withClause } : {}) };
}

const plain = (context: Context, columnOf: Names['columnOf'] = clean): Names => ({ columnOf, params: context.params, at: context.at });
const isDefault = (node: Node): boolean => 'SetToDefault' in node;

/** An expression as a value of a column, as PostgreSQL assigns it. */
function assigned(bound: Bound, { name, type }: Column, at: number | undefined): Expr {
  const expr = settled(bound, type);
  checkAssignable(expr.type, { name, type }, at);
  return cast(expr, type, at);
}

function checkAssignable(from: Type, { name, type }: Column, at?: number): void {
  const [own, to] = [elementOf(from), elementOf(type)];
  const [given, taken] = own && to ? [own, to] : [from, type];
  if (isTaken(given, taken)) return;
  const isText = (given === 'text' || isRecord(given) || isRecord(taken)) && taken !== 'text';
  const isBool = (given === 'bool') !== (taken === 'bool') && taken !== 'text';
  if (!isText && !isBool) return;
  const message = `column "${name}" is of type ${nameOfType(type)} but expression is of type ${nameOfType(from)}`;
  throw new StatementError(sqlstates.typeWrong, message, at);
}

function defaultOf({ columns, defaults }: Of, place: number, context: Context): Expr {
  const own = columns[place] as Column;
  const node = defaults[place];
  return node ? assigned(bind(node, plain(context)), own, undefined) : constant(own.type, null);
}

function placeOf({ columns, name }: Of, column: string, at: number | undefined): number {
  const place = columns.findIndex((each) => each.name === column);
  if (place < 0) throw new StatementError(sqlstates.columnMissing, `column "${column}" of relation "${name}" does not exist`, at);
  return place;
}

/** The columns that a list of targets names. */
function placesOf(table: Of, targets: readonly Node[], context: Context, twice: (name: string) => StatementError): number[] {
  const places: number[] = [];
  for (const node of targets) {
    const { name } = partOf(node, context.at);
    const place = placeOf(table, name, context.at(locationIn(node)));
    if (places.includes(place)) throw twice(name);
    places.push(place);
  }
  return places;
}

/** What columns are set to; fields of one column are set one after the other. */
function setsOf(table: Of, targets: readonly Node[], context: Context): ReadonlyMap<number, Node> {
  const sets = new Map<number, Node>();
  const whole = new Set<number>();
  for (const node of targets) {
    const part = partOf(node, context.at);
    const place = placeOf(table, part.name, context.at(locationIn(node)));
    const val = 'ResTarget' in node ? node.ResTarget.val : undefined;
    if (!val || 'MultiAssignRef' in val) throw notBuilt('SET of several columns at once');
    if (whole.has(place) || (part.path.length === 0 && sets.has(place)))
      throw new StatementError(sqlstates.syntax, `multiple assignments to same column "${part.name}"`);
    if (part.path.length === 0) whole.add(place);
    else if (isDefault(val)) throw notBuilt('DEFAULT of a field');
    const own: Node = { ColumnRef: { fields: [{ String: { sval: table.alias } }, { String: { sval: part.name } }] } };
    sets.set(place, withField(sets.get(place) ?? own, table.columns[place]?.type as Type, part, val));
  }
  return sets;
}

type Inserted = Omit<Extract<Write, { kind: 'insert' }>, 'returning'> | Omit<Extract<Write, { kind: 'insertQuery' }>, 'returning'>;

function inserted(asked: InsertStmt, table: Of, context: Context): Inserted {
  const typeOf = (name: string, location: number | undefined) => table.columns[placeOf(table, name, context.at(location))]?.type as Type;
  const node = wholeColumns(asked, typeOf, context.at);
  const { cols, selectStmt, override, withClause, onConflictClause } = node;
  if (override === 'OVERRIDING_USER_VALUE') throw notBuilt('OVERRIDING USER VALUE');
  const isFree = override === 'OVERRIDING_SYSTEM_VALUE';
  const twice = (name: string) => new StatementError('42701', `column "${name}" specified more than once`);
  const all = table.columns.map((_, place) => place);
  const places = cols ? placesOf(table, cols, context, twice) : all;
  const conflict = conflictOf(onConflictClause, table, context);
  const select = selectStmt && 'SelectStmt' in selectStmt ? selectStmt.SelectStmt : undefined;
  const rest = new Map(all.map((place) => [place, defaultOf(table, place, context)]));
  const more = { conflict };
  const counted = all.filter((place) => table.counters[place]);
  if (!select) return { ...more, kind: 'insert', rows: [[...rest.values()]], drawn: [counted] };
  const tooMany = () => new StatementError(sqlstates.syntax, 'INSERT has more expressions than target columns');
  const tooFew = () => new StatementError(sqlstates.syntax, 'INSERT has more target columns than expressions');
  if (select.valuesLists && !withClause && !select.withClause && !select.sortClause && !select.limitCount && !select.limitOffset) {
    const names = plain(context);
    const lists = select.valuesLists.map((list) => ('List' in list ? (list.List.items ?? []) : []));
    if (lists.some(({ length }) => length !== lists[0]?.length))
      throw new StatementError(sqlstates.syntax, 'VALUES lists must all be the same length');
    const drawn: number[][] = [];
    const rows = lists.map((items) => {
      const open = new Set(counted);
      if (items.length > places.length) throw tooMany();
      if (cols && items.length < places.length) throw tooFew();
      const row = [...rest.values()];
      for (const [at, item] of items.entries()) {
        const place = places[at] as number;
        if (isDefault(item)) continue;
        if (!isFree) checkCounted(table, place, 'insert into');
        row[place] = assigned(bind(item, names), table.columns[place] as Column, undefined);
        open.delete(place);
      }
      drawn.push([...open]);
      return row;
    });
    return { ...more, kind: 'insert', rows, drawn };
  }
  const given = { ...select, ...(withClause ? { withClause } : {}) };
  const query = planQuery(
    given.targetList
      ? { ...given, targetList: given.targetList.map((node, at) => typed(node, table.columns[places[at] ?? -1]?.type)) }
      : given,
    context,
  );
  if (query.columns.length > places.length) throw tooMany();
  if (cols && query.columns.length < places.length) throw tooFew();
  const taken = places.slice(0, query.columns.length);
  for (const [at, place] of taken.entries()) {
    checkAssignable(query.columns[at]?.type as Type, table.columns[place] as Column);
    if (!isFree) checkCounted(table, place, 'insert into');
    rest.delete(place);
  }
  return { ...more, kind: 'insertQuery', query, places: taken, rest, drawn: counted.filter((place) => !taken.includes(place)) };
}

/** A column that is GENERATED ALWAYS takes no value of a statement. */
function checkCounted({ counters, columns }: Of, place: number, what: string): void {
  if (!counters[place]?.isAlways) return;
  const name = columns[place]?.name ?? '';
  const message =
    what === 'update' ? `column "${name}" can only be updated to DEFAULT` : `cannot ${what} a non-DEFAULT value of column "${name}"`;
  throw new StatementError('428C9', message);
}

/** A literal or parameter that is a column's value has its type. */
function typed(node: Node, type: Type | undefined): Node {
  if (!('ResTarget' in node) || type === undefined) return node;
  const { val } = node.ResTarget;
  const isOpen = val && ('ParamRef' in val || ('A_Const' in val && (val.A_Const.isnull || val.A_Const.sval)));
  if (!isOpen) return node;
  return { ResTarget: { ...node.ResTarget, val: { TypeCast: { arg: val, typeName: typeNode(type) } } } };
}

function updated(node: UpdateStmt, table: Of, context: Context): Omit<Extract<Write, { kind: 'update' }>, 'returning'> {
  const { relation, targetList = [], whereClause, fromClause = [], withClause } = node;
  const sets = [...setsOf(table, targetList, context)];
  const set = sets.flatMap(([place, val]) => (isDefault(val) ? [] : [{ place, val }]));
  const defaults = new Map(sets.flatMap(([place, val]) => (isDefault(val) ? [[place, defaultOf(table, place, context)] as const] : [])));
  const targets = set.map(({ place, val }) => typed({ ResTarget: { val } }, table.columns[place]?.type));
  const query = planQuery(
    selectOf([star(table), ...targets], [{ RangeVar: relation ?? {} }, ...fromClause], whereClause, withClause),
    context,
  );
  const width = table.columns.length;
  for (const [at, { place }] of set.entries()) {
    checkCounted(table, place, 'update');
    checkAssignable(query.columns[width + at]?.type as Type, table.columns[place] as Column);
  }
  const drawn = [...defaults.keys()].filter((place) => table.counters[place]);
  return { kind: 'update', query, places: set.map(({ place }) => place), defaults, drawn };
}

function conflictOf(node: OnConflictClause | undefined, table: Of, context: Context): Conflict {
  if (!node) return 'error';
  const { infer, action, targetList = [], whereClause } = node;
  const by = infer && inferred(infer, table, context);
  if (action === 'ONCONFLICT_NOTHING') return { by, update: undefined };
  if (!infer) throw new StatementError(sqlstates.syntax, 'ON CONFLICT DO UPDATE requires inference specification or constraint name');
  const width = table.columns.length;
  const item = (name: string, from: number) => ({ name, columns: table.columns, from, merged: new Set<string>() });
  const old = new Scope([item(table.alias, 0)]);
  const both = new Scope([item(table.alias, 0), item('excluded', width)]);
  const names = plain(context, (path, at) => (path.length === 1 ? old : both).columnOf(path, at));
  const sets = new Map<number, Expr>();
  for (const [place, val] of setsOf(table, targetList, context)) {
    const own = table.columns[place] as Column;
    sets.set(place, isDefault(val) ? defaultOf(table, place, context) : assigned(bind(val, names), own, undefined));
  }
  return { by, update: { sets, where: whereClause && asCondition(bind(whereClause, names), 'WHERE') } };
}

/** The primary key (-1) or the unique index that rows may meet. */
function inferred(
  { indexElems = [], conname, whereClause, location }: NonNullable<OnConflictClause['infer']>,
  table: Of,
  context: Context,
): number {
  const at = context.at(location);
  const uniques = table.indexes.map(({ isUnique, places, name }) => ({ places: isUnique ? places : [], name }));
  if (whereClause) throw notBuilt('ON CONFLICT with a condition of an index', at);
  if (conname !== undefined) {
    const found = uniques.findIndex(({ name, places: own }) => name === conname && own.length > 0);
    if (found >= 0 || (conname === `${table.name}_pkey` && table.key.length > 0)) return found;
    throw new StatementError('42704', `constraint "${conname}" for table "${table.name}" does not exist`, at);
  }
  const names = indexElems.map((each) => ('IndexElem' in each ? each.IndexElem.name : undefined));
  const places = new Set(names.map((name) => (name === undefined ? -1 : placeOf(table, name, at))));
  const isMet = (own: readonly number[]) => own.length > 0 && own.length === places.size && own.every((place) => places.has(place));
  const found = [table.key, ...uniques.map((each) => each.places)].findIndex(isMet);
  if (found < 0) throw new StatementError('42P10', 'there is no unique or exclusion constraint matching the ON CONFLICT specification', at);
  return found - 1;
}

function returned(clause: ReturningClause | undefined, table: Of, context: Context): Write['returning'] {
  if (!clause) return undefined;
  if (clause.options) throw notBuilt('RETURNING WITH');
  const scope = new Scope([{ name: table.alias, columns: table.columns, from: 0, merged: new Set() }]);
  const names = plain(context, (path, at) => scope.columnOf(path, at));
  const targets = (clause.exprs ?? []).flatMap((node) => targetsOf(node, scope, names));
  const outputs = targets.map(({ node, expr }) => expr ?? settled(bind(node, names), 'text'));
  return { outputs, columns: targets.map(({ name }, at) => ({ name, type: outputs[at]?.type as Type })) };
}
