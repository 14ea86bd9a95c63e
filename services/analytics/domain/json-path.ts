import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { listOf } from './array.ts';
import {
  add,
  compareDecimal,
  type Decimal,
  divide,
  multiply,
  negate,
  printDecimal,
  readDecimal,
  remainder,
  truncatedAt,
} from './decimal.ts';
import { isFieldsOfJson, type Json, parseExact, writeJsonb, Written } from './jsonb.ts';
import { type Comparison, isCondition, type JsonPath, type Method, parsePath, type PathNode } from './json-path-parse.ts';
import { pathsKeptMax, pathItemsMax } from './limits.ts';
import { compareTexts, finite, type List } from './value.ts';

const known = new Map<string, JsonPath>();

function pathOf(text: string): JsonPath {
  const found = known.get(text) ?? parsePath(text);
  if (known.size >= pathsKeptMax) known.clear();
  known.set(text, found);
  return found;
}

/** What is wrong with a value for a path, which conditions take for unknown. */
class PathFault extends StatementError {}
const fault = (sqlstate: string, message: string) => new PathFault(sqlstate, message);

/** What holds, does not, or is not known. */
type Truth = boolean | undefined;
/** The value that `@` stands for, and the length of the list that `last` is about. */
type Scope = { readonly current: Json | undefined; readonly length: number | undefined };

type Places = Extract<PathNode, { kind: 'subscripts' }>['places'];

function isBehindLevels(node: PathNode): boolean {
  return 'of' in node && !isCondition(node) && node.kind !== 'sign' && (node.of.kind === 'levels' || isBehindLevels(node.of));
}

/** A path at work on a value. */
class Walk {
  readonly #isStrict: boolean;
  readonly #root: Json;
  readonly #vars: Json;
  #items = 0;

  constructor(isStrict: boolean, root: Json, vars: Json) {
    this.#isStrict = isStrict;
    this.#root = root;
    this.#vars = vars;
  }

  /** What a path leads to; a condition to whether it holds. */
  *found(node: PathNode, scope: Scope): Generator<Json> {
    for (const item of isCondition(node) ? [this.#truth(node, scope) ?? null] : this.#values(node, scope)) {
      this.#items += 1;
      if (this.#items > pathItemsMax) throw new StatementError(sqlstates.tooComplex, `a path leads to at most ${pathItemsMax} values`);
      yield item;
    }
  }

  *#values(node: PathNode, scope: Scope): Generator<Json> {
    // Behind a step over all levels nothing is missing.
    const isStrict = this.#isStrict && !isBehindLevels(node);
    switch (node.kind) {
      case 'root':
        yield this.#root;
        return;
      case 'current':
        if (scope.current === undefined) throw new StatementError(sqlstates.syntax, '@ is not allowed in root expressions');
        yield scope.current;
        return;
      case 'last':
        if (scope.length === undefined) throw new StatementError(sqlstates.syntax, 'LAST is allowed only in array subscripts');
        yield new Written(String(scope.length - 1));
        return;
      case 'variable':
        yield this.#variable(node.name);
        return;
      case 'value':
        yield node.value;
        return;
      case 'number':
        yield new Written(printDecimal(readDecimal(node.text) as Decimal));
        return;
      case 'key':
        for (const item of this.found(node.of, scope)) yield* this.#key(item, node.name, isStrict);
        return;
      case 'keys':
        for (const item of this.found(node.of, scope)) yield* this.#all(item, isStrict);
        return;
      case 'elements':
        for (const item of this.found(node.of, scope)) yield* this.#list(item, 'wildcard array', isStrict);
        return;
      case 'levels':
        for (const item of this.found(node.of, scope)) yield* levels(item, node.from, node.to, 0);
        return;
      case 'subscripts':
        for (const item of this.found(node.of, scope)) yield* this.#subscripted(item, node.places, scope, isStrict);
        return;
      case 'filter':
        for (const item of this.found(node.of, scope))
          for (const each of this.#unwrapped(item)) if (this.#truth(node.by, { ...scope, current: each }) === true) yield each;
        return;
      case 'method':
        for (const item of this.found(node.of, scope)) yield* this.#method(item, node.name, isStrict);
        return;
      case 'sign':
        for (const item of this.found(node.of, scope))
          for (const each of this.#unwrapped(item)) {
            if (!(each instanceof Written)) throw fault('2203B', `operand of unary jsonpath operator ${node.sign} is not a numeric value`);
            yield node.sign === '+' ? each : number(negate(decimalOf(each)));
          }
        return;
      case 'arithmetic': {
        const left = this.#operand(node.left, scope, `left operand of jsonpath operator ${node.sign}`);
        const right = this.#operand(node.right, scope, `right operand of jsonpath operator ${node.sign}`);
        yield number(computed(node.sign, left, right));
        return;
      }
      default:
        yield this.#truth(node, scope) ?? null;
    }
  }

  #variable(name: string): Json {
    if (!isFieldsOfJson(this.#vars) || !Object.hasOwn(this.#vars, name))
      throw new StatementError('42704', `could not find jsonpath variable ${JSON.stringify(name)}`);
    return this.#vars[name] as Json;
  }

  /** In a lax path a list stands for its elements. */
  #unwrapped(item: Json): readonly Json[] {
    return !this.#isStrict && Array.isArray(item) ? (item as readonly Json[]) : [item];
  }

  *#key(item: Json, name: string, isStrict: boolean, unwraps = true): Generator<Json> {
    if (isFieldsOfJson(item)) {
      if (Object.hasOwn(item, name)) yield item[name] as Json;
      else if (isStrict) throw fault('2203A', `JSON object does not contain key ${JSON.stringify(name)}`);
    } else if (unwraps && !this.#isStrict && Array.isArray(item))
      for (const each of item as readonly Json[]) yield* this.#key(each, name, isStrict, false);
    else if (isStrict) throw fault('2203A', 'jsonpath member accessor can only be applied to an object');
  }

  *#all(item: Json, isStrict: boolean, unwraps = true): Generator<Json> {
    if (isFieldsOfJson(item)) yield* ordered(item);
    else if (unwraps && !this.#isStrict && Array.isArray(item))
      for (const each of item as readonly Json[]) yield* this.#all(each, isStrict, false);
    else if (isStrict) throw fault('2203C', 'jsonpath wildcard member accessor can only be applied to an object');
  }

  #list(item: Json, what: string, isStrict: boolean): readonly Json[] {
    if (Array.isArray(item)) return item as readonly Json[];
    if (isStrict) throw fault('22039', `jsonpath ${what} accessor can only be applied to an array`);
    return this.#isStrict ? [] : [item];
  }

  *#subscripted(item: Json, places: Places, scope: Scope, isStrict: boolean): Generator<Json> {
    const list = this.#list(item, 'array', isStrict);
    const within = { ...scope, length: list.length };
    for (const [first, last] of places) {
      const from = this.#place(first, within);
      const to = last ? this.#place(last, within) : from;
      if (isStrict && (from < 0 || from > to || to >= list.length)) throw fault('22033', 'jsonpath array subscript is out of bounds');
      for (let at = Math.max(0, from); at <= Math.min(to, list.length - 1); at += 1) yield list[at] as Json;
    }
  }

  #place(node: PathNode, scope: Scope): number {
    const [found, ...more] = this.found(node, scope);
    if (!(found instanceof Written) || more.length > 0) throw fault('22033', 'jsonpath array subscript is not a single numeric value');
    const place = Number(printDecimal(truncatedAt(decimalOf(found), 0)));
    if (Math.abs(place) > 2 ** 31 - 1) throw fault('22033', 'jsonpath array subscript is out of integer range');
    return place;
  }

  *#method(item: Json, name: Method, isStrict: boolean): Generator<Json> {
    if (name === 'type') yield typeOf(item);
    else if (name === 'size') {
      if (!Array.isArray(item) && isStrict) throw fault('22039', 'jsonpath item method .size() can only be applied to an array');
      yield new Written(String(Array.isArray(item) ? item.length : 1));
    } else for (const each of this.#unwrapped(item)) yield number(numeric(each, name));
  }

  #operand(node: PathNode, scope: Scope, what: string): Decimal {
    const [found, ...more] = [...this.found(node, scope)].flatMap((item) => this.#unwrapped(item));
    if (!(found instanceof Written) || more.length > 0) throw fault('22038', `${what} is not a single numeric value`);
    return decimalOf(found);
  }

  #truth(node: PathNode, scope: Scope): Truth {
    switch (node.kind) {
      case 'and': {
        const left = this.#truth(node.left, scope);
        if (left === false) return false;
        const right = this.#truth(node.right, scope);
        return right === true ? left : right;
      }
      case 'or': {
        const left = this.#truth(node.left, scope);
        if (left === true) return true;
        const right = this.#truth(node.right, scope);
        return right === false ? left : right;
      }
      case 'not': {
        const of = this.#truth(node.of, scope);
        return of === undefined ? undefined : !of;
      }
      case 'unknown':
        return this.#truth(node.of, scope) === undefined;
      case 'exists':
        return tried(() => {
          const items = this.found(node.of, scope);
          // A strict path is gone to its end, where something may be wrong.
          return this.#isStrict ? [...items].length > 0 : items.next().done !== true;
        });
      case 'compare':
        return this.#pairs(node.left, node.right, scope, (left, right) => compared(node.sign, left, right));
      case 'starts':
        return this.#pairs(node.left, node.right, scope, (left, right) =>
          typeof left === 'string' && typeof right === 'string' ? left.startsWith(right) : undefined,
        );
      default:
        throw new TypeError(`${node.kind} is no condition`);
    }
  }

  /** Whether something holds of any value on the left and any on the right. */
  #pairs(left: PathNode, right: PathNode, scope: Scope, holds: (left: Json, right: Json) => Truth): Truth {
    return tried(() => {
      const own = [...this.found(left, scope)].flatMap((item) => this.#unwrapped(item));
      const others = [...this.found(right, scope)].flatMap((item) => this.#unwrapped(item));
      let [isFound, isUnknown] = [false, false];
      for (const one of own)
        for (const other of others) {
          const truth = holds(one, other);
          if (truth === undefined && this.#isStrict) return undefined;
          if (truth === undefined) isUnknown = true;
          else if (truth && !this.#isStrict) return true;
          else isFound ||= truth;
        }
      return isFound || (isUnknown ? undefined : false);
    });
  }
}

/** What is wrong within a condition makes it unknown. */
function tried(work: () => Truth): Truth {
  try {
    return work();
  } catch (error) {
    if (error instanceof PathFault) return undefined;
    throw error;
  }
}

const decimalOf = ({ text }: Written): Decimal => readDecimal(text) as Decimal;
const number = (value: Decimal): Written => new Written(printDecimal(value));
/** The values of an object in the order of jsonb. */
const ordered = (item: { readonly [name: string]: Json }): Json[] =>
  Object.values(parseExact(writeJsonb(item)) as { readonly [name: string]: Json });

function* levels(item: Json, from: number, to: number, depth: number): Generator<Json> {
  const inner = Array.isArray(item) ? (item as readonly Json[]) : isFieldsOfJson(item) ? ordered(item) : [];
  const isLast = to === Number.POSITIVE_INFINITY && from === Number.POSITIVE_INFINITY;
  if (isLast ? depth > 0 && !isKind(item) : depth >= from && depth <= to) yield item;
  if (isLast || depth < to) for (const each of inner) yield* levels(each, from, to, depth + 1);
}

function typeOf(item: Json): string {
  if (item === null) return 'null';
  if (item instanceof Written) return 'number';
  return Array.isArray(item) ? 'array' : typeof item;
}

function numeric(item: Json, name: 'double' | 'ceiling' | 'floor' | 'abs'): Decimal {
  if (name === 'double') {
    const text = item instanceof Written ? item.text : item;
    const isNumber = typeof text === 'string' && /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(text);
    if (!isNumber) throw fault('22036', 'jsonpath item method .double() can only be applied to a string or numeric value');
    return readDecimal(String(finite(Number(text)))) as Decimal;
  }
  if (!(item instanceof Written)) throw fault('22036', `jsonpath item method .${name}() can only be applied to a numeric value`);
  const value = decimalOf(item);
  if (name === 'abs') return value.units < 0n ? negate(value) : value;
  const whole = truncatedAt(value, 0);
  const apart = compareDecimal(value, whole);
  const step = name === 'ceiling' ? (apart > 0 ? 1n : 0n) : apart < 0 ? -1n : 0n;
  return add(whole, { units: step, scale: 0 });
}

function computed(sign: Extract<PathNode, { kind: 'arithmetic' }>['sign'], left: Decimal, right: Decimal): Decimal {
  if ((sign === '/' || sign === '%') && right.units === 0n) throw fault(sqlstates.divisionByZero, 'division by zero');
  switch (sign) {
    case '+':
      return add(left, right);
    case '-':
      return add(left, negate(right));
    case '*':
      return multiply(left, right);
    case '/':
      return divide(left, right);
    case '%':
      return remainder(left, right);
  }
}

const isKind = (item: Json): boolean => Array.isArray(item) || isFieldsOfJson(item);

function compared(sign: Comparison, left: Json, right: Json): Truth {
  if (typeOf(left) !== typeOf(right)) return left === null || right === null ? sign === '!=' : undefined;
  if (isKind(left)) return undefined;
  const order =
    left instanceof Written
      ? compareDecimal(decimalOf(left), decimalOf(right as Written))
      : typeof left === 'string'
        ? compareTexts(left, right as string)
        : Number(left) - Number(right);
  switch (sign) {
    case '==':
      return order === 0;
    case '!=':
      return order !== 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

type Asked = readonly [text: string, path: string, vars?: string, isSilent?: boolean];

/** Goes along a path; answers whether something was wrong that is not to be told. */
function walked([text, path, vars = '{}', isSilent = false]: Asked, take: (items: Generator<Json>, isStrict: boolean) => void): boolean {
  const given = parseExact(vars) as Json;
  if (!isFieldsOfJson(given)) throw new StatementError('22023', '"vars" argument is not an object');
  const { isStrict, node } = pathOf(path);
  try {
    take(new Walk(isStrict, parseExact(text) as Json, given).found(node, { current: undefined, length: undefined }), isStrict);
    return false;
  } catch (error) {
    if (isSilent && error instanceof PathFault) return true;
    throw error;
  }
}

/** What a path leads to; silently as far as it goes. */
function valuesOf(asked: Asked): Json[] {
  const found: Json[] = [];
  walked(asked, (items) => {
    for (const item of items) found.push(item);
  });
  return found;
}

/** jsonb_path_query, as an array. */
export const jsonPathValues = (...asked: Asked): List => listOf(valuesOf(asked).map(writeJsonb));
export const jsonPathArray = (...asked: Asked): string => writeJsonb(valuesOf(asked));
export function jsonPathFirst(...asked: Asked): string | null {
  const [first] = valuesOf(asked);
  return first === undefined ? null : writeJsonb(first);
}

/** Whether a path leads to anything; NULL where something is wrong that is not to be told. */
export function jsonPathExists(...asked: Asked): boolean | null {
  let isFound = false;
  const isWrong = walked(asked, (items, isStrict) => {
    // A strict path is gone to its end, where something may be wrong.
    isFound = isStrict ? [...items].length > 0 : items.next().done !== true;
  });
  return isWrong ? null : isFound;
}

/** The one truth that a path leads to. */
export function jsonPathMatch(...asked: Asked): boolean | null {
  let truth: boolean | null = null;
  walked(asked, (items) => {
    const [first, ...more] = items;
    if (more.length > 0 || (typeof first !== 'boolean' && first !== null)) throw fault('22038', 'single boolean result is expected');
    truth = first;
  });
  return truth;
}
