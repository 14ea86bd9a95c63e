import type { TSchema } from 'typebox';
import { childrenOf, type XmlElement } from '#wire/xml/read.ts';
import type { XmlNode } from '#wire/xml/write.ts';
import { refuse } from './errors.ts';
import { grantNodes, readGrant } from './grant.ts';

/**
 * Documents of configuration between XML and the contract's words, by the contract's own schema: a field's element is its name
 * with a capital letter unless the schema names another (`x-xml`), a list's items stand where the field would, or in an
 * element around them (`x-wrap`), and a grant is written as S3 writes it (`x-grant`). What the schema does not know is refused,
 * so that nothing is accepted and ignored.
 */
type Schema = TSchema & {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly 'x-xml'?: string;
  readonly 'x-wrap'?: string;
  readonly 'x-grant'?: true;
};

const capital = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);
const elementOf = (name: string, schema: Schema) => schema['x-xml'] ?? capital(name);

/** Reads what a schema describes out of an element; MalformedXML when it holds something else. */
export function readDocument(schema: TSchema, element: XmlElement): unknown {
  const { properties = {} } = schema as Schema;
  const known = new Set<string>();
  const read: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(properties)) {
    const named = elementOf(name, inner);
    known.add(inner['x-wrap'] ?? named);
    if (inner.type === 'array') {
      const holders = inner['x-wrap'] === undefined ? [element] : childrenOf(element, inner['x-wrap']);
      const items = holders.flatMap((holder) => childrenOf(holder, named));
      const isThere = inner['x-wrap'] === undefined ? items.length > 0 : holders.length > 0;
      if (isThere || !isOptional(schema as Schema, name)) read[name] = items.map((item) => readValue(inner.items as Schema, item));
      continue;
    }
    const [one, ...more] = childrenOf(element, named);
    if (more.length > 0) throw refuse('MalformedXML');
    if (one) read[name] = readValue(inner, one);
  }
  for (const { name } of element.children)
    if (!known.has(name)) throw refuse('MalformedXML', `The element ${name.slice(0, 100)} is not known here.`);
  return read;
}

const isOptional = (schema: Schema, name: string) => !((schema as { required?: readonly string[] }).required ?? []).includes(name);

function readValue(schema: Schema, element: XmlElement): unknown {
  if (schema['x-grant']) return readGrant(element) ?? refuseXml();
  if (schema.type === 'object') return readDocument(schema, element);
  const text = element.text;
  if (schema.type === 'integer') return /^\s*-?\d{1,15}\s*$/.test(text) ? Number(text) : refuseXml();
  if (schema.type === 'boolean') {
    const word = text.trim().toLowerCase();
    return word === 'true' ? true : word === 'false' ? false : refuseXml();
  }
  return text;
}

function refuseXml(): never {
  throw refuse('MalformedXML');
}

/** Writes what a schema describes as elements. */
export function writeDocument(schema: TSchema, value: unknown): XmlNode[] {
  const { properties = {} } = schema as Schema;
  return Object.entries(properties).flatMap(([name, inner]): XmlNode[] => {
    const one = (value as Record<string, unknown>)[name];
    if (one === undefined) return [];
    const named = elementOf(name, inner);
    if (inner.type !== 'array') return [[named, writeValue(inner, one)]];
    const items = (one as unknown[]).map((item): XmlNode => [named, writeValue(inner.items as Schema, item)]);
    return inner['x-wrap'] === undefined ? items : [[inner['x-wrap'], items]];
  });
}

function writeValue(schema: Schema, value: unknown): XmlNode[1] {
  if (schema['x-grant']) return grantNodes(value as Parameters<typeof grantNodes>[0]);
  return schema.type === 'object' ? writeDocument(schema, value) : (value as string | number | boolean);
}
