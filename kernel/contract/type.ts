import type * as TypeBox from 'typebox';

/**
 * The constructors of TypeBox that contracts use, with TypeBox's own types; what they make at run time is JSON Schema, no
 * more. TypeBox itself is 400 modules, which would be a third of every process' start.
 */
type Constructors = Pick<
  typeof TypeBox,
  | 'Array'
  | 'Boolean'
  | 'Enum'
  | 'Integer'
  | 'Literal'
  | 'Null'
  | 'Number'
  | 'Object'
  | 'Optional'
  | 'Record'
  | 'String'
  | 'Union'
  | 'Unknown'
  | 'Unsafe'
>;

type Schema = Readonly<Record<string, unknown>>;

/** Marks what `Optional` made, for the object that has it as a property; it is no part of the schema. */
const optional = new WeakSet<object>();

const make =
  (own: Schema = {}) =>
  (options: Schema = {}): Schema => ({ ...own, ...options });

const constructors = {
  Array: (items: Schema, options: Schema = {}) => ({ type: 'array', items, ...options }),
  Boolean: make({ type: 'boolean' }),
  Enum: (values: readonly (string | number)[], options: Schema = {}) => ({ enum: values, ...options }),
  Integer: make({ type: 'integer' }),
  Literal: (value: string | number | boolean, options: Schema = {}) => ({ type: typeof value, const: value, ...options }),
  Null: make({ type: 'null' }),
  Number: make({ type: 'number' }),
  Object(properties: Readonly<Record<string, Schema>>, options: Schema = {}) {
    const required = Object.keys(properties).filter((name) => !optional.has(properties[name] as Schema));
    return { type: 'object', ...(required.length > 0 ? { required } : {}), properties, ...options };
  },
  Optional(schema: Schema) {
    const made = { ...schema };
    optional.add(made);
    return made;
  },
  Record: ({ pattern }: Schema, value: Schema, options: Schema = {}) => ({
    type: 'object',
    patternProperties: { [String(pattern ?? '^.*$')]: value },
    ...options,
  }),
  String: make({ type: 'string' }),
  Union: (anyOf: readonly Schema[], options: Schema = {}) => ({ anyOf, ...options }),
  Unknown: make(),
  Unsafe: (schema: Schema) => ({ ...schema }),
};

/** Makes the schemas of contracts, as TypeBox does. */
export const Type = constructors as unknown as Constructors;
