import { SelectRefusal } from './refusal.ts';

/**
 * SQL of the engine for a value, and what is known of it: `text` is a field of CSV and `json` a part of a document, which are
 * what the other side makes of them; the rest are what they say. A missing value is the engine's NULL; JSON's null is not.
 */
export type Value = { readonly sql: string; readonly type: 'text' | 'json' | 'number' | 'string' | 'boolean' | 'timestamp' };

/** A text as a literal; the engine's strings know no escapes. NUL ends strings in many an engine, so it is none here. */
export function literal(text: string): string {
  if (text.includes('\0')) throw new SelectRefusal('LexerInvalidLiteral', 'A literal in the SQL expression holds a NUL.');
  return `'${text.replaceAll("'", "''")}'`;
}

const isDynamic = ({ type }: Value) => type === 'text' || type === 'json';

/** As characters; JSON's null is none. */
export function textOf({ sql, type }: Value): string {
  switch (type) {
    case 'json':
      return `(${sql} ->> '$')`;
    case 'number':
      return `regexp_replace(CAST(${sql} AS VARCHAR), '\\.0$', '')`;
    case 'boolean':
      return `CAST(${sql} AS VARCHAR)`;
    case 'timestamp':
      return `strftime(${sql}, '%Y-%m-%dT%H:%M:%S.%gZ')`;
    default:
      return sql;
  }
}

/** As a number; what reads as none is none. */
export function numberOf(value: Value): string {
  if (value.type === 'number') return value.sql;
  if (value.type === 'boolean' || value.type === 'timestamp')
    throw new SelectRefusal('IncorrectSqlFunctionArgumentType', 'A number is needed where the SQL expression has none.');
  return `TRY_CAST(${textOf(value)} AS DOUBLE)`;
}

export function booleanOf(value: Value): string {
  if (value.type === 'boolean') return value.sql;
  if (value.type === 'timestamp' || value.type === 'number')
    throw new SelectRefusal('IncorrectSqlFunctionArgumentType', 'A condition is needed where the SQL expression has none.');
  return `TRY_CAST(${textOf(value)} AS BOOLEAN)`;
}

export function timestampOf(value: Value): string {
  if (value.type === 'timestamp') return value.sql;
  if (value.type === 'number' || value.type === 'boolean')
    throw new SelectRefusal('IncorrectSqlFunctionArgumentType', 'A timestamp is needed where the SQL expression has none.');
  return `CAST(iso_time(${textOf(value)}) AS TIMESTAMPTZ)`;
}

/** Two values by the kind that both have or that one of them asks for; two that may be anything are numbers if both read so. */
export function compare(operator: string, left: Value, right: Value): string {
  const by = (of: (value: Value) => string) => `(${of(left)} ${operator} ${of(right)})`;
  const has = (type: Value['type']) => left.type === type || right.type === type;
  if (has('timestamp')) return by(timestampOf);
  if (has('boolean')) return by(booleanOf);
  if (has('number')) return by(numberOf);
  if (has('string') || !isDynamic(left)) return by(textOf);
  const [a, b] = [numberOf(left), numberOf(right)];
  return `(CASE WHEN ${a} IS NOT NULL AND ${b} IS NOT NULL THEN ${a} ${operator} ${b} ELSE ${by(textOf)} END)`;
}

/** Whether a value is null; what is missing is, too. */
export function isNull({ sql, type }: Value): string {
  return type === 'json' ? `(${sql} IS NULL OR json_type(${sql}) = 'NULL')` : `(${sql} IS NULL)`;
}

/** One kind for values of which one is chosen. */
export function alike(values: readonly Value[]): { readonly sqls: string[]; readonly type: Value['type'] } {
  const [first] = values;
  const type = first && values.every((value) => value.type === first.type) ? first.type : 'text';
  if (type !== 'text') return { sqls: values.map(({ sql }) => sql), type };
  return { sqls: values.map(textOf), type };
}

/** As a value of JSON in characters. */
export function jsonOf(value: Value): string {
  if (value.type === 'json') return `CAST(${value.sql} AS VARCHAR)`;
  const text = textOf(value);
  return value.type === 'number' || value.type === 'boolean' ? text : `CAST(to_json(${text}) AS VARCHAR)`;
}
