import { blockItemsMax } from './limits.ts';

/** An Avro schema in JSON, as the registry gives it. */
type Schema = string | readonly Schema[] | { readonly type: Schema; readonly [more: string]: unknown };
type Field = { readonly name: string; readonly type: Schema };
type Named = Map<string, Schema>;

/**
 * Reads values of a schema from Avro's binary encoding, for people to look at; `others` are the schemas that it names.
 * Throws RangeError for bytes that are none.
 */
export function avroReader(text: string, others: readonly string[]): (bytes: Uint8Array) => unknown {
  const schema = JSON.parse(text) as Schema;
  const named: Named = new Map();
  for (const other of others) declare(JSON.parse(other) as Schema, named, '');
  return (bytes) => valueOf(schema, new Cursor(bytes), named, '');
}

/** Notes the types that a schema defines, and those inside them. */
function declare(schema: Schema, named: Named, space: string): void {
  if (typeof schema === 'string') return;
  if (isUnion(schema)) return schema.forEach((one) => declare(one, named, space));
  const here = name(schema, named, space);
  for (const { type } of (schema.fields ?? []) as readonly Field[]) declare(type, named, here);
  for (const inner of [schema.items, schema.values, schema.type]) if (inner !== undefined) declare(inner as Schema, named, here);
}

/** Notes a schema's own name, and says in which namespace the names inside it are: a name with dots brings its own. */
function name(schema: Exclude<Schema, string | readonly Schema[]>, named: Named, space: string): string {
  const { name: own, namespace } = schema;
  if (typeof own !== 'string') return space;
  const dot = own.lastIndexOf('.');
  const here = dot < 0 ? String(namespace ?? space) : own.slice(0, dot);
  const last = own.slice(dot + 1);
  for (const full of [last, here === '' ? last : `${here}.${last}`]) named.set(full, schema);
  return here;
}

class Cursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  take(count: number): Uint8Array {
    if (count < 0 || this.#at + count > this.#bytes.length) throw new RangeError('the value is cut');
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  long(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.take(1)[0] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return (value >> 1n) ^ -(value & 1n);
    }
    throw new RangeError('a number without end');
  }

  count(): number {
    return Number(this.long());
  }

  float(): number {
    this.take(4);
    return this.#view.getFloat32(this.#at - 4, true);
  }

  double(): number {
    this.take(8);
    return this.#view.getFloat64(this.#at - 8, true);
  }
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const hex = (bytes: Uint8Array) => `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
const whole = (value: bigint) => (Number.isSafeInteger(Number(value)) ? Number(value) : String(value));

const primitives: Readonly<Record<string, (cursor: Cursor) => unknown>> = {
  null: () => null,
  boolean: (cursor) => cursor.take(1)[0] === 1,
  int: (cursor) => whole(cursor.long()),
  long: (cursor) => whole(cursor.long()),
  float: (cursor) => cursor.float(),
  double: (cursor) => cursor.double(),
  string: (cursor) => text(cursor.take(cursor.count())),
  bytes: (cursor) => hex(cursor.take(cursor.count())),
};

function valueOf(schema: Schema, cursor: Cursor, named: Named, space: string): unknown {
  if (typeof schema === 'string') {
    if (Object.hasOwn(primitives, schema)) return primitives[schema]?.(cursor);
    const known = named.get(schema) ?? named.get(`${space}.${schema}`);
    if (known === undefined) throw new RangeError(`the schema names ${schema}, which stands elsewhere`);
    return valueOf(known, cursor, named, space);
  }
  if (isUnion(schema)) return valueOf(schema[cursor.count()] ?? 'null', cursor, named, space);
  const { type } = schema;
  const here = name(schema, named, space);
  if (type === 'record' || type === 'error')
    return Object.fromEntries((schema.fields as Field[]).map((field) => [field.name, valueOf(field.type, cursor, named, here)]));
  if (type === 'enum') return (schema.symbols as string[])[cursor.count()];
  if (type === 'fixed') return hex(cursor.take(Number(schema.size)));
  if (type === 'array') return blocks(cursor, () => valueOf(schema.items as Schema, cursor, named, here));
  if (type === 'map')
    return Object.fromEntries(
      blocks(cursor, () => [text(cursor.take(cursor.count())), valueOf(schema.values as Schema, cursor, named, here)] as const),
    );
  return valueOf(type, cursor, named, here);
}

const isUnion = (schema: Exclude<Schema, string>): schema is readonly Schema[] => Array.isArray(schema);

/** Arrays and maps come in blocks; a negative count is followed by the block's size. */
function blocks<T>(cursor: Cursor, one: () => T): T[] {
  const all: T[] = [];
  for (let count = cursor.count(); count !== 0; count = cursor.count()) {
    if (count < 0) cursor.count();
    if (all.length + Math.abs(count) > blockItemsMax) throw new RangeError('more items than are shown');
    for (let left = Math.abs(count); left > 0; left -= 1) all.push(one());
  }
  return all;
}
