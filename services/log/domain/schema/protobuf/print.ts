import type { EnumType, Extension, Field, Message, Option, ProtoFile, Range, Service } from '#wire/protobuf/file.ts';

/** A .proto text of a file. `normal` leaves no choice: imports and options in order of name, fields in order of number. */
export function printProto(file: ProtoFile, normal = false): string {
  const imports = normal ? [...file.imports].sort((left, right) => (left.path < right.path ? -1 : 1)) : file.imports;
  const parts = [
    `syntax = "${file.syntax}";\n`,
    ...(file.package ? [`package ${file.package};\n`] : []),
    ...(imports.length > 0
      ? [`\n${imports.map(({ path, kind }) => `import ${kind === '' ? '' : `${kind} `}${JSON.stringify(path)};\n`).join('')}`]
      : []),
    ...(file.options.length > 0 ? [`\n${statements(file.options, '', normal)}`] : []),
    ...file.messages.map((message) => `\n${messageText(message, '', normal, file.syntax)}`),
    ...file.enums.map((one) => `\n${enumText(one, '', normal)}`),
    ...file.extensions.map((one) => `\n${extensionText(one, '', normal, file.syntax)}`),
    ...file.services.map((one) => `\n${serviceText(one, normal)}`),
  ];
  return parts.join('');
}

const ordered = (options: readonly Option[], normal: boolean) =>
  normal ? [...options].sort((a, b) => (a.name < b.name ? -1 : 1)) : options;
const statements = (options: readonly Option[], indent: string, normal: boolean) =>
  ordered(options, normal)
    .map(({ name, value }) => `${indent}option ${name} = ${value};\n`)
    .join('');
const inline = (options: readonly Option[], normal: boolean) =>
  options.length === 0
    ? ''
    : ` [${ordered(options, normal)
        .map(({ name, value }) => `${name} = ${value}`)
        .join(', ')}]`;
const rangeText = ({ from, to }: Range) => (from === to ? `${from}` : to >= 536_870_911 ? `${from} to max` : `${from} to ${to}`);

function reservedText({ reserved, reservedNames }: Pick<Message, 'reserved' | 'reservedNames'>, indent: string): string {
  const numbers = reserved.length > 0 ? `${indent}reserved ${reserved.map(rangeText).join(', ')};\n` : '';
  const names = reservedNames.length > 0 ? `${indent}reserved ${reservedNames.map((name) => JSON.stringify(name)).join(', ')};\n` : '';
  return numbers + names;
}

function messageText(message: Message, indent: string, normal: boolean, syntax: string, head = `message ${message.name}`): string {
  const inner = `${indent}  `;
  const groups = new Set(message.fields.filter(({ group }) => group).map(({ type }) => type));
  const fields = normal ? [...message.fields].sort((left, right) => left.number - right.number) : message.fields;
  const told = new Set<string>();
  const lines: string[] = [];
  for (const field of fields) {
    if (field.oneof === undefined) lines.push(fieldText(field, inner, normal, syntax, message.messages));
    else if (!told.has(field.oneof)) {
      told.add(field.oneof);
      const members = fields.filter(({ oneof }) => oneof === field.oneof);
      const body = members.map((one) => fieldText(one, `${inner}  `, normal, syntax, message.messages)).join('');
      lines.push(`${inner}oneof ${field.oneof} {\n${body}${inner}}\n`);
    }
  }
  return [
    `${indent}${head} {\n`,
    statements(message.options, inner, normal),
    reservedText(message, inner),
    message.extensionRanges.length > 0 ? `${inner}extensions ${message.extensionRanges.map(rangeText).join(', ')};\n` : '',
    ...lines,
    ...message.messages.filter(({ name }) => !groups.has(name)).map((one) => `\n${messageText(one, inner, normal, syntax)}`),
    ...message.enums.map((one) => `\n${enumText(one, inner, normal)}`),
    ...message.extensions.map((one) => `\n${extensionText(one, inner, normal, syntax)}`),
    `${indent}}\n`,
  ].join('');
}

function fieldText(field: Field, indent: string, normal: boolean, syntax: string, nested: readonly Message[]): string {
  const { name, number, type, key, label, options, group } = field;
  const word = label === '' || key !== undefined ? '' : `${label} `;
  const body = group ? nested.find((message) => message.name === type) : undefined;
  if (body) return messageText(body, indent, normal, syntax, `${word}group ${type} = ${number}`);
  const told = key === undefined ? `${word}${type}` : `map<${key}, ${type}>`;
  return `${indent}${told} ${name} = ${number}${inline(options, normal)};\n`;
}

function enumText({ name, values, options, ...rest }: EnumType, indent: string, normal: boolean): string {
  const inner = `${indent}  `;
  const lines = values.map((value) => `${inner}${value.name} = ${value.number}${inline(value.options, normal)};\n`).join('');
  return `${indent}enum ${name} {\n${statements(options, inner, normal)}${reservedText(rest, inner)}${lines}${indent}}\n`;
}

function extensionText({ extendee, fields }: Extension, indent: string, normal: boolean, syntax: string): string {
  const lines = fields.map((field) => fieldText(field, `${indent}  `, normal, syntax, [])).join('');
  return `${indent}extend ${extendee} {\n${lines}${indent}}\n`;
}

function serviceText({ name, methods, options }: Service, normal: boolean): string {
  const lines = methods.map((method) => {
    const side = (streams: boolean, type: string) => `(${streams ? 'stream ' : ''}${type})`;
    const head = `  rpc ${method.name} ${side(method.streamsIn, method.input)} returns ${side(method.streamsOut, method.output)}`;
    return method.options.length > 0 ? `${head} {\n${statements(method.options, '    ', normal)}  }\n` : `${head};\n`;
  });
  return `service ${name} {\n${statements(options, '  ', normal)}${lines.join('')}}\n`;
}
