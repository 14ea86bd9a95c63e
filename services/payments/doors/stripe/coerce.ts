import type { TSchema } from 'typebox';
import { fault } from '#kernel/contract/fault.ts';
import type { Branch, Leaf } from './form.ts';
import { fractionDigitsMax, integerDigitsMax } from './limits.ts';

/** A schema as it is read here. */
type Schema = {
  readonly type?: string;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
};

/** The input of an operation out of a form, whose values are all text: each is read as its schema says. */
export function inputOf(schema: TSchema, form: Branch): Record<string, unknown> {
  return branchOf(schema as Schema, form, '') as Record<string, unknown>;
}

const refuse = (param: string, message: string, code: string) =>
  fault('BadInput', { path: param, detail: message, cause: { type: 'invalid_request_error', param, code } });

function valueOf(schema: Schema | undefined, leaf: Leaf, param: string): unknown {
  if (schema?.anyOf) return oneOf(schema.anyOf, leaf, param);
  if (leaf instanceof Map) return schema?.type === 'array' ? arrayOf(schema, leaf, param) : branchOf(schema, leaf, param);
  if (schema?.type === 'integer') return integerOf(leaf, param);
  if (schema?.type === 'number') return decimalOf(leaf, param);
  if (schema?.type === 'boolean') return booleanOf(leaf, param);
  if (schema?.type === 'array' && leaf === '') return [];
  return leaf;
}

/** An empty text empties a field that may be empty; of what else may stand there, the first that fits is taken. */
function oneOf(choices: readonly Schema[], leaf: Leaf, param: string): unknown {
  const some = choices.filter(({ type }) => type !== 'null');
  if (leaf === '' && some.length < choices.length) return null;
  const branched = leaf instanceof Map;
  const fits = some.find((choice) => {
    if (branched) return choice.type === 'object' || choice.type === 'array';
    if (some.length === 1) return true;
    if (choice.type === 'boolean') return leaf === 'true' || leaf === 'false';
    if (choice.type === 'integer') return integer.test(leaf);
    return choice.enum ? choice.enum.includes(leaf) : choice.type === 'string';
  });
  return valueOf(fits ?? some[0], leaf, param);
}

const integer = new RegExp(`^-?[0-9]{1,${integerDigitsMax}}$`);

function integerOf(text: string, param: string): number {
  if (!integer.test(text)) throw refuse(param, `Invalid integer: ${text.slice(0, 80)}`, 'parameter_invalid_integer');
  return Number(text);
}

const decimal = new RegExp(`^-?[0-9]{1,${integerDigitsMax}}(\\.[0-9]{1,${fractionDigitsMax}})?$`);

function decimalOf(text: string, param: string): number {
  if (!decimal.test(text)) throw refuse(param, `Invalid decimal: ${text.slice(0, 80)}`, 'parameter_invalid');
  return Number(text);
}

function booleanOf(text: string, param: string): boolean {
  if (text !== 'true' && text !== 'false') throw refuse(param, `Invalid boolean: ${text.slice(0, 80)}`, 'parameter_invalid_boolean');
  return text === 'true';
}

function branchOf(schema: Schema | undefined, branch: Branch, param: string): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (const [name, leaf] of branch) {
    const inner = schema?.properties && Object.hasOwn(schema.properties, name) ? schema.properties[name] : patternOf(schema, name);
    // A name that no field has is refused by the schema; defining keeps __proto__ a name like any other.
    const value = valueOf(inner, leaf, param === '' ? name : `${param}[${name}]`);
    Object.defineProperty(made, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return made;
}

const patternOf = (schema: Schema | undefined, name: string): Schema | undefined =>
  Object.entries(schema?.patternProperties ?? {}).find(([pattern]) => new RegExp(pattern, 'u').test(name))?.[1];

function arrayOf(schema: Schema, branch: Branch, param: string): unknown[] {
  const places = [...branch.keys()];
  if (!places.every((place) => /^[0-9]{1,4}$/.test(place))) throw refuse(param, 'Invalid array', 'parameter_invalid');
  places.sort((a, b) => Number(a) - Number(b));
  return places.map((place) => valueOf(schema.items, branch.get(place) as Leaf, `${param}[${place}]`));
}
