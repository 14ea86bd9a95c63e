import { fault } from '../contract/fault.ts';
import { below, isObject } from './json.ts';
import { specTypeDepthMax } from './limits.ts';
import { long } from './long.ts';
import { setOf } from './set.ts';
import type { Value } from './value.ts';

/** The part of a JSON Schema that policy can see: Cedar has strings, 64-bit integers, booleans, sets and closed records. */
export type SpecType =
  | { readonly kind: 'string' | 'long' | 'boolean' }
  | { readonly kind: 'set'; readonly element: SpecType }
  | { readonly kind: 'record'; readonly fields: ReadonlyMap<string, { readonly type: SpecType; readonly required: boolean }> };

const primitives: Readonly<Record<string, SpecType>> = {
  string: { kind: 'string' },
  integer: { kind: 'long' },
  boolean: { kind: 'boolean' },
};
const escapes: ReadonlySet<string> = new Set(['__entity', '__extn', '__expr']);

/**
 * The type of a JSON Schema's values in policy, or undefined where they have none: fractions, free-form maps, unions of
 * different types, and what is nested deeper than `specTypeDepthMax`.
 */
export function specType(schema: unknown, depth = 0): SpecType | undefined {
  if (!isObject(schema) || depth > specTypeDepthMax) return undefined;
  const members = schema.anyOf ?? schema.oneOf ?? (Array.isArray(schema.enum) ? schema.enum.map((value) => ({ const: value })) : undefined);
  if (Array.isArray(members)) return common(members, depth);
  if ('const' in schema) return typeof schema.const === 'number' ? primitives.integer : primitives[typeof schema.const];
  if (schema.type === 'array') {
    const element = specType(schema.items, depth + 1);
    return element && { kind: 'set', element };
  }
  if (schema.type === 'object' && isObject(schema.properties)) return recordType(schema, schema.properties, depth);
  return typeof schema.type === 'string' && Object.hasOwn(primitives, schema.type) ? primitives[schema.type] : undefined;
}

/** The one type that all members of a union have; null only makes the field optional. */
function common(members: readonly unknown[], depth: number): SpecType | undefined {
  const types = members.filter((member) => !isNull(member)).map((member) => specType(member, depth + 1));
  const [first] = types;
  const same = types.every((type) => type !== undefined && JSON.stringify(plain(type)) === JSON.stringify(first && plain(first)));
  return same ? first : undefined;
}

function isNull(schema: unknown): boolean {
  return isObject(schema) && (schema.type === 'null' || schema.const === null);
}

function recordType(schema: Readonly<Record<string, unknown>>, properties: Readonly<Record<string, unknown>>, depth: number): SpecType {
  const required = Array.isArray(schema.required) ? schema.required : [];
  const fields = Object.entries(properties).flatMap(([name, property]) => {
    // What is personal is in no snapshot, so no policy can ask for it.
    const type = escapes.has(name) || isPersonal(property) ? undefined : specType(property, depth + 1);
    return type ? [[name, { type, required: required.includes(name) && !isNullable(property) }] as const] : [];
  });
  return { kind: 'record', fields: new Map(fields) };
}

const isPersonal = (schema: unknown): boolean => isObject(schema) && 'x-personal' in schema;

function isNullable(schema: unknown): boolean {
  const members = isObject(schema) ? (schema.anyOf ?? schema.oneOf ?? []) : [];
  return Array.isArray(members) && members.some(isNull);
}

/** A type in Cedar's JSON schema form. */
export function plain(type: SpecType): Record<string, unknown> {
  switch (type.kind) {
    case 'string':
      return { type: 'String' };
    case 'long':
      return { type: 'Long' };
    case 'boolean':
      return { type: 'Boolean' };
    case 'set':
      return { type: 'Set', element: plain(type.element) };
    case 'record':
      return {
        type: 'Record',
        attributes: Object.fromEntries([...type.fields].map(([name, field]) => [name, { ...plain(field.type), required: field.required }])),
      };
  }
}

/**
 * A spec as the attributes policy sees: fields that have a type there, absent and null ones left out. A value that
 * contradicts its schema is Internal: a decision on half of a spec could miss what forbids it.
 */
export function specAttributes(type: SpecType | undefined, spec: unknown): ReadonlyMap<string, Value> {
  const value = type?.kind === 'record' ? specValue(type, spec, '/spec') : undefined;
  return typeof value === 'object' && value.kind === 'record' ? value.attrs : new Map<string, Value>();
}

function specValue(type: SpecType, json: unknown, path: string): Value {
  switch (type.kind) {
    case 'string':
      if (typeof json === 'string') return json;
      break;
    case 'boolean':
      if (typeof json === 'boolean') return json;
      break;
    case 'long': {
      const value = typeof json === 'bigint' ? long(json) : Number.isSafeInteger(json) ? (json as number) + 0 : undefined;
      if (value !== undefined) return value;
      break;
    }
    case 'set':
      if (Array.isArray(json)) return setOf(json.map((element, index) => specValue(type.element, element, below(path, index))));
      break;
    case 'record':
      if (isObject(json)) return { kind: 'record', attrs: fieldValues(type.fields, json, path) };
      break;
  }
  throw fault('Internal', { path, detail: `${path} is not the ${type.kind} that its schema says.` });
}

function fieldValues(
  fields: Extract<SpecType, { kind: 'record' }>['fields'],
  json: Readonly<Record<string, unknown>>,
  path: string,
): Map<string, Value> {
  const attrs = new Map<string, Value>();
  for (const [name, { type }] of fields) {
    const field = Object.hasOwn(json, name) ? json[name] : undefined;
    if (field !== undefined && field !== null) attrs.set(name, specValue(type, field, below(path, name)));
  }
  return attrs;
}
