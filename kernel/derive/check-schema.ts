import type { TSchema } from 'typebox';
import { checkArray, checkNumber, checkObject, checkString } from './check-type.ts';
import type { Compile, Failure, PlainSchema, Validator } from './plain-schema.ts';

export type { PlainSchema } from './plain-schema.ts';

const checked = new Set([
  '$ref',
  '$defs',
  '$id',
  'type',
  'const',
  'enum',
  'anyOf',
  'oneOf',
  'allOf',
  'not',
  'properties',
  'required',
  'additionalProperties',
  'patternProperties',
  'propertyNames',
  'minProperties',
  'maxProperties',
  'items',
  'prefixItems',
  'additionalItems',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minLength',
  'maxLength',
  'pattern',
  'format',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
]);
const annotations = new Set([
  '$schema',
  '$comment',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  'contentEncoding',
  'contentMediaType',
]);

/** Compiles a schema and everything below it. */
export function compileCheck(schema: TSchema): Validator {
  const named = new Map<string, PlainSchema>();
  const ready = new Map<PlainSchema, Validator>();
  const compile: Compile = (inner) => {
    const known = ready.get(inner);
    if (known) return known;
    // A schema that refers to itself meets this first and calls through once the rest is compiled.
    let whole: Validator | undefined;
    ready.set(inner, (value) => whole?.(value));
    whole = compileOne(inner, compile, named);
    ready.set(inner, whole);
    return whole;
  };
  return compile(schema as PlainSchema);
}

function compileOne(schema: PlainSchema, compile: Compile, named: Map<string, PlainSchema>): Validator {
  for (const keyword of Object.keys(schema)) {
    if (!checked.has(keyword) && !annotations.has(keyword) && !keyword.startsWith('x-'))
      throw new TypeError(`the schema keyword ${keyword} cannot be checked`);
  }
  if (schema.$id !== undefined) named.set(schema.$id, schema);
  for (const [name, definition] of Object.entries(schema.$defs ?? {})) named.set(name, definition);
  const steps: Validator[] = [];
  if (schema.$ref !== undefined) steps.push(compile(resolve(schema.$ref, named)));
  if (schema.const !== undefined || 'const' in schema) steps.push(checkConst(schema.const));
  else if (schema.enum) steps.push(checkEnum(schema.enum));
  else if (schema.type !== undefined) steps.push(checkTypes(schema, compile));
  for (const part of schema.allOf ?? []) steps.push(compile(part));
  if (schema.anyOf) steps.push(checkAny(schema.anyOf, compile));
  if (schema.oneOf) steps.push(checkExactlyOne(schema.oneOf, compile));
  if (schema.not) {
    const inner = compile(schema.not);
    steps.push((value) => (inner(value) ? undefined : { path: '', detail: 'has a form that is not allowed' }));
  }
  const [only] = steps;
  if (!only) return () => undefined;
  return steps.length === 1 ? only : (value) => first(steps, value);
}

function first(steps: readonly Validator[], value: unknown): Failure | undefined {
  for (const step of steps) {
    const failure = step(value);
    if (failure) return failure;
  }
  return undefined;
}

function resolve(ref: string, named: ReadonlyMap<string, PlainSchema>): PlainSchema {
  const name = ref.replace(/^#\/(\$defs|definitions)\//, '');
  const found = named.get(name);
  if (!found) throw new TypeError(`the schema reference ${ref} leads nowhere`);
  return found;
}

function checkTypes(schema: PlainSchema, compile: Compile): Validator {
  if (typeof schema.type === 'string') return checkType(schema.type, schema, compile);
  return checkAny(
    (schema.type ?? []).map((type) => ({ ...schema, type, anyOf: undefined, allOf: undefined })).map(withoutUndefined),
    compile,
  );
}

function withoutUndefined(schema: PlainSchema): PlainSchema {
  return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
}

function checkType(type: string, schema: PlainSchema, compile: Compile): Validator {
  const failure = { path: '', detail: `must be ${described({ type })}` };
  switch (type) {
    case 'string':
      return checkString(schema);
    case 'integer':
    case 'number':
      return checkNumber(schema);
    case 'object':
      return checkObject(schema, compile);
    case 'array':
      return checkArray(schema, compile);
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? undefined : failure);
    case 'null':
      return (value) => (value === null ? undefined : failure);
    default:
      throw new TypeError(`the schema type ${type} cannot be checked`);
  }
}

function checkConst(wanted: unknown): Validator {
  if (typeof wanted === 'object' && wanted !== null) throw new TypeError('a const that is an object or an array cannot be checked');
  const failure = { path: '', detail: `must be ${JSON.stringify(wanted)}` };
  return (value) => (value === wanted ? undefined : failure);
}

function checkEnum(values: readonly unknown[]): Validator {
  const known = new Set(values);
  const failure = { path: '', detail: `must be one of ${values.map((value) => JSON.stringify(value)).join(', ')}` };
  return (value) => (known.has(value) ? undefined : failure);
}

function checkAny(options: readonly PlainSchema[], compile: Compile): Validator {
  if (options.every((option) => 'const' in option)) return checkEnum(options.map((option) => option.const));
  const checks = options.map(compile);
  const failure = { path: '', detail: `must be ${options.map(described).join(', or ')}` };
  return (value) => {
    // The branch of the value's own type says best what is wrong inside.
    let inside: Failure | undefined;
    for (const check of checks) {
      const found = check(value);
      if (!found) return undefined;
      if (found.path !== '') inside ??= found;
    }
    return inside ?? failure;
  };
}

function checkExactlyOne(options: readonly PlainSchema[], compile: Compile): Validator {
  const checks = options.map(compile);
  const any = checkAny(options, compile);
  return (value) => {
    const fitting = checks.reduce((sum, check) => (check(value) ? sum : sum + 1), 0);
    if (fitting === 1) return undefined;
    return any(value) ?? { path: '', detail: 'fits more than one of the forms allowed' };
  };
}

const nouns: Readonly<Record<string, string>> = {
  string: 'a string',
  integer: 'an integer',
  number: 'a number',
  boolean: 'true or false',
  object: 'an object',
  array: 'an array',
  null: 'null',
};

function described(schema: PlainSchema): string {
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum) return `one of ${schema.enum.map((value) => JSON.stringify(value)).join(', ')}`;
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? []);
  return types.map((type) => nouns[type] ?? type).join(' or ') || 'of another form';
}
