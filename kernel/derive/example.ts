import type { TSchema } from 'typebox';
import type { PlainSchema } from './plain-schema.ts';
import { validator } from './validate.ts';

const words = ['photos', 'example', 'a', 'admin', 'ada@example.org', 'https://example.org/', '2026-01-31T12:00:00Z', 'us-east-1', '1.0'];

/** A small value that fits a schema, for documents; undefined when none is found by simple means. */
export function exampleOf(schema: TSchema): unknown {
  const value = build(schema as PlainSchema, 0);
  return value !== undefined && validator(schema)(value) === undefined ? value : undefined;
}

function build(schema: PlainSchema, depth: number): unknown {
  if (depth > 8) return undefined;
  if ('const' in schema) return schema.const;
  if (schema.examples?.length) return schema.examples[0];
  if (schema.default !== undefined) return schema.default;
  if (schema.enum) return schema.enum[0];
  const [option] = schema.anyOf ?? schema.oneOf ?? [];
  if (option) return build(option, depth + 1);
  switch (schema.type) {
    case 'string':
      return words.find((word) => validator(schema as TSchema)(word) === undefined);
    case 'integer':
    case 'number':
      return schema.minimum ?? schema.exclusiveMinimum ?? 1;
    case 'boolean':
      return true;
    case 'null':
      return null;
    case 'array':
      return schema.minItems ? [build(schema.items as PlainSchema, depth + 1)] : [];
    case 'object':
      return fields(schema, depth);
    default:
      return schema.type === undefined ? 'anything' : undefined;
  }
}

/** The required fields, or the first where none is. */
function fields(schema: PlainSchema, depth: number): Record<string, unknown> {
  const all = Object.keys(schema.properties ?? {});
  const names = schema.required?.length ? schema.required : all.slice(0, depth === 0 ? 2 : 0);
  return Object.fromEntries(names.map((name) => [name, build(schema.properties?.[name] ?? {}, depth + 1)]));
}
