import type { Frame } from './frame.ts';
import { isObject } from './json.ts';
import { type Columns, mentionsResource, namedBy } from './residual-row.ts';
import { entityKeys } from './set.ts';
import { all, any, type Condition, no, not, type Sql, yes } from './sql.ts';
import { isFailure, type Result, type SetValue, type Value } from './value.ts';

/** What is known while a resource is not. `run` evaluates what does not speak of the resource. */
export type Known = { readonly frame: Frame; readonly columns: Columns; readonly run: (json: unknown) => Result };

/**
 * An expression over an unknown resource: a value; something that is true of some rows, false of others and fails on the rest;
 * a place in the row's attributes; or the resource itself. Conditions are made when asked for, since most are not.
 */
export type Term =
  | { readonly kind: 'known'; readonly value: Result }
  | { readonly kind: 'boolean'; readonly isTrue: () => Condition; readonly isFalse: () => Condition }
  | Path
  | { readonly kind: 'resource' };

/** A place in a row: `json` is its jsonb, null where there is none. */
type Path = {
  readonly kind: 'path';
  readonly json: Sql;
  readonly isThere: () => Condition;
  readonly equals: (value: boolean) => Condition;
};

type Fields = Readonly<Record<string, unknown>>;

/** Undefined where SQL is not asked for this. */
export function termOf(json: unknown, known: Known): Term | undefined {
  if (!isObject(json)) return undefined;
  if (!mentionsResource(json)) return { kind: 'known', value: known.run(json) };
  if (json.Var === 'resource') return { kind: 'resource' };
  const [[name, body] = []] = Object.entries(json);
  if (name === undefined || !isObject(body)) return undefined;
  return forms[name]?.(body, known);
}

const boolean = (isTrue: () => Condition, isFalse: () => Condition): Term => ({ kind: 'boolean', isTrue, isFalse });

type Truth = { readonly isTrue: () => Condition; readonly isFalse: () => Condition };

const truthOf = (term: Term | undefined): Truth | undefined => term && truth(term);

/** A term where a boolean is needed: any other value fails. */
export function truth(term: Term): Truth {
  if (term.kind === 'boolean') return term;
  if (term.kind === 'known') return { isTrue: () => (term.value === true ? yes : no), isFalse: () => (term.value === false ? yes : no) };
  if (term.kind === 'path') return { isTrue: () => term.equals(true), isFalse: () => term.equals(false) };
  return { isTrue: () => no, isFalse: () => no };
}

type Form = (body: Fields, known: Known) => Term | undefined;

const both: (goesOn: boolean) => Form = (goesOn) => (body, known) => {
  const [left, right] = [truthOf(termOf(body.left, known)), truthOf(termOf(body.right, known))];
  // What is known to end it needs no right side: `false && ...`.
  if (left && right === undefined) {
    const stops = goesOn ? left.isFalse() : left.isTrue();
    return stops === yes ? { kind: 'known', value: !goesOn } : undefined;
  }
  if (!left || !right) return undefined;
  if (goesOn)
    return boolean(
      () => all([left.isTrue(), right.isTrue()]),
      () => any([left.isFalse(), all([left.isTrue(), right.isFalse()])]),
    );
  return boolean(
    () => any([left.isTrue(), all([left.isFalse(), right.isTrue()])]),
    () => all([left.isFalse(), right.isFalse()]),
  );
};

const negated: Form = (body, known) => {
  const arg = truthOf(termOf(body.arg, known));
  return arg && boolean(arg.isFalse, arg.isTrue);
};

const conditional: Form = (body, known) => {
  const [test, then, otherwise] = [body.if, body.then, body.else].map((json) => truthOf(termOf(json, known)));
  if (!test || !then || !otherwise) return undefined;
  const either = (a: Condition, b: Condition) => any([all([test.isTrue(), a]), all([test.isFalse(), b])]);
  return boolean(
    () => either(then.isTrue(), otherwise.isTrue()),
    () => either(then.isFalse(), otherwise.isFalse()),
  );
};

/** Attributes that policy does not see are not there: null, and numbers that are not whole and exact. */
function pathAt(json: Sql): Path {
  const type: Sql = ['jsonb_typeof(', ...json, ')'];
  const isThere: Sql = [
    ...['(case ', ...type, " when 'number' then (", ...json, ')::numeric = trunc((', ...json],
    ...[')::numeric) and abs((', ...json, ")::numeric) <= 9007199254740991 when 'null' then false else (", ...json, ') is not null end)'],
  ];
  return { kind: 'path', json, isThere: () => isThere, equals: (value) => ['coalesce(', ...json, ` = '${value}'::jsonb, false)`] };
}

/** A test that makes sense for one type of JSON alone, and fails on the others. */
function typed(path: Path, type: string, test: Sql): Term {
  const when = (result: Sql): Sql => [
    '(case when ',
    ...(path.isThere() as Sql),
    ' and jsonb_typeof(',
    ...path.json,
    `) = '${type}' then `,
    ...result,
    ' else false end)',
  ];
  return boolean(
    () => when(test),
    () => when(['not (', ...test, ')']),
  );
}

const failed: Term = boolean(
  () => no,
  () => no,
);

function stepOf(left: Term | undefined, name: string, { columns }: Known): Sql | undefined {
  // Labels are told apart from attributes: they are tags.
  if (left?.kind === 'resource') {
    if (name === 'labels') return undefined;
    const step: Sql = ['(', columns.attributes, ' -> ', { value: name }, ')'];
    return name === 'name' ? nameOr(step, columns) : step;
  }
  return left?.kind === 'path' ? ['(', ...left.json, ' -> ', { value: name }, ')'] : undefined;
}

/** Every resource has its name as an attribute, unless its spec has another. */
const nameOr = (step: Sql, { name }: Columns): Sql => [
  ...['(case when ', ...(pathAt(step).isThere() as Sql), ' then ', ...step],
  ...[' else to_jsonb((', name, ')::text) end)'],
];

const hasNull = (text: string) => text.includes('\0');

const attribute: Form = (body, known) => {
  const left = termOf(body.left, known);
  if (left === undefined || typeof body.attr !== 'string') return undefined;
  if (left.kind === 'boolean') return undefined;
  if (hasNull(body.attr)) return failed;
  const step = stepOf(left, body.attr, known);
  if (step) return pathAt(step);
  return left.kind === 'resource' ? failed : undefined;
};

const has: Form = (body, known) => {
  const names = typeof body.attr === 'string' ? [body.attr] : body.attr;
  if (!Array.isArray(names) || names.length !== 1) return undefined;
  const left = termOf(body.left, known);
  const name = names[0] as string;
  if (left?.kind === 'resource' && (name === 'labels' || hasNull(name))) return { kind: 'known', value: false };
  const step = stepOf(left, name, known);
  if (!step || hasNull(name)) return undefined;
  const there = pathAt(step).isThere();
  if (left?.kind === 'path') return typed(left, 'object', there as Sql);
  return boolean(
    () => there,
    () => not(there),
  );
};

const isPrimitive = (value: Value): value is string | boolean | number | bigint => typeof value !== 'object';
const jsonText = (value: string | boolean | number | bigint) => (typeof value === 'bigint' ? String(value) : JSON.stringify(value));
const jsonValue = (text: string): Sql => ['(', { value: text }, '::jsonb)'];

/** A place that equals a primitive: JSON of another type is another value. */
function equalTo(path: Path, value: Result): Term | undefined {
  if (isFailure(value)) return failed;
  if (!isPrimitive(value)) return undefined;
  const same: Condition =
    typeof value === 'string' && hasNull(value) ? no : ['coalesce(', ...path.json, ' = ', ...jsonValue(jsonText(value)), ', false)'];
  return boolean(
    () => all([path.isThere(), same]),
    () => all([path.isThere(), not(same)]),
  );
}

const equal: Form = (body, known) => {
  const [left, right] = [termOf(body.left, known), termOf(body.right, known)];
  if (left?.kind === 'path' && right?.kind === 'known') return equalTo(left, right.value);
  if (left?.kind === 'known' && right?.kind === 'path') return isFailure(left.value) ? failed : equalTo(right, left.value);
  const other = left?.kind === 'resource' ? right : right?.kind === 'resource' ? left : undefined;
  if (other?.kind !== 'known') return undefined;
  if (isFailure(other.value)) return failed;
  const keys = typeof other.value === 'object' && other.value.kind === 'entity' ? [other.value.key] : [];
  return isNamed(keys, known);
};

function isNamed(keys: readonly string[], { frame, columns }: Known): Term {
  const named = namedBy(keys, frame.resource.type, columns);
  return boolean(
    () => named,
    () => not(named),
  );
}

const flip = (term: Term | undefined): Term | undefined => {
  const one = truthOf(term);
  return one && boolean(one.isFalse, one.isTrue);
};

const mirrored: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

const ordered: (operator: string) => Form = (operator) => (body, known) => {
  const [left, right] = [termOf(body.left, known), termOf(body.right, known)];
  const [path, other, sign] = left?.kind === 'path' ? [left, right, operator] : [right, left, mirrored[operator]];
  if (path?.kind !== 'path' || other?.kind !== 'known') return undefined;
  const { value } = other;
  if (isFailure(value)) return failed;
  if (typeof value === 'object') return undefined;
  if (typeof value !== 'number' && typeof value !== 'bigint') return failed;
  return typed(path, 'number', ['(', ...path.json, `)::numeric ${sign} `, `(${value}::numeric)`]);
};

const like: Form = (body, known) => {
  const left = termOf(body.left, known);
  if (left?.kind !== 'path' || !Array.isArray(body.pattern)) return undefined;
  const pattern = body.pattern
    .map((part) => (part === 'Wildcard' ? '%' : String((part as Fields).Literal).replace(/[\\%_]/g, '\\$&')))
    .join('');
  if (hasNull(pattern)) return typed(left, 'string', no);
  return typed(left, 'string', ['(', ...left.json, " #>> '{}') like ", { value: pattern }]);
};

const isType: Form = (body, { frame }) => {
  const left = isObject(body.left) && body.left.Var === 'resource';
  if (!left || (body.in !== undefined && body.in !== null)) return undefined;
  return { kind: 'known', value: body.entity_type === frame.resource.type };
};

/** Below its ancestors, which all rows share, or the row itself. */
const isIn: Form = (body, known) => {
  const [left, right] = [termOf(body.left, known), termOf(body.right, known)];
  if (left?.kind !== 'resource' || right?.kind !== 'known') return undefined;
  const { value } = right;
  if (isFailure(value)) return failed;
  if (typeof value !== 'object' || (value.kind !== 'entity' && value.kind !== 'set')) return failed;
  const keys = value.kind === 'entity' ? [value.key] : entityKeys(value);
  if (keys === undefined) return failed;
  if (keys.some((key) => known.frame.resourceData?.ancestors.has(key))) return { kind: 'known', value: true };
  return isNamed(keys, known);
};

const plainOf = (set: SetValue) => (set.deep.size > 0 ? undefined : [...set.plain]);

function holds(path: Path, value: string | boolean | number | bigint): Sql {
  if (typeof value === 'string' && hasNull(value)) return no;
  return [...path.json, ' @> ', ...jsonValue(`[${jsonText(value)}]`)];
}

const contains: Form = (body, known) => {
  const [left, right] = [termOf(body.left, known), termOf(body.right, known)];
  if (left?.kind === 'path' && right?.kind === 'known') {
    if (isFailure(right.value)) return failed;
    return isPrimitive(right.value) ? typed(left, 'array', holds(left, right.value)) : undefined;
  }
  if (left?.kind !== 'known' || right?.kind !== 'path') return undefined;
  const { value } = left;
  if (isFailure(value) || typeof value !== 'object' || value.kind !== 'set') return failed;
  const plain = plainOf(value);
  if (!plain) return undefined;
  const one = any(plain.map((each) => truthOf(equalTo(right, each))?.isTrue()));
  return boolean(
    () => one,
    () => all([right.isThere(), not(one)]),
  );
};

const containsMany: (how: (conditions: readonly Condition[]) => Condition) => Form = (how) => (body, known) => {
  const [left, right] = [termOf(body.left, known), termOf(body.right, known)];
  if (left?.kind !== 'path' || right?.kind !== 'known') return undefined;
  const { value } = right;
  if (isFailure(value) || typeof value !== 'object' || value.kind !== 'set') return failed;
  const plain = plainOf(value);
  const test = plain && how(plain.map((each) => holds(left, each)));
  return test && typed(left, 'array', test);
};

const isEmpty: Form = (body, known) => {
  const arg = termOf(body.arg, known);
  return arg?.kind === 'path' ? typed(arg, 'array', [...arg.json, " = '[]'::jsonb"]) : undefined;
};

/** Tags of the resource are its labels: texts by name. */
function labelOf(body: Fields, known: Known): { name: string } | 'fails' | undefined {
  const [left, right] = [termOf(body.left, known), termOf(body.right, known)];
  if (left?.kind !== 'resource' || right?.kind !== 'known') return undefined;
  return typeof right.value === 'string' ? { name: right.value } : 'fails';
}

const hasTag: Form = (body, known) => {
  const label = labelOf(body, known);
  if (label === undefined || label === 'fails') return label && failed;
  if (hasNull(label.name)) return { kind: 'known', value: false };
  const there: Sql = ['(', known.columns.labels, ' ? ', { value: label.name }, ')'];
  return boolean(
    () => there,
    () => not(there),
  );
};

const getTag: Form = (body, known) => {
  const label = labelOf(body, known);
  if (label === undefined) return undefined;
  return label === 'fails' || hasNull(label.name) ? failed : pathAt(['(', known.columns.labels, ' -> ', { value: label.name }, ')']);
};

const forms: Readonly<Record<string, Form>> = {
  '&&': both(true),
  '||': both(false),
  '!': negated,
  'if-then-else': conditional,
  '.': attribute,
  has,
  '==': equal,
  '!=': (body, known) => flip(equal(body, known)),
  '<': ordered('<'),
  '<=': ordered('<='),
  '>': ordered('>'),
  '>=': ordered('>='),
  like,
  is: isType,
  in: isIn,
  contains,
  containsAll: containsMany(all),
  containsAny: containsMany(any),
  isEmpty,
  hasTag,
  getTag,
};
