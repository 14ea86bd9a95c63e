import { encodeAvro } from '#wire/avro/encode.ts';
import type { AvroType } from '#wire/avro/type.ts';
import { parseAvro } from '#wire/avro/parse.ts';
import type { Decoded } from '#wire/schema/value.ts';
import type { Outgoing } from '#seams/log/log.ts';
import { notBuilt, StatementError } from '#engine/pgwire/statement-error.ts';
import { nameBytesMax, pathBytesMax } from './limits.ts';
import { appends, type Plan } from './plan.ts';
import { readArray } from './array.ts';
import { jsonOfList } from './json-list.ts';
import { protoOf, protoWriter } from './sink-proto.ts';
import { readTuple } from './tuple.ts';
import {
  type Column,
  elementOf,
  fieldNamesOf,
  fieldsOf,
  isFloat,
  isRecord,
  numbers,
  printRow,
  readValue,
  type Row,
  rowKey,
  type Type,
  type Value,
} from './value.ts';

export const sinkFormats = ['json', 'avro', 'protobuf', 'rows', 'parquet'] as const;
export const sinkEnvelopes = ['append', 'upsert', 'debezium'] as const;
export const targetOptions = ['topic', 'connection', 'table', 'path', 'format', 'envelope', 'key'] as const;

/**
 * Where the changes of a sink go: a topic, or what a connection leads to, of PostgreSQL into a table. `append`: rows as they come,
 * which never go. `upsert`: the last row of each key, and no value for a key whose row went. `debezium`: each row that came or
 * went, as an insertion or a deletion.
 */
export type Target = {
  readonly topic?: string;
  readonly connection?: string;
  readonly table?: string;
  /** What the names of files begin with. */
  readonly path?: string;
  readonly format: (typeof sinkFormats)[number];
  readonly envelope: (typeof sinkEnvelopes)[number];
  readonly key: readonly string[];
  /** The numbers of the schemas in the registry, of Avro and Protobuf. */
  readonly keySchema?: number;
  readonly valueSchema?: number;
  /** What no other sink has, by which the other side knows this one. */
  readonly mark?: string;
};

/** Whether records are by schemas of the registry. */
export const isRegistered = (format: string): format is 'avro' | 'protobuf' => format === 'avro' || format === 'protobuf';

const wrong = (message: string) => new StatementError('22023', message);

/** What the options of a sink ask for. */
export function targetOf(given: ReadonlyMap<string, string>): Target {
  const [topic, connection, table, path] = ['topic', 'connection', 'table', 'path'].map((name) => given.get(name));
  const named = (given.get('format') ?? (table === undefined ? '' : 'rows')).toLowerCase();
  const format = sinkFormats.find((known) => known === named);
  if (!format) throw notBuilt(named === '' ? 'A sink without a format' : `The format ${named} of a sink`);
  const key = (given.get('key') ?? '').split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
  const asked = (given.get('envelope') ?? (key.length > 0 ? 'upsert' : 'append')).toLowerCase();
  const envelope = sinkEnvelopes.find((known) => known === asked);
  if (!envelope) throw notBuilt(`The envelope ${asked} of a sink`);
  const where = { ...(topic === undefined ? {} : { topic }), ...(connection === undefined ? {} : { connection }) };
  const there = { ...(table === undefined ? {} : { table }), ...(path === undefined ? {} : { path }) };
  const target = { ...where, ...there, format, envelope, key };
  checkPlace(target);
  return target;
}

/** Refuses a target that is no place, or says its rows as nobody reads them there. */
export function checkPlace({ topic, connection, table, path, format, envelope }: Target): void {
  if ((topic === undefined) === (connection === undefined) || (topic !== undefined && !/^[a-zA-Z0-9._-]{1,249}$/.test(topic)))
    throw wrong('a sink needs the name of a topic or of a connection: WITH (topic = ..., format = ...)');
  if (topic !== undefined && table !== undefined) throw wrong('a table is beside a connection');
  if ((format === 'rows') !== (table !== undefined)) throw wrong('rows go into a table, and nothing else does');
  if (table !== undefined && table.split('.').some((name) => name === '' || Buffer.byteLength(name) > nameBytesMax))
    throw wrong('a table is named so: table, or schema.table');
  if (path !== undefined && (format !== 'parquet' || Buffer.byteLength(path) > pathBytesMax || !/^[\w!.*'()/=-]*$/.test(path)))
    throw wrong('a path is what the names of files begin with');
  if (format === 'parquet' && connection === undefined) throw notBuilt('The format parquet in a topic');
  if (format === 'parquet' && envelope !== 'append') throw notBuilt(`The envelope ${envelope} of files`);
  if (format === 'rows' && envelope === 'debezium') throw notBuilt('The envelope debezium of a table');
  if (connection !== undefined && isRegistered(format)) throw notBuilt(`The format ${format} over a connection`);
  if (format === 'protobuf' && envelope === 'debezium') throw notBuilt('The envelope debezium in protobuf');
}

/** Refuses what a sink of a plan cannot say truly. */
export function checkTarget({ envelope, key }: Target, plan: Plan): void {
  const places = key.map((name) => {
    const place = plan.columns.findIndex((column) => column.name === name);
    if (place < 0) throw new StatementError('42703', `column "${name}" does not exist`);
    return place;
  });
  if (envelope === 'append' && !appends(plan))
    throw new StatementError('0A000', 'rows of this SELECT are taken back, which the envelope append cannot say; use upsert or debezium');
  if (envelope !== 'upsert') return;
  if (places.length === 0) throw wrong("the envelope upsert needs a key: WITH (key = 'column, column', ...)");
  if (!uniqueKeys(plan).some((unique) => unique.every((place) => places.includes(place))))
    throw new StatementError('0A000', 'more than one row may have this key; name the columns that the SELECT groups by, or use debezium');
}

/** Columns of which no two rows have the same values; each set by the places of its columns. */
function uniqueKeys(plan: Plan): readonly (readonly number[])[] {
  switch (plan.kind) {
    case 'group':
      return [plan.keys.map((_, place) => place)];
    case 'over': {
      if (plan.limit !== 1) return uniqueKeys(plan.input);
      const places = plan.partition.map((expr) => (expr.kind === 'column' ? expr.place : -1));
      return [...uniqueKeys(plan.input), ...(places.includes(-1) ? [] : [places])];
    }
    case 'emit':
      return uniqueKeys(plan.input);
    case 'map': {
      const placed = (place: number) => plan.outputs.findIndex((output) => output.kind === 'column' && output.place === place);
      return uniqueKeys(plan.input)
        .map((unique) => unique.map(placed))
        .filter((unique) => !unique.includes(-1));
    }
    default:
      return [];
  }
}

/** What a commit changed in sum, what went before what came: `[diff, ...cells]`; of upserts one line a key. */
export function lettersOf({ envelope, key }: Target, columns: readonly Column[], changes: readonly { row: Row; weight: number }[]) {
  const sums = new Map<string, { row: Row; weight: number }>();
  for (const { row, weight } of changes) {
    const name = rowKey(row);
    sums.set(name, { row, weight: weight + (sums.get(name)?.weight ?? 0) });
  }
  const net = [...sums.values()]
    .filter(({ weight }) => weight !== 0)
    .sort((left, right) => Math.sign(left.weight) - Math.sign(right.weight));
  const letters = net.flatMap(({ row, weight }) =>
    Array.from({ length: Math.abs(weight) }, () => [weight > 0 ? '1' : '-1', ...printRow(columns, row)]),
  );
  if (envelope !== 'upsert') return letters;
  const places = key.map((name) => columns.findIndex((column) => column.name === name) + 1);
  // What came stands behind what went: of each key the last line holds.
  return [...new Map(letters.map((letter) => [JSON.stringify(places.map((place) => letter[place])), letter])).values()];
}

/** The records of what commits changed. */
export function recordsOf(target: Target, columns: readonly Column[], letters: readonly (readonly (string | null)[])[]): Outgoing[] {
  const keyed = keyColumns(target, columns);
  const write = writersOf(target, columns, keyed);
  return letters.map(([diff, ...cells]) => {
    const key = keyed.length === 0 ? null : write.key(keyed.map((column) => cells[columns.indexOf(column)] ?? null));
    const came = diff === '1';
    if (target.envelope === 'upsert') return { key, value: came ? write.row(cells) : null };
    return { key, value: target.envelope === 'append' ? write.row(cells) : write.change(came, cells) };
  });
}

type Cells = readonly (string | null)[];
type Writers = {
  key(cells: Cells): Uint8Array | string;
  row(cells: Cells): Uint8Array | string;
  change(came: boolean, cells: Cells): Uint8Array | string;
};

function writersOf(target: Target, columns: readonly Column[], keyed: readonly Column[]): Writers {
  if (target.format === 'json') {
    const row = (cells: Cells) => jsonOf(columns, cells);
    return {
      key: (cells) => jsonOf(keyed, cells),
      row,
      change: (came, cells) => `{"before":${came ? 'null' : row(cells)},"after":${came ? row(cells) : 'null'},"op":"${came ? 'c' : 'd'}"}`,
    };
  }
  if (target.format === 'protobuf') {
    const row = protoWriter(target.valueSchema ?? 0, 'Row', columns);
    return {
      key: protoWriter(target.keySchema ?? 0, 'Key', keyed),
      row,
      change: () => {
        throw notBuilt('The envelope debezium in protobuf');
      },
    };
  }
  const types = { key: parseAvro(avroKey(keyed), new Map()), value: parseAvro(avroValue(target, columns), new Map()) };
  const value = (of: Decoded) => framed(target.valueSchema ?? 0, types.value, of);
  return {
    key: (cells) => framed(target.keySchema ?? 0, types.key, avroRow(keyed, cells)),
    row: (cells) => value(avroRow(columns, cells)),
    change: (came, cells) => {
      const row = avroRow(columns, cells);
      return value({ before: came ? null : row, after: came ? row : null, op: came ? 'c' : 'd' });
    },
  };
}

/** Columns of the key of a target, in its order. */
const keyColumns = ({ key }: Target, columns: readonly Column[]): Column[] =>
  key.map((name) => columns.find((column) => column.name === name) as Column);

const isBare = (type: Type) => numbers.includes(type) || type === 'json' || type === 'jsonb';

/** A row as a JSON object, numbers with all their digits. */
function jsonOf(columns: readonly Column[], cells: Cells): string {
  const fields = columns.map(({ name, type }, at) => {
    const cell = cells[at] ?? null;
    return `${JSON.stringify(name)}:${jsonCell(type, cell)}`;
  });
  return `{${fields.join(',')}}`;
}

function jsonCell(type: Type, cell: string | null): string {
  if (cell === null) return 'null';
  const element = elementOf(type);
  if (element) return jsonOfList(readArray(cell), (item) => jsonCell(element, item));
  if (isRecord(type)) return jsonOf(columnsIn(type), cellsOf(type, cell));
  return type === 'bool' ? String(cell === 't') : isBare(type) ? cell : JSON.stringify(cell);
}

/** Confluent's frame: a byte of zero, the schema's number, the value. */
function framed(id: number, type: AvroType, value: Decoded): Buffer {
  const head = Buffer.alloc(5);
  head.writeInt32BE(id, 1);
  return Buffer.concat([head, encodeAvro(type, value)]);
}

const avroTypes: Readonly<Partial<Record<Type, unknown>>> = {
  bool: 'boolean',
  int2: 'int',
  int4: 'int',
  int8: 'long',
  float4: 'float',
  float8: 'double',
  date: { type: 'int', logicalType: 'date' },
  timestamp: { type: 'long', logicalType: 'local-timestamp-micros' },
  timestamptz: { type: 'long', logicalType: 'timestamp-micros' },
};

/** The fields of rows as columns. */
const columnsIn = (type: Type): Column[] => fieldNamesOf(type).map((name, place) => ({ name, type: fieldsOf(type)?.[place] as Type }));
const cellsOf = (type: Type, cell: string): Cells => ((fieldsOf(type)?.length ?? 0) > 0 ? readTuple(cell) : []);

/** Elements of arrays may be null; an array of more than one dimension has no form. A row within is a record whose name says where. */
function avroType(type: Type, name: string, namespace: string): unknown {
  const element = elementOf(type);
  if (element) return { type: 'array', items: ['null', avroType(element, name, namespace)] };
  return isRecord(type) ? recordType(name, columnsIn(type), namespace) : (avroTypes[type] ?? 'string');
}

/** Fields may be null; what Avro has no type for, such as decimals of any scale, is text. */
function recordType(name: string, columns: readonly Column[], namespace = 'gamut'): unknown {
  const wrongName = columns.find((column) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(column.name));
  if (wrongName) throw wrong(`column "${wrongName.name}" cannot be the name of a field of Avro`);
  const fields = columns.map((column) => ({
    ...{ name: column.name, default: null },
    type: ['null', avroType(column.type, column.name, `${namespace}.${name}`)],
  }));
  return { type: 'record', name, namespace, fields };
}

const avroKey = (columns: readonly Column[]): string => JSON.stringify(recordType('Key', columns));

function avroValue({ envelope }: Target, columns: readonly Column[]): string {
  const row = recordType('Row', columns);
  if (envelope !== 'debezium') return JSON.stringify(row);
  const fields = [
    { name: 'before', type: ['null', row], default: null },
    { name: 'after', type: ['null', 'Row'], default: null },
    { name: 'op', type: 'string' },
  ];
  return JSON.stringify({ type: 'record', name: 'Change', namespace: 'gamut', fields });
}

/** The schemas of a target's records: in which language, and of keys and values. */
export function schemasOf(target: Target, columns: readonly Column[]): { language: 'AVRO' | 'PROTOBUF'; key?: string; value: string } {
  const keyed = keyColumns(target, columns);
  if (target.format === 'protobuf')
    return { language: 'PROTOBUF', ...(keyed.length > 0 ? { key: protoOf('Key', keyed) } : {}), value: protoOf('Row', columns) };
  return { language: 'AVRO', ...(keyed.length > 0 ? { key: avroKey(keyed) } : {}), value: avroValue(target, columns) };
}

function avroRow(columns: readonly Column[], cells: Cells): Decoded {
  const fields = columns.map(({ name, type }, at): [string, Decoded] => {
    return [name, avroCell(name, type, cells[at] ?? null)];
  });
  return Object.fromEntries(fields);
}

function avroCell(name: string, type: Type, cell: string | null): Decoded {
  if (cell === null) return null;
  const element = elementOf(type);
  if (element) {
    const { sizes, items } = readArray(cell);
    if (sizes.length > 1) throw notBuilt(`An array of several dimensions (column "${name}") in Avro`);
    return items.map((item) => avroCell(name, element, item));
  }
  if (isRecord(type)) return avroRow(columnsIn(type), cellsOf(type, cell));
  const value: Value = avroTypes[type] === undefined ? cell : readValue(type, cell);
  const isWhole = !isFloat(type) && (typeof value === 'number' || typeof value === 'bigint');
  return isWhole ? BigInt(value) : (value as Decoded);
}
