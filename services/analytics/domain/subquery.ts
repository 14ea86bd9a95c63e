import type { Node, SelectStmt, SubLink } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { type Aggregate, hasAggregate } from './aggregate.ts';
import { bind, type Names } from './bind.ts';
import { applied, oneType, settled } from './bound.ts';
import type { Context } from './context.ts';
import { type Dependent, dependent, joinedWith } from './correlated.ts';
import { call, column, constant, type Expr, isNull, not } from './expression.ts';
import { textIn } from './name.ts';
import { allOf, type Plan } from './plan.ts';

export type Planner = (node: Node, context: Context) => Plan;
const counted = (arg?: Expr): Aggregate => ({ name: 'count', type: 'int8', arg, filter: undefined, distinct: false });
const opposite = { '=': '<>', '<>': '=', '<': '>=', '>=': '<', '>': '<=', '<=': '>' } as const;
type Sign = keyof typeof opposite;
const zero = constant('int8', 0);
const among = (expr: Expr): Expr => ({ kind: 'case', type: 'int8', args: [isNull(expr), zero, expr] });

/** Subqueries in the expressions of a SELECT: each puts its answers behind the columns of the rows that are asked about. */
export class Subqueries {
  plan: Plan;
  /** The rows without answers to subqueries, which none of these sees. */
  readonly #rows: Plan;
  readonly #names: Names;
  readonly #context: Context;
  readonly #planner: Planner;
  readonly #known = new Map<SubLink, Expr>();

  constructor(plan: Plan, names: Names, context: Context, planner: Planner) {
    this.plan = plan;
    this.#rows = plan;
    this.#names = names;
    this.#context = context;
    this.#planner = planner;
  }

  /** What a subquery says of a row. */
  exprOf(link: SubLink): Expr {
    const known = this.#known.get(link) ?? this.#made(link);
    this.#known.set(link, known);
    return known;
  }

  #made(link: SubLink): Expr {
    const at = this.#names.at(link.location);
    const { subselect, subLinkType: kind, operName } = link;
    if (!subselect || !('SelectStmt' in subselect)) throw notBuilt('This subquery', at);
    // What it is of is asked before the subquery is there.
    const own = kind === 'ANY_SUBLINK' || kind === 'ALL_SUBLINK' ? bind(link.testexpr, this.#names) : undefined;
    const outer = { plan: this.#rows, columnOf: (path: readonly string[]) => this.#names.columnOf(path, undefined) };
    const inner = dependent(subselect.SelectStmt, outer, this.#context, this.#planner);
    const shown = inner.plan.columns.length - inner.outer.length;
    if (kind === 'EXISTS_SUBLINK') return call('>:int8,int8', 'bool', among(this.#grouped(inner, [counted()])[0] as Expr), zero);
    if (shown !== 1) throw new StatementError(sqlstates.syntax, 'subquery must return only one column', at);
    const type = inner.plan.columns.at(-1)?.type ?? 'text';
    const value = column(type, inner.outer.length);
    if (kind === 'EXPR_SUBLINK') return this.#single(subselect.SelectStmt, inner, value);
    const sign = operName === undefined ? '=' : operName.map(textIn).join('.');
    if (!own || !Object.hasOwn(opposite, sign)) throw notBuilt('A subquery in this form', at);
    const common = oneType([own, value]);
    if (!common) throw new StatementError(sqlstates.typeWrong, 'IN types cannot be matched', at);
    const mine = settled(own, common);
    const anyOf = (by: Sign) => (by === '=' ? this.#among(mine, inner, value, at) : this.#bounded(by, mine, inner, value, at));
    // What holds of all is what the opposite holds of none of.
    return kind === 'ALL_SUBLINK' ? not(anyOf(opposite[sign as Sign])) : anyOf(sign as Sign);
  }

  /** `own < ANY (...)` and its kin, by the least and the greatest of the values. */
  #bounded(sign: Exclude<Sign, '='>, own: Expr, inner: Dependent, value: Expr, at: number | undefined): Expr {
    if (['bool', 'json', 'jsonb'].includes(value.type)) throw notBuilt(`${sign} ANY or ALL of values of the type ${value.type}`, at);
    const bound = (name: 'min' | 'max'): Aggregate => ({ ...counted(value), name, type: value.type });
    const [count, values, least, most] = this.#grouped(inner, [counted(), counted(value), bound('min'), bound('max')]) as [
      Expr,
      Expr,
      Expr,
      Expr,
    ];
    const against = (edge: Expr) => settled(applied(sign, [own, edge], at), 'bool');
    const met: Expr =
      sign === '<>' ? { kind: 'or', type: 'bool', args: [against(least), against(most)] } : against(sign.startsWith('<') ? most : least);
    const unknown: Expr = { kind: 'or', type: 'bool', args: [isNull(own), call('<:int8,int8', 'bool', among(values), among(count))] };
    const [yes, no, none] = [constant('bool', true), constant('bool', false), constant('bool', null)];
    const isNone = call('=:int8,int8', 'bool', among(count), zero);
    return { kind: 'case', type: 'bool', args: [isNone, no, met, yes, unknown, none, no] };
  }

  /** Joins aggregates of an inner query to the rows; answers their columns. */
  #grouped(inner: Dependent, aggregates: readonly Aggregate[], more: readonly Expr[] = [], keys?: readonly [Expr, Expr]): Expr[] {
    const keyed = [...allOf(inner.plan.columns.slice(0, inner.outer.length)), ...more];
    const columns = [...keyed, ...aggregates].map(({ type }) => ({ name: '', type }));
    const plan: Plan = { kind: 'group', input: inner.plan, keys: keyed, aggregates, columns };
    const from = this.plan.columns.length + keyed.length;
    this.plan = joinedWith('left', this.plan, { plan, outer: inner.outer }, keys ? { keys } : {});
    return aggregates.map(({ type }, place) => column(type, from + place));
  }

  /** The one value that there is, or NULL; more than one is an error. */
  #single(select: SelectStmt, inner: Dependent, value: Expr): Expr {
    if (isSingle(select)) {
      const place = this.plan.columns.length + inner.outer.length;
      this.plan = joinedWith('left', this.plan, inner);
      return column(value.type, place);
    }
    const name = value.type === 'bool' ? 'bool_or' : 'max';
    const best: Aggregate = { name, type: value.type, arg: value, filter: undefined, distinct: false };
    const [count, found] = this.#grouped(inner, [counted(), best]) as [Expr, Expr];
    const isOne = call('single', 'bool', among(count));
    return { kind: 'case', type: value.type, args: [isOne, found, constant(value.type, null)] };
  }

  /** `own IN (...)`: NULL where only a NULL among the values could make it true. */
  #among(own: Expr, inner: Dependent, value: Expr, at: number | undefined): Expr {
    const [count, values] = this.#grouped(inner, [counted(), counted(value)]) as [Expr, Expr];
    const equal = applied('=', [own, value], at);
    const [mine, theirs] = equal.kind === 'call' ? (equal.args as [Expr, Expr]) : [own, value];
    const key = column(theirs.type, inner.outer.length);
    const [met] = this.#grouped(inner, [counted()], [theirs], [mine, key]) as [Expr];
    const unknown: Expr = { kind: 'or', type: 'bool', args: [isNull(own), call('<:int8,int8', 'bool', among(values), among(count))] };
    const [yes, no, none] = [constant('bool', true), constant('bool', false), constant('bool', null)];
    const isNone = call('=:int8,int8', 'bool', among(count), zero);
    return { kind: 'case', type: 'bool', args: [not(isNull(met)), yes, isNone, no, unknown, none, no] };
  }
}

/** Whether a SELECT has one row whatever there is: aggregates of all. */
const isSingle = (select: SelectStmt): boolean =>
  !select.groupClause &&
  !select.havingClause &&
  !select.limitCount &&
  !select.op?.match(/UNION|INTERSECT|EXCEPT/) &&
  hasAggregate(select.targetList);

/** Whether a subquery stands in an expression. */
export function hasLink(node: unknown): boolean {
  if (typeof node !== 'object' || node === null || 'SelectStmt' in node) return false;
  return 'SubLink' in node || Object.values(node).some(hasLink);
}

/** The conditions that must hold together. */
export const conditionsIn = (node: Node | undefined): Node[] =>
  node === undefined
    ? []
    : 'BoolExpr' in node && node.BoolExpr.boolop === 'AND_EXPR'
      ? (node.BoolExpr.args ?? []).flatMap(conditionsIn)
      : [node];
