import type { TSchema } from 'typebox';
import type { PlainSchema } from './plain-schema.ts';

/** Schemas that a document shares, by component name. */
export type Components = Map<string, Record<string, unknown>>;

type Json = Record<string, unknown>;

/**
 * A contract's schema as OpenAPI 3.1 writes it (JSON Schema 2020-12), saying also what only our checks know: records
 * are closed, tuples are `prefixItems`. The envelope of `kind` and schemas that refer to themselves become components.
 */
export function openSchema(schema: TSchema, service: string, components: Components, kind?: string): Json {
  return convert(schema as PlainSchema, { prefix: service.charAt(0).toUpperCase() + service.slice(1), components, kind });
}

type Place = { readonly prefix: string; readonly components: Components; readonly kind: string | undefined };

function convert(schema: PlainSchema, place: Place): Json {
  if (schema.$ref !== undefined) return referred(schema, place);
  const { $id, $defs, ...own } = schema;
  const written: Json = { ...own };
  for (const keyword of ['anyOf', 'oneOf', 'allOf', 'prefixItems'] as const) {
    const parts = schema[keyword];
    if (parts) written[keyword] = parts.map((part) => convert(part, place));
  }
  if (schema.not) written.not = convert(schema.not, place);
  for (const keyword of ['properties', 'patternProperties'] as const) {
    const parts = schema[keyword];
    if (parts) written[keyword] = Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, convert(part, place)]));
  }
  if (typeof schema.additionalProperties === 'object') written.additionalProperties = convert(schema.additionalProperties, place);
  if (schema.patternProperties && schema.additionalProperties === undefined) Object.assign(written, record(schema, written));
  if (Array.isArray(schema.items)) Object.assign(written, tuple(schema.items as readonly PlainSchema[], schema, place));
  else if (schema.items) written.items = convert(schema.items as PlainSchema, place);
  delete written.additionalItems;
  return shared(choice(written), place);
}

/** A record over every name is simply an object of such values. */
function record(schema: PlainSchema, written: Json): Json {
  const patterns = Object.entries(written.patternProperties as Record<string, Json>);
  const [first] = patterns;
  if (patterns.length === 1 && first && first[0] === '^.*$' && !schema.properties)
    return { patternProperties: undefined, additionalProperties: first[1] };
  return { additionalProperties: false };
}

function tuple(items: readonly PlainSchema[], schema: PlainSchema, place: Place): Json {
  return {
    prefixItems: items.map((item) => convert(item, place)),
    items: schema.additionalItems !== false,
    maxItems: schema.maxItems ?? items.length,
  };
}

/** A choice of constants of one type reads better, and generates better clients, as an enum. */
function choice(written: Json): Json {
  const options = written.anyOf as Json[] | undefined;
  if (!options?.every((option) => 'const' in option)) return withoutUndefined(written);
  const types = new Set(options.map((option) => option.type));
  const { anyOf: _, ...rest } = written;
  return withoutUndefined({ ...rest, ...(types.size === 1 ? { type: [...types][0] } : {}), enum: options.map((option) => option.const) });
}

function withoutUndefined(written: Json): Json {
  return Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined));
}

function shared(written: Json, { prefix, components, kind }: Place): Json {
  const fields = written.properties as Json | undefined;
  if (kind === undefined || !fields || !['uid', 'generation', 'spec'].every((field) => field in fields)) return written;
  return component(`${prefix}${kind}`, written, components) ?? written;
}

function component(name: string, written: Json, components: Components): Json | undefined {
  const known = components.get(name);
  if (known && JSON.stringify(known) !== JSON.stringify(written)) return undefined;
  components.set(name, written);
  return { $ref: `#/components/schemas/${name}` };
}

function referred(schema: PlainSchema, place: Place): Json {
  const name = String(schema.$ref).replace(/^#\/(\$defs|definitions)\//, '');
  for (const [each, definition] of Object.entries(schema.$defs ?? {})) {
    const own = `${place.prefix}${each}`;
    if (place.components.has(own)) continue;
    place.components.set(own, {});
    place.components.set(own, convert(definition, place));
  }
  return { $ref: `#/components/schemas/${place.prefix}${name}` };
}
