import type { FuncCall, Node, SelectStmt, WindowDef } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { aggregateOf, isAggregateName } from './aggregate.ts';
import { bind, functionName, type Names } from './bind.ts';
import { type Bound, settled } from './bound.ts';
import { column, type Expr, shapeOf } from './expression.ts';
import { textIn } from './name.ts';
import { isPlaceName, placeOf, readsFrame } from './place.ts';
import type { Frame, Order, Plan, Ranking } from './plan.ts';

type Shown = { readonly names: readonly string[]; readonly outputs: readonly Expr[]; readonly bind: (node: Node | undefined) => Bound };

/** How ORDER BY orders: by a column that is shown, by its number, or by an expression. */
export function orderOf(node: Node, { names, outputs, bind: bound }: Shown): Order {
  if (!('SortBy' in node) || node.SortBy.sortby_dir === 'SORTBY_USING') throw notBuilt('ORDER BY in this form');
  const { node: by, sortby_dir, sortby_nulls } = node.SortBy;
  const isDown = sortby_dir === 'SORTBY_DESC';
  const nullsFirst = sortby_nulls === 'SORTBY_NULLS_FIRST' || (sortby_nulls === 'SORTBY_NULLS_DEFAULT' && isDown);
  const path = by && 'ColumnRef' in by ? (by.ColumnRef.fields ?? []).map(textIn) : [];
  let place = path.length === 1 ? names.indexOf(path[0] ?? '') : -1;
  if (by && 'A_Const' in by && by.A_Const.ival) {
    place = (by.A_Const.ival.ival ?? 0) - 1;
    if (!outputs[place]) throw new StatementError('42P10', `ORDER BY position ${place + 1} is not in select list`);
  }
  return { expr: outputs[place] ?? settled(bound(by), 'text'), isDown, nullsFirst };
}

const known = new Set(['row_number', 'rank', 'dense_rank']);

/** The window that all rankings of a SELECT are over; one alone, as yet. */
type Over = {
  readonly partition: readonly Expr[];
  readonly order: readonly Order[];
  readonly rankings: Ranking[];
  readonly shape: string;
  readonly position: number | undefined;
};

type Ranked = {
  readonly outputs: readonly Expr[];
  /** The rows with their ranks; asked for when all names are bound. */
  readonly plan: () => Plan;
  readonly bind: (node: Node | undefined) => Bound;
};

/** Binds the outputs of a SELECT; OVER becomes ranks behind the columns of the input. `lead` parts rows that others cannot see. */
export function rankedOver(
  select: SelectStmt,
  names: Names,
  exprsOf: (names: Names) => Expr[],
  inputOf: () => Plan,
  lead: readonly Expr[],
): Ranked {
  let over: Over | undefined;
  // Ranks stand behind columns whose number is known only when all is bound: they are counted from a place that no row has.
  const behind = 1_000_000;
  const instead = (node: Node): Expr | undefined => {
    if (!('FuncCall' in node) || !node.FuncCall.over) return names.instead?.(node);
    const at = names.at(node.FuncCall.location);
    const ranking = rankingOf(node.FuncCall, names);
    const own = overOf(node.FuncCall.over, names);
    over ??= own;
    if (own.shape !== over.shape) throw notBuilt('Several windows in one SELECT', at);
    const place = over.rankings.push(ranking) - 1;
    return column(ranking.type, behind + place);
  };
  const within = { ...names, instead };
  const outputs = exprsOf(within);
  if (!over) return { outputs, plan: inputOf, bind: (node) => bind(node, within) };
  if (select.distinctClause) throw notBuilt('DISTINCT with OVER');
  const { partition, order, rankings, position } = over;
  const input = inputOf();
  const columns = [...input.columns, ...rankings.map(({ name, type }) => ({ name, type }))];
  const plan: Plan = { kind: 'over', input, partition: [...lead, ...partition], order, rankings, limit: undefined, columns, position };
  const placed = (expr: Expr): Expr => {
    if (expr.kind === 'column') return expr.place >= behind ? column(expr.type, expr.place - behind + input.columns.length) : expr;
    return 'args' in expr ? ({ ...expr, args: expr.args.map(placed) } as Expr) : expr;
  };
  const bound = (node: Node | undefined): Bound => placed(settled(bind(node, names), 'text'));
  return { outputs: outputs.map(placed), plan: () => plan, bind: bound };
}

const frameUsual = 1058;
// PostgreSQL's bits of frames from the first row on, without those that tell that it was said, and how (1, 16).
const frames: ReadonlyMap<number, Frame> = new Map([
  [frameUsual, 'peers'],
  [1064, 'peers'],
  [1060, 'row'],
  ...[290, 292, 296].map((bits): [number, Frame] => [bits, 'all']),
]);

function frameOf(over: WindowDef | undefined, at: number | undefined): Frame {
  const found = frames.get((over?.frameOptions ?? frameUsual) & ~17);
  if (!found || over?.startOffset || over?.endOffset) throw notBuilt('This frame of a window', at);
  return found;
}

function rankingOf(call: FuncCall, names: Names): Ranking {
  const name = functionName(call);
  const at = names.at(call.location);
  if (isAggregateName(name)) {
    if (call.agg_distinct) throw notBuilt('DISTINCT in an aggregate OVER', at);
    const aggregate = aggregateOf(call, names);
    return { name, type: aggregate.type, aggregate, frame: frameOf(call.over, at) };
  }
  if (call.agg_filter || call.agg_distinct || call.agg_order) throw notBuilt(`This form of ${name} OVER`, at);
  if (isPlaceName(name)) {
    const bounds = (call.args ?? []).map((node) => bind(node, names));
    return { name, ...placeOf(name, bounds, at), frame: readsFrame.has(name) ? frameOf(call.over, at) : 'peers' };
  }
  if (!known.has(name)) throw notBuilt(`${name} OVER`, at);
  if ((call.args ?? []).length > 0) throw new StatementError(sqlstates.functionMissing, `function ${name} takes no arguments`, at);
  return { name: name as 'rank', type: 'int8' };
}

function overOf(over: WindowDef, names: Names): Over {
  if (over.refname || over.name) throw notBuilt('A named window');
  const partition = (over.partitionClause ?? []).map((node) => settled(bind(node, names), 'text'));
  const order = (over.orderClause ?? []).map((node) => orderOf(node, { names: [], outputs: [], bind: (by) => bind(by, names) }));
  const shape = JSON.stringify([partition.map(shapeOf), order.map(({ expr, isDown, nullsFirst }) => [shapeOf(expr), isDown, nullsFirst])]);
  return { partition, order, rankings: [], shape, position: names.at(over.location) };
}
