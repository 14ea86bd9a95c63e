/** What an object of the API is made of. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type Fields = { [name: string]: Json };

/** An object as clients see it. */
export type Thing = Fields & { id: string; object: string };

/** A field that is an object of its own, or empty. */
export function fieldsOf(value: Json | undefined): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export const textOf = (value: Json | undefined): string | undefined => (typeof value === 'string' ? value : undefined);
export const numberOf = (value: Json | undefined): number | undefined => (typeof value === 'number' ? value : undefined);

/** What was given, over what was there: an empty value takes a field away, and what was not named stays. */
export function merged(before: Json | undefined, given: Json | undefined): Fields {
  if (given === undefined) return fieldsOf(before);
  if (given === null) return {};
  const all = { ...fieldsOf(before), ...fieldsOf(given) };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null && value !== ''));
}
