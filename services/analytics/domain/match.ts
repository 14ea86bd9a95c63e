import type { FuncCall, Node } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { aggregateOf, isAggregateName, isOrdered } from './aggregate.ts';
import { bind, functionName, type Names } from './bind.ts';
import { asCondition, settled } from './bound.ts';
import type { Context } from './context.ts';
import { column, columnsIn, type Expr } from './expression.ts';
import { fixedLength, type Interval } from './interval.ts';
import { columnsMax, navigationMax } from './limits.ts';
import type { Recognition } from './match-text.ts';
import { orderOf } from './over.ts';
import { programOf } from './pattern-program.ts';
import type { Match, MatchExpr, MatchRead, Order, Plan } from './plan.ts';
import { hasPart, leastBefore, leastRows, mapPattern, type Named } from './row-pattern.ts';
import { textIn } from './name.ts';
import type { Column, Type } from './value.ts';
import { isStatistic } from './statistic.ts';

/** What names of variables stand for: labels, by their numbers. */
type Labels = { readonly names: readonly string[]; of(named: Named): readonly number[]; find(name: string): readonly number[] | undefined };

const wrong = (message: string, position: number | undefined) => new StatementError(sqlstates.syntax, message, position);

/** The rows of a plan as MATCH_RECOGNIZE finds them. */
export function recognized(input: Plan, asked: Recognition, context: Context): Plan {
  const { position, shown, timeouts } = asked;
  const labels = labelsOf(asked);
  const columnOf = columnsOf(input);
  const plain: Names = { columnOf, params: context.params, at: context.at };
  const partition = asked.partition.map((node) => columnIn(settled(bind(node, plain), 'text'), 'PARTITION BY', position));
  const order = asked.order.map((node): Order => {
    const found = orderOf(node, { names: [], outputs: [], bind: (of) => bind(of, plain) });
    columnIn(found.expr, 'ORDER BY', position);
    return found;
  });
  const within = withinOf(asked, order, plain);
  if (timeouts && within === undefined) throw wrong('WITH TIMEOUT ROWS needs WITHIN, which says when a match is too late', position);
  const pattern = mapPattern(asked.pattern, (named) => labels.of(named)[0] as number);
  if (asked.unmatched && hasPart(pattern, 'excluded')) throw wrong('WITH UNMATCHED ROWS and an exclusion exclude each other', position);
  const made = { input, labels, context, columnOf };
  const conditions = conditionsOf(asked, made);
  const measures = asked.measures.map(({ name, node }) => ({ name, ...new Asked(made, false).expr(node) }));
  const skip = { to: asked.skip.to, of: asked.skip.of ? labels.of(asked.skip.of) : [] };
  try {
    programOf(pattern);
  } catch (error) {
    throw error instanceof StatementError ? new StatementError(error.sqlstate, error.message, position) : error;
  }
  const match: Match = {
    ...{ partition, order, names: labels.names, pattern, conditions, shown, timeouts, within, skip },
    ...{ empties: asked.empties, unmatched: asked.unmatched },
    measures: measures.map(({ reads, expr }) => ({ reads, expr })),
    ...rangeOf(pattern, conditions, measures, shown),
    isNumbered: [...conditions, ...measures].some((each) => each !== undefined && isNumbered(each, input.columns.length)),
  };
  const own = measures.map(({ name, expr }): Column => ({ name, type: expr.type }));
  const columns = columnsShown(match, input, own);
  if (columns.length > columnsMax) throw new StatementError('54011', `target lists have at most ${columnsMax} entries`, position);
  return { kind: 'match', input, match, columns, position };
}

/** The places of an input's columns in the order in which ALL ROWS shows them, measures at -1. */
export function placesShown({ partition, order, shown }: Match, width: number): number[] {
  const own = (exprs: readonly Expr[]) => exprs.flatMap((expr) => (expr.kind === 'column' ? [expr.place] : []));
  if (shown === 'one') return [...own(partition), -1];
  const first = [...new Set([...own(partition), ...own(order.map(({ expr }) => expr))])];
  const rest = Array.from({ length: width }, (_, place) => place).filter((place) => !first.includes(place));
  return [...first, -1, ...rest];
}

const columnsShown = (match: Match, { columns }: Plan, measures: readonly Column[]): Column[] =>
  placesShown(match, columns.length).flatMap((place) => (place < 0 ? measures : [columns[place] as Column]));

const columnsOf =
  ({ columns }: Plan) =>
  (path: readonly string[], at: number | undefined): Expr => {
    const [name = ''] = path;
    const found = columns.flatMap((each, place) => (each.name === name && path.length === 1 ? [column(each.type, place)] : []));
    const [first, ...more] = found;
    if (!first) throw new StatementError(sqlstates.columnMissing, `column "${path.join('.')}" does not exist`, at);
    if (more.length > 0) throw new StatementError(sqlstates.ambiguous, `column reference "${name}" is ambiguous`, at);
    return first;
  };

function columnIn(expr: Expr, where: string, position: number): Expr {
  if (expr.kind !== 'column') throw notBuilt(`${where} of anything but columns in MATCH_RECOGNIZE`, position);
  return expr;
}

function withinOf({ within, position }: Recognition, order: readonly Order[], names: Names): number | undefined {
  if (!within) return undefined;
  const [first] = order;
  if (!first?.expr.type.startsWith('timestamp') || first.isDown)
    throw new StatementError(sqlstates.typeWrong, 'WITHIN needs an ORDER BY that begins with a column of the type timestamp', position);
  const bound = bind(within, names);
  const length = bound.kind === 'open' ? bound.take('interval') : bound;
  if (length.kind !== 'constant' || length.type !== 'interval' || length.value === null)
    throw notBuilt('WITHIN anything but a constant interval', position);
  return fixedLength(length.value as Interval, 'WITHIN');
}

function labelsOf({ pattern, subsets }: Recognition): Labels {
  const known = new Map<string, readonly number[]>();
  const names: string[] = [];
  mapPattern(pattern, ({ name, shown }) => {
    if (!known.has(name)) known.set(name, [names.push(shown) - 1]);
    return name;
  });
  const plain = new Map(known);
  for (const { of, parts } of subsets) {
    if (known.has(of.name)) throw new StatementError(sqlstates.duplicateAlias, `the variable ${of.shown} is there already`, of.position);
    known.set(of.name, [...new Set(parts.flatMap((part) => labelOf(plain, part)))]);
  }
  return { names, of: (named) => labelOf(known, named), find: (name) => known.get(name) };
}

function labelOf(known: ReadonlyMap<string, readonly number[]>, { name, shown, position }: Named): readonly number[] {
  const found = known.get(name);
  if (!found) throw new StatementError(sqlstates.columnMissing, `the pattern has no variable ${shown}`, position);
  return found;
}

type Made = {
  readonly input: Plan;
  readonly labels: Labels;
  readonly context: Context;
  readonly columnOf: Names['columnOf'];
};

function conditionsOf({ definitions, subsets }: Recognition, made: Made): (MatchExpr | undefined)[] {
  const found: (MatchExpr | undefined)[] = made.labels.names.map(() => undefined);
  for (const { of, node } of definitions) {
    if (subsets.some((subset) => subset.of.name === of.name)) throw wrong(`a SUBSET has no condition of its own`, of.position);
    const [label = 0] = made.labels.of(of);
    if (found[label]) throw wrong(`the variable ${of.shown} is defined twice`, of.position);
    found[label] = new Asked(made, true).condition(node, of.position);
  }
  return found;
}

const isNumbered = (asked: MatchExpr, width: number): boolean =>
  readsColumn(asked, width + 1) || asked.reads.some(({ kind }) => kind === 'number');

/** Whether an expression asks for a column of some row. */
export function readsColumn({ reads }: MatchExpr, place: number): boolean {
  const exprs = reads.map((read) =>
    read.kind === 'row' ? [read.expr] : read.kind === 'aggregate' ? [read.aggregate.arg, read.aggregate.filter] : [],
  );
  return exprs.flat().some((expr) => expr && columnsIn(expr).has(place));
}
const bigText = (_key: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);

/** How far expressions look behind the first row of a match and ahead of a row. */
function rangeOf(pattern: Match['pattern'], conditions: Match['conditions'], measures: readonly MatchExpr[], shown: 'one' | 'all') {
  const least = leastBefore(pattern);
  const before = (of: readonly number[] | undefined) => Math.min(...(of ?? [0]).map((label) => least.get(label) ?? 0));
  const [rows, found] = [leastRows(pattern), { before: 0, ahead: 0 }];
  const look = ({ reads }: MatchExpr, current: number) => {
    for (const read of reads) {
      if (read.kind !== 'row') continue;
      const own = read.of ? before(read.of) : read.from === 'last' && read.offset === 0 ? current : 0;
      const place = own + (read.from === 'first' ? read.offset : 0);
      found.before = Math.max(found.before, -read.shift - place);
      found.ahead = Math.max(found.ahead, read.shift);
    }
  };
  conditions.forEach((condition, label) => condition && look(condition, least.get(label) ?? 0));
  for (const measure of measures) look(measure, shown === 'one' ? Math.max(0, rows - 1) : 0);
  return found;
}

const prefixed = /^(final|running)_+(\w+)$/;

/** An expression of DEFINE or MEASURES, and what it reads. */
class Asked {
  readonly #made: Made;
  readonly #isCondition: boolean;
  readonly #reads: MatchRead[] = [];

  constructor(made: Made, isCondition: boolean) {
    this.#made = made;
    this.#isCondition = isCondition;
  }

  expr(node: Node): MatchExpr {
    const expr = settled(bind(node, this.#names), 'text');
    return { reads: this.#reads, expr };
  }

  condition(node: Node, position: number): MatchExpr {
    const expr = asCondition(bind(node, this.#names), 'DEFINE', position);
    return { reads: this.#reads, expr };
  }

  get #names(): Names {
    const { columnOf, context } = this.#made;
    return { columnOf, params: context.params, at: context.at, instead: (node) => this.#instead(node) };
  }

  #read(read: MatchRead, type: Type): Expr {
    const shape = JSON.stringify(read, bigText);
    const seen = this.#reads.findIndex((each) => JSON.stringify(each, bigText) === shape);
    return column(type, seen >= 0 ? seen : this.#reads.push(read) - 1);
  }

  #instead(node: Node): Expr | undefined {
    if ('SubLink' in node) throw notBuilt('A subquery in MATCH_RECOGNIZE', this.#made.context.at(node.SubLink.location));
    if ('ColumnRef' in node) return this.#row(node, { from: 'last', offset: 0, shift: 0, final: false });
    if (!('FuncCall' in node)) return undefined;
    const [, prefix, plain] = prefixed.exec(functionName(node.FuncCall)) ?? [];
    const name = plain ?? functionName(node.FuncCall);
    const at = this.#made.context.at(node.FuncCall.location);
    if (prefix === 'final' && this.#isCondition) throw wrong('FINAL does not stand in DEFINE, where the match is not known', at);
    const final = prefix === 'final';
    if (isAggregateName(name)) return this.#aggregate(node.FuncCall, name, final);
    if (name === 'first' || name === 'last') return this.#logical(node.FuncCall, 0, name, final);
    if (prefix !== undefined) throw wrong(`${prefix.toUpperCase()} stands before FIRST, LAST and aggregates`, at);
    if (name === 'prev' || name === 'next') return this.#physical(node.FuncCall, name);
    if (name === 'match_number') return this.#read({ kind: 'number' }, 'int8');
    if (name === 'match_timed_out') {
      if (this.#isCondition) throw wrong('MATCH_TIMED_OUT stands in MEASURES', at);
      return this.#read({ kind: 'timedOut' }, 'bool');
    }
    return name === 'classifier' ? this.#row(node, { from: 'last', offset: 0, shift: 0, final: false }) : undefined;
  }

  /** The argument of a navigation, and how far it goes. */
  #arguments({ args = [], location }: FuncCall, usual: number): readonly [Node, number] {
    const [arg, by, ...more] = args;
    const at = this.#made.context.at(location);
    const count = by && 'A_Const' in by ? (by.A_Const.ival?.ival ?? (by.A_Const.ival ? 0 : undefined)) : by ? undefined : usual;
    if (!arg || more.length > 0) throw new StatementError(sqlstates.functionMissing, 'a navigation takes an expression and an offset', at);
    if (count === undefined) throw wrong('the offset of a navigation is a whole number', at);
    if (count > navigationMax) throw new StatementError(sqlstates.tooLarge, `a navigation goes at most ${navigationMax} rows`, at);
    return [arg, count];
  }

  #physical(call: FuncCall, name: 'prev' | 'next'): Expr {
    const [arg, count] = this.#arguments(call, 1);
    const shift = name === 'prev' ? -count || 0 : count;
    if ('FuncCall' in arg) {
      const [, prefix, plain] = prefixed.exec(functionName(arg.FuncCall)) ?? [];
      const inner = plain ?? functionName(arg.FuncCall);
      if (prefix === 'final' && this.#isCondition)
        throw wrong('FINAL does not stand in DEFINE, where the match is not known', this.#made.context.at(arg.FuncCall.location));
      if (inner === 'first' || inner === 'last') return this.#logical(arg.FuncCall, shift, inner, prefix === 'final');
    }
    return this.#row(arg, { from: 'last', offset: 0, shift, final: false });
  }

  #logical(call: FuncCall, shift: number, from: 'first' | 'last', final: boolean): Expr {
    const [arg, offset] = this.#arguments(call, 0);
    return this.#row(arg, { from, offset, shift, final });
  }

  /** An expression over one row. */
  #row(node: Node, how: Pick<Extract<MatchRead, { kind: 'row' }>, 'from' | 'offset' | 'shift' | 'final'>): Expr {
    const { of, names } = this.#within();
    const expr = settled(bind(node, names), 'text');
    return this.#read({ kind: 'row', of: of(), ...how, expr }, expr.type);
  }

  #aggregate(call: FuncCall, name: string, final: boolean): Expr {
    const { of, names } = this.#within();
    const at = this.#made.context.at(call.location);
    if (call.agg_distinct) throw notBuilt('DISTINCT in MATCH_RECOGNIZE', at);
    if (call.over) throw notBuilt('OVER in MATCH_RECOGNIZE', at);
    const [arg] = call.args ?? [];
    const fields = arg && 'ColumnRef' in arg ? (arg.ColumnRef.fields ?? []) : [];
    const funcname = [{ String: { sval: name } }];
    // count(A.*): rows of A.
    const isStar = name === 'count' && fields.length === 2 && fields[1] !== undefined && 'A_Star' in fields[1];
    const { args: _, ...bare } = call;
    const made = aggregateOf(isStar ? { ...bare, funcname, agg_star: true } : { ...call, funcname }, names);
    if (isOrdered(made.name) || made.distinct || made.joined?.order.length || isStatistic(made.name))
      throw notBuilt(`${name} in MATCH_RECOGNIZE`, at);
    const own = isStar ? this.#variable(textIn(fields[0] as Node), at) : of();
    return this.#read({ kind: 'aggregate', of: own, aggregate: made, final }, made.type);
  }

  #variable(name: string, at: number | undefined): readonly number[] {
    const found = this.#made.labels.find(name);
    if (!found) throw new StatementError(sqlstates.relationMissing, `the pattern has no variable ${name.toUpperCase()}`, at);
    return found;
  }

  /** Names within a navigation or aggregate: columns of one row, all of one variable. */
  #within(): { readonly names: Names; readonly of: () => readonly number[] | undefined } {
    const { columnOf, context, input } = this.#made;
    const width = input.columns.length;
    let seen: { readonly of: readonly number[] | undefined } | undefined;
    const take = (of: readonly number[] | undefined, at: number | undefined) => {
      if (seen && JSON.stringify(seen.of) !== JSON.stringify(of)) throw wrong('columns of one navigation are of one variable', at);
      seen = { of };
    };
    const own = (path: readonly string[], at: number | undefined) => {
      take(path.length === 2 ? this.#variable(path[0] ?? '', at) : undefined, at);
      return columnOf(path.slice(-1), at);
    };
    const instead = (node: Node): Expr | undefined => {
      if ('SubLink' in node) throw notBuilt('A subquery in MATCH_RECOGNIZE', context.at(node.SubLink.location));
      if (!('FuncCall' in node)) return undefined;
      const [name, at] = [functionName(node.FuncCall), context.at(node.FuncCall.location)];
      if (name === 'match_number') return column('int8', width + 1);
      if (name === 'classifier') {
        const [arg, ...more] = node.FuncCall.args ?? [];
        const fields = arg && 'ColumnRef' in arg ? (arg.ColumnRef.fields ?? []).map(textIn) : [];
        if (more.length > 0 || (arg && fields.length !== 1)) throw wrong('CLASSIFIER takes a variable of the pattern', at);
        take(fields[0] === undefined ? undefined : this.#variable(fields[0], at), at);
        return column('text', width);
      }
      if (isAggregateName(name) || ['first', 'last', 'prev', 'next'].includes(name) || prefixed.test(name))
        throw wrong(`${name.toUpperCase()} does not stand within another navigation or aggregate`, at);
      return undefined;
    };
    return { names: { columnOf: own, params: context.params, at: context.at, instead }, of: () => seen?.of };
  }
}
