import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { parseExact, readJson, Written } from './jsonb.ts';
import { hexOf } from './text-form.ts';
import { listOfJson } from './json-list.ts';
import { type Column, elementOf, type List, nameOfType, readValue, type Row, rowTypeOf, type Type, type Value } from './value.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Fields by name; numbers are as they were written. Throws StatementError for what is no JSON object. */
export function parseJson(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const parsed = parse(bytes);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed) || parsed instanceof Written)
    throw new StatementError(sqlstates.valueWrong, 'the value is no JSON object');
  return parsed as Readonly<Record<string, unknown>>;
}

/** The row of fields by name; one that is missing or null is NULL. Throws StatementError for what does not fit. */
export const rowOfFields = (columns: readonly Column[], fields: Readonly<Record<string, unknown>>): Row =>
  columns.map((column) => valueOf(column, Object.hasOwn(fields, column.name) ? fields[column.name] : null));

function parse(bytes: Uint8Array): unknown {
  try {
    return parseExact(decoder.decode(bytes));
  } catch {
    throw new StatementError(sqlstates.valueWrong, 'the value is no JSON');
  }
}

/** A row of a type out of JSON. Throws StatementError for what is none. */
export const tupleIn = (type: Type, text: string): Value => valueOf({ name: 'the row', type }, parseExact(text));

/** An array of a type out of JSON. Throws StatementError for what is none. */
export const listIn = (type: Type, text: string): List =>
  listOfJson(elementOf(type) as Type, parseExact(text) as unknown[], (item) =>
    valueOf({ name: 'an element', type: elementOf(type) as Type }, item),
  );

function valueOf({ name, type }: Column, value: unknown): Value {
  if (value === null || value === undefined) return null;
  const element = elementOf(type);
  if (element && Array.isArray(value)) return listOfJson(element, value, (item) => valueOf({ name, type: element }, item));
  const row = rowTypeOf(type);
  if (row && isFields(value)) return { fields: rowOfFields(row.fields as readonly Column[], value) };
  if (typeof value === 'boolean' && type === 'bool') return value;
  if (type === 'json' || type === 'jsonb') return readJson(type, JSON.stringify(plain(value))) as string;
  if (typeof value === 'object' && !(value instanceof Written)) {
    if ((type === 'text' || type === 'bytea') && Buffer.isBuffer(value)) return hexOf(value);
    if (type === 'text') return JSON.stringify(plain(value));
    throw new StatementError(sqlstates.valueWrong, `${name} is no ${nameOfType(type)}`);
  }
  const text = value instanceof Written ? value.text : String(value);
  if (type !== 'text' && typeof value === 'boolean') throw new StatementError(sqlstates.valueWrong, `${name} is no ${nameOfType(type)}`);
  try {
    return readValue(type, text);
  } catch (error) {
    if (error instanceof StatementError) throw new StatementError(error.sqlstate, `${name}: ${error.message}`);
    throw error;
  }
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Written) && !Buffer.isBuffer(value);

const raw = (text: string): unknown => (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);

/** A value within an object as text; numbers stay as they were written. */
function plain(value: unknown): unknown {
  if (value instanceof Written) return raw(value.text);
  if (typeof value === 'bigint') return raw(String(value));
  if (Buffer.isBuffer(value)) return hexOf(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}
