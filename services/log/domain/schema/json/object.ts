import { isKeywords, isSchema, type JsonSchema, type Keywords } from './document.ts';
import { type Comparing, isOpen, type Pair, refusal } from './pair.ts';

const mapOf = (schema: Keywords, key: string): Readonly<Record<string, JsonSchema>> =>
  isKeywords(schema[key]) ? (schema[key] as Record<string, JsonSchema>) : {};
const own = <T>(map: Readonly<Record<string, T>>, key: string): T | undefined => (Object.hasOwn(map, key) ? map[key] : undefined);
const additional = (schema: Keywords): JsonSchema => (isSchema(schema.additionalProperties) ? schema.additionalProperties : true);
const requiredOf = (schema: Keywords): readonly string[] => (Array.isArray(schema.required) ? (schema.required as string[]) : []);
const patterns = (schema: Keywords) => Object.keys(mapOf(schema, 'patternProperties')).length > 0;

/** Whether properties that are not named may be anything. */
const isOpenModel = (schema: Keywords) => isOpen(additional(schema)) && !patterns(schema);

/** What a schema says of a property that it does not name: undefined where it takes none. */
function partial(schema: Keywords, name: string): JsonSchema | undefined {
  for (const [pattern, inner] of Object.entries(mapOf(schema, 'patternProperties'))) if (matches(pattern, name)) return inner;
  const rest = additional(schema);
  return rest === false ? undefined : rest;
}

/** Patterns of tenants are not run as they are (they may never end): only those that are plain beginnings are understood. */
function matches(pattern: string, name: string): boolean {
  const plain = /^\^([A-Za-z0-9_-]+)(\.\*)?$/.exec(pattern);
  return plain !== null && name.startsWith(plain[1] as string);
}

/** Why properties that were accepted are not any more. */
export function objectRefusals(comparing: Comparing, pair: Pair): string[] {
  const { original, update, path } = pair;
  const [before, after] = [mapOf(original, 'properties'), mapOf(update, 'properties')];
  const found: string[] = [];
  for (const [name, schema] of Object.entries(before)) {
    const now = own(after, name);
    const at = `${path}properties/${name}/`;
    if (now !== undefined) found.push(...comparing.compare(schema, now, at));
    else found.push(...removedRefusals(comparing, pair, name, schema));
  }
  for (const [name, schema] of Object.entries(after))
    if (own(before, name) === undefined) found.push(...addedRefusals(comparing, pair, name, schema));
  return [...found, ...requiredRefusals(pair), ...restRefusals(comparing, pair), ...dependencyRefusals(comparing, pair)];
}

function removedRefusals(comparing: Comparing, { update, path }: Pair, name: string, schema: JsonSchema): string[] {
  if (isOpenModel(update) || schema === false) return [];
  const covered = partial(update, name);
  const at = `${path}properties/${name}`;
  if (covered === undefined) return [refusal('PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL', at)];
  const isCovered = comparing.compare(schema, covered, at).length === 0;
  return isCovered ? [] : [refusal('PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL', at)];
}

function addedRefusals(comparing: Comparing, { original, path }: Pair, name: string, schema: JsonSchema): string[] {
  const at = `${path}properties/${name}`;
  if (isOpenModel(original)) return isOpen(schema) ? [] : [refusal('PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL', at)];
  const covered = partial(original, name);
  if (covered === undefined) return [];
  const isCovered = comparing.compare(covered, schema, at).length === 0;
  return isCovered ? [] : [refusal('PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL', at)];
}

/** What is newly required must have a default, so that its absence can be filled. */
function requiredRefusals({ original, update, path }: Pair): string[] {
  const before = new Set(requiredOf(original));
  const properties = mapOf(update, 'properties');
  return requiredOf(update)
    .filter((name) => !before.has(name))
    .filter((name) => {
      const schema = own(properties, name);
      return !(isKeywords(schema) && Object.hasOwn(schema, 'default'));
    })
    .map((name) => {
      const known = own(mapOf(original, 'properties'), name) !== undefined;
      return refusal(known ? 'REQUIRED_ATTRIBUTE_ADDED' : 'REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL', `${path}required/${name}`);
    });
}

function restRefusals(comparing: Comparing, { original, update, path }: Pair): string[] {
  const [before, after] = [additional(original), additional(update)];
  const found: string[] = [];
  if (after === false && before !== false) found.push(refusal('ADDITIONAL_PROPERTIES_REMOVED', `${path}additionalProperties`));
  else if (after !== false && before !== false) {
    if (comparing.compare(before, after, `${path}additionalProperties/`).length > 0)
      found.push(refusal('ADDITIONAL_PROPERTIES_NARROWED', `${path}additionalProperties`));
  }
  const known = mapOf(original, 'patternProperties');
  for (const [pattern, schema] of Object.entries(mapOf(update, 'patternProperties'))) {
    const was = own(known, pattern);
    const at = `${path}patternProperties/${pattern}/`;
    if (was !== undefined) found.push(...comparing.compare(was, schema, at));
    else if (before !== false && comparing.compare(before, schema, at).length > 0) found.push(refusal('PATTERN_PROPERTY_ADDED', at));
  }
  if (after === false)
    for (const pattern of Object.keys(known))
      if (own(mapOf(update, 'patternProperties'), pattern) === undefined)
        found.push(refusal('PATTERN_PROPERTY_REMOVED', `${path}patternProperties/${pattern}`));
  return found;
}

const dependencyKeywords = ['dependencies', 'dependentRequired', 'dependentSchemas'];

function dependencyRefusals(comparing: Comparing, { original, update, path }: Pair): string[] {
  return dependencyKeywords.flatMap((key) =>
    Object.entries(mapOf(update, key)).flatMap(([name, now]) => {
      const before: unknown = own(mapOf(original, key), name);
      const at = `${path}${key}/${name}`;
      const wanted: unknown = now;
      if (before === undefined) return [refusal('DEPENDENCY_ADDED', at)];
      if (Array.isArray(wanted) && Array.isArray(before))
        return wanted.every((one) => before.includes(one)) ? [] : [refusal('DEPENDENCY_ARRAY_EXTENDED', at)];
      if (isSchema(wanted) && isSchema(before)) return comparing.compare(before, wanted, `${at}/`);
      return [refusal('DEPENDENCY_CHANGED', at)];
    }),
  );
}
