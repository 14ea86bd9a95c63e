import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { canonicalNumber } from './decimal.ts';

/** A number as it was written: JSON.parse alone would round it. */
export class Written {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A value of JSON, whose numbers are as they were written. Throws SyntaxError for what is none. */
export function parseExact(text: string): unknown {
  const exact = (_key: string, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' ? new Written(context?.source ?? String(value)) : value;
  return JSON.parse(text, exact as (key: string, value: unknown) => unknown);
}

/** Names in PostgreSQL's order: shorter ones first, then by bytes. */
const byName = ([left]: [string, unknown], [right]: [string, unknown]): number => {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length - b.length || a.compare(b);
};

/**
 * The text of a value as jsonb has it: each name once, in one order and spacing. Numbers that are equal are written alike,
 * without zeros at their ends, so that values are equal where their texts are.
 */
function printed(value: unknown): string {
  if (value instanceof Written) return canonicalNumber(value.text);
  if (Array.isArray(value)) return `[${value.map(printed).join(', ')}]`;
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'string' && value.includes('\u0000'))
      throw new StatementError('22P05', 'unsupported Unicode escape sequence: \\u0000 cannot be converted to text');
    return JSON.stringify(value);
  }
  const fields = Object.entries(value).sort(byName);
  return `{${fields.map(([name, inner]) => `${JSON.stringify(name)}: ${printed(inner)}`).join(', ')}}`;
}

type Kind = 'json' | 'jsonb';

/** Reads a text as json, which keeps it as it is, or as jsonb. */
export function readJson(type: Kind, text: string): string | undefined {
  try {
    const value = parseExact(text);
    return type === 'json' ? text : printed(value);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const raw = (text: string): unknown => (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
const exactly = (_key: string, value: unknown) => (value instanceof Written ? raw(value.text) : value);
const written = (type: Kind, value: unknown): string => (type === 'jsonb' ? printed(value) : JSON.stringify(value, exactly));

/** The field of an object, or the element of a list, counted from its end below 0; undefined where there is none. */
function partOf(type: Kind, text: string, at: string | number): unknown {
  const value = parseExact(text);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Written);
  if (typeof at === 'number') {
    if (Array.isArray(value)) return value.at(at);
    // PostgreSQL keeps a jsonb that is one value as the only element of a list.
    return type === 'jsonb' && !isObject && (at === 0 || at === -1) ? value : undefined;
  }
  return isObject && Object.hasOwn(value, at) ? (value as Readonly<Record<string, unknown>>)[at] : undefined;
}

/** The operator `->`. */
export function jsonPart(type: Kind, text: string, at: string | number): string | null {
  const part = partOf(type, text, at);
  return part === undefined ? null : written(type, part);
}

/** The operator `->>`: a part as text, NULL where it is null. */
export function jsonText(type: Kind, text: string, at: string | number): string | null {
  const part = partOf(type, text, at);
  if (part === undefined || part === null) return null;
  return typeof part === 'string' ? part : written(type, part);
}

export function jsonKind(text: string): string {
  const value = parseExact(text);
  if (value === null) return 'null';
  if (value instanceof Written) return 'number';
  return Array.isArray(value) ? 'array' : typeof value;
}

export function jsonLength(text: string): number {
  const value = parseExact(text);
  if (!Array.isArray(value)) throw new StatementError(sqlstates.valueWrong, 'cannot get array length of a value that is no array');
  return value.length;
}
