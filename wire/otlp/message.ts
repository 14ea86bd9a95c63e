/** How one field is written: protobuf's scalar types; `hex` are bytes that JSON spells in hexadecimal (trace and span ids). */
export type Scalar = 'string' | 'bytes' | 'hex' | 'bool' | 'int32' | 'sint32' | 'fixed32' | 'int64' | 'fixed64' | 'double';

/** One field of a message: its number, its name in JSON, what it holds, and whether it is a list. */
export type Field = {
  readonly number: number;
  readonly name: string;
  readonly type: Scalar | (() => Message);
  readonly repeated: boolean;
};

/** A message as its fields, found by number (protobuf) and by name (JSON). */
export type Message = { readonly fields: readonly Field[]; readonly byNumber: ReadonlyMap<number, Field> };

/** Values of a message by field name. 64-bit integers are bigint, bytes are Buffers, ids are lower-case hexadecimal. */
export type Values = Record<string, unknown>;

type Declared = readonly [number: number, type: Field['type'], repeated?: 'list'];

/** Declares a message: `{ name: [number, type, 'list'?] }`. */
export function message(declared: Readonly<Record<string, Declared>>): Message {
  const fields = Object.entries(declared).map(([name, [number, type, list]]): Field => ({ number, name, type, repeated: list === 'list' }));
  return { fields, byNumber: new Map(fields.map((field) => [field.number, field])) };
}

/** What came is not OTLP; the text is for the sender. */
export class OtlpError extends Error {}
