/** A .proto file as it was understood: protobuf.dev, "Protocol Buffers Language Specification" (proto2, proto3). */
export type ProtoFile = {
  readonly syntax: 'proto2' | 'proto3';
  readonly package: string;
  readonly imports: readonly Import[];
  readonly options: readonly Option[];
  readonly messages: readonly Message[];
  readonly enums: readonly EnumType[];
  readonly extensions: readonly Extension[];
  readonly services: readonly Service[];
};
export type Import = { readonly path: string; readonly kind: '' | 'public' | 'weak' };
/** `value` is the constant as it is written. */
export type Option = { readonly name: string; readonly value: string };
export type Label = '' | 'optional' | 'required' | 'repeated';
export type Field = {
  readonly name: string;
  readonly number: number;
  readonly label: Label;
  /** A scalar, or the name of a message or enum as it is written; for a map the type of its values. */
  readonly type: string;
  readonly key?: string;
  readonly oneof?: string;
  readonly group?: true;
  readonly options: readonly Option[];
};
export type Range = { readonly from: number /** The last number that belongs to it. */; readonly to: number };
export type Message = {
  readonly name: string;
  readonly fields: readonly Field[];
  readonly oneofs: readonly string[];
  readonly messages: readonly Message[];
  readonly enums: readonly EnumType[];
  readonly extensions: readonly Extension[];
  readonly extensionRanges: readonly Range[];
  readonly reserved: readonly Range[];
  readonly reservedNames: readonly string[];
  readonly options: readonly Option[];
};
export type EnumValue = { readonly name: string; readonly number: number; readonly options: readonly Option[] };
export type EnumType = {
  readonly name: string;
  readonly values: readonly EnumValue[];
  readonly reserved: readonly Range[];
  readonly reservedNames: readonly string[];
  readonly options: readonly Option[];
};
export type Extension = { readonly extendee: string; readonly fields: readonly Field[] };
export type Method = {
  readonly name: string;
  readonly input: string;
  readonly output: string;
  readonly streamsIn: boolean;
  readonly streamsOut: boolean;
  readonly options: readonly Option[];
};
export type Service = { readonly name: string; readonly methods: readonly Method[]; readonly options: readonly Option[] };

/** Scalars with their number in FieldDescriptorProto.Type. */
export const scalars: Readonly<Record<string, number>> = {
  double: 1,
  float: 2,
  int64: 3,
  uint64: 4,
  int32: 5,
  fixed64: 6,
  fixed32: 7,
  bool: 8,
  string: 9,
  bytes: 12,
  uint32: 13,
  sfixed32: 15,
  sfixed64: 16,
  sint32: 17,
  sint64: 18,
};
export const isScalar = (type: string): boolean => Object.hasOwn(scalars, type);
