import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { type Column, readValue, type Row, type Value } from './value.ts';

/** A number as it was written: JSON.parse alone would round it. */
class Written {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Context = { readonly source?: string };
const decoder = new TextDecoder('utf-8', { fatal: true });

/** The row of a record's JSON object; a field that is missing or null is NULL. Throws StatementError for what does not fit. */
export function readJsonRow(columns: readonly Column[], bytes: Uint8Array | null): Row {
  if (bytes === null) throw new StatementError(sqlstates.valueWrong, 'the record has no value');
  const parsed = parse(bytes);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed) || parsed instanceof Written)
    throw new StatementError(sqlstates.valueWrong, 'the value is no JSON object');
  return columns.map((column) =>
    valueOf(column, Object.hasOwn(parsed, column.name) ? (parsed as Record<string, unknown>)[column.name] : null),
  );
}

function parse(bytes: Uint8Array): unknown {
  const exact = (_key: string, value: unknown, context?: Context) =>
    typeof value === 'number' ? new Written(context?.source ?? String(value)) : value;
  try {
    return JSON.parse(decoder.decode(bytes), exact as (key: string, value: unknown) => unknown);
  } catch {
    throw new StatementError(sqlstates.valueWrong, 'the value is no JSON');
  }
}

function valueOf({ name, type }: Column, value: unknown): Value {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean' && type === 'bool') return value;
  if (typeof value === 'object' && !(value instanceof Written)) {
    if (type === 'text') return JSON.stringify(plain(value));
    throw new StatementError(sqlstates.valueWrong, `${name} is no ${type}`);
  }
  const text = value instanceof Written ? value.text : String(value);
  if (type !== 'text' && typeof value === 'boolean') throw new StatementError(sqlstates.valueWrong, `${name} is no ${type}`);
  try {
    return readValue(type, text);
  } catch (error) {
    if (error instanceof StatementError) throw new StatementError(error.sqlstate, `${name}: ${error.message}`);
    throw error;
  }
}

/** A value within an object as text; numbers stay as they were written. */
function plain(value: unknown): unknown {
  if (value instanceof Written) return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(value.text);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}
