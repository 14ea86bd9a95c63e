import { canonical, type ObjectValue, type Primitive, type SetValue, type Value } from './value.ts';

const noPlain: ReadonlySet<Primitive> = new Set();
const noDeep: ReadonlyMap<string, ObjectValue> = new Map();

/** A set of the values given; equal ones count once. */
export function setOf(elements: readonly Value[]): SetValue {
  let plain: Set<Primitive> | undefined;
  let deep: Map<string, ObjectValue> | undefined;
  for (const element of elements) {
    if (typeof element !== 'object') (plain ??= new Set()).add(element);
    else (deep ??= new Map()).set(canonical(element), element);
  }
  return { kind: 'set', plain: plain ?? noPlain, deep: deep ?? noDeep, canonical: undefined, entityKeys: undefined };
}

export function isEmptySet(set: SetValue): boolean {
  return set.plain.size === 0 && set.deep.size === 0;
}

export function contains(set: SetValue, value: Value): boolean {
  if (typeof value !== 'object') return set.plain.has(value);
  return set.deep.size > 0 && set.deep.has(canonical(value));
}

export function containsAll(set: SetValue, wanted: SetValue): boolean {
  if (wanted.plain.size > set.plain.size || wanted.deep.size > set.deep.size) return false;
  for (const element of wanted.plain) if (!set.plain.has(element)) return false;
  for (const key of wanted.deep.keys()) if (!set.deep.has(key)) return false;
  return true;
}

export function containsAny(a: SetValue, b: SetValue): boolean {
  return meet(a.plain, b.plain) || meet(a.deep, b.deep);
}

function meet<T>(a: { size: number; keys(): Iterable<T>; has(key: T): boolean }, b: typeof a): boolean {
  const [small, large] = a.size <= b.size ? [a, b] : [b, a];
  for (const key of small.keys()) if (large.has(key)) return true;
  return false;
}

/** The keys of a set of entities; undefined where an element is no entity. */
export function entityKeys(set: SetValue): readonly string[] | undefined {
  if (set.entityKeys) return set.entityKeys;
  if (set.plain.size > 0) return undefined;
  const keys: string[] = [];
  for (const element of set.deep.values()) {
    if (element.kind !== 'entity') return undefined;
    keys.push(element.key);
  }
  set.entityKeys = keys;
  return keys;
}

/** An element that is no entity, for the message. */
export function firstStranger(set: SetValue): Value | undefined {
  for (const element of set.plain) return element;
  for (const element of set.deep.values()) if (element.kind !== 'entity') return element;
  return undefined;
}
