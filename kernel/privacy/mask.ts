import type { TSchema } from 'typebox';
import { type Labelled, labelledFields } from '../contract/label.ts';
import { subjectWords } from './subject-word.ts';
import { maskPersonal } from './detect.ts';

/** What stands in the place of a personal value; where its schema demands a form, the form is kept. */
const masked = '***';
const maskedAddress = '***@masked.invalid';

/** A copy of a value without what its schema labels as personal; the value itself where the schema labels nothing. */
export function maskLabelled(schema: TSchema, value: unknown): unknown {
  const fields = labelledFields(schema);
  return fields.reduce((whole, field) => replaced(whole, field, 0), value);
}

function replaced(value: unknown, field: Labelled, depth: number): unknown {
  if (value === undefined || value === null) return value;
  const name = field.path[depth];
  if (name === undefined) return maskValue(value, field);
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return name === '*' ? value.map((item) => replaced(item, field, depth + 1)) : value;
  if (name === '*') return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replaced(inner, field, depth + 1)]));
  if (!Object.hasOwn(value, name)) return value;
  return { ...value, [name]: replaced((value as Record<string, unknown>)[name], field, depth + 1) };
}

function maskValue(value: unknown, { label, schema }: Labelled): unknown {
  if (label.free) return maskFree(value);
  if (typeof value === 'string') return value === '' ? '' : maskText(schema);
  if (typeof value === 'number') return 0;
  if (typeof value === 'object') return maskEach(value as object, () => masked);
  return value;
}

function maskText({ format, pattern }: Labelled['schema']): string {
  if (format === 'email') return maskedAddress;
  return pattern === undefined || new RegExp(pattern).test(masked) ? masked : '0';
}

/** Free text loses what is found in it; of attributes those that name a person are masked whole. */
function maskFree(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return subjectWords.has(name) && value !== '' ? masked : maskPersonal(value);
  if (typeof value !== 'object' || value === null) return value;
  // A list of `{key, value}` says the name beside what it names.
  const said = 'key' in value && typeof value.key === 'string' ? value.key : undefined;
  return maskEach(value, (inner, key) => maskFree(inner, Array.isArray(value) ? name : key === 'value' ? (said ?? key) : key));
}

function maskEach(value: object, mask: (inner: unknown, key: string) => unknown): unknown {
  if (Array.isArray(value)) return value.map((inner) => mask(inner, ''));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mask(inner, key)]));
}

/** A copy of a value without the fields that its schema labels as personal. */
export function withoutLabelled(schema: TSchema, value: unknown): unknown {
  return labelledFields(schema).reduce((whole, { path, label }) => (label.free ? whole : taken(whole, path)), value);
}

function taken(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null || name === undefined) return value;
  if (name === '*') {
    if (Array.isArray(value)) return rest.length === 0 ? [] : value.map((item) => taken(item, rest));
    return rest.length === 0 ? {} : Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, taken(inner, rest)]));
  }
  const { [name]: inner, ...others } = value as Record<string, unknown>;
  return rest.length === 0 || inner === undefined ? others : { ...others, [name]: taken(inner, rest) };
}

/** The personal texts of an input, for what is said of the call elsewhere. */
export function personalTexts(schema: TSchema, value: unknown): string[] {
  const found: string[] = [];
  for (const { path, label } of labelledFields(schema)) if (!label.free) collect(value, path, 0, found);
  return found;
}

function collect(value: unknown, path: readonly string[], depth: number, found: string[]): void {
  if (typeof value === 'string' && depth >= path.length) return void found.push(value);
  if (typeof value !== 'object' || value === null) return;
  const name = path[depth];
  const inner = name === undefined || name === '*' ? Object.values(value) : [(value as Record<string, unknown>)[name]];
  for (const each of inner) collect(each, path, depth + 1, found);
}
