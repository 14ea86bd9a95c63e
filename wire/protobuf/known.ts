/** The files that come with protobuf: their messages, and their enums behind a bar. */
const own: Readonly<Record<string, string>> = {
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

/** The common types of Google's interfaces, which Confluent's registry knows as well. */
const common: Readonly<Record<string, string>> = {
  calendar_period: '|CalendarPeriod',
  color: 'Color',
  date: 'Date',
  datetime: 'DateTime TimeZone',
  dayofweek: '|DayOfWeek',
  decimal: 'Decimal',
  expr: 'Expr',
  fraction: 'Fraction',
  interval: 'Interval',
  latlng: 'LatLng',
  money: 'Money',
  month: '|Month',
  phone_number: 'PhoneNumber PhoneNumber.ShortCode',
  postal_address: 'PostalAddress',
  quaternion: 'Quaternion',
  timeofday: 'TimeOfDay',
};
/** By folder: the package, and the files with their types. */
const folders: Readonly<Record<string, readonly [within: string, files: Readonly<Record<string, string>>]>> = {
  'google/protobuf': ['google.protobuf', own],
  'google/type': ['google.type', common],
  confluent: ['confluent', { meta: 'Meta' }],
  'confluent/type': ['confluent.type', { decimal: 'Decimal' }],
};

/** The types of a file that needs no reference; undefined for any other. */
export function knownFile(path: string): { messages: readonly string[]; enums: readonly string[] } | undefined {
  const [, folder = '', name = ''] = /^(.+)\/(\w+)\.proto$/.exec(path) ?? [];
  const [within, files] = (Object.hasOwn(folders, folder) ? folders[folder] : undefined) ?? ['', {}];
  const told = Object.hasOwn(files, name) ? files[name] : undefined;
  if (told === undefined) return undefined;
  const [messages = '', enums = ''] = told.split('|');
  const full = (list: string) => (list === '' ? [] : list.split(' ').map((one) => `${within}.${one}`));
  return { messages: full(messages), enums: full(enums) };
}
