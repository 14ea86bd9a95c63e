import type { Alias, FuncCall, JoinExpr, Node, RangeFunction, RangeSubselect, RangeTableSample, RangeVar } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { bind, functionName, type Names } from './bind.ts';
import { applied, asCondition, converted, oneType } from './bound.ts';
import { asOfMethod } from './as-of.ts';
import { timeIn } from './closing.ts';
import { type Context, locationIn, relationNamed } from './context.ts';
import { type Correlated, dependent, joinedWith } from './correlated.ts';
import { column, columnsIn, conjuncts, type Expr, isNull, not, shifted } from './expression.ts';
import { readTimestamp } from './datetime.ts';
import { isProcessing, lookupOf } from './lookup.ts';
import { recognized } from './match.ts';
import { recognitionOf } from './match-text.ts';
import { allOf, filtered, joined, type JoinKind, type Plan } from './plan.ts';
import { type Item, Scope } from './scope.ts';
import { plainName, textIn } from './name.ts';
import { seriesOf } from './series.ts';
import { hiddenName, listsOf, overWhole, spread, unnested, unnestsIn } from './unnest.ts';
import { type Column, isRecord } from './value.ts';
import { windowed } from './window-call.ts';

/** Relations that stand side by side, and what must hold between them. */
type Factors = {
  readonly plans: readonly Plan[];
  readonly items: readonly Item[];
  readonly conditions: readonly Expr[];
  /** The places of the columns that `*` shows, where their order is another than that of the relations. */
  readonly shown?: readonly number[] | undefined;
};
type Planner = (select: Node, context: Context) => Plan;
/** `around` is of the query that this one stands in, whose columns LATERAL may name too. */
type Within = Context & { readonly around?: Correlated | undefined };

const nobody: Factors = { plans: [], items: [], conditions: [] };
const widthOf = (plans: readonly Plan[]) => plans.reduce((sum, { columns }) => sum + columns.length, 0);

/** What a FROM means: its relations, not yet joined, so that WHERE can say how. */
export class From {
  readonly scope: Scope;
  readonly #factors: Factors;
  readonly #position: number | undefined;

  constructor(nodes: readonly Node[], context: Context, planner: Planner) {
    const { correlated, ...inner } = context;
    const values = correlated?.plan;
    const none: Factors = { plans: values ? [values] : [], items: [], conditions: [] };
    this.#factors = nodes.reduce<Factors>((left, node) => besideOf(left, node, { ...inner, around: correlated }, planner), none);
    this.scope = new Scope(this.#factors.items, this.#factors.shown);
    this.#position = context.at(locationIn(nodes));
  }

  /** The one relation that there is, with nothing around it. */
  get only(): Plan | undefined {
    const { plans, items } = this.#factors;
    return plans.length === 1 && items.length === 1 ? plans[0] : undefined;
  }

  /** Joins the relations in their order; each condition is asked where its columns are first known. */
  joined(where: Expr | undefined): Plan {
    return joinAll(this.#factors.plans, [...this.#factors.conditions, ...conjuncts(where)], this.#position);
  }
}

/** What stands beside others, and may name their columns where it is LATERAL. */
function besideOf(left: Factors, node: Node, context: Within, planner: Planner): Factors {
  if ('RangeSubselect' in node && node.RangeSubselect.lateral)
    return lateral('inner', left, node.RangeSubselect, undefined, context, planner);
  const calls = 'RangeFunction' in node ? unnestsIn(node.RangeFunction) : undefined;
  if (calls && 'RangeFunction' in node) return elements('inner', left, { calls, node: node.RangeFunction }, undefined, context);
  return beside(left, factorsOf(node, context, planner));
}

/** A subquery for each row of what stands before it. */
function lateral(how: JoinKind, left: Factors, node: RangeSubselect, quals: Node | undefined, context: Within, planner: Planner): Factors {
  if (!node.subquery || !('SelectStmt' in node.subquery)) throw notBuilt('This subquery');
  if (how !== 'inner' && how !== 'left')
    throw new StatementError(sqlstates.kindWrong, 'the combining JOIN type must be INNER or LEFT for a LATERAL reference');
  const plan = joinAll(left.plans, left.conditions, context.at(locationIn(node)));
  const scope = new Scope(left.items);
  const columnOf = (path: readonly string[]) => {
    const found = scope.knows(path) ? undefined : context.around?.columnOf(path);
    return found ?? scope.columnOf(path, undefined);
  };
  const { around: _, ...plain } = context;
  const inner = dependent(node.subquery.SelectStmt, { plan, columnOf }, plain, planner);
  const shown: Plan = { ...inner.plan, columns: inner.plan.columns.slice(inner.outer.length) };
  if (recognitionOf(node.alias)) throw notBuilt('MATCH_RECOGNIZE behind LATERAL', context.at(locationIn(node)));
  const [item] = single(shown, node.alias, '', context).items;
  const items = [...left.items, { ...(item as Item), from: plan.columns.length + inner.outer.length }];
  const all = new Scope(items);
  const residual = quals && asCondition(bind(quals, namesIn(all, context)), 'JOIN/ON');
  return { plans: [joinedWith(how, plan, inner, residual ? { residual } : {})], items, conditions: [] };
}

type Unnesting = { readonly calls: readonly FuncCall[]; readonly node: RangeFunction };

/** The elements of arrays for each row of what stands before them; those of constants stand for themselves. */
function elements(how: JoinKind, left: Factors, { calls, node }: Unnesting, quals: Node | undefined, context: Within): Factors {
  const lists = listsOf(calls, node, namesIn(new Scope(left.items), context));
  const reads = lists.exprs.some((expr) => columnsIn(expr).size > 0);
  // What is shown in a SELECT is whole, and what stands in FROM has the fields of rows for its columns.
  const isWhole = node.alias?.aliasname === hiddenName;
  const seen = (plan: Plan) => (isWhole ? plan : spread(plan, lists));
  const shown = seen(unnested({ kind: 'one', columns: [] }, lists));
  const [first] = calls;
  const [own] = single(shown, node.alias, node.alias?.aliasname ?? (first ? functionName(first) : ''), context).items as [Item];
  const [only, ...more] = lists.columns;
  const isScalar = only !== undefined && more.length === 0 && !isRecord(only.type);
  const item = isWhole ? { ...own, merged: new Set(own.columns.map(({ name }) => name)) } : { ...own, isScalar };
  const isPlain = !reads && how === 'inner';
  if (!isPlain && how !== 'inner' && how !== 'left')
    throw new StatementError(sqlstates.kindWrong, 'the combining JOIN type must be INNER or LEFT for a LATERAL reference');
  const plan = isPlain ? undefined : joinAll(left.plans, left.conditions, context.at(calls[0]?.location));
  const from = plan ? plan.columns.length : widthOf(left.plans);
  const items = [...left.items, { ...item, from }];
  const on = quals && asCondition(bind(quals, namesIn(new Scope(items), context)), 'JOIN/ON');
  if (!plan) return { plans: [...left.plans, shown], items, conditions: [...left.conditions, ...conjuncts(on)] };
  const over = on && !isWhole ? overWhole(on, lists, from) : on;
  const found = seen(unnested(plan, lists, how === 'left' ? { on: over } : undefined));
  return { plans: [found], items, conditions: how === 'left' ? [] : conjuncts(on) };
}

const namesIn = (scope: Scope, { params, at, around }: Within): Names => ({
  ...{ params, at },
  starOf: (relation, place) => scope.star(relation, place),
  columnOf: (path, place) => (scope.knows(path) ? undefined : around?.columnOf(path)) ?? scope.columnOf(path, place),
});

function beside(left: Factors, right: Factors): Factors {
  const by = widthOf(left.plans);
  return {
    plans: [...left.plans, ...right.plans],
    items: [...left.items, ...right.items.map((item) => ({ ...item, from: item.from + by }))],
    conditions: [...left.conditions, ...right.conditions.map((condition) => shifted(condition, by))],
    ...(left.shown || right.shown ? { shown: [...shownOf(left), ...shownOf(right).map((place) => place + by)] } : {}),
  };
}

/** The places of the columns that `*` shows. */
const shownOf = ({ items, shown }: Factors): readonly number[] =>
  shown ?? items.flatMap(({ columns, from, merged }) => columns.flatMap(({ name }, at) => (merged.has(name) ? [] : [from + at])));

function joinAll(plans: readonly Plan[], conditions: readonly Expr[], position: number | undefined): Plan {
  const open = new Set(conditions);
  const taken = (fits: (expr: Expr) => boolean) => {
    const found = [...open].filter(fits);
    for (const each of found) open.delete(each);
    return found;
  };
  const and = (exprs: readonly Expr[]): Expr | undefined => (exprs.length > 1 ? { kind: 'and', type: 'bool', args: exprs } : exprs[0]);
  let from = 0;
  let whole: Plan | undefined;
  for (const plan of plans) {
    const [start, end] = [from, from + plan.columns.length];
    const within = (least: number) => (expr: Expr) => {
      const places = [...columnsIn(expr)];
      return places.length > 0 && places.every((place) => place >= least && place < end);
    };
    const own = filtered(plan, and(taken(within(start)).map((expr) => shifted(expr, -start))));
    whole = whole ? joined('inner', whole, own, taken(within(0)), position) : own;
    from = end;
  }
  return filtered(whole ?? { kind: 'one', columns: [] }, and([...open]));
}

function factorsOf(node: Node, context: Within, planner: Planner): Factors {
  if ('JoinExpr' in node) return joinOf(node.JoinExpr, context, planner);
  if ('RangeVar' in node) {
    const name = plainName(node.RangeVar);
    // A name with its schema is none that WITH gave.
    const within = node.RangeVar.schemaname === undefined ? context : { ...context, named: new Map() };
    return single(relationNamed(within, name, node.RangeVar.location), node.RangeVar.alias, name, context);
  }
  if ('RangeSubselect' in node) {
    return single(planner(node.RangeSubselect.subquery as Node, context), node.RangeSubselect.alias, '', context);
  }
  if ('RangeFunction' in node) {
    const calls = unnestsIn(node.RangeFunction);
    if (calls) return elements('inner', nobody, { calls, node: node.RangeFunction }, undefined, context);
    return windowOf(node.RangeFunction, context);
  }
  if ('RangeTableSample' in node) return pastOf(node.RangeTableSample, context);
  throw notBuilt('This form of FROM');
}

function single(of: Plan, alias: Alias | undefined, name: string, context: Context): Factors {
  const asked = recognitionOf(alias);
  const plan = asked ? recognized(of, asked, context) : of;
  const given = (alias?.colnames ?? []).map(textIn);
  if (given.length > plan.columns.length)
    throw new StatementError(
      '42P10',
      `table "${alias?.aliasname}" has ${plan.columns.length} columns available but ${given.length} columns specified`,
    );
  const columns = plan.columns.map((each, at): Column => ({ ...each, name: given[at] ?? each.name }));
  return { plans: [plan], items: [{ name: alias?.aliasname ?? name, columns, from: 0, merged: new Set() }], conditions: [] };
}

const kinds: Readonly<Record<string, JoinKind>> = { JOIN_INNER: 'inner', JOIN_LEFT: 'left', JOIN_RIGHT: 'right', JOIN_FULL: 'full' };

function joinOf(node: JoinExpr, context: Within, planner: Planner): Factors {
  const { jointype, larg, rarg, quals, usingClause, isNatural, alias, join_using_alias } = node;
  const how = kinds[jointype ?? ''];
  if (!how || join_using_alias || !larg || !rarg) throw notBuilt('This form of JOIN');
  const left = factorsOf(larg, context, planner);
  const isPlain = !usingClause && !isNatural && !alias;
  if ('RangeSubselect' in rarg && rarg.RangeSubselect.lateral && isPlain)
    return lateral(how, left, rarg.RangeSubselect, quals, context, planner);
  const calls = 'RangeFunction' in rarg && isPlain ? unnestsIn(rarg.RangeFunction) : undefined;
  if (calls && 'RangeFunction' in rarg) return elements(how, left, { calls, node: rarg.RangeFunction }, quals, context);
  if ('RangeTableSample' in rarg && isPlain && !momentIn(rarg.RangeTableSample))
    return temporal(how, left, rarg.RangeTableSample, quals, context);
  const right = factorsOf(rarg, context, planner);
  const [own, other] = [new Scope(left.items, left.shown), new Scope(right.items, right.shown)];
  const common = isNatural ? namesOf(own).filter((name) => namesOf(other).includes(name)) : usingClause?.map(textIn);
  const both = beside(left, right);
  const scope = new Scope(both.items);
  const on = common
    ? common.map((name) => equal(name, own, other, widthOf(left.plans)))
    : quals
      ? conjuncts(
          asCondition(bind(quals, { columnOf: (path, at) => scope.columnOf(path, at), params: context.params, at: context.at }), 'JOIN/ON'),
        )
      : [];
  const position = context.at(locationIn(larg));
  const [one, two] = how === 'inner' ? [] : [left, right].map(({ plans, conditions }) => joinAll(plans, conditions, position));
  const made: Factors =
    one && two
      ? { ...both, plans: [joined(how, one, two, on, position)], conditions: [] }
      : { ...both, conditions: [...both.conditions, ...on] };
  const merged = common && common.length > 0 ? mergedBy(made, { left, right, how, names: common }) : made;
  return alias ? named(merged, alias, context, position) : merged;
}

const namesOf = (scope: Scope): string[] => [...new Set(scope.star(undefined, undefined).map(({ name }) => name))];

type Merging = { readonly left: Factors; readonly right: Factors; readonly how: JoinKind; readonly names: readonly string[] };

/** Columns that USING makes one stand in front, then the others of the left, then those of the right. */
function mergedBy(made: Factors, { left, right, how, names }: Merging): Factors {
  const of = new Set(names);
  const by = widthOf(left.plans);
  const placesOf = ({ items, shown }: Factors) => {
    const scope = new Scope(items, shown);
    return names.map((name) => {
      const found = scope.columnOf([name], undefined);
      return found.kind === 'column' ? found.place : 0;
    });
  };
  const [own, other] = [placesOf(left), placesOf(right).map((place) => place + by)];
  const rest = shownOf({ ...made, ...beside(left, right) }).filter((place) => !own.includes(place) && !other.includes(place));
  const hides = (isLeft: boolean) => how === 'full' || (how === 'right') === isLeft;
  const items = made.items.map((item, at): Item => {
    const isLeft = at < left.items.length;
    return hides(isLeft) ? { ...item, merged: new Set([...item.merged, ...of]) } : item;
  });
  if (how !== 'full') return { ...made, items, shown: [...(how === 'right' ? other : own), ...rest] };
  // Of a full join the column is the left one, or the right one where there is no left row.
  const plan = made.plans[0] as Plan;
  const values = own.map((place, at): Expr => {
    const [a, b] = alikeIn(plan, place, other[at] ?? 0);
    return { kind: 'case', type: a.type, args: [not(isNull(a)), a, b] };
  });
  const columns = values.map(({ type }, at): Column => ({ name: names[at] ?? '', type }));
  const all: Plan = {
    ...{ kind: 'map', input: plan, where: undefined, outputs: [...allOf(plan.columns), ...values] },
    columns: [...plan.columns, ...columns],
  };
  const from = plan.columns.length;
  return {
    ...{ plans: [all], items: [...items, { name: '', columns, from, merged: new Set() }], conditions: [] },
    shown: [...columns.map((_, at) => from + at), ...rest],
  };
}

function alikeIn({ columns }: Plan, left: number, right: number): [Expr, Expr] {
  const pair = [left, right].map((place) => column(columns[place]?.type ?? 'text', place)) as [Expr, Expr];
  const type = oneType(pair) ?? 'text';
  return pair.map((expr) => converted(expr, type)) as [Expr, Expr];
}

/** A join under a name of its own, by which alone its columns are known. */
function named(factors: Factors, alias: Alias, context: Context, position: number | undefined): Factors {
  const shown = new Scope(factors.items, factors.shown).star(undefined, position);
  const columns = shown.map(({ name, expr }): Column => ({ name, type: expr.type }));
  const input = joinAll(factors.plans, factors.conditions, position);
  const plan: Plan = { kind: 'map', input, where: undefined, outputs: shown.map(({ expr }) => expr), columns };
  return single(plan, alias, alias.aliasname ?? '', context);
}

/** The moment of FOR SYSTEM_TIME AS OF 'moment', as it is written. */
function momentIn({ args = [], method = [] }: RangeTableSample): string | undefined {
  const [of] = args;
  return method.map(textIn).join() === asOfMethod && of && 'A_Const' in of ? of.A_Const.sval?.sval : undefined;
}

/** A view as it was at a moment. */
function pastOf(node: RangeTableSample, context: Within): Factors {
  const of = node.relation && 'RangeVar' in node.relation ? node.relation.RangeVar : undefined;
  const at = context.at(of?.location ?? node.location);
  const moment = momentIn(node);
  if (isProcessing(node.args?.[0])) throw notBuilt('FOR SYSTEM_TIME AS OF PROCTIME() anywhere but on the right of a JOIN', at);
  if (!of || moment === undefined || node.repeatable) throw notBuilt('TABLESAMPLE', at);
  if (!context.past) throw notBuilt('A view of what was at a moment', at);
  const micros = readTimestamp(moment, true);
  if (micros === undefined) throw new StatementError(sqlstates.dateWrong, `invalid input syntax for type timestamp: "${moment}"`, at);
  const name = plainName(of);
  return single(context.past(relationNamed(context, name, of.location), micros, at), of.alias, name, context);
}

/** What stands on the right of a join as of another time than now: FOR SYSTEM_TIME AS OF. */
type Timed = { readonly node: RangeTableSample; readonly of: RangeVar; readonly name: string; readonly at: number | undefined };

function timedOf(node: RangeTableSample, context: Within): Timed {
  const of = node.relation && 'RangeVar' in node.relation ? node.relation.RangeVar : undefined;
  const at = context.at(of?.location ?? node.location);
  if (!of || node.repeatable || (node.method ?? []).map(textIn).join() !== asOfMethod) throw notBuilt('TABLESAMPLE', at);
  return { node, of, name: plainName(of), at };
}

/** The right side, and the join of both by what is equal in them. */
function timedJoin(how: JoinKind, left: Factors, plan: Plan, { of, name, at }: Timed, quals: Node | undefined, context: Within) {
  const both = beside(left, single(plan, of.alias, name, context));
  const on = quals ? conjuncts(asCondition(bind(quals, namesIn(new Scope(both.items), context)), 'JOIN/ON')) : [];
  return { items: both.items, join: joined(how, joinAll(left.plans, left.conditions, at), both.plans.at(-1) as Plan, on, at) };
}

/** Each row of the left beside the version of its key that holds at its time, or beside what there is when it comes. */
function temporal(how: JoinKind, left: Factors, node: RangeTableSample, quals: Node | undefined, context: Within): Factors {
  const timed = timedOf(node, context);
  const { of, name, at } = timed;
  if (isProcessing(node.args?.[0], left)) return processed(how, left, timed, quals, context);
  if (how !== 'inner' && how !== 'left') throw notBuilt(`A ${how.toUpperCase()} JOIN with FOR SYSTEM_TIME AS OF`, at);
  const versions = relationNamed(context, name, of.location);
  const time = bind(node.args?.[0], namesIn(new Scope(left.items), context));
  if (time.kind === 'open' || !time.type.startsWith('timestamp'))
    throw new StatementError(sqlstates.typeWrong, 'FOR SYSTEM_TIME AS OF needs a column of the type timestamp', at);
  const version = timeIn(versions);
  if (!version) throw new StatementError('0A000', `"${name}" has no watermark, by which the times of its versions are told`, at);
  const { items, join } = timedJoin(how, left, versions, timed, quals, context);
  if (join.kind !== 'join' || join.leftKeys.length === 0) throw notBuilt('FOR SYSTEM_TIME AS OF without equal keys', at);
  const { closing: _, ...keyed } = join;
  return { plans: [{ ...keyed, kind: 'temporal', how, time, version }], items, conditions: [] };
}

/** Each row of the left beside what the right is when it comes; to a question all rows come now. */
function processed(how: JoinKind, left: Factors, timed: Timed, quals: Node | undefined, context: Within): Factors {
  const { of, name, at } = timed;
  const isNamed = context.named.has(name);
  if (isNamed && !context.past) throw notBuilt('FOR SYSTEM_TIME AS OF PROCTIME() of what WITH names', at);
  const asked = isNamed ? undefined : context.asked?.(name);
  const plan: Plan = asked ? { kind: 'one', columns: asked.columns } : relationNamed(context, name, of.location);
  const { items, join } = timedJoin(how, left, plan, timed, quals, context);
  return { plans: [asked && join.kind === 'join' ? lookupOf(join, asked) : join], items, conditions: [] };
}

const equal = (name: string, left: Scope, right: Scope, width: number): Expr =>
  applied('=', [left.columnOf([name], undefined), shifted(right.columnOf([name], undefined), width)], undefined);

/** A function in FROM: a series, or a relation whose rows lie in windows. */
function windowOf({ functions = [], alias, lateral, ordinality }: RangeFunction, context: Context): Factors {
  const [list, ...more] = functions;
  const node = list && 'List' in list ? list.List.items?.[0] : undefined;
  const call = node && 'FuncCall' in node ? node.FuncCall : undefined;
  if (!call || more.length > 0 || lateral || ordinality) throw notBuilt('A function in FROM');
  if (functionName(call) === 'generate_series') {
    const own = alias?.aliasname ?? 'generate_series';
    return single(seriesOf(call, own, context), alias, own, context);
  }
  const { plan, name } = windowed(call, context);
  return single(plan, alias, name, context);
}
