import { type Document, isKeywords, type JsonSchema, type Keywords } from './document.ts';

/** Two documents that are compared: what was written, and what is to accept it. */
export type Comparing = {
  readonly original: Document;
  readonly update: Document;
  readonly seen: Map<JsonSchema, Map<JsonSchema, string[]>>;
  readonly budget: { left: number };
  /** Why the second does not accept all that the first did. */
  readonly compare: (original: JsonSchema, update: JsonSchema, path: string) => string[];
};

/** Two schemas of theirs, without references, at the same place. */
export type Pair = { readonly original: Keywords; readonly update: Keywords; readonly path: string };

export const refusal = (kind: string, path: string): string =>
  `{errorType:"${kind}", description:"${sentences[kind] ?? kind} at path '${path}'"}`;

const sentences: Readonly<Record<string, string>> = {
  TYPE_NARROWED: 'The new schema takes fewer types',
  TYPE_CHANGED: 'The new schema takes another type',
  PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL: 'The new schema has a property that was open before',
  REQUIRED_ATTRIBUTE_ADDED: 'The new schema requires a property without a default',
  REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL: 'The new schema has a new required property without a default',
  PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL: 'The new schema lacks a property and takes no others',
  ADDITIONAL_PROPERTIES_REMOVED: 'The new schema takes no further properties',
  ENUM_ARRAY_NARROWED: 'The new schema takes fewer values',
};

/** Whether a schema accepts everything. */
export const isOpen = (schema: JsonSchema): boolean =>
  schema === true || (isKeywords(schema) && Object.keys(schema).every((key) => idle.has(key)));

/** Keywords that say nothing of values. */
const idle = new Set([
  '$id',
  'id',
  '$schema',
  'title',
  'description',
  'default',
  'examples',
  '$comment',
  'definitions',
  '$defs',
  '$anchor',
  'format',
]);
for (const key of ['readOnly', 'writeOnly', 'deprecated', 'contentEncoding', 'contentMediaType']) idle.add(key);
