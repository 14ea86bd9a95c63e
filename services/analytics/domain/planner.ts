import type { Node, SelectStmt, WithClause } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { type Aggregate, hasAggregate } from './aggregate.ts';
import { bind, type Names } from './bind.ts';
import { asCondition, converted, oneType, settled } from './bound.ts';
import { type Context, locationIn } from './context.ts';
import { call, column, conjunction, constant, type Expr, shapeOf } from './expression.ts';
import { From } from './from.ts';
import { withSubqueries } from './grouped-subquery.ts';
import { checkEquals, grouping } from './grouping.ts';
import { withoutGroupWindow } from './group-window.ts';
import { columnsMax } from './limits.ts';
import { orderOf, rankedOver } from './over.ts';
import { allOf, columnsOf, filtered, type Order, type Plan } from './plan.ts';
import { textIn } from './name.ts';
import { inTheirOrder } from './recursion-form.ts';
import { recursivePlan } from './recursive.ts';
import { withSeries } from './series-target.ts';
import { conditionsIn, hasLink, Subqueries } from './subquery.ts';
import { targetsOf } from './target.ts';
import { withoutShownUnnest } from './unnest.ts';
import type { Column, Type } from './value.ts';

/** A SELECT that is understood: rows, in what order, and which of them. */
export type Query = {
  readonly plan: Plan;
  /** The columns that are shown; those behind them are for the order alone. */
  readonly columns: readonly Column[];
  readonly order: readonly Order[];
  readonly limit: Expr | undefined;
  readonly offset: Expr | undefined;
};

const refused = ['lockingClause', 'intoClause'] as const;

/** Plans a SELECT. */
export function planQuery(given: SelectStmt, outer: Context): Query {
  const select = withSeries(withoutGroupWindow(given));
  for (const clause of refused) if (select[clause]) throw notBuilt(`A SELECT with ${clause.replace('Clause', '').toUpperCase()}`);
  if (select.limitOption === 'LIMIT_OPTION_WITH_TIES') throw notBuilt('WITH TIES');
  const context = withNames(select.withClause, outer);
  const body =
    select.op && select.op !== 'SETOP_NONE'
      ? together(select, context)
      : select.valuesLists
        ? valuesOf(select, context)
        : one(select, context);
  const bounded = (node: Node | undefined) => {
    if (!node || ('A_Const' in node && node.A_Const.isnull)) return undefined;
    return settled(bind(node, { columnOf: noColumn, params: context.params, at: context.at }), 'int8');
  };
  return { ...body, limit: bounded(select.limitCount), offset: bounded(select.limitOffset) };
}

const noColumn = (path: readonly string[]): never => {
  throw new StatementError(sqlstates.columnMissing, `column "${path.join('.')}" does not exist`);
};

/** A SELECT within another, or as a view: its rows without an order. */
export function planRows(select: SelectStmt, context: Context): Plan {
  const { plan, columns, limit, offset, order } = planQuery(select, context);
  const rows =
    limit || offset
      ? rowsWithin(plan, columns, order, { limit, offset }, context.correlated?.columns ?? [])
      : order.length === 0 || plan.columns.length === columns.length
        ? { ...plan, columns: [...columns] }
        : ({ kind: 'map', input: plan, where: undefined, outputs: allOf(columns), columns } as const);
  if (order.every(({ expr }) => expr.kind === 'column' && expr.place < columns.length)) ordersOf.set(rows, order);
  return rows;
}

/** A SELECT as a view, whose columns have names of their own; what is behind them is left out. */
export function planNamed(select: SelectStmt, columns: readonly Column[], context: Context): Plan {
  const plan = planRows(select, context);
  const shown = plan.columns.slice(0, columns.length).map((each, at): Column => ({ ...each, name: columns[at]?.name ?? each.name }));
  const isWhole = shown.length === plan.columns.length;
  const named: Plan = isWhole
    ? { ...plan, columns: shown }
    : { kind: 'map', input: plan, where: undefined, outputs: allOf(shown), columns: shown };
  const order = ordersOf.get(plan);
  if (order?.every(({ expr }) => expr.kind === 'column' && expr.place < shown.length)) ordersOf.set(named, order);
  return named;
}

/** In what order a query within another says its rows: whoever shows them alone keeps it, as PostgreSQL does. */
const ordersOf = new WeakMap<Plan, readonly Order[]>();

type Bounds = Pick<Query, 'limit' | 'offset'>;

/** The rows that LIMIT and OFFSET leave, for each row of the outer query. */
function rowsWithin(
  input: Plan,
  columns: readonly Column[],
  order: readonly Order[],
  { limit, offset }: Bounds,
  outer: readonly Column[],
): Plan {
  const [most, first] = [limit, offset].map((each) => (each?.kind === 'constant' ? Number(each.value) : undefined));
  for (const [name, count] of [
    ['LIMIT', most],
    ['OFFSET', first],
  ] as const)
    if (count !== undefined && count < 0) throw new StatementError(name === 'LIMIT' ? '2201W' : '2201X', `${name} must not be negative`);
  const numbered: Plan = {
    ...{ kind: 'over', input, partition: allOf(outer), order, limit: undefined, rankings: [numberOf] },
    columns: [...input.columns, numberOf],
  };
  const number = column('int8', input.columns.length);
  const known = most !== undefined && (!offset || first !== undefined) ? constant('int8', most + (first ?? 0)) : undefined;
  const end = known ?? (limit && offset ? call('+:int8,int8', 'int8', limit, offset) : limit);
  const bounds = [
    ...(offset ? [call('>:int8,int8', 'bool', number, offset)] : []),
    ...(end ? [call('<=:int8,int8', 'bool', number, end)] : []),
  ];
  return { kind: 'map', input: filtered(numbered, conjunction(bounds)), where: undefined, outputs: allOf(columns), columns };
}

const subquery = (node: Node, context: Context): Plan => {
  if (!('SelectStmt' in node)) throw notBuilt('This subquery');
  return planRows(node.SelectStmt, context);
};

function withNames(clause: WithClause | undefined, context: Context): Context {
  if (!clause) return context;
  const named = new Map(context.named);
  const ctes = clause.ctes ?? [];
  const ordered = clause.recursive
    ? inTheirOrder(ctes)
    : ctes.flatMap((node) => ('CommonTableExpr' in node ? [{ cte: node.CommonTableExpr, isRecursive: false }] : []));
  for (const { cte, isRecursive } of ordered) {
    const { ctename = '', ctequery, aliascolnames = [] } = cte;
    const within = { ...context, named, correlated: undefined };
    if (isRecursive) {
      named.set(ctename, recursivePlan(cte, within, { rows: planRows, named: withNames }));
      continue;
    }
    const plan = subquery(ctequery as Node, within);
    named.set(ctename, {
      ...plan,
      columns: plan.columns.map((each, at) => ({ ...each, name: textIn(aliascolnames[at] ?? { String: { sval: each.name } }) })),
    });
  }
  return { ...context, named };
}

type Body = Pick<Query, 'plan' | 'columns' | 'order'>;

function one(given: SelectStmt, context: Context): Body {
  const isPlain = !given.groupClause && !given.havingClause && !(given.targetList ?? []).some(hasAggregate);
  const select = isPlain ? withoutShownUnnest(given) : given;
  const { correlated, ...inner } = context;
  const from = new From(select.fromClause ?? [], context, subquery);
  // What is seen of an outer row stands in front of all.
  const lead = allOf(correlated?.columns ?? []);
  const columnOf: Names['columnOf'] = (path, at) =>
    (from.scope.knows(path) ? undefined : correlated?.columnOf(path)) ?? from.scope.columnOf(path, at);
  const starOf: Names['starOf'] = (relation, at) => from.scope.star(relation, at);
  const plain: Names = { columnOf, starOf, params: context.params, at: context.at };
  const targets = (select.targetList ?? []).flatMap((node) => targetsOf(node, from.scope, plain));
  if (targets.length > columnsMax) throw new StatementError('54011', `target lists have at most ${columnsMax} entries`);
  if (hasAggregate(select.whereClause)) throw new StatementError(sqlstates.groupingWrong, 'aggregate functions are not allowed in WHERE');
  const [linked, others] = partitioned(conditionsIn(select.whereClause));
  const conditions = others.map((node) => asCondition(bind(node, plain), 'WHERE'));
  const subqueries = new Subqueries(from.joined(conjunction(conditions)), plain, inner, subquery);
  const names: Names = { ...plain, instead: (node) => ('SubLink' in node ? subqueries.exprOf(node.SubLink) : undefined) };
  const where = linked.map((node) => asCondition(bind(node, names), 'WHERE'));
  const input = () => filtered(subqueries.plan, conjunction(where));
  const asked = [...targets.map(({ node }) => node), select.havingClause, ...(select.sortClause ?? [])];
  const isGrouped = select.groupClause !== undefined || select.havingClause !== undefined || asked.some(hasAggregate);
  const grouped = isGrouped
    ? withSubqueries(grouping(select, targets, names, { input, correlated }), asked, inner, subquery)
    : { names, finish: input };
  const having = select.havingClause && asCondition(bind(select.havingClause, grouped.names), 'HAVING');
  const exprsOf = (within: Names) => [
    ...lead,
    ...targets.map(({ node, expr }) => (expr && !isGrouped ? expr : settled(bind(node, within), 'text'))),
  ];
  // Aggregates that the order alone needs must be known before the rows are.
  for (const node of select.sortClause ?? [])
    if (isGrouped && 'SortBy' in node && hasAggregate(node)) bind(node.SortBy.node, grouped.names);
  const { outputs, plan, bind: ranked } = rankedOver(select, grouped.names, exprsOf, () => filtered(grouped.finish(), having), lead);
  const named = targets.map(({ name }) => name);
  const distinct = select.distinctClause !== undefined;
  const shown = outputs.slice(lead.length);
  const onOf = (node: Node): Expr => orderOf({ SortBy: { node } }, { names: named, outputs: shown, bind: ranked }).expr;
  const on = (select.distinctClause ?? []).filter((node) => Object.keys(node).length > 0).map(onOf);
  const isTold = select.sortClause || isGrouped || distinct || lead.length > 0 || hasRank(select.targetList);
  const order = isTold
    ? (select.sortClause ?? []).map((node) => orderOf(node, { names: named, outputs: shown, bind: ranked }))
    : (from.only && ordersOf.get(from.only)) || [];
  return ordered(
    { plan: plan(), outputs, order, names: [...lead.map(() => ''), ...named] },
    on.length > 0 ? [...lead, ...on] : distinct,
    context.at(locationIn(select.targetList)),
  );
}

type Shown = {
  readonly plan: Plan;
  readonly outputs: readonly Expr[];
  readonly order: readonly Order[];
  readonly names: readonly string[];
};

/** Outputs, and behind them columns that the order alone needs. `distinct` are the expressions of DISTINCT ON. */
function ordered({ plan, outputs, order, names }: Shown, distinct: boolean | readonly Expr[], position: number | undefined): Body {
  const on = typeof distinct === 'boolean' ? [] : distinct;
  const extra = [...order.map(({ expr }) => expr), ...on].filter((expr) => !outputs.some((output) => shapeOf(output) === shapeOf(expr)));
  if (order.slice(0, on.length).some(({ expr }) => on.every((each) => shapeOf(each) !== shapeOf(expr))))
    throw new StatementError('42P10', 'SELECT DISTINCT ON expressions must match initial ORDER BY expressions');
  if (distinct === true && extra.length > 0)
    throw new StatementError('42P10', 'for SELECT DISTINCT, ORDER BY expressions must appear in select list');
  const all = [...outputs, ...extra];
  const mapped: Plan = { kind: 'map', input: plan, where: undefined, outputs: all, columns: columnsOf(all, names) };
  const placeOf = (of: Expr): Expr =>
    column(
      of.type,
      all.findIndex((expr) => shapeOf(expr) === shapeOf(of)),
    );
  const placed = order.map((each) => ({ ...each, expr: placeOf(each.expr) }));
  const found = on.length > 0 ? firstOfEach(mapped, on.map(placeOf), placed, position) : distinct ? distinctOf(mapped, position) : mapped;
  return { plan: found, columns: columnsOf(outputs, names), order: placed };
}

const hasRank = (node: unknown): boolean =>
  typeof node === 'object' && node !== null && ('over' in node || Object.values(node).some(hasRank));

const numberOf = { name: 'row_number', type: 'int8' } as const;

/** The first row of each set of rows that have some values in common. */
function firstOfEach(input: Plan, partition: readonly Expr[], order: readonly Order[], position: number | undefined): Plan {
  checkEquals(partition);
  const numbered: Plan = {
    ...{ kind: 'over', input, partition, order, rankings: [numberOf], limit: 1, position },
    columns: [...input.columns, numberOf],
  };
  return { kind: 'map', input: numbered, where: undefined, outputs: allOf(input.columns), columns: input.columns };
}

/** Rows with their number among those that are the same. */
function numberedAlike(input: Plan, position: number | undefined): Plan {
  const partition = allOf(input.columns);
  checkEquals(partition);
  return {
    ...{ kind: 'over', input, partition, order: [], rankings: [numberOf], limit: undefined, position },
    columns: [...input.columns, numberOf],
  };
}

/** Conditions with subqueries, and those without. */
const partitioned = (nodes: readonly Node[]): readonly [Node[], Node[]] => [nodes.filter(hasLink), nodes.filter((node) => !hasLink(node))];

function distinctOf(input: Plan, position: number | undefined): Plan {
  const keys = allOf(input.columns);
  checkEquals(keys);
  return { kind: 'group', input, keys, aggregates: [], columns: input.columns, position };
}

/** UNION, INTERSECT and EXCEPT. */
function together({ op, all = false, larg, rarg, sortClause }: SelectStmt, context: Context): Body {
  const plans = [larg, rarg].map((side) => planRows(side as SelectStmt, context)) as [Plan, Plan];
  const [left, right] = plans;
  if (left.columns.length !== right.columns.length)
    throw new StatementError(sqlstates.syntax, `each ${op?.replace('SETOP_', '')} query must have the same number of columns`);
  const types = left.columns.map(({ type }, at) => {
    const found = oneType([column(type, 0), column(right.columns[at]?.type as Type, 0)]);
    if (!found)
      throw new StatementError(
        sqlstates.typeWrong,
        `${op?.replace('SETOP_', '')} types ${type} and ${right.columns[at]?.type} cannot be matched`,
      );
    return found;
  });
  const columns = left.columns.map(({ name }, at): Column => ({ name, type: types[at] as Type }));
  const alike = (input: Plan): Plan => ({
    ...{ kind: 'map', input, where: undefined, columns },
    outputs: allOf(input.columns).map((expr, at) => converted(expr, types[at] as Type)),
  });
  const position = context.at(locationIn(larg));
  const plan =
    op === 'SETOP_UNION'
      ? union(plans.map(alike), columns, all, position)
      : compared(op ?? '', plans.map(alike) as [Plan, Plan], columns, all, position);
  const names = columns.map(({ name }) => name);
  const outputs = allOf(columns);
  const noOther = (): Expr => {
    throw new StatementError('0A000', 'ORDER BY on a UNION, INTERSECT or EXCEPT result takes names and numbers of columns');
  };
  return { plan, columns, order: (sortClause ?? []).map((node) => orderOf(node, { names, outputs, bind: noOther })) };
}

function union(inputs: readonly Plan[], columns: readonly Column[], all: boolean, position: number | undefined): Plan {
  const plan: Plan = { kind: 'union', inputs, columns };
  return all ? plan : distinctOf(plan, position);
}

/** Rows of the left that are, or are not, on the right too: both are counted by row. */
function compared(op: string, sides: readonly [Plan, Plan], columns: readonly Column[], all: boolean, position: number | undefined): Plan {
  if (all) {
    // Of rows that are the same, those count that have the same number.
    const [left, right] = sides.map((side) => numberedAlike(side, position)) as [Plan, Plan];
    const input = compared(op, [left, right], left.columns, false, position);
    return { kind: 'map', input, where: undefined, outputs: allOf(columns), columns };
  }
  checkEquals(allOf(columns));
  const tagged = sides.map((input, at): Plan => {
    const tag: Expr = { kind: 'constant', type: 'bool', value: at === 0 };
    return { kind: 'map', input, where: undefined, outputs: [...allOf(columns), tag], columns: [...columns, { name: '', type: 'bool' }] };
  });
  const width = columns.length;
  const input: Plan = { kind: 'union', inputs: tagged, columns: tagged[0]?.columns ?? [] };
  const isLeft = column('bool', width);
  const counted = (filter: Expr): Aggregate => ({ name: 'count', type: 'int8', arg: undefined, filter, distinct: false });
  const not: Expr = { kind: 'call', type: 'bool', operation: 'not', args: [isLeft] };
  const names: Column[] = [...columns, { name: '', type: 'int8' }, { name: '', type: 'int8' }];
  const grouped: Plan = {
    kind: 'group',
    input,
    keys: allOf(columns),
    aggregates: [counted(isLeft), counted(not)],
    columns: names,
    position,
  };
  const zero: Expr = { kind: 'constant', type: 'int8', value: 0 };
  const against = (sign: string, place: number): Expr => ({
    kind: 'call',
    type: 'bool',
    operation: `${sign}:int8,int8`,
    args: [column('int8', place), zero],
  });
  const where: Expr = { kind: 'and', type: 'bool', args: [against('>', width), against(op === 'SETOP_EXCEPT' ? '=' : '>', width + 1)] };
  return { kind: 'map', input: filtered(grouped, where), where: undefined, outputs: allOf(columns), columns };
}

function valuesOf({ valuesLists = [] }: SelectStmt, context: Context): Body {
  const names: Names = { columnOf: noColumn, params: context.params, at: context.at };
  const rows = valuesLists.map((list) => ('List' in list ? (list.List.items ?? []) : []).map((node) => bind(node, names)));
  const [first = []] = rows;
  if (rows.some((row) => row.length !== first.length))
    throw new StatementError(sqlstates.syntax, 'VALUES lists must all be the same length');
  const types = first.map((_, at) => {
    const type = oneType(rows.map((row) => row[at] as (typeof row)[number]));
    if (!type) throw new StatementError(sqlstates.typeWrong, 'VALUES types cannot be matched');
    return type;
  });
  const columns = types.map((type, at): Column => ({ name: `column${at + 1}`, type }));
  const one: Plan = { kind: 'one', columns: [] };
  const inputs = rows.map((row): Plan => {
    const outputs = row.map((bound, at) => converted(settled(bound, types[at] as Type), types[at] as Type));
    return { kind: 'map', input: one, where: undefined, outputs, columns };
  });
  return { plan: inputs.length === 1 ? (inputs[0] as Plan) : { kind: 'union', inputs, columns }, columns, order: [] };
}
