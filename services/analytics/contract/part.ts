import { Type } from '#kernel/contract/type.ts';
import { nameMax, paramsMax, rowTypeMax, textMax, valueMax } from './limits.ts';

export const closed = { additionalProperties: false } as const;
export const none = Type.Object({}, closed);
export const Name = Type.String({
  minLength: 1,
  maxLength: nameMax,
  description: 'Name, unique among the sources and views of the environment.',
});
const plainTypes = [
  ...(['bool', 'int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'text', 'bytea', 'uuid', 'json', 'jsonb'] as const),
  ...(['date', 'time', 'timestamp', 'timestamptz', 'interval'] as const),
] as const;
/** Arrays have [] behind the name of what is in them; rows say their fields, and what CREATE TYPE called them, if it did. */
export const TypeName = Type.Union(
  [
    Type.Enum([...plainTypes, ...plainTypes.map((type) => `${type}[]` as const)]),
    Type.Unsafe<`record${string}`>(Type.String({ maxLength: rowTypeMax, pattern: '^record[~(][\\w.%=;~()\\[\\]-]*$' })),
  ],
  { description: 'A type, by its name in PostgreSQL, arrays with [] behind it; rows are record(name=type;name=type).' },
);
export const Column = Type.Object({ name: Name, type: TypeName }, closed);
export const Text = Type.String({ minLength: 1, maxLength: textMax });
export const Transaction = Type.String({
  ...{ minLength: 1, maxLength: nameMax },
  description: 'The transaction of a connection that it is a part of.',
});
/** Of what makes or drops something: it takes effect with the transaction, if there is one. */
export const within = { transaction: Type.Optional(Transaction) } as const;
export const Cell = Type.Union([Type.String(), Type.Null()]);
const Param = Type.Union([Type.String({ maxLength: valueMax }), Type.Null()]);
export const expose = ['rest', 'cli', 'console'] as const;
export const errors = ['StatementRefused'] as const;
export const read = { expose, effect: 'read', audit: 'window', repeat: 'natural' } as const;
export const write = { expose, effect: 'write', audit: 'before-reply', repeat: 'natural', errors } as const;
export const committed = {
  effect: 'write',
  audit: 'before-reply',
  repeat: 'refuse',
  errors,
  input: Type.Object({ transaction: Transaction }, closed),
  output: Type.Object({}),
} as const;

/** What following takes. */
export const followed = Type.Object(
  { committed: Type.Optional(Type.Boolean({ description: 'Tell nothing before it is committed, and no commits without changes.' })) },
  closed,
);

export const asked = {
  posted: true,
  errors,
  input: Type.Object(
    {
      text: Text,
      types: Type.Optional(Type.Array(TypeName, { maxItems: paramsMax })),
      params: Type.Optional(Type.Array(Param, { maxItems: paramsMax, description: 'Values of $1 and on, as text.' })),
      transaction: Type.Optional(Transaction),
    },
    closed,
  ),
  output: Type.Object({ fields: Type.Array(Type.Object({ name: Type.String(), type: TypeName })), rows: Type.Array(Type.Array(Cell)) }),
} as const;
