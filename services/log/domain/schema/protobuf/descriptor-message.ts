import { type Message, message } from '#wire/otlp/message.ts';

/* descriptor.proto: the messages in which protobuf describes itself, with the fields that are kept. */

const FileOptions: Message = message({
  java_package: [1, 'string'],
  java_outer_classname: [8, 'string'],
  optimize_for: [9, 'int32'],
  java_multiple_files: [10, 'bool'],
  go_package: [11, 'string'],
  deprecated: [23, 'bool'],
  cc_enable_arenas: [31, 'bool'],
  objc_class_prefix: [36, 'string'],
  csharp_namespace: [37, 'string'],
  swift_prefix: [39, 'string'],
  php_class_prefix: [40, 'string'],
  php_namespace: [41, 'string'],
  ruby_package: [45, 'string'],
});
const MessageOptions: Message = message({ deprecated: [3, 'bool'], map_entry: [7, 'bool'] });
const FieldOptions: Message = message({ packed: [2, 'bool'], deprecated: [3, 'bool'] });
const EnumOptions: Message = message({ allow_alias: [2, 'bool'], deprecated: [3, 'bool'] });
const Deprecated1: Message = message({ deprecated: [1, 'bool'] });
const Deprecated33: Message = message({ deprecated: [33, 'bool'] });
const Range: Message = message({ start: [1, 'int32'], end: [2, 'int32'] });

const Field: Message = message({
  name: [1, 'string'],
  extendee: [2, 'string'],
  number: [3, 'int32'],
  label: [4, 'int32'],
  type: [5, 'int32'],
  typeName: [6, 'string'],
  defaultValue: [7, 'string'],
  options: [8, () => FieldOptions],
  oneofIndex: [9, 'int32'],
  jsonName: [10, 'string'],
  proto3Optional: [17, 'bool'],
});
const EnumValue: Message = message({ name: [1, 'string'], number: [2, 'int32'], options: [3, () => Deprecated1] });
const Enum: Message = message({
  name: [1, 'string'],
  value: [2, () => EnumValue, 'list'],
  options: [3, () => EnumOptions],
  reservedRange: [4, () => Range, 'list'],
  reservedName: [5, 'string', 'list'],
});
const Oneof: Message = message({ name: [1, 'string'] });
const Descriptor: Message = message({
  name: [1, 'string'],
  field: [2, () => Field, 'list'],
  nestedType: [3, () => Descriptor, 'list'],
  enumType: [4, () => Enum, 'list'],
  extensionRange: [5, () => Range, 'list'],
  extension: [6, () => Field, 'list'],
  options: [7, () => MessageOptions],
  oneofDecl: [8, () => Oneof, 'list'],
  reservedRange: [9, () => Range, 'list'],
  reservedName: [10, 'string', 'list'],
});
const Method: Message = message({
  name: [1, 'string'],
  inputType: [2, 'string'],
  outputType: [3, 'string'],
  options: [4, () => Deprecated33],
  clientStreaming: [5, 'bool'],
  serverStreaming: [6, 'bool'],
});
const Service: Message = message({ name: [1, 'string'], method: [2, () => Method, 'list'], options: [3, () => Deprecated33] });

/** FileDescriptorProto. */
export const FileDescriptor: Message = message({
  name: [1, 'string'],
  package: [2, 'string'],
  dependency: [3, 'string', 'list'],
  messageType: [4, () => Descriptor, 'list'],
  enumType: [5, () => Enum, 'list'],
  service: [6, () => Service, 'list'],
  extension: [7, () => Field, 'list'],
  options: [8, () => FileOptions],
  publicDependency: [10, 'int32', 'list'],
  weakDependency: [11, 'int32', 'list'],
  syntax: [12, 'string'],
});
