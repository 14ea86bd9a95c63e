import { type Frame, dataOf } from './frame.ts';
import { add, multiply, negate, subtract } from './long.ts';
import { contains, containsAll, containsAny, entityKeys, firstStranger, isEmptySet } from './set.ts';
import {
  type EntityValue,
  equals,
  failure,
  isFailure,
  type Long,
  type Result,
  type RecordValue,
  type SetValue,
  typeFailure,
  typeName,
  type Value,
} from './value.ts';

/** An operator whose result follows from its operands alone. An operand that failed is passed on as the result. */
export type Unary = (arg: Result) => Result;
export type Binary = (left: Result, right: Result) => Result;
/** An operator that also looks at entities. */
export type Lookup = (frame: Frame, left: Result, right: Result) => Result;

function isLong(value: Result): value is Long {
  return typeof value === 'number' || typeof value === 'bigint';
}

function isSet(value: Result): value is SetValue {
  return typeof value === 'object' && value.kind === 'set';
}

export function isEntity(value: Result): value is EntityValue {
  return typeof value === 'object' && value.kind === 'entity';
}

export function isRecord(value: Result): value is RecordValue {
  return typeof value === 'object' && value.kind === 'record';
}

const entityType = '(entity of type `any_entity_type`)';

function equal(left: Result, right: Result): Result {
  if (typeof left !== 'object' && typeof right !== 'object') return left === right;
  if (isFailure(left)) return left;
  return isFailure(right) ? right : equals(left, right);
}

function different(left: Result, right: Result): Result {
  const same = equal(left, right);
  return typeof same === 'boolean' ? !same : same;
}

/** Order exists within longs, within datetimes and within durations; a decimal has methods instead. */
function ordered(test: (left: Long, right: Long) => boolean): Binary {
  return (left, right) => {
    if (isLong(left) && isLong(right)) return test(left, right);
    if (isFailure(left)) return left;
    if (isFailure(right)) return right;
    if (typeof left === 'object' && typeof right === 'object') {
      if (left.kind === 'datetime' && right.kind === 'datetime') return test(left.ms, right.ms);
      if (left.kind === 'duration' && right.kind === 'duration') return test(left.ms, right.ms);
    }
    return notOrdered(left, right);
  };
}

function notOrdered(left: Value, right: Value): Result {
  const hasOrder = (value: Value) =>
    isLong(value) || (typeof value === 'object' && (value.kind === 'datetime' || value.kind === 'duration'));
  if (hasOrder(left)) return typeFailure(typeName(left), right);
  if (hasOrder(right)) return typeFailure(typeName(right), left);
  return typeFailure('one of datetime, duration, long', left);
}

function arithmetic(compute: (left: Long, right: Long) => Result): Binary {
  return (left, right) => {
    if (isLong(left) && isLong(right)) return compute(left, right);
    if (isFailure(left)) return left;
    return isLong(left) ? typeFailure('long', right) : isFailure(right) ? right : typeFailure('long', left);
  };
}

function onSets(compute: (left: SetValue, right: SetValue) => boolean): Binary {
  return (left, right) => {
    if (isSet(left) && isSet(right)) return compute(left, right);
    if (isFailure(left)) return left;
    return isSet(left) ? typeFailure('set', right) : isFailure(right) ? right : typeFailure('set', left);
  };
}

/** Operators of two operands, both of which are always evaluated. */
export const binaryOperators: ReadonlyMap<string, Binary> = new Map<string, Binary>([
  ['==', equal],
  ['!=', different],
  ['<', ordered((left, right) => left < right)],
  ['<=', ordered((left, right) => left <= right)],
  ['>', ordered((left, right) => left > right)],
  ['>=', ordered((left, right) => left >= right)],
  ['+', arithmetic(add)],
  ['-', arithmetic(subtract)],
  ['*', arithmetic(multiply)],
  [
    'contains',
    (set, value) => (isFailure(set) ? set : isFailure(value) ? value : isSet(set) ? contains(set, value) : typeFailure('set', set)),
  ],
  ['containsAll', onSets(containsAll)],
  ['containsAny', onSets(containsAny)],
]);

export const unaryOperators: ReadonlyMap<string, Unary> = new Map<string, Unary>([
  ['!', (arg) => (typeof arg === 'boolean' ? !arg : typeFailure('bool', arg))],
  ['neg', (arg) => (isLong(arg) ? negate(arg) : typeFailure('long', arg))],
  ['isEmpty', (arg) => (isSet(arg) ? isEmptySet(arg) : typeFailure('set', arg))],
]);

/** Whether an entity is another, or below it, or below one of a set. An unknown entity is below nothing. */
function isIn(frame: Frame, left: Result, right: Result): Result {
  if (isFailure(left)) return left;
  if (isFailure(right)) return right;
  if (!isEntity(left)) return typeFailure(entityType, left);
  if (isEntity(right)) return left.key === right.key || (dataOf(frame, left)?.ancestors.has(right.key) ?? false);
  if (!isSet(right)) return typeFailure(`one of set, ${entityType}`, right);
  const keys = entityKeys(right);
  if (keys === undefined) return typeFailure(entityType, firstStranger(right) ?? right);
  const ancestors = dataOf(frame, left)?.ancestors;
  for (const key of keys) if (key === left.key || ancestors?.has(key)) return true;
  return false;
}

function hasTag(frame: Frame, left: Result, right: Result): Result {
  if (isEntity(left) && typeof right === 'string') return dataOf(frame, left)?.tags?.has(right) ?? false;
  return notTagged(left, right);
}

function getTag(frame: Frame, left: Result, right: Result): Result {
  if (!isEntity(left) || typeof right !== 'string') return notTagged(left, right);
  const data = dataOf(frame, left);
  if (data === undefined) return failure(`entity \`${left.key}\` does not exist`);
  return data.tags?.get(right) ?? failure(`\`${left.key}\` does not have the tag \`${right}\``);
}

function notTagged(left: Result, right: Result): Result {
  if (isFailure(left)) return left;
  if (isEntity(left)) return typeFailure('string', right);
  return isFailure(right) ? right : typeFailure(entityType, left);
}

export const lookupOperators: ReadonlyMap<string, Lookup> = new Map<string, Lookup>([
  ['in', isIn],
  ['hasTag', hasTag],
  ['getTag', getTag],
]);

/** The value of an attribute; a Failure where there is none. */
export function attribute(frame: Frame, of: Result, name: string): Result {
  if (isRecord(of)) return of.attrs.get(name) ?? failure(`record does not have the attribute \`${name}\``);
  if (!isEntity(of)) return typeFailure(`one of record, ${entityType}`, of);
  const data = dataOf(frame, of);
  if (data === undefined) return failure(`entity \`${of.key}\` does not exist`);
  return data.attrs.get(name) ?? failure(`\`${of.key}\` does not have the attribute \`${name}\``);
}

/** Whether there is an attribute; an unknown entity has none. */
export function hasAttribute(frame: Frame, of: Result, name: string): Result {
  if (isRecord(of)) return of.attrs.has(name);
  if (isEntity(of)) return dataOf(frame, of)?.attrs.has(name) ?? false;
  return typeFailure(`one of record, ${entityType}`, of);
}

/** Whether an entity is of a type, known or not. */
export function isOfType(of: Result, type: string): Result {
  return isEntity(of) ? of.type === type : typeFailure(entityType, of);
}
