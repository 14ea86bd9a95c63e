/** An Avro schema with its names resolved: Avro 1.12, "Schema Declaration". */
export type AvroType = Primitive | Named | { readonly kind: 'array' | 'map'; readonly items: AvroType; readonly more: More } | Union;
export type Union = { readonly kind: 'union'; readonly branches: readonly AvroType[] };
export type Primitive = { readonly kind: PrimitiveName; readonly more: More };
export type Named = RecordType | EnumType | FixedType;
export type RecordType = Head & { readonly kind: 'record' | 'error'; fields: readonly AvroField[] };
export type EnumType = Head & { readonly kind: 'enum'; readonly symbols: readonly string[]; readonly default?: string };
export type FixedType = Head & { readonly kind: 'fixed'; readonly size: number };
export type AvroField = {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly doc?: string;
  readonly order?: string;
  readonly type: AvroType;
  /** Absent when there is none; null is a default. */
  readonly default?: unknown;
  readonly more: More;
};

type Head = {
  readonly name: string;
  readonly space: string;
  readonly aliases: readonly string[];
  readonly doc?: string;
  readonly more: More;
};
/** Attributes that are not the language's own: logical types among them. */
export type More = Readonly<Record<string, unknown>>;

export const primitives = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const;
export type PrimitiveName = (typeof primitives)[number];
export const isPrimitive = (name: string): name is PrimitiveName => (primitives as readonly string[]).includes(name);

export const fullName = ({ name, space }: { readonly name: string; readonly space: string }): string => (space ? `${space}.${name}` : name);
export const isNamed = (type: AvroType): type is Named => ['record', 'error', 'enum', 'fixed'].includes(type.kind);
