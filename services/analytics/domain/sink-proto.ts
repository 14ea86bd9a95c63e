import { encodeProto } from '#wire/protobuf/encode.ts';
import type { Message } from '#wire/protobuf/file.ts';
import { parseProto } from '#wire/protobuf/parse.ts';
import type { Decoded } from '#wire/schema/value.ts';
import { notBuilt, StatementError } from '#engine/pgwire/statement-error.ts';
import { readArray } from './array.ts';
import { readTuple } from './tuple.ts';
import { type Column, elementOf, fieldNamesOf, fieldsOf, isFloat, isRecord, readValue, type Type } from './value.ts';

const timestamp = 'google.protobuf.Timestamp';
const protoTypes: Readonly<Partial<Record<Type, string>>> = {
  ...{ bool: 'bool', int2: 'int32', int4: 'int32', int8: 'int64', float4: 'float', float8: 'double' },
  ...{ bytea: 'bytes', timestamptz: timestamp },
};

type Cells = readonly (string | null)[];

const columnsIn = (type: Type): Column[] => fieldNamesOf(type).map((name, place) => ({ name, type: fieldsOf(type)?.[place] as Type }));

/** A row as a message of a file: fields that may be absent, lists that are repeated, rows within as messages of their own. */
export function protoOf(name: string, columns: readonly Column[]): string {
  const body = messageText(name, columns, '');
  const imported = body.includes(timestamp) ? 'import "google/protobuf/timestamp.proto";\n' : '';
  return `syntax = "proto3";\npackage gamut;\n${imported}${body}`;
}

function messageText(name: string, columns: readonly Column[], indent: string): string {
  const within: string[] = [];
  const fields = columns.map(({ name: field, type }, at) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(field))
      throw new StatementError('22023', `column "${field}" cannot be the name of a field of Protobuf`);
    const element = elementOf(type);
    const own = element ?? type;
    if (isRecord(own)) within.push(messageText(rowName(at, columns), columnsIn(own), `${indent}  `));
    return `${indent}  ${element ? 'repeated' : 'optional'} ${fieldType(own, at, columns)} ${field} = ${at + 1};\n`;
  });
  return `${indent}message ${name} {\n${within.join('')}${fields.join('')}${indent}}\n`;
}

/** What the message of a field of rows is called, which no field beside it is. */
function rowName(place: number, columns: readonly Column[]): string {
  let name = `Row${place + 1}`;
  while (columns.some((column) => column.name === name)) name += '_';
  return name;
}

const fieldType = (type: Type, place: number, columns: readonly Column[]): string =>
  isRecord(type) ? rowName(place, columns) : (protoTypes[type] ?? 'string');

/** Writes rows in Confluent's frame: a byte of zero, the schema's number, a zero for the first message of its file, the message. */
export function protoWriter(id: number, name: string, columns: readonly Column[]): (cells: Cells) => Buffer {
  const message = parseProto(protoOf(name, columns)).messages[0] as Message;
  const head = Buffer.alloc(6);
  head.writeInt32BE(id, 1);
  return (cells) => {
    try {
      return Buffer.concat([head, encodeProto(message, protoRow(columns, cells))]);
    } catch (error) {
      if (error instanceof TypeError) throw new StatementError('22023', error.message);
      throw error;
    }
  };
}

const protoRow = (columns: readonly Column[], cells: Cells): { readonly [field: string]: Decoded } =>
  Object.fromEntries(columns.map(({ name, type }, at) => [name, protoCell(name, type, cells[at] ?? null)]));

function protoCell(name: string, type: Type, cell: string | null): Decoded {
  if (cell === null) return null;
  const element = elementOf(type);
  if (element) {
    const { sizes, items } = readArray(cell);
    if (sizes.length > 1) throw notBuilt(`An array of several dimensions (column "${name}") in Protobuf`);
    return items.map((item) => protoCell(name, element, item));
  }
  if (isRecord(type)) return protoRow(columnsIn(type), (fieldsOf(type)?.length ?? 0) > 0 ? readTuple(cell) : []);
  if (protoTypes[type] === undefined) return cell;
  if (type === 'bytea') return Buffer.from(cell.slice(2), 'hex');
  const value = readValue(type, cell);
  const isWhole = !isFloat(type) && (typeof value === 'number' || typeof value === 'bigint');
  return isWhole ? BigInt(value) : (value as Decoded);
}
