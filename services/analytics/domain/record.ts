import type { AvroType, Named } from '#wire/avro/type.ts';
import { decodeAvro } from '#wire/avro/decode.ts';
import { parseAvro } from '#wire/avro/parse.ts';
import { decodeProto, type Known } from '#wire/protobuf/decode.ts';
import { parseProto } from '#wire/protobuf/parse.ts';
import { Scope } from '#wire/protobuf/scope.ts';
import { SchemaFault } from '#wire/schema/fault.ts';
import type { RegisteredSchema } from '#seams/log/registry.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { readCsvRow } from './csv-row.ts';
import type { Format } from './format.ts';
import { parseJson, rowOfFields } from './json-row.ts';
import { Unreachable } from './lookup.ts';
import { Overrun } from './routine.ts';
import type { Column, Row } from './value.ts';

/** A schema that values are read by. */
export type Understood = { readonly kind: 'avro'; readonly type: AvroType } | ({ readonly kind: 'protobuf' } & Known);
/** Schemas by their numbers, as far as there are such; an error says why one is not understood. */
export type Schemas = ReadonlyMap<number, Understood | StatementError>;
/** What a record says: rows that came (1), and that went (-1). */
export type Said = readonly { readonly row: Row; readonly weight: 1 | -1 }[];

/** Whether an error says that a record fits no row; one that is nested too deeply ends in a RangeError. */
export const isRefusal = (error: unknown): error is Error =>
  (error instanceof StatementError && !(error instanceof Overrun) && !(error instanceof Unreachable)) || error instanceof RangeError;

const wrong = (message: string) => new StatementError(sqlstates.valueWrong, message);
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The number of the schema that a value of Avro or Protobuf names, if it is one. */
export function schemaIdOf({ kind }: Format, value: Buffer | null): number | undefined {
  if (kind !== 'avro' && kind !== 'protobuf') return undefined;
  return value && value.length >= 5 && value[0] === 0 ? value.readInt32BE(1) : undefined;
}

/** Understands a schema as the registry has it. */
export function understood({ type, text, references }: RegisteredSchema): Understood {
  try {
    if (type === 'AVRO') {
      const names = new Map<string, Named>();
      for (const reference of references) parseAvro(reference.text, names);
      return { kind: 'avro', type: parseAvro(text, names) };
    }
    if (type !== 'PROTOBUF') throw wrong(`values of ${type} are not read by their schema`);
    const file = parseProto(text);
    return { kind: 'protobuf', file, scope: new Scope(file, new Map(references.map(({ name, text: of }) => [name, parseProto(of)]))) };
  } catch (error) {
    if (error instanceof SchemaFault) throw wrong(`the schema is not understood: ${error.message}`);
    throw error;
  }
}

/** The rows of a record. Throws StatementError or RangeError for a value that does not fit. */
export function readRecord(format: Format, columns: readonly Column[], value: Buffer | null, schemas: Schemas): Said {
  const { kind, envelope } = format;
  // The record behind a deletion lets the log forget the key: it changes no row.
  if (value === null && envelope === 'debezium') return [];
  if (value === null) throw wrong('the record has no value');
  if (kind === 'csv') return came(readCsvRow(columns, textIn(value), format));
  if (kind === 'raw') return came([textIn(value)]);
  const fields = fieldsOf(format, value, schemas);
  return envelope === 'debezium' ? changed(columns, fields) : came(rowOfFields(columns, fields));
}

const came = (row: Row): Said => [{ row, weight: 1 }];

function textIn(value: Buffer): string {
  try {
    return utf8.decode(value);
  } catch {
    throw wrong('the value is no UTF-8');
  }
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(format: Format, value: Buffer, schemas: Schemas): Fields {
  if (format.kind === 'json') {
    // Serialisers of JSON Schema write the number of the schema before the text, behind a byte that no JSON begins with.
    return parseJson(value[0] === 0 ? value.subarray(5) : value);
  }
  const id = schemaIdOf(format, value);
  if (id === undefined) throw wrong('the value does not begin with the number of a schema');
  const schema = schemas.get(id);
  if (!schema) throw wrong(`there is no schema ${id}`);
  if (schema instanceof StatementError) throw schema;
  if (schema.kind !== format.kind) throw wrong(`the schema ${id} is none of ${format.kind}`);
  const read = schema.kind === 'avro' ? decodeAvro(schema.type, value.subarray(5)) : protoOf(schema, value.subarray(5));
  if (typeof read !== 'object' || read === null || Array.isArray(read) || Buffer.isBuffer(read)) throw wrong('the value is no record');
  return read as Fields;
}

/** The place of the message comes first: how many numbers, and they; a single 0 stands for the first message. */
function protoOf(schema: Known, bytes: Buffer): unknown {
  let at = 0;
  const next = (): number => {
    let [value, shift] = [0, 0];
    for (; ; shift += 7) {
      const byte = bytes[at];
      at += 1;
      if (byte === undefined || shift > 28) throw wrong('the place of the message is cut');
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
  };
  const count = next();
  if (count < 0 || count > bytes.length) throw wrong('the place of the message is none');
  const place = count === 0 ? [0] : Array.from({ length: count }, next);
  return decodeProto(schema, place, bytes.subarray(at));
}

/** Debezium's envelope: with a schema in JSON it lies in `payload`. */
function changed(columns: readonly Column[], fields: Fields): Said {
  const told = Object.hasOwn(fields, 'payload') && Object.hasOwn(fields, 'schema') ? fields.payload : fields;
  if (told === null) return [];
  if (!isFields(told) || typeof told.op !== 'string') throw wrong('the value is no change of Debezium: it has no op');
  const { op, before, after } = told;
  const row = (of: unknown, what: string, weight: 1 | -1) => {
    if (!isFields(of)) throw wrong(`a change ${JSON.stringify(op)} without what the row was ${what} it`);
    return { row: rowOfFields(columns, of), weight };
  };
  if (op === 'c' || op === 'r') return [row(after, 'after', 1)];
  if (op === 'u') return [row(before, 'before', -1), row(after, 'after', 1)];
  if (op === 'd') return [row(before, 'before', -1)];
  throw wrong(`a change of the kind ${JSON.stringify(op)} is not read`);
}

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
