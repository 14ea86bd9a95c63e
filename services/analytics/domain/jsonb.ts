import { StatementError } from '#engine/pgwire/statement-error.ts';
import { canonicalNumber } from './decimal.ts';
import { kindOf, spansIn } from './json-span.ts';

/** A number as it was written: JSON.parse alone would round it. */
export class Written {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A value that JSON has. */
export type Json = null | boolean | string | Written | readonly Json[] | { readonly [name: string]: Json };
export const isFieldsOfJson = (value: Json): value is { readonly [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Written);

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
export function writeJsonb(value: unknown): string {
  if (value instanceof Written) return canonicalNumber(value.text);
  if (Array.isArray(value)) return `[${value.map(writeJsonb).join(', ')}]`;
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'string' && value.includes('\u0000'))
      throw new StatementError('22P05', 'unsupported Unicode escape sequence: \\u0000 cannot be converted to text');
    return JSON.stringify(value);
  }
  const fields = Object.entries(value).sort(byName);
  return `{${fields.map(([name, inner]) => `${JSON.stringify(name)}: ${writeJsonb(inner)}`).join(', ')}}`;
}

export type Kind = 'json' | 'jsonb';

/** Reads a text as json, which keeps it as it is, or as jsonb. */
export function readJson(type: Kind, text: string): string | undefined {
  try {
    const value = parseExact(text);
    return type === 'json' ? text : writeJsonb(value);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The field of an object, or the element of a list, counted from its end below 0, as it stands there: the operator `->`. */
export function jsonPart(type: Kind, text: string, at: string | number): string | null {
  const kind = kindOf(text);
  const parts = spansIn(text);
  if (typeof at === 'number') {
    // PostgreSQL keeps a jsonb that is one value as the only element of a list.
    if (kind === 'scalar') return type === 'jsonb' && (at === 0 || at === -1) ? text : null;
    const part = kind === 'array' ? parts.at(at) : undefined;
    return part ? text.slice(part.from, part.to) : null;
  }
  const part = kind === 'object' ? parts.findLast(({ name }) => name === at) : undefined;
  return part ? text.slice(part.from, part.to) : null;
}

/** JSON as text: of a text what it says, of null NULL. */
export function jsonAsText(json: string): string | null {
  const trimmed = json.trim();
  if (trimmed === 'null') return null;
  return trimmed.startsWith('"') ? (JSON.parse(trimmed) as string) : json;
}

/** The operator `->>`: a part as text, NULL where it is null. */
export function jsonText(type: Kind, text: string, at: string | number): string | null {
  const part = jsonPart(type, text, at);
  return part === null ? null : jsonAsText(part);
}

const kinds: Readonly<Record<string, string>> = { '{': 'object', '[': 'array', '"': 'string', t: 'boolean', f: 'boolean', n: 'null' };

export const jsonKind = (text: string): string => kinds[text.trim()[0] ?? ''] ?? 'number';

export function jsonLength(text: string): number {
  const kind = kindOf(text);
  if (kind !== 'array') throw new StatementError('22023', `cannot get array length of ${kind === 'object' ? 'a non-array' : 'a scalar'}`);
  return spansIn(text).length;
}
