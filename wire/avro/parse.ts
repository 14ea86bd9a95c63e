import { schemaDepthMax } from '../schema/limits.ts';
import { SchemaFault } from '../schema/fault.ts';
import { type AvroField, type AvroType, fullName, isNamed, isPrimitive, type More, type Named, type Union } from './type.ts';

type Names = Map<string, Named>;
type Source = Readonly<Record<string, unknown>>;
type Reading = { readonly names: Names; readonly space: string; readonly depthLeft: number };

const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Reads a schema's JSON. `names` are the types that are known before it, and gets those that it defines. */
export function parseAvro(text: string, names: Names): AvroType {
  let source: unknown;
  try {
    source = JSON.parse(text);
  } catch {
    // A bare word is how Java's parser lets a primitive or a name be written.
    if (!/^[A-Za-z_][\w.]*$/.test(text.trim())) throw new SchemaFault('The schema is not JSON.');
    source = text.trim();
  }
  return typeOf(source, { names, space: '', depthLeft: schemaDepthMax });
}

function typeOf(source: unknown, reading: Reading): AvroType {
  if (reading.depthLeft <= 0) throw new SchemaFault(`The schema is nested deeper than ${schemaDepthMax}.`);
  const inner = { ...reading, depthLeft: reading.depthLeft - 1 };
  if (typeof source === 'string') return byName(source, reading);
  if (Array.isArray(source)) return unionOf(source, inner);
  if (typeof source !== 'object' || source === null) throw new SchemaFault(`No schema: ${JSON.stringify(source)}`);
  return complex(source as Source, inner);
}

function byName(name: string, { names, space }: Reading): AvroType {
  if (isPrimitive(name)) return { kind: name, more: {} };
  const known = names.get(name.includes('.') || !space ? name : `${space}.${name}`) ?? names.get(name);
  if (!known) throw new SchemaFault(`Undefined name: ${JSON.stringify(name)}`);
  return known;
}

function unionOf(sources: readonly unknown[], reading: Reading): Union {
  const branches = sources.map((source) => typeOf(source, reading));
  const seen = new Set<string>();
  for (const branch of branches) {
    if (branch.kind === 'union') throw new SchemaFault('A union immediately contains a union.');
    const key = isNamed(branch) ? fullName(branch) : branch.kind;
    if (seen.has(key)) throw new SchemaFault(`Duplicate in union: ${key}`);
    seen.add(key);
  }
  return { kind: 'union', branches };
}

/** What Avro's own parser takes for a schema's own, whatever its kind: it is no attribute that somebody added. */
const ofSchema = ['type', 'name', 'namespace', 'doc', 'aliases', 'fields', 'symbols', 'size', 'items', 'values'];
const ofEnum = [...ofSchema, 'default'];
const ofField = ['name', 'doc', 'aliases', 'type', 'default', 'order'];

const moreOf = (source: Source, own: readonly string[] = ofSchema): More =>
  Object.fromEntries(Object.entries(source).filter(([key]) => !own.includes(key)));

function complex(source: Source, reading: Reading): AvroType {
  const { type } = source;
  if (typeof type !== 'string') {
    if (type === undefined) throw new SchemaFault(`No type: ${JSON.stringify(source).slice(0, 100)}`);
    return typeOf(type, reading);
  }
  if (type === 'array' || type === 'map')
    return { kind: type, items: typeOf(source[type === 'array' ? 'items' : 'values'], reading), more: moreOf(source) };
  if (type === 'record' || type === 'error' || type === 'enum' || type === 'fixed') return named(type, source, reading);
  if (isPrimitive(type)) return { kind: type, more: moreOf(source) };
  return byName(type, reading);
}

function headOf(source: Source, kind: string, space: string) {
  const { name, namespace, doc } = source;
  if (typeof name !== 'string') throw new SchemaFault(`No name in schema of ${kind}.`);
  if (namespace !== undefined && namespace !== null && typeof namespace !== 'string')
    throw new SchemaFault(`The namespace of ${name} is no string.`);
  const dot = name.lastIndexOf('.');
  const head = {
    name: name.slice(dot + 1),
    space: dot >= 0 ? name.slice(0, dot) : ((namespace as string | null | undefined) ?? space),
    aliases: strings(source.aliases, `aliases of ${name}`),
    ...(typeof doc === 'string' ? { doc } : {}),
    more: moreOf(source, kind === 'enum' ? ofEnum : ofSchema),
  };
  for (const part of [head.name, ...(head.space ? head.space.split('.') : [])])
    if (!identifier.test(part)) throw new SchemaFault(`Illegal character in: ${name}`);
  return head;
}

function strings(value: unknown, what: string): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.some((one) => typeof one !== 'string')) throw new SchemaFault(`The ${what} are no list of strings.`);
  return value as string[];
}

function named(kind: 'record' | 'error' | 'enum' | 'fixed', source: Source, reading: Reading): Named {
  const head = headOf(source, kind, reading.space);
  const key = fullName(head);
  if (isPrimitive(key)) throw new SchemaFault(`Type names may not be those of primitive types: ${key}`);
  if (reading.names.has(key)) throw new SchemaFault(`Can't redefine: ${key}`);
  if (kind === 'record' || kind === 'error') {
    const made: Named = { ...head, kind, fields: [] };
    // A record may hold itself.
    reading.names.set(key, made);
    made.fields = fieldsOf(source.fields, key, { ...reading, space: head.space });
    return made;
  }
  const made: Named = kind === 'enum' ? { ...head, kind, ...symbolsOf(source, key) } : { ...head, kind, size: sizeOf(source.size, key) };
  reading.names.set(key, made);
  return made;
}

function symbolsOf(source: Source, key: string): { symbols: readonly string[]; default?: string } {
  if (source.symbols === undefined) throw new SchemaFault(`Enum has no symbols: ${key}`);
  const symbols = strings(source.symbols, `symbols of ${key}`);
  if (new Set(symbols).size < symbols.length) throw new SchemaFault(`Duplicate enum symbol in ${key}.`);
  for (const symbol of symbols) if (!identifier.test(symbol)) throw new SchemaFault(`Illegal enum symbol in ${key}: ${symbol}`);
  if (source.default === undefined) return { symbols };
  if (typeof source.default !== 'string' || !symbols.includes(source.default))
    throw new SchemaFault(`The enum default of ${key} is not among its symbols.`);
  return { symbols, default: source.default };
}

function sizeOf(size: unknown, key: string): number {
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 0) throw new SchemaFault(`Invalid or no size: ${key}`);
  return size;
}

function fieldsOf(source: unknown, key: string, reading: Reading): AvroField[] {
  if (!Array.isArray(source)) throw new SchemaFault(`Record has no fields: ${key}`);
  const seen = new Set<string>();
  return source.map((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) throw new SchemaFault(`A field of ${key} is no object.`);
    const field = fieldOf(entry as Source, key, reading);
    if (seen.has(field.name)) throw new SchemaFault(`Duplicate field ${field.name} in record ${key}.`);
    seen.add(field.name);
    return field;
  });
}

function fieldOf(source: Source, key: string, reading: Reading): AvroField {
  const { name, doc, order } = source;
  if (typeof name !== 'string' || !identifier.test(name)) throw new SchemaFault(`Illegal field name in ${key}: ${JSON.stringify(name)}`);
  if (source.type === undefined) throw new SchemaFault(`No field type: ${name}`);
  const type = typeOf(source.type, reading);
  if (Object.hasOwn(source, 'default') && !fits(source.default, type))
    throw new SchemaFault(`Invalid default for field ${name}: ${JSON.stringify(source.default)} is no ${type.kind}.`);
  return {
    name,
    type,
    aliases: strings(source.aliases, `aliases of ${name}`),
    ...(typeof doc === 'string' ? { doc } : {}),
    ...(typeof order === 'string' ? { order } : {}),
    ...(Object.hasOwn(source, 'default') ? { default: source.default } : {}),
    more: moreOf(source, ofField),
  };
}

/** Whether a default's JSON is a value of the type; of a union any branch may be meant (Avro 1.12). */
function fits(value: unknown, type: AvroType): boolean {
  switch (type.kind) {
    case 'null':
      return value === null;
    case 'boolean':
      return typeof value === 'boolean';
    case 'int':
    case 'long':
      return typeof value === 'number' && Number.isInteger(value);
    case 'float':
    case 'double':
      return typeof value === 'number' || ['NaN', 'Infinity', '-Infinity'].includes(String(value));
    case 'bytes':
    case 'string':
    case 'fixed':
      return typeof value === 'string';
    case 'enum':
      return typeof value === 'string' && type.symbols.includes(value);
    case 'array':
      return Array.isArray(value) && value.every((one) => fits(one, type.items));
    case 'map':
      return isObject(value) && Object.values(value).every((one) => fits(one, type.items));
    case 'union':
      return type.branches.some((branch) => fits(value, branch));
    default:
      return (
        isObject(value) &&
        type.fields.every((field) => (Object.hasOwn(value, field.name) ? fits(value[field.name], field.type) : 'default' in field))
      );
  }
}

const isObject = (value: unknown): value is Source => typeof value === 'object' && value !== null && !Array.isArray(value);
