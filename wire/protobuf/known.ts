/** The files that come with protobuf, by path: their messages, and their enums behind a bar. */
const files: Readonly<Record<string, string>> = {
  any: 'Any',
  api: 'Api Method Mixin',
  duration: 'Duration',
  empty: 'Empty',
  field_mask: 'FieldMask',
  source_context: 'SourceContext',
  struct: 'Struct Value ListValue|NullValue',
  timestamp: 'Timestamp',
  type: 'Type Field Enum EnumValue Option|Syntax',
  wrappers: 'DoubleValue FloatValue Int64Value UInt64Value Int32Value UInt32Value BoolValue StringValue BytesValue',
  descriptor: [
    'FileDescriptorSet FileDescriptorProto DescriptorProto FieldDescriptorProto EnumDescriptorProto',
    'FileOptions MessageOptions FieldOptions EnumOptions EnumValueOptions ServiceOptions MethodOptions',
  ].join(' '),
};

/** The types of a file that needs no reference; undefined for any other. */
export function knownFile(path: string): { messages: readonly string[]; enums: readonly string[] } | undefined {
  const name = /^google\/protobuf\/(\w+)\.proto$/.exec(path)?.[1];
  const told = name !== undefined && Object.hasOwn(files, name) ? files[name] : undefined;
  if (told === undefined) return undefined;
  const [messages = '', enums = ''] = told.split('|');
  const full = (list: string) => (list === '' ? [] : list.split(' ').map((one) => `google.protobuf.${one}`));
  return { messages: full(messages), enums: full(enums) };
}
