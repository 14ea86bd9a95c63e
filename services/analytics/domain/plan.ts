import type { Node, SelectStmt } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { type Aggregate, aggregateNames, aggregateOf, type Kept, nothingKept } from './aggregate.ts';
import { asCondition, bind, type Bound, type Names, settled } from './expression.ts';
import { columnsMax } from './limits.ts';
import { textIn } from './statement.ts';
import { type Column, compareValues, keyOf, type Row, type Type, type Value } from './value.ts';

/** A group: the values of its keys, and what is kept of its rows. */
export type Group = { readonly keys: Row; readonly kept: readonly Kept[] };

/** How rows become groups. */
export type Grouping = {
  readonly keys: readonly (Bound & { readonly type: Type })[];
  readonly aggregates: readonly Aggregate[];
};

type Order = { readonly bound: Bound; readonly isDown: boolean; readonly nullsFirst: boolean };

/** A SELECT that is understood: one plan for the view that is kept up and for the query that is asked once. */
export type Plan = {
  readonly where: Bound | undefined;
  readonly grouping: Grouping | undefined;
  readonly having: Bound | undefined;
  readonly outputs: readonly (Column & { readonly bound: Bound })[];
  readonly order: readonly Order[];
  readonly limit: Bound | undefined;
  readonly offset: Bound | undefined;
};

type Relation = { readonly name: string; readonly columns: readonly Column[] };

/** Where expressions are compared: without their places in the text. */
const shapeOf = (node: Node): string => JSON.stringify(node, (key, value: unknown) => (key === 'location' ? undefined : value));

const refused = ['distinctClause', 'windowClause', 'valuesLists', 'lockingClause', 'withClause', 'intoClause', 'larg'] as const;

/** Plans a SELECT over a relation, or over one row of nothing. */
export function planSelect(select: SelectStmt, text: string, relation: Relation | undefined, params: (Type | undefined)[]): Plan {
  for (const clause of refused) if (select[clause]) throw notBuilt(`A SELECT with ${clause.replace('Clause', '').toUpperCase()}`);
  if (select.limitOption === 'LIMIT_OPTION_WITH_TIES') throw notBuilt('WITH TIES');
  const bytes = Buffer.from(text);
  const at = (location: number | undefined) =>
    location === undefined || location < 0 ? undefined : bytes.toString('utf8', 0, location).length + 1;
  const from = select.fromClause?.[0];
  const alias = from && 'RangeVar' in from ? from.RangeVar.alias : undefined;
  if (alias?.colnames) throw notBuilt('Names of columns in an alias');
  const names: Names = { columns: relation?.columns ?? [], relation: alias?.aliasname ?? relation?.name ?? '', params, at };
  const targets = (select.targetList ?? []).flatMap((node) => targetsOf(node, names));
  if (targets.length > columnsMax) throw new StatementError('54011', `target lists have at most ${columnsMax} entries`);
  const where = select.whereClause && asCondition(bind(select.whereClause, names), 'WHERE');
  const calls = [...targets.map(({ node }) => node), ...(select.havingClause ? [select.havingClause] : [])];
  const isGrouped = select.groupClause !== undefined || select.havingClause !== undefined || calls.some(hasAggregate);
  const grouped = isGrouped ? groupingOf(select, targets, names) : undefined;
  const inner = grouped?.names ?? names;
  const outputs = targets.map(({ name, node }) => {
    const bound = settled(bind(node, inner), 'text');
    return { name, type: bound.type, bound };
  });
  const having = select.havingClause && asCondition(bind(select.havingClause, inner), 'HAVING');
  const order = (select.sortClause ?? []).map((node) => orderOf(node, targets, outputs, inner));
  const bounded = (node: Node | undefined) => node && settled(bind(node, { ...names, columns: [] }), 'int8');
  const { limitCount, limitOffset } = select;
  return { where, grouping: grouped?.grouping, having, outputs, order, limit: bounded(limitCount), offset: bounded(limitOffset) };
}

type Target = { readonly name: string; readonly node: Node };

function targetsOf(node: Node, names: Names): Target[] {
  const { name, val } = 'ResTarget' in node ? node.ResTarget : {};
  if (!val) throw notBuilt('This target');
  if ('ColumnRef' in val) {
    const { fields = [], location } = val.ColumnRef;
    const last = fields.at(-1);
    if (last && 'A_Star' in last) {
      const [first] = fields;
      if (fields.length === 2 && first && textIn(first) !== names.relation)
        throw new StatementError(sqlstates.relationMissing, `missing FROM-clause entry for table "${textIn(first)}"`, names.at(location));
      if (names.columns.length === 0) throw new StatementError(sqlstates.syntax, 'SELECT * with no tables specified is not valid');
      return names.columns.map((column) => ({ name: column.name, node: { ColumnRef: { fields: [{ String: { sval: column.name } }] } } }));
    }
    return [{ name: name ?? (last ? textIn(last) : ''), node: val }];
  }
  return [{ name: name ?? usualName(val), node: val }];
}

/** The name that PostgreSQL gives a column without one. */
function usualName(node: Node): string {
  if ('FuncCall' in node) return textIn(node.FuncCall.funcname?.at(-1) ?? { String: {} });
  if ('TypeCast' in node) {
    const arg = node.TypeCast.arg;
    if (arg && 'ColumnRef' in arg) return textIn(arg.ColumnRef.fields?.at(-1) ?? { String: {} });
    return textIn(node.TypeCast.typeName?.names?.at(-1) ?? { String: {} });
  }
  if ('A_Const' in node && node.A_Const.boolval) return 'bool';
  return '?column?';
}

function hasAggregate(node: unknown): boolean {
  if (typeof node !== 'object' || node === null) return false;
  if (Array.isArray(node)) return node.some(hasAggregate);
  const call = (node as { FuncCall?: { funcname?: Node[] } }).FuncCall;
  if (call && aggregateNames.has((call.funcname ?? []).map(textIn).join('.'))) return true;
  return Object.values(node).some(hasAggregate);
}

/** The keys and aggregates of a grouped SELECT, and what names mean behind the grouping: the keys, then the aggregates. */
function groupingOf(select: SelectStmt, targets: readonly Target[], names: Names): { grouping: Grouping; names: Names } {
  const nodes = (select.groupClause ?? []).map((node) => {
    if ('A_Const' in node && node.A_Const.ival) {
      const target = targets[(node.A_Const.ival.ival ?? 0) - 1];
      if (!target) throw new StatementError('42P10', `GROUP BY position ${node.A_Const.ival.ival ?? 0} is not in select list`);
      return target.node;
    }
    const path = 'ColumnRef' in node ? (node.ColumnRef.fields ?? []).map(textIn) : [];
    const named = path.length === 1 && !names.columns.some(({ name }) => name === path[0]) && targets.find(({ name }) => name === path[0]);
    return named ? named.node : node;
  });
  if (nodes.some(hasAggregate)) throw new StatementError(sqlstates.groupingWrong, 'aggregate functions are not allowed in GROUP BY');
  const keys = nodes.map((node) => settled(bind(node, names), 'text'));
  const shapes = nodes.map((node) => shapeOf(unqualified(node)));
  const aggregates: Aggregate[] = [];
  const calls: string[] = [];
  const instead = (node: Node): Bound | undefined => {
    const key = shapes.indexOf(shapeOf(unqualified(node)));
    if (key >= 0) return { type: keys[key]?.type, of: (row) => row[key] ?? null };
    if ('FuncCall' in node && aggregateNames.has((node.FuncCall.funcname ?? []).map(textIn).join('.'))) {
      const shape = shapeOf(node);
      let place = calls.indexOf(shape);
      if (place < 0) {
        place = calls.push(shape) - 1;
        aggregates.push(aggregateOf(node.FuncCall, names));
      }
      return { type: aggregates[place]?.type, of: (row) => row[keys.length + place] ?? null };
    }
    if ('ColumnRef' in node) {
      const name = (node.ColumnRef.fields ?? []).map(textIn).join('.');
      throw new StatementError(
        sqlstates.groupingWrong,
        `column "${name}" must appear in the GROUP BY clause or be used in an aggregate function`,
        names.at(node.ColumnRef.location),
      );
    }
    return undefined;
  };
  return { grouping: { keys, aggregates }, names: { ...names, instead } };
}

/** A column is the same with the name of its relation before it and without. */
function unqualified(node: Node): Node {
  if (!('ColumnRef' in node)) return node;
  return { ColumnRef: { fields: (node.ColumnRef.fields ?? []).slice(-1) } };
}

function orderOf(node: Node, targets: readonly Target[], outputs: Plan['outputs'], names: Names): Order {
  if (!('SortBy' in node) || node.SortBy.sortby_dir === 'SORTBY_USING') throw notBuilt('ORDER BY in this form');
  const { node: by, sortby_dir, sortby_nulls } = node.SortBy;
  const isDown = sortby_dir === 'SORTBY_DESC';
  const nullsFirst = sortby_nulls === 'SORTBY_NULLS_FIRST' || (sortby_nulls === 'SORTBY_NULLS_DEFAULT' && isDown);
  const path = by && 'ColumnRef' in by ? (by.ColumnRef.fields ?? []).map(textIn) : [];
  let place = path.length === 1 ? targets.findIndex(({ name }) => name === path[0]) : -1;
  if (by && 'A_Const' in by && by.A_Const.ival) {
    place = (by.A_Const.ival.ival ?? 0) - 1;
    if (!outputs[place]) throw new StatementError('42P10', `ORDER BY position ${place + 1} is not in select list`);
  }
  return { bound: outputs[place]?.bound ?? settled(bind(by as Node, names), 'text'), isDown, nullsFirst };
}

/** The text of a group's keys, the same for equal keys alone. */
export const groupKey = (keys: Row): string => JSON.stringify(keys.map(keyOf));

/** The group that a row belongs to, as yet without rows; undefined where the plan passes the row over. */
export function groupOf({ where, grouping }: Plan, row: Row, params: Row): Row | undefined {
  if (where && where.of(row, params) !== true) return undefined;
  return grouping?.keys.map((key) => key.of(row, params)) ?? [];
}

export const emptyGroup = ({ aggregates }: Grouping, keys: Row): Group => ({ keys, kept: aggregates.map(() => nothingKept) });

export const stepped = ({ aggregates }: Grouping, { keys, kept }: Group, row: Row, params: Row): Group => ({
  keys,
  kept: aggregates.map((aggregate, at) => aggregate.step(kept[at] ?? nothingKept, row, params)),
});

/** What a group is behind the grouping: its keys, then the results. */
export const resultsOf = ({ aggregates }: Grouping, { keys, kept }: Group): Row => [
  ...keys,
  ...aggregates.map((aggregate, at) => aggregate.result(kept[at] ?? nothingKept)),
];

/** The row that is shown; undefined where HAVING passes it over. */
export function shown({ having, outputs }: Plan, row: Row, params: Row): Row | undefined {
  if (having && having.of(row, params) !== true) return undefined;
  return outputs.map(({ bound }) => bound.of(row, params));
}

/** Answers a plan over rows, all at once. */
export function answer(plan: Plan, rows: Iterable<Row>, params: Row): Row[] {
  const inner: Row[] = [];
  const { grouping } = plan;
  if (grouping) {
    const groups = new Map<string, Group>();
    if (grouping.keys.length === 0) groups.set(groupKey([]), emptyGroup(grouping, []));
    for (const row of rows) {
      const keys = groupOf(plan, row, params);
      if (!keys) continue;
      const key = groupKey(keys);
      groups.set(key, stepped(grouping, groups.get(key) ?? emptyGroup(grouping, keys), row, params));
    }
    for (const group of groups.values()) inner.push(resultsOf(grouping, group));
  } else for (const row of rows) if (!plan.where || plan.where.of(row, params) === true) inner.push(row);
  const kept = inner.filter((row) => !plan.having || plan.having.of(row, params) === true);
  const ordered = plan.order.length === 0 ? kept : sorted(plan, kept, params);
  const from = count(plan.offset, params, 'OFFSET') ?? 0;
  const limit = count(plan.limit, params, 'LIMIT');
  return ordered
    .slice(from, limit === undefined ? undefined : from + limit)
    .map((row) => plan.outputs.map(({ bound }) => bound.of(row, params)));
}

function sorted({ order }: Plan, rows: readonly Row[], params: Row): Row[] {
  const keyed = rows.map((row) => ({ row, keys: order.map(({ bound }) => bound.of(row, params)) }));
  keyed.sort((left, right) => {
    for (const [at, by] of order.entries()) {
      const found = inOrder(left.keys[at] ?? null, right.keys[at] ?? null, by);
      if (found !== 0) return found;
    }
    return 0;
  });
  return keyed.map(({ row }) => row);
}

function inOrder(left: Value, right: Value, { isDown, nullsFirst }: Order): number {
  if (left === null || right === null) return left === right ? 0 : (left === null) === nullsFirst ? -1 : 1;
  const found = compareValues(left, right);
  return isDown ? -found : found;
}

function count(bound: Bound | undefined, params: Row, what: string): number | undefined {
  const value = bound?.of([], params) ?? null;
  if (value === null) return undefined;
  if (typeof value !== 'bigint') throw new StatementError(sqlstates.typeWrong, `argument of ${what} must be type bigint`);
  if (value < 0n) throw new StatementError(what === 'LIMIT' ? '2201W' : '2201X', `${what} must not be negative`);
  return Number(value);
}
