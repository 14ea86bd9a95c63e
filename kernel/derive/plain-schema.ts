/** A schema as plain JSON Schema: the keywords that contracts may use. */
export type PlainSchema = {
  readonly $id?: string;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, PlainSchema>>;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly PlainSchema[];
  readonly oneOf?: readonly PlainSchema[];
  readonly allOf?: readonly PlainSchema[];
  readonly not?: PlainSchema;
  readonly properties?: Readonly<Record<string, PlainSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | PlainSchema;
  readonly patternProperties?: Readonly<Record<string, PlainSchema>>;
  readonly propertyNames?: PlainSchema;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly items?: PlainSchema | readonly PlainSchema[];
  readonly prefixItems?: readonly PlainSchema[];
  readonly additionalItems?: boolean;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly default?: unknown;
  readonly description?: string;
  readonly title?: string;
  readonly examples?: readonly unknown[];
};

/** What is wrong with a value: `path` is a JSON pointer to the wrong field, `detail` a sentence about what was expected. */
export type Failure = { readonly path: string; readonly detail: string };

/** Says what is wrong with a value, or undefined when it fits. */
export type Validator = (value: unknown) => Failure | undefined;

export type Compile = (schema: PlainSchema) => Validator;
