import type { A_ArrayExpr, A_Expr, A_Indirection, Node } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { applied, type Bound, cast, converted, oneType, settled } from './bound.ts';
import { call, constant, type Expr } from './expression.ts';
import { textIn } from './name.ts';
import { fieldNamed } from './row-call.ts';
import { arrayOf, elementOf, numbers, type Type, nameOfType } from './value.ts';

type Inner = (node: Node | undefined) => Bound;

const made = (type: Type, items: readonly Expr[]): Expr => call(items[0]?.type === type ? 'array:lists' : 'array', type, ...items);

/** `ARRAY[...]`; the type of an empty one is open until something gives it one. */
export function arrayExpr({ elements = [] }: A_ArrayExpr, at: number | undefined, inner: Inner): Bound {
  if (elements.length === 0) return { kind: 'open', take: (type) => emptyOf(type, at) };
  const bounds = elements.map(inner);
  const own = oneType(bounds);
  if (own === undefined) throw new StatementError(sqlstates.typeWrong, 'ARRAY types cannot be matched', at);
  const items = bounds.map((bound) => converted(settled(bound, own), own));
  return made(elementOf(own) ? own : arrayOf(own), items);
}

function emptyOf(type: Type, at: number | undefined): Expr {
  if (elementOf(type)) return constant(type, { sizes: [], items: [] });
  throw new StatementError('42P18', 'cannot determine type of empty array', at);
}

/** `ARRAY[...]::type[]`: each of its elements is cast. */
export function castArray(node: Node | undefined, to: Type, at: number | undefined, inner: Inner): Expr {
  const element = elementOf(to);
  if (!element || !node || !('A_ArrayExpr' in node)) return cast(inner(node), to, at);
  const { elements = [] } = node.A_ArrayExpr;
  if (elements.length === 0) return emptyOf(to, at);
  const isNested = elements.some((each) => 'A_ArrayExpr' in each);
  const items = elements.map((each) => {
    if ('A_ArrayExpr' in each) return castArray(each, to, at, inner);
    const bound = inner(each);
    return cast(bound, isNested || (bound.kind !== 'open' && elementOf(bound.type)) ? to : element, at);
  });
  return made(to, items);
}

const [least, greatest] = [constant('int4', -(2 ** 31)), constant('int4', 2 ** 31 - 1)];

/** `array[1]`, `array[1:2]`, `(row).field`, and these one behind another. */
export function indirection({ arg, indirection: steps = [] }: A_Indirection, at: number | undefined, inner: Inner): Expr {
  let [found, from] = [settled(inner(arg), 'text'), 0];
  for (const [place, step] of [...steps, undefined].entries()) {
    if (step && 'A_Indices' in step) continue;
    if (place > from) found = subscripted(found, steps.slice(from, place), at, inner);
    if (step && !('String' in step)) throw notBuilt('* here', at);
    if (step) found = fieldNamed(found, textIn(step), at);
    from = place + 1;
  }
  return found;
}

function subscripted(base: Expr, steps: readonly Node[], at: number | undefined, inner: Inner): Expr {
  const indices = steps.flatMap((step) => ('A_Indices' in step ? [step.A_Indices] : []));
  const element = elementOf(base.type);
  if (!element && /^json/.test(base.type)) throw notBuilt('A subscript of json', at);
  if (!element)
    throw new StatementError(
      sqlstates.typeWrong,
      `cannot subscript type ${nameOfType(base.type)} because it does not support subscripting`,
      at,
    );
  const place = (node: Node): Expr => {
    const expr = settled(inner(node), 'int4');
    if (!numbers.includes(expr.type)) throw new StatementError(sqlstates.typeWrong, 'array subscript must have type integer', at);
    return cast(expr, 'int4', at);
  };
  if (!indices.some(({ is_slice }) => is_slice)) return call('subscript', element, base, ...indices.map(({ uidx }) => place(uidx as Node)));
  // A subscript beside a slice is one from 1 on.
  const bounds = indices.flatMap(({ is_slice, lidx, uidx }) => {
    const end = uidx ? place(uidx) : greatest;
    return is_slice ? [lidx ? place(lidx) : least, end] : [constant('int4', 1), end];
  });
  return call('slice', base.type, base, ...bounds);
}

/** `value sign ANY (array)`, or ALL. */
export function anyOf({ kind, lexpr, rexpr }: A_Expr, sign: string, at: number | undefined, inner: Inner): Expr {
  const [left, right] = [inner(lexpr), inner(rexpr)];
  const usual = left.kind === 'open' ? 'text' : left.type;
  const list = right.kind === 'open' ? (elementOf(usual) ? right.take(usual) : right.take(`${usual}[]` as Type)) : right;
  const element = elementOf(list.type);
  if (!element) throw new StatementError(sqlstates.kindWrong, 'op ANY/ALL (array) requires array on right side', at);
  const probe = applied(sign, [left, { kind: 'column', type: element, place: 0 }], at);
  const [own, each] = probe.kind === 'call' ? probe.args : [];
  if (probe.kind !== 'call' || probe.type !== 'bool' || !own || !each || elementOf(each.type))
    throw new StatementError(sqlstates.kindWrong, 'op ANY/ALL (array) requires operator to yield boolean', at);
  const how = kind === 'AEXPR_OP_ANY' ? 'any' : 'all';
  return call(`${how} ${probe.operation}`, 'bool', own, converted(list, arrayOf(each.type)));
}
