import { column, columnsIn, constant, type Expr, mapColumns } from './expression.ts';
import type { Interval } from './interval.ts';
import type { Bound, Closing, Plan } from './plan.ts';
import type { Type } from './value.ts';

type Timed = ReadonlyMap<number, Bound>;

/** An expression over one time with another in its place. */
export const at = (expr: Expr, inner: Expr): Expr => mapColumns(expr, () => inner);

/** The micros of a constant interval of days and less, longer than nothing. */
export const isFixed = (expr: Expr): boolean => (fixedOf(expr) ?? 0) > 0;

function fixedOf(expr: Expr | undefined): number | undefined {
  if (expr?.kind !== 'constant' || expr.type !== 'interval' || expr.value === null) return undefined;
  const { months, days, micros } = expr.value as Interval;
  return months === 0 ? days * 86_400_000_000 + micros : undefined;
}

const isConstant = (expr: Expr | undefined) => expr?.kind === 'constant' && expr.value !== null;

/** The argument that an operation follows, which never goes down when that goes up. */
function followed({ operation, args }: Extract<Expr, { kind: 'call' }>): Expr | undefined {
  const [first, second, third] = args;
  if (operation === '+:time,interval' || operation === '-:time,interval') return isConstant(second) ? first : undefined;
  if (operation === '+:interval,time') return isConstant(first) ? second : undefined;
  if (operation === 'date_trunc') return isConstant(first) ? second : undefined;
  if (operation === 'date_bin') return isConstant(first) && isConstant(third) ? second : undefined;
  return /^cast:(date|timestamp|timestamptz),(date|timestamp|timestamptz)$/.test(operation) ? first : undefined;
}

function isRising(expr: Expr): boolean {
  if (expr.kind === 'column') return true;
  const next = expr.kind === 'call' ? followed(expr) : undefined;
  return next !== undefined && isRising(next);
}

/** By how much an expression is after its column, where that is the same for all. */
function shiftOf(expr: Expr): { readonly place: number; readonly type: Type; readonly by: number } | undefined {
  if (expr.kind === 'column') return { place: expr.place, type: expr.type, by: 0 };
  if (expr.kind !== 'call') return undefined;
  const [first, second] = expr.args as [Expr, Expr];
  if (/^cast:timestamp(tz)?,timestamp(tz)?$/.test(expr.operation)) return shiftOf(first);
  const isLater = expr.operation === '+:time,interval';
  if (!isLater && expr.operation !== '-:time,interval') return undefined;
  const [inner, length] = [shiftOf(first), fixedOf(second)];
  return inner && length !== undefined ? { ...inner, by: inner.by + (isLater ? length : -length) } : undefined;
}

/** The bound of an expression that goes up with a timed column; undefined where it does not. */
export function rising(expr: Expr, times: Timed): Bound | undefined {
  const [place, ...more] = columnsIn(expr);
  const bound = place === undefined || more.length > 0 ? undefined : times.get(place);
  if (!bound || !isRising(expr)) return undefined;
  const isShift = shiftOf(expr) !== undefined;
  return bound.map((term) => ({ ...term, at: at(expr, term.at), strict: term.strict && isShift }));
}

/** A bound that is so many microseconds after another. */
export const later = (bound: Bound, by: number): Bound =>
  by === 0
    ? bound
    : bound.map((term) => {
        const moved = constant('interval', { months: 0, days: 0, micros: by });
        return { ...term, at: { kind: 'call', type: term.at.type, operation: '+:time,interval', args: [term.at, moved] } };
      });

type Join = Extract<Plan, { kind: 'join' }>;
type Meeting = { readonly left: Closing; readonly right: Closing };

/** By what times rows of both sides can meet: those of equal keys, or those that are not far apart. */
export function meeting(
  { left, leftKeys, rightKeys }: Join,
  leftTimes: Timed,
  rightTimes: Timed,
  rest: readonly Expr[],
): Meeting | undefined {
  for (const [place, key] of leftKeys.entries()) {
    const other = rightKeys[place] as Expr;
    const [own, theirs] = [rising(key, leftTimes), rising(other, rightTimes)];
    if (own && theirs && key.type === other.type)
      return { left: { by: key, bound: [...own, ...theirs] }, right: { by: other, bound: [...own, ...theirs] } };
  }
  const width = left.columns.length;
  for (const [place, own] of leftTimes)
    for (const [other, theirs] of rightTimes) {
      const apart = distance(rest, place, width + other);
      if (!apart) continue;
      const type = (of: Bound) => of[0]?.at.type ?? 'timestamp';
      const least = { by: column(type(own), place), bound: [...own, ...later(theirs, apart.least)] };
      const most = { by: column(type(theirs), other), bound: [...theirs, ...later(own, -apart.most)] };
      return { left: least, right: most };
    }
  return undefined;
}

/** The least and most that a column is after another, as conditions say. */
function distance(conditions: readonly Expr[], own: number, other: number): { readonly least: number; readonly most: number } | undefined {
  let [least, most]: (number | undefined)[] = [undefined, undefined];
  for (const { sign, left, right } of conditions.flatMap(comparison)) {
    if (left.place === own && right.place === other) {
      const by = right.by - left.by;
      if (sign === '<') most = Math.min(most ?? by, by);
      else least = Math.max(least ?? by, by);
    } else if (left.place === other && right.place === own) {
      const by = left.by - right.by;
      if (sign === '<') least = Math.max(least ?? by, by);
      else most = Math.min(most ?? by, by);
    }
  }
  return least === undefined || most === undefined ? undefined : { least, most };
}

type Shift = NonNullable<ReturnType<typeof shiftOf>>;

function comparison(expr: Expr): { readonly sign: '<' | '>'; readonly left: Shift; readonly right: Shift }[] {
  if (expr.kind !== 'call') return [];
  const [name = ''] = expr.operation.split(':');
  const signs = /^(<|>)=?$/.test(name) ? [name[0] as '<'] : name === '=' ? (['<', '>'] as const) : [];
  const [left, right] = expr.args.map(shiftOf);
  return left && right ? signs.map((sign) => ({ sign, left, right })) : [];
}
