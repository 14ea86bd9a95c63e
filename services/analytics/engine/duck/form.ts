import type { Type } from '../../domain/value.ts';

/**
 * How a column lies in DuckDB. A decimal is a whole number of units of 10^-`fixed` beside the scale that is shown; `digits` are
 * the most that such a number has. A sum of decimals is in two parts, of which none overflows, and an average is such a sum
 * beside a count: both are answered and not computed with. A `pure` value is one that was stored, so that of equal floats there is
 * but one form.
 */
export type Form =
  | { readonly kind: 'plain'; readonly pure: boolean }
  | { readonly kind: 'decimal'; readonly fixed: number; readonly digits: number }
  | { readonly kind: 'sum'; readonly fixed: number }
  | { readonly kind: 'average'; readonly fixed: number }
  | { readonly kind: 'absent' };

/** Digits behind the point, and in all, that stored decimals have at most. */
export const [storedFixed, storedDigits] = [12, 30];
/** Digits that every number of 128 bits holds. */
export const wideDigits = 38;
/** What is above it in a sum lies in the part of its own; more of that many digits fit than there are rows. */
export const partDigits = 19;

/** What the columns of a form are called behind the name that they share. */
export const suffixesOf = ({ kind }: Form): readonly string[] => suffixes[kind];
const suffixes = {
  plain: [''],
  decimal: ['', 's'],
  sum: ['', 'h', 's'],
  average: ['', 'h', 's', 'n'],
  absent: [],
} as const;

/** The types of DuckDB that values lie in: times are numbers, floats of four bytes are of eight. */
export const stored: Readonly<Partial<Record<Type, string>>> = {
  bool: 'BOOLEAN',
  int2: 'SMALLINT',
  int4: 'INTEGER',
  int8: 'BIGINT',
  numeric: 'HUGEINT',
  float4: 'DOUBLE',
  float8: 'DOUBLE',
  text: 'VARCHAR',
  bytea: 'VARCHAR',
  uuid: 'VARCHAR',
  json: 'VARCHAR',
  jsonb: 'VARCHAR',
  date: 'INTEGER',
  time: 'BIGINT',
  timestamp: 'BIGINT',
  timestamptz: 'BIGINT',
};

/** How a stored column of a type lies. */
export const storedForm = (type: Type): Form =>
  stored[type] === undefined
    ? { kind: 'absent' }
    : type === 'numeric'
      ? { kind: 'decimal', fixed: storedFixed, digits: storedDigits }
      : { kind: 'plain', pure: true };

/** The types of a column's parts, in the order of its suffixes. */
export const typesOf = (form: Form, type: Type): readonly string[] =>
  suffixesOf(form).map((suffix) =>
    suffix === 's' ? 'INTEGER' : suffix === 'n' ? 'BIGINT' : suffix === 'h' || type === 'numeric' ? 'HUGEINT' : (stored[type] as string),
  );
