import { isDeepStrictEqual } from 'node:util';
import { schemaComparisonsMax } from '../../limits.ts';
import { SchemaFault } from '#wire/schema/fault.ts';
import { type Document, deref, isSchema, type JsonSchema, type Keywords } from './document.ts';
import { itemRefusals } from './item.ts';
import { objectRefusals } from './object.ts';
import { type Comparing, isOpen, type Pair, refusal } from './pair.ts';

/** Why `update` does not accept all that `original` accepted: the rules of Confluent's registry for JSON Schema. */
export function jsonRefusals(update: Document, original: Document): string[] {
  return comparingOf(original, update, { left: schemaComparisonsMax }).compare(original.root, update.root, '#/');
}

function comparingOf(original: Document, update: Document, budget: { left: number }): Comparing {
  const comparing: Comparing = {
    original,
    update,
    budget,
    seen: new Map(),
    compare: (from, to, path) => compared(comparing, from, to, path),
  };
  return comparing;
}

function compared(comparing: Comparing, from: JsonSchema, to: JsonSchema, path: string): string[] {
  const original = deref(comparing.original, from);
  const update = deref(comparing.update, to);
  if (isOpen(update) || original === false) return [];
  if (update === false) return [refusal('SCHEMA_REMOVED_TO_FALSE', path)];
  if (isOpen(original)) return [refusal('SCHEMA_ADDED', path)];
  comparing.budget.left -= 1;
  if (comparing.budget.left <= 0) throw new SchemaFault('The schemas are too large to be compared.');
  let row = comparing.seen.get(original);
  if (!row) comparing.seen.set(original, (row = new Map()));
  const before = row.get(update);
  if (before) return before;
  // A schema may hold itself: a pair that is being compared counts as fitting.
  row.set(update, []);
  const found = pairRefusals(comparing, { original: original as Keywords, update: update as Keywords, path });
  row.set(update, found);
  return found;
}

function pairRefusals(comparing: Comparing, pair: Pair): string[] {
  const { original, update } = pair;
  if (combined(original) || combined(update)) return combinedRefusals(comparing, pair);
  return plainRefusals(comparing, pair);
}

const lists = ['anyOf', 'oneOf', 'allOf'] as const;
const combined = (schema: Keywords) => lists.some((key) => Array.isArray(schema[key]));
const branches = (schema: Keywords, key: string): JsonSchema[] => (Array.isArray(schema[key]) ? schema[key].filter(isSchema) : []);
const sums = (schema: Keywords) => (Array.isArray(schema.oneOf) ? branches(schema, 'oneOf') : branches(schema, 'anyOf'));

/** A sum takes what any branch takes, a product what all do; what stands beside them holds as well. */
function combinedRefusals(comparing: Comparing, pair: Pair): string[] {
  const { original, update, path } = pair;
  const [before, after] = [sums(original), sums(update)];
  const fits = (from: JsonSchema, to: JsonSchema, at: string) => comparing.compare(from, to, at).length === 0;
  const found: string[] = [];
  const rest = without(original);
  if (after.length > 0) {
    // What was no sum is one branch.
    const parts = before.length > 0 ? before : [original.allOf && update.allOf ? rest : withoutSum(original)];
    if (!parts.every((part) => after.some((branch) => fits(part, branch, path))))
      found.push(refusal(before.length > 0 ? 'SUM_TYPE_NARROWED' : 'COMBINED_TYPE_CHANGED', path));
  } else if (before.length > 0 && !branches(update, 'allOf').length) {
    return before.flatMap((branch, at) => comparing.compare(branch, without(update), `${path}oneOf/${at}/`));
  }
  const products = branches(update, 'allOf');
  const known = [...branches(original, 'allOf'), rest];
  for (const [at, part] of products.entries())
    if (!known.some((one) => fits(one, part, `${path}allOf/${at}/`))) found.push(refusal('PRODUCT_TYPE_EXTENDED', `${path}allOf/${at}`));
  const beside = without(update);
  if (isOpen(beside)) return found;
  // What the branches said may satisfy what now stands beside them.
  if (![rest, ...branches(original, 'allOf')].some((one) => fits(one, beside, path))) {
    const whole = before.length > 0 && before.every((branch) => fits(branch, beside, path));
    if (!whole) found.push(...plainRefusals(comparing, { original: rest, update: beside, path }), refusal('COMBINED_TYPE_CHANGED', path));
  }
  return found;
}

const cut = new WeakMap<Keywords, Keywords>();
/** The keywords beside sums and products; the same object each time, so that pairs are recognised. */
function without(schema: Keywords): Keywords {
  let known = cut.get(schema);
  if (!known) cut.set(schema, (known = Object.fromEntries(Object.entries(schema).filter(([key]) => !lists.includes(key as 'anyOf')))));
  return known;
}
const withoutSum = (schema: Keywords): Keywords =>
  branches(schema, 'allOf').length > 0 && Object.keys(without(schema)).length === 0 ? schema : without(schema);

function typesOf(schema: Keywords): readonly string[] | undefined {
  const { type } = schema;
  return type === undefined ? undefined : Array.isArray(type) ? (type as string[]) : [type as string];
}

const takes = (types: readonly string[], type: string) => types.includes(type) || (type === 'integer' && types.includes('number'));

function plainRefusals(comparing: Comparing, pair: Pair): string[] {
  const { original, update, path } = pair;
  const values = valuesOf(original);
  const accepted = valuesOf(update);
  if (accepted) {
    if (!values) return [refusal('ENUM_ARRAY_ADDED', path)];
    if (!values.every((value) => accepted.some((one) => isDeepStrictEqual(one, value)))) return [refusal('ENUM_ARRAY_NARROWED', path)];
  }
  const [before, after] = [typesOf(original) ?? typesOfValues(values), typesOf(update)];
  if (after && !before) return [refusal('TYPE_NARROWED', path)];
  if (after && before) {
    const kept = before.filter((type) => takes(after, type));
    if (kept.length === 0) return [refusal('TYPE_CHANGED', path)];
    if (kept.length < before.length) return [refusal('TYPE_NARROWED', path)];
  }
  return [
    ...boundRefusals(pair),
    ...notRefusals(comparing, pair),
    ...otherRefusals(pair),
    ...objectRefusals(comparing, pair),
    ...itemRefusals(comparing, pair),
  ];
}

const valuesOf = (schema: Keywords): readonly unknown[] | undefined =>
  Object.hasOwn(schema, 'const') ? [schema.const] : Array.isArray(schema.enum) ? schema.enum : undefined;
const typesOfValues = (values: readonly unknown[] | undefined) =>
  values?.map((value) => (value === null ? 'null' : Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value));

const upper = ['maxLength', 'maximum', 'maxItems', 'maxProperties'];
const lower = ['minLength', 'minimum', 'minItems', 'minProperties'];
const kebab = (key: string) => key.replace(/([A-Z])/g, '_$1').toUpperCase();

/** Bounds may be given up or widened. */
function boundRefusals({ original, update, path }: Pair): string[] {
  const found: string[] = [];
  const bound = (key: string, isTighter: (before: number, after: number) => boolean, word: string) => {
    const [before, after] = [original[key], update[key]];
    if (typeof after !== 'number') return;
    if (typeof before !== 'number') found.push(refusal(`${kebab(key)}_ADDED`, `${path}${key}`));
    else if (isTighter(before, after)) found.push(refusal(`${kebab(key)}_${word}`, `${path}${key}`));
  };
  for (const key of [...upper, 'exclusiveMaximum']) bound(key, (before, after) => after < before, 'DECREASED');
  for (const key of [...lower, 'exclusiveMinimum']) bound(key, (before, after) => after > before, 'INCREASED');
  bound('multipleOf', (before, after) => before % after !== 0, 'CHANGED');
  for (const key of ['exclusiveMaximum', 'exclusiveMinimum', 'uniqueItems'])
    if (update[key] === true && original[key] !== true) found.push(refusal(`${kebab(key)}_ADDED`, `${path}${key}`));
  if (update.pattern !== undefined && update.pattern !== original.pattern)
    found.push(refusal(original.pattern === undefined ? 'PATTERN_ADDED' : 'PATTERN_CHANGED', `${path}pattern`));
  return found;
}

/** What is not taken may only become less. */
function notRefusals(comparing: Comparing, { original, update, path }: Pair): string[] {
  if (!isSchema(update.not)) return [];
  if (!isSchema(original.not)) return [refusal('NOT_TYPE_EXTENDED', `${path}not`)];
  const turned = comparingOf(comparing.update, comparing.original, comparing.budget);
  return turned.compare(update.not, original.not, `${path}not/`).length > 0 ? [refusal('NOT_TYPE_EXTENDED', `${path}not`)] : [];
}

/** Keywords whose meaning is not compared: they may stay as they are, or go. */
const strict = [
  'if',
  'then',
  'else',
  'contains',
  'minContains',
  'maxContains',
  'propertyNames',
  'unevaluatedProperties',
  'unevaluatedItems',
];

const otherRefusals = ({ original, update, path }: Pair): string[] =>
  strict
    .filter((key) => update[key] !== undefined && !isDeepStrictEqual(update[key], original[key]))
    .map((key) => refusal(`${kebab(key)}_CHANGED`, `${path}${key}`));
