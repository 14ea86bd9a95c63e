import { printValue, readValue, type Row, type Type, type Value } from '../../domain/value.ts';

/** A value as JSON has it; what JSON has otherwise is a text in a list. */
type Written = string | number | boolean | null | readonly [string | null];

const isPlain = (value: Value): value is string | number | boolean | null =>
  typeof value === 'number'
    ? Number.isFinite(value) && !Object.is(value, -0)
    : ['string', 'boolean'].includes(typeof value) || value === null;

/** Values as they are put on disk. */
export const writeValues = (types: readonly Type[], values: Row): Written[] =>
  values.map((value, at) => (isPlain(value) ? value : [printValue(types[at] as Type, value)]));

export const readValues = (types: readonly Type[], written: readonly Written[]): Value[] =>
  written.map((value, at) => (typeof value === 'object' && value !== null ? readValue(types[at] as Type, value[0] as string) : value));

export type { Written };
