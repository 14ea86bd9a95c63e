import type { TSchema } from 'typebox';
import { inputDepthMax } from '../contract/limits.ts';
import { fault } from '../contract/fault.ts';
import { parseJson } from '../listen/json.ts';
import type { PlainSchema } from './plain-schema.ts';
import { queryParametersMax } from './limits.ts';

const reserved = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * The input that a query string spells, coerced by the schema: integers, numbers and booleans by their text, arrays by
 * repeating the parameter, objects as JSON. What does not fit its type stays text, so that validation names the field.
 */
export function queryInput(schema: TSchema, query: string): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  if (query === '') return input;
  const properties = (schema as PlainSchema).properties ?? {};
  const pairs = query.split('&', queryParametersMax + 1);
  if (pairs.length > queryParametersMax) throw fault('BadInput', `The query has more than ${queryParametersMax} parameters.`);
  for (const pair of pairs) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals), '');
    const path = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (reserved.has(name)) throw fault('BadInput', { path, detail: 'This is not a name that a parameter may have.' });
    const text = decode(equals < 0 ? '' : pair.slice(equals + 1), path);
    const field = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (field?.type === 'array') {
      const items = (input[name] ??= []) as unknown[];
      items.push(coerce(field.items && !Array.isArray(field.items) ? (field.items as PlainSchema) : undefined, text, path));
    } else {
      if (Object.hasOwn(input, name)) throw fault('BadInput', { path, detail: 'The parameter is given twice.' });
      input[name] = coerce(field, text, path);
    }
  }
  return input;
}

function decode(raw: string, path: string): string {
  try {
    return decodeURIComponent(raw.replaceAll('+', ' '));
  } catch {
    throw fault('BadInput', { path, detail: 'The query is not valid percent-encoded UTF-8.' });
  }
}

/** The value that a parameter's text means under a schema. */
export function coerce(schema: PlainSchema | undefined, text: string, path: string): unknown {
  if (!schema) return text;
  if ('const' in schema) return String(schema.const) === text ? schema.const : text;
  if (schema.enum) return schema.enum.find((value) => String(value) === text) ?? text;
  const options = schema.anyOf ?? schema.oneOf;
  if (options) return coerceAny(options, text, path);
  switch (schema.type) {
    case 'integer':
      return /^-?\d{1,16}$/.test(text) ? Number(text) : text;
    case 'number':
      return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : text;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'null':
      return text === 'null' ? null : text;
    case 'object':
    case 'array':
      return fromJson(text, path);
    default:
      return text;
  }
}

function coerceAny(options: readonly PlainSchema[], text: string, path: string): unknown {
  const plain = options.filter((option) => option.type !== 'object' && option.type !== 'array');
  for (const option of plain) {
    const value = coerce(option, text, path);
    if (value !== text || option.const === text || option.enum?.includes(text)) return value;
  }
  if (plain.length === options.length || plain.some((option) => option.type === 'string')) return text;
  return fromJson(text, path);
}

function fromJson(text: string, path: string): unknown {
  try {
    return parseJson(text, { depthMax: inputDepthMax });
  } catch (error) {
    throw fault('BadInput', { path, detail: 'The parameter is not JSON.', cause: error });
  }
}
