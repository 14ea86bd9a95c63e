import type { Column } from './backend.ts';
import { type Decoder, textDecoder } from './decode.ts';
import { ProtocolViolation } from './violation.ts';

/** A column's name with its decoder, made once per prepared statement. */
export type Field = { readonly name: string; readonly decode: Decoder };

export function fieldsOf(columns: readonly Column[]): Field[] {
  return columns.map((column) => {
    if (column.name === '__proto__') throw new ProtocolViolation('a column is named __proto__');
    return { name: column.name, decode: textDecoder(column.oid) };
  });
}

/** Decodes the body of a DataRow into an object with a property per column. */
export function readRow(buffer: Buffer, start: number, end: number, fields: readonly Field[]): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  if (end - start < 2) throw new ProtocolViolation('a row without its count');
  const count = buffer.readUInt16BE(start);
  if (count !== fields.length) throw new ProtocolViolation(`a row of ${count} columns where ${fields.length} were described`);
  let at = start + 2;
  for (let i = 0; i < count; i++) {
    if (end - at < 4) throw new ProtocolViolation('a row ends early');
    const length = buffer.readInt32BE(at);
    at += 4;
    const field = fields[i] as Field;
    if (length === -1) {
      row[field.name] = null;
      continue;
    }
    if (length < 0 || length > end - at) throw new ProtocolViolation('a value ends behind its row');
    row[field.name] = field.decode(buffer, at, at + length);
    at += length;
  }
  if (at !== end) throw new ProtocolViolation('a row goes on behind its last value');
  return row;
}
