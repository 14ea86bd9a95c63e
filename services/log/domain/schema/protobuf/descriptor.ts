import { decodeMessage } from '#wire/otlp/decode.ts';
import { encodeMessage } from '#wire/otlp/encode.ts';
import type { Values } from '#wire/otlp/message.ts';
import { SchemaFault } from '#wire/schema/fault.ts';
import { FileDescriptor } from './descriptor-message.ts';
import type { EnumType, Extension, Field, Message, Option, ProtoFile, Range, Service } from '#wire/protobuf/file.ts';
import { isScalar, scalars } from '#wire/protobuf/file.ts';
import type { Scope } from '#wire/protobuf/scope.ts';

const scalarOf = new Map(Object.entries(scalars).map(([name, number]) => [number, name]));
const types = { group: 10, message: 11, enum: 14 } as const;
const labels = ['', 'optional', 'required', 'repeated'] as const;
const optimizations = ['', 'SPEED', 'CODE_SIZE', 'LITE_RUNTIME'];

/** A file as the FileDescriptorProto that protobuf's runtimes load; options that tenants defined are left out. */
export function describeProto(file: ProtoFile, scope: Scope, name: string): Buffer {
  const syntax = file.syntax;
  const isAt = (kind: string) => file.imports.flatMap((one, at) => (one.kind === kind ? [at] : []));
  return encodeMessage(FileDescriptor, {
    name,
    package: file.package || undefined,
    dependency: file.imports.map(({ path }) => path),
    publicDependency: isAt('public'),
    weakDependency: isAt('weak'),
    messageType: file.messages.map((message) => describeMessage(message, { scope, where: file.package, syntax })),
    enumType: file.enums.map(describeEnum),
    service: file.services.map((service) => describeService(service, { scope, where: file.package, syntax })),
    extension: file.extensions.flatMap((one) => describeExtension(one, { scope, where: file.package, syntax })),
    options: optionValues(file.options),
    syntax: syntax === 'proto2' ? undefined : syntax,
  });
}

type At = { readonly scope: Scope; readonly where: string; readonly syntax: string };
const within = (where: string, name: string) => (where === '' ? name : `${where}.${name}`);
const pascal = (name: string) => name.replace(/(?:^|_)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
const camel = (name: string) => name.replace(/_([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());

function optionValues(options: readonly Option[]): Values | undefined {
  const told = options.filter(({ name }) => !name.startsWith('(') && !['default', 'json_name'].includes(name));
  if (told.length === 0) return undefined;
  return Object.fromEntries(
    told.map(({ name, value }) => [name, name === 'optimize_for' ? optimizations.indexOf(value) : constantOf(value)]),
  );
}

const constantOf = (value: string): unknown =>
  value.startsWith('"') ? JSON.parse(value) : value === 'true' ? true : value === 'false' ? false : value;

function describeMessage(message: Message, { scope, where, syntax }: At): Values {
  const at = { scope, syntax, where: within(where, message.name) };
  // As protoc has it: an optional field of proto3 stands in a oneof of its own, behind the real ones.
  const alone = syntax === 'proto3' ? message.fields.filter(({ label, oneof }) => label === 'optional' && oneof === undefined) : [];
  const oneofs = [...message.oneofs, ...alone.map(({ name }) => `_${name}`)];
  const entries = message.fields.filter(({ key }) => key !== undefined).map((field) => entryOf(field, at));
  const describe = (field: Field): Values => {
    const index = alone.includes(field)
      ? oneofs.indexOf(`_${field.name}`)
      : field.oneof === undefined
        ? undefined
        : oneofs.indexOf(field.oneof);
    return { ...describeField(field, at), oneofIndex: index, proto3Optional: alone.includes(field) ? true : undefined };
  };
  return {
    name: message.name,
    field: message.fields.map(describe),
    nestedType: [...message.messages.map((inner) => describeMessage(inner, at)), ...entries],
    enumType: message.enums.map(describeEnum),
    extensionRange: message.extensionRanges.map(exclusive),
    extension: message.extensions.flatMap((one) => describeExtension(one, at)),
    options: optionValues(message.options),
    oneofDecl: oneofs.map((name) => ({ name })),
    reservedRange: message.reserved.map(exclusive),
    reservedName: [...message.reservedNames],
  };
}

const exclusive = ({ from, to }: Range): Values => ({ start: from, end: to + 1 });

/** A map is a list of entries with a key and a value. */
function entryOf(field: Field, at: At): Values {
  const inner = (name: string, number: number, type: string) => describeField({ name, number, type, label: '', options: [] }, at);
  return {
    name: `${pascal(field.name)}Entry`,
    field: [inner('key', 1, field.key as string), inner('value', 2, field.type)],
    options: { map_entry: true },
  };
}

function describeField(field: Field, { scope, where }: At): Values {
  const { name, number, label, key, options, group } = field;
  const option = (wanted: string) => options.find((one) => one.name === wanted)?.value;
  const base = {
    name,
    number,
    label: Math.max(1, labels.indexOf(label)),
    options: optionValues(options),
    jsonName: option('json_name') === undefined ? camel(name) : constantOf(option('json_name') as string),
    defaultValue: option('default') === undefined ? undefined : String(constantOf(option('default') as string)),
  };
  if (key !== undefined) return { ...base, type: types.message, typeName: `.${where}.${pascal(name)}Entry` };
  if (isScalar(field.type)) return { ...base, type: scalars[field.type] };
  const found = scope.find(field.type, where);
  return { ...base, type: group ? types.group : types[found.kind], typeName: `.${found.name}` };
}

const describeExtension = ({ extendee, fields }: Extension, at: At): Values[] =>
  fields.map((field) => ({ ...describeField(field, at), extendee: extendee.startsWith('.') ? extendee : `.${extendee}` }));

const describeEnum = ({ name, values, options, reserved, reservedNames }: EnumType): Values => ({
  name,
  value: values.map((value) => ({ name: value.name, number: value.number, options: optionValues(value.options) })),
  options: optionValues(options),
  reservedRange: reserved.map(({ from, to }) => ({ start: from, end: to })),
  reservedName: [...reservedNames],
});

const describeService = ({ name, methods, options }: Service, { scope, where }: At): Values => ({
  name,
  method: methods.map((method) => ({
    name: method.name,
    inputType: `.${scope.find(method.input, where).name}`,
    outputType: `.${scope.find(method.output, where).name}`,
    options: optionValues(method.options),
    clientStreaming: method.streamsIn || undefined,
    serverStreaming: method.streamsOut || undefined,
  })),
  options: optionValues(options),
});

/** Reads a FileDescriptorProto, as Confluent's Python client registers schemas. */
export function readDescriptor(bytes: Buffer): ProtoFile {
  let values: Values;
  try {
    values = decodeMessage(FileDescriptor, bytes);
  } catch (error) {
    throw new SchemaFault(`The schema is no FileDescriptorProto: ${(error as Error).message}`);
  }
  const publics = new Set(list<number>(values.publicDependency));
  const weak = new Set(list<number>(values.weakDependency));
  const syntax = values.syntax === 'proto3' ? 'proto3' : 'proto2';
  return {
    syntax,
    package: String(values.package ?? ''),
    imports: list<string>(values.dependency).map((path, at) => ({ path, kind: publics.has(at) ? 'public' : weak.has(at) ? 'weak' : '' })),
    options: optionsOf(values.options),
    messages: list<Values>(values.messageType).map((one) => messageOf(one, syntax)),
    enums: list<Values>(values.enumType).map(enumOf),
    extensions: extensionsOf(values.extension, syntax),
    services: list<Values>(values.service).map(serviceOf),
  };
}

const list = <T>(value: unknown): T[] => (Array.isArray(value) ? (value as T[]) : []);

function optionsOf(value: unknown): Option[] {
  return Object.entries((value ?? {}) as Values)
    .filter(([name]) => name !== 'map_entry')
    .map(([name, told]) => ({ name, value: name === 'optimize_for' ? (optimizations[Number(told)] ?? 'SPEED') : JSON.stringify(told) }));
}

function messageOf(values: Values, syntax: string): Message {
  const nested = list<Values>(values.nestedType);
  const isEntry = (one: Values) => (one.options as Values | undefined)?.map_entry === true;
  const entries = new Map(nested.filter(isEntry).map((one) => [String(one.name), list<Values>(one.field)]));
  const fields = list<Values>(values.field);
  const oneofs = list<Values>(values.oneofDecl).map(({ name }) => String(name));
  const isReal = (_: string, at: number) => !fields.some((field) => field.oneofIndex === at && field.proto3Optional === true);
  const range =
    (last: number) =>
    ({ start, end }: Values): Range => ({ from: Number(start ?? 0), to: Number(end ?? 0) - last });
  return {
    name: String(values.name),
    fields: fields.map((field) => fieldOf(field, syntax, oneofs, entries)),
    oneofs: oneofs.filter(isReal),
    messages: nested.filter((one) => !isEntry(one)).map((one) => messageOf(one, syntax)),
    enums: list<Values>(values.enumType).map(enumOf),
    extensions: extensionsOf(values.extension, syntax),
    extensionRanges: list<Values>(values.extensionRange).map(range(1)),
    reserved: list<Values>(values.reservedRange).map(range(1)),
    reservedNames: list<string>(values.reservedName),
    options: optionsOf(values.options),
  };
}

function fieldOf(values: Values, syntax: string, oneofs: readonly string[], entries: ReadonlyMap<string, Values[]>): Field {
  const typeName = String(values.typeName ?? '');
  const entry = entries.get(typeName.slice(typeName.lastIndexOf('.') + 1));
  const name = String(values.name);
  const type = scalarOf.get(Number(values.type)) ?? typeName;
  const quoted = ['string', 'bytes'].includes(type);
  const told =
    values.defaultValue === undefined
      ? []
      : [{ name: 'default', value: quoted ? JSON.stringify(values.defaultValue) : String(values.defaultValue) }];
  const spelt =
    values.jsonName === undefined || values.jsonName === camel(name) ? [] : [{ name: 'json_name', value: JSON.stringify(values.jsonName) }];
  const base = { name, number: Number(values.number), options: [...told, ...spelt, ...optionsOf(values.options)] };
  if (entry) {
    const [key, value] = entry.map((one) => fieldOf(one, syntax, [], new Map()).type);
    return { ...base, label: 'repeated', key: key ?? 'string', type: value ?? 'string' };
  }
  const inOneof = values.oneofIndex !== undefined && values.proto3Optional !== true;
  const label = labels[Number(values.label ?? 1)] ?? '';
  const plain = label === 'optional' && syntax === 'proto3' && values.proto3Optional !== true;
  const group = Number(values.type) === types.group ? ({ group: true } as const) : {};
  const named = group.group ? type.slice(type.lastIndexOf('.') + 1) : type;
  return {
    ...base,
    ...group,
    type: named,
    label: inOneof || plain ? '' : label,
    ...(inOneof ? { oneof: oneofs[Number(values.oneofIndex)] ?? '' } : {}),
  };
}

function extensionsOf(value: unknown, syntax: string): Extension[] {
  const grouped = Map.groupBy(list<Values>(value), ({ extendee }) => String(extendee));
  return [...grouped].map(([extendee, fields]) => ({ extendee, fields: fields.map((field) => fieldOf(field, syntax, [], new Map())) }));
}

const enumOf = (values: Values): EnumType => ({
  name: String(values.name),
  values: list<Values>(values.value).map((one) => ({
    name: String(one.name),
    number: Number(one.number ?? 0),
    options: optionsOf(one.options),
  })),
  reserved: list<Values>(values.reservedRange).map(({ start, end }) => ({ from: Number(start ?? 0), to: Number(end ?? 0) })),
  reservedNames: list<string>(values.reservedName),
  options: optionsOf(values.options),
});

const serviceOf = (values: Values): Service => ({
  name: String(values.name),
  methods: list<Values>(values.method).map((one) => ({
    name: String(one.name),
    input: String(one.inputType),
    output: String(one.outputType),
    streamsIn: one.clientStreaming === true,
    streamsOut: one.serverStreaming === true,
    options: optionsOf(one.options),
  })),
  options: optionsOf(values.options),
});
