import type { FuncCall, Node, SelectStmt, WindowDef } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { aggregateOf, isAggregateName } from './aggregate.ts';
import { bind, functionName, type Names } from './bind.ts';
import { type Bound, settled } from './bound.ts';
import { column, type Expr, shapeOf } from './expression.ts';
import { frameOf } from './frame.ts';
import { textIn } from './name.ts';
import { isPlaceName, placeOf, readsFrame } from './place.ts';
import type { Order, Plan, Ranking } from './plan.ts';

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

const ranked = new Set(['row_number', 'rank', 'dense_rank']);

/** A window of a SELECT, and what is computed over it. */
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
  const windows: Over[] = [];
  const known = windowsNamed(select.windowClause ?? [], names);
  // Ranks stand behind columns whose number is known only when all is bound: they are counted from places that no row has.
  const [behind, apart] = [1_000_000, 10_000];
  const instead = (node: Node): Expr | undefined => {
    if (!('FuncCall' in node) || !node.FuncCall.over) return names.instead?.(node);
    const definition = definitionOf(node.FuncCall.over, known, names);
    const own = overOf(definition, names);
    const ranking = rankingOf({ ...node.FuncCall, over: definition }, own.order, names);
    let at = windows.findIndex(({ shape }) => shape === own.shape);
    if (at < 0) at = windows.push(own) - 1;
    const place = (windows[at] as Over).rankings.push(ranking) - 1;
    return column(ranking.type, behind + at * apart + place);
  };
  const within = { ...names, instead };
  const outputs = exprsOf(within);
  if (windows.length === 0) return { outputs, plan: inputOf, bind: (node) => bind(node, within) };
  if (select.distinctClause) throw notBuilt('DISTINCT with OVER');
  const starts: number[] = [];
  // What stands on a window sees the columns of those before it, and nothing of what they are.
  const plan = windows.reduce<Plan>((input, { partition, order, rankings, position }) => {
    starts.push(input.columns.length);
    const columns = [...input.columns, ...rankings.map(({ name, type }) => ({ name, type }))];
    return { kind: 'over', input, partition: [...lead, ...partition], order, rankings, limit: undefined, columns, position };
  }, inputOf());
  const placed = (expr: Expr): Expr => {
    if (expr.kind === 'column') {
      const [window, place] = [Math.floor((expr.place - behind) / apart), (expr.place - behind) % apart];
      return expr.place >= behind ? column(expr.type, (starts[window] as number) + place) : expr;
    }
    return 'args' in expr ? ({ ...expr, args: expr.args.map(placed) } as Expr) : expr;
  };
  const bound = (node: Node | undefined): Bound => placed(settled(bind(node, names), 'text'));
  return { outputs: outputs.map(placed), plan: () => plan, bind: bound };
}

/** The windows that WINDOW names, each of which may go on from one before it. */
function windowsNamed(nodes: readonly Node[], names: Names): ReadonlyMap<string, WindowDef> {
  const found = new Map<string, WindowDef>();
  for (const node of nodes) {
    if (!('WindowDef' in node)) continue;
    const { name = '' } = node.WindowDef;
    if (found.has(name)) throw new StatementError('42P20', `window "${name}" is already defined`, names.at(node.WindowDef.location));
    const { name: _, ...own } = node.WindowDef;
    found.set(name, definitionOf(own, found, names));
  }
  return found;
}

const frameSaid = 1;

/** A window with what it takes over from the one that it names. */
function definitionOf(over: WindowDef, known: ReadonlyMap<string, WindowDef>, names: Names): WindowDef {
  const at = names.at(over.location);
  const called = over.name ?? over.refname;
  if (called === undefined) return over;
  const named = known.get(called);
  if (!named) throw new StatementError('42704', `window "${called}" does not exist`, at);
  if (over.name !== undefined) return named;
  const wrong = (what: string) => new StatementError('42P20', `cannot ${what} of window "${called}"`, at);
  if (over.partitionClause) throw wrong('override PARTITION BY clause');
  if (over.orderClause && named.orderClause) throw wrong('override ORDER BY clause');
  if (((named.frameOptions ?? 0) & frameSaid) !== 0) throw wrong('copy the frame clause');
  const { refname: _, ...own } = over;
  return {
    ...own,
    ...(named.partitionClause ? { partitionClause: named.partitionClause } : {}),
    ...(own.orderClause || !named.orderClause ? {} : { orderClause: named.orderClause }),
  };
}

function rankingOf(call: FuncCall, order: readonly Order[], names: Names): Ranking {
  const name = functionName(call);
  const at = names.at(call.location);
  // As PostgreSQL has it.
  if (call.agg_distinct) throw new StatementError('0A000', 'DISTINCT is not implemented for window functions', at);
  if (call.agg_order) throw new StatementError('0A000', 'aggregate ORDER BY is not implemented for window functions', at);
  if (isAggregateName(name)) {
    const aggregate = aggregateOf(call, names);
    return { name, type: aggregate.type, aggregate, frame: frameOf(call.over, order, names, at) };
  }
  if (call.agg_filter) throw notBuilt(`This form of ${name} OVER`, at);
  if (isPlaceName(name)) {
    const bounds = (call.args ?? []).map((node) => bind(node, names));
    return { name, ...placeOf(name, bounds, at), frame: readsFrame.has(name) ? frameOf(call.over, order, names, at) : 'peers' };
  }
  if (!ranked.has(name)) throw notBuilt(`${name} OVER`, at);
  if ((call.args ?? []).length > 0) throw new StatementError(sqlstates.functionMissing, `function ${name} takes no arguments`, at);
  return { name: name as 'rank', type: 'int8' };
}

function overOf(over: WindowDef, names: Names): Over {
  const partition = (over.partitionClause ?? []).map((node) => settled(bind(node, names), 'text'));
  const order = (over.orderClause ?? []).map((node) => orderOf(node, { names: [], outputs: [], bind: (by) => bind(by, names) }));
  const shape = JSON.stringify([partition.map(shapeOf), order.map(({ expr, isDown, nullsFirst }) => [shapeOf(expr), isDown, nullsFirst])]);
  return { partition, order, rankings: [], shape, position: names.at(over.location) };
}
