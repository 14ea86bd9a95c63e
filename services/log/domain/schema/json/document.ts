import { schemaDepthMax, schemaNodesMax } from '../../limits.ts';
import { SchemaFault } from '#wire/schema/fault.ts';
import type { Resolved } from '../schema.ts';

/** A schema of JSON Schema: an object of keywords, or true or false. */
export type JsonSchema = boolean | Keywords;
export type Keywords = Readonly<Record<string, unknown>>;

/** A schema with the documents that its references lead to. */
export type Document = { readonly root: JsonSchema; readonly named: ReadonlyMap<string, JsonSchema> };

export const isKeywords = (value: unknown): value is Keywords => typeof value === 'object' && value !== null && !Array.isArray(value);
export const isSchema = (value: unknown): value is JsonSchema => typeof value === 'boolean' || isKeywords(value);

const types = ['null', 'boolean', 'object', 'array', 'number', 'integer', 'string'];
const schemaKeywords = [
  'additionalProperties',
  'additionalItems',
  'not',
  'contains',
  'propertyNames',
  'if',
  'then',
  'else',
  'unevaluatedItems',
];
const listKeywords = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const mapKeywords = ['properties', 'patternProperties', 'definitions', '$defs', 'dependentSchemas'];
const numberKeywords = ['maximum', 'minimum', 'multipleOf'];
const sizeKeywords = ['maxLength', 'minLength', 'maxItems', 'minItems', 'maxProperties', 'minProperties'];

/** Reads a document: drafts 4, 6, 7, 2019-09 and 2020-12 in what they have in common. */
export function jsonDocument(text: string, references: readonly Resolved[]): Document {
  const named = new Map<string, JsonSchema>();
  for (const reference of references) {
    const schema = read(reference.text);
    named.set(reference.name, schema);
    const id = idOf(schema);
    if (id) named.set(id, schema);
  }
  const document = { root: read(text), named };
  const budget = { left: schemaNodesMax };
  checkSchema(document, document.root, '#', schemaDepthMax, budget);
  return document;
}

function read(text: string): JsonSchema {
  let schema: unknown;
  try {
    schema = JSON.parse(text);
  } catch {
    throw new SchemaFault('The schema is not JSON.');
  }
  if (!isSchema(schema)) throw new SchemaFault('A JSON schema is an object, or true or false.');
  return schema;
}

const idOf = (schema: JsonSchema): string | undefined => {
  const id = isKeywords(schema) ? (schema.$id ?? schema.id) : undefined;
  return typeof id === 'string' ? id.replace(/#$/, '') : undefined;
};

function checkSchema(document: Document, schema: unknown, path: string, depthLeft: number, budget: { left: number }): void {
  if (typeof schema === 'boolean') return;
  if (!isKeywords(schema)) throw new SchemaFault(`${path}: expected type: object or boolean`);
  budget.left -= 1;
  if (depthLeft <= 0 || budget.left <= 0) throw new SchemaFault('The schema is too deep or too large.');
  const inner = (value: unknown, at: string) => checkSchema(document, value, `${path}/${at}`, depthLeft - 1, budget);
  checkKeywords(schema, path);
  for (const key of schemaKeywords) if (Object.hasOwn(schema, key)) inner(schema[key], key);
  for (const key of listKeywords) {
    if (!Object.hasOwn(schema, key)) continue;
    const list = schema[key];
    if (!Array.isArray(list) || list.length === 0) throw new SchemaFault(`${path}/${key}: expected a list of schemas`);
    list.forEach((one, at) => inner(one, `${key}/${at}`));
  }
  for (const key of mapKeywords) {
    if (!Object.hasOwn(schema, key)) continue;
    const map = schema[key];
    if (!isKeywords(map)) throw new SchemaFault(`${path}/${key}: expected an object of schemas`);
    for (const [name, one] of Object.entries(map)) inner(one, `${key}/${name}`);
  }
  if (Array.isArray(schema.items)) schema.items.forEach((one, at) => inner(one, `items/${at}`));
  else if (Object.hasOwn(schema, 'items')) inner(schema.items, 'items');
  if (Object.hasOwn(schema, '$ref')) deref(document, schema);
}

function checkKeywords(schema: Keywords, path: string): void {
  const fail = (key: string, expected: string): never => {
    throw new SchemaFault(`${path}/${key}: expected ${expected}`);
  };
  const { type } = schema;
  if (type !== undefined) {
    const list = Array.isArray(type) ? type : [type];
    if (list.length === 0 || list.some((one) => !types.includes(one as string))) fail('type', `one of ${types.join(', ')}`);
  }
  for (const key of numberKeywords) if (Object.hasOwn(schema, key) && typeof schema[key] !== 'number') fail(key, 'a number');
  for (const key of sizeKeywords)
    if (Object.hasOwn(schema, key) && !(Number.isInteger(schema[key]) && (schema[key] as number) >= 0))
      fail(key, 'a whole number from 0 on');
  if (Object.hasOwn(schema, 'enum') && !Array.isArray(schema.enum)) fail('enum', 'a list');
  if (Object.hasOwn(schema, '$ref') && typeof schema.$ref !== 'string') fail('$ref', 'a string');
  const { required } = schema;
  // In draft 3 and loose writers `required` is a boolean of a property.
  if (
    required !== undefined &&
    typeof required !== 'boolean' &&
    !(Array.isArray(required) && required.every((one) => typeof one === 'string'))
  )
    fail('required', 'a list of strings');
  if (Object.hasOwn(schema, 'pattern')) {
    if (typeof schema.pattern !== 'string') fail('pattern', 'a string');
  }
}

/** The schema behind `$ref`s; a reference to itself, or to nothing that is known, is a fault. */
export function deref(document: Document, schema: JsonSchema): JsonSchema {
  let at = schema;
  for (let left = schemaDepthMax; left > 0; left--) {
    if (!isKeywords(at) || typeof at.$ref !== 'string') return at;
    // The drafts' own schemas are not carried: whatever is a schema fits.
    if (/^https?:\/\/json-schema\.org\/(draft|schema)/.test(at.$ref)) return true;
    at = target(document, at.$ref);
  }
  throw new SchemaFault('A reference leads back to itself.');
}

function target(document: Document, reference: string): JsonSchema {
  const [base = '', fragment = ''] = reference.split('#', 2);
  const own = idOf(document.root);
  const relative = own && base ? own.slice(0, own.lastIndexOf('/') + 1) + base : base;
  const root =
    base === '' || base === own
      ? document.root
      : (document.named.get(base) ?? document.named.get(relative) ?? definedAs(document.root, base));
  if (root === undefined) throw new SchemaFault(`The reference ${reference} leads to no schema.`);
  const found = fragment === '' ? root : fragment.startsWith('/') ? pointed(root, fragment) : definedAs(root, `#${fragment}`);
  if (!isSchema(found)) throw new SchemaFault(`The reference ${reference} leads to no schema.`);
  return found;
}

/** RFC 6901. */
function pointed(root: JsonSchema, pointer: string): unknown {
  let at: unknown = root;
  for (const part of pointer.slice(1).split('/')) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}

/** A definition that names itself by `$id` or `$anchor`. */
function definedAs(root: JsonSchema, name: string): JsonSchema | undefined {
  if (!isKeywords(root)) return undefined;
  for (const definitions of [root.definitions, root.$defs])
    for (const one of Object.values(isKeywords(definitions) ? definitions : {}))
      if (isKeywords(one) && (one.$id === name || one.id === name || `#${String(one.$anchor)}` === name)) return one;
  return undefined;
}
