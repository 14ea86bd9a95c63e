import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { call, constant, type Expr } from './expression.ts';
import { functionsNamed, type Signature } from './function.ts';
import { castValue, isCastable, isComparable, isImplicit, isShapedAs } from './cast.ts';
import { arrayOf, elementOf, fieldsOf, isRecord, numbers, type Type, nameOfType } from './value.ts';

/** An expression, or one whose type is open (a literal, a parameter, NULL) until something gives it one. */
export type Bound = Expr | Open;
export type Open = { readonly kind: 'open'; readonly take: (type: Type) => Expr };

/** The expression with a type, which is `usual` where it says none. */
export const settled = (bound: Bound, usual: Type): Expr => (bound.kind === 'open' ? bound.take(usual) : bound);

export function converted(expr: Expr, to: Type): Expr {
  if (expr.type === to) return expr;
  if (expr.kind === 'constant') return constant(to, expr.value === null ? null : castValue(expr.value, expr.type, to));
  return call(`cast:${expr.type},${to}`, to, expr);
}

export function cast(bound: Bound, to: Type, at: number | undefined): Expr {
  if (bound.kind === 'open') return bound.take(to);
  const fields = fieldsOf(to);
  // A row that is made here is made of what its fields are to be.
  if (fields && bound.kind === 'call' && bound.operation === 'row' && bound.args.length === fields.length)
    return call('row', to, ...bound.args.map((arg, place) => cast(arg, fields[place] as Type, at)));
  if (bound.type === 'jsonb' && to === 'bool') return call('json_bool', 'bool', bound);
  if (bound.type === 'jsonb' && numbers.includes(to))
    return converted(call('json_number', 'numeric', bound, constant('text', nameOfType(to))), to);
  if (!isCastable(bound.type, to)) throw new StatementError('42846', `cannot cast type ${nameOfType(bound.type)} to ${nameOfType(to)}`, at);
  return converted(bound, to);
}

/** A number as a model has it. */
export function featureOf(expr: Expr, at: number | undefined): Expr {
  if (expr.type === 'bool') return converted(converted(expr, 'int4'), 'float8');
  if (!numbers.includes(expr.type))
    throw new StatementError(sqlstates.typeWrong, `a feature is a number or a boolean, and not ${nameOfType(expr.type)}`, at);
  return converted(expr, 'float8');
}

/** A bool, or PostgreSQL's error. */
export function asCondition(bound: Bound, where: string, at?: number): Expr {
  const expr = settled(bound, 'bool');
  if (expr.type !== 'bool')
    throw new StatementError(sqlstates.typeWrong, `argument of ${where} must be type boolean, not type ${nameOfType(expr.type)}`, at);
  return expr;
}

/** One type for all: the widest number, the most exact time, else the same; undefined where there is none. */
export function oneType(bounds: readonly Bound[]): Type | undefined {
  let found: Type | undefined;
  for (const bound of bounds) {
    if (bound.kind === 'open' || bound.type === found) continue;
    if (found === undefined || isImplicit(found, bound.type)) found = bound.type;
    else if (!isImplicit(bound.type, found)) return undefined;
  }
  return found ?? 'text';
}

const described = (name: string, args: readonly Bound[]): string => {
  const types = args.map((arg) => (arg.kind === 'open' ? 'unknown' : nameOfType(arg.type)));
  if (/^\w/.test(name)) return `function ${name}(${types.join(', ')}) does not exist`;
  return `operator does not exist: ${types.length === 1 ? `${name} ${types[0]}` : types.join(` ${name} `)}`;
};

/** The function or operator of a name on these arguments, chosen much as PostgreSQL chooses. */
export function applied(name: string, given: readonly Bound[], at: number | undefined): Expr {
  const isLists = name === '||' && given.some((arg) => arg.kind !== 'open' && elementOf(arg.type));
  if (isLists) return applied(joiningOf(given), given, at);
  const isJson = name === '||' && given.some((arg) => arg.kind !== 'open' && arg.type === 'jsonb');
  if (isJson && given.every((arg) => arg.kind === 'open' || arg.type === 'jsonb')) return applied('jsonb_concat', given, at);
  const rows = signs.has(name) ? recordsIn(given, at) : undefined;
  if (rows) return call(`${name}:record,record`, 'bool', ...rows);
  const args = name === '||' ? asTexts(given, at) : given;
  const found = chosen(name, args) ?? ofRows(name, args);
  if (!found) throw new StatementError(sqlstates.functionMissing, described(name, args), at);
  return call(
    found.operation,
    found.type,
    ...args.map((arg, place) => converted(settled(arg, found.args[place] as Type), found.args[place] as Type)),
  );
}

// Functions of arrays do to arrays of rows what they do to those of any other type.
const another: Type = 'uuid';

/** What a function of arrays is for those of rows. */
function ofRows(name: string, args: readonly Bound[]): Signature | undefined {
  const typed = args.flatMap((arg) => (arg.kind === 'open' ? [] : [arg.type]));
  const row = typed.map((type) => elementOf(type) ?? type).find(isRecord);
  if (row === undefined || typed.every(isRecord)) return undefined;
  const [rows, others] = [arrayOf(row), arrayOf(another)];
  const swapped = (type: Type, from: readonly Type[], to: readonly Type[]) => to[from.indexOf(type)] ?? type;
  const stood = args.map(
    (arg): Bound => (arg.kind === 'open' ? arg : ({ ...arg, type: swapped(arg.type, [row, rows], [another, others]) } as Expr)),
  );
  const found = chosen(name, stood);
  if (!found?.args.includes(others)) return undefined;
  const back = (type: Type) => swapped(type, [another, others], [row, rows]);
  return { args: found.args.map(back), type: back(found.type), operation: found.operation.replaceAll(another, row) };
}

const signs: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=']);

/** A literal beside a row is one too. */
const asOther = (bound: Bound, beside: Bound): Bound =>
  bound.kind === 'open' && beside.kind !== 'open' && isRecord(beside.type) ? bound.take(beside.type) : bound;

/** Two rows that are compared, undefined where there is none. Throws StatementError for rows that are of other kinds. */
function recordsIn([first, second]: readonly Bound[], at: number | undefined): readonly [Expr, Expr] | undefined {
  if (!first || !second) return undefined;
  const [left, right] = [asOther(first, second), asOther(second, first)];
  if (left.kind === 'open' || right.kind === 'open') return undefined;
  const [own, other] = [fieldsOf(left.type), fieldsOf(right.type)];
  if (!own || !other) return undefined;
  if (own.length !== other.length)
    throw new StatementError(sqlstates.typeWrong, 'cannot compare record types with different numbers of columns', at);
  const place = own.findIndex((type, index) => !isShapedAs(type, other[index] as Type));
  if (place < 0 && !own.every(isComparable))
    throw new StatementError(sqlstates.functionMissing, 'could not identify an equality operator for type json', at);
  if (place < 0) return [left, right];
  const [one, two] = [own, other].map((types) => nameOfType(types[place] as Type));
  throw new StatementError(
    sqlstates.typeWrong,
    `cannot compare dissimilar column types ${one} and ${two} at record column ${place + 1}`,
    at,
  );
}

/** What `||` does to arrays, or to one and something else; a literal beside one is an array too. */
function joiningOf(args: readonly Bound[]): string {
  const [left, right] = args.map((arg) => arg.kind === 'open' || elementOf(arg.type) !== undefined);
  return left && right ? 'array_cat' : left ? 'array_append' : 'array_prepend';
}

/** Types that have a `||` of their own, which a literal beside them is of too. */
const ownJoined: ReadonlySet<Type> = new Set<Type>(['bytea', 'json', 'jsonb']);

/** What is joined to a text becomes one. */
function asTexts(args: readonly Bound[], at: number | undefined): readonly Bound[] {
  if (args.some((arg) => arg.kind !== 'open' && ownJoined.has(arg.type)) && args.some(({ kind }) => kind === 'open')) return args;
  if (!args.some((arg) => arg.kind === 'open' || arg.type === 'text')) return args;
  return args.map((arg) => (arg.kind === 'open' ? arg : cast(arg, 'text', at)));
}

function chosen(name: string, args: readonly Bound[]): Signature | undefined {
  const fitting = functionsNamed(name).filter(
    ({ args: types }) =>
      types.length === args.length &&
      types.every((type, place) => {
        const arg = args[place] as Bound;
        return arg.kind === 'open' || isImplicit(arg.type, type);
      }),
  );
  if (fitting.length < 2) return fitting[0];
  // Of numbers that a function takes otherwise than they are floats come first, as with PostgreSQL.
  const prefersFloat = /^\w|^\^$/.test(name);
  // The most arguments as they are; then, for open ones, the type of those that are known; then text.
  const types = new Set(args.flatMap((arg) => (arg.kind === 'open' ? [] : [arg.type])));
  const score = ({ args: wanted }: Signature) =>
    wanted.reduce((sum, type, place) => {
      const arg = args[place] as Bound;
      if (arg.kind !== 'open')
        return sum + (arg.type === type ? 100 : prefersFloat && type === 'float8' ? 21 : 20 - numbers.indexOf(elementOf(type) ?? type));
      return sum + (types.size === 0 ? (type === 'text' ? 3 : type === 'float8' ? 2 : 0) : types.has(type) ? 10 : 0);
    }, 0);
  return fitting.reduce((best, next) => (score(next) > score(best) ? next : best));
}
