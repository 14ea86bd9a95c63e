import { fieldNumberMax as numberMax, schemaDepthMax, schemaNodesMax } from '../schema/limits.ts';
import { SchemaFault } from '../schema/fault.ts';
import type { EnumType, Extension, Field, Import, Label, Message, Option, ProtoFile, Range, Service } from './file.ts';
import { isScalar } from './file.ts';
import { Tokens } from './token.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };
type Reading = { readonly tokens: Tokens; readonly syntax: 'proto2' | 'proto3'; left: number };

/** Reads a .proto text of proto2 or proto3. */
export function parseProto(text: string): ProtoFile {
  const tokens = new Tokens(text);
  const syntax = syntaxOf(tokens);
  const file: Mutable<ProtoFile> = { syntax, package: '', imports: [], options: [], messages: [], enums: [], extensions: [], services: [] };
  const reading: Reading = { tokens, syntax, left: schemaNodesMax };
  while (tokens.next !== undefined) topLevel(file, reading);
  return file;
}

function syntaxOf(tokens: Tokens): 'proto2' | 'proto3' {
  if (tokens.next === 'edition') throw new SchemaFault('Editions are not implemented; proto2 and proto3 are.');
  if (!tokens.takes('syntax')) return 'proto2';
  tokens.expect('=');
  const syntax = tokens.text();
  tokens.expect(';');
  if (syntax !== 'proto2' && syntax !== 'proto3') throw new SchemaFault(`Unrecognised syntax ${JSON.stringify(syntax)}.`);
  return syntax;
}

function topLevel(file: Mutable<ProtoFile>, reading: Reading): void {
  const { tokens } = reading;
  if (tokens.takes(';')) return;
  if (tokens.takes('package')) {
    file.package = tokens.path();
    tokens.expect(';');
  } else if (tokens.takes('import')) file.imports.push(importOf(tokens));
  else if (tokens.takes('option')) file.options.push(optionStatement(tokens));
  else if (tokens.takes('message')) file.messages.push(messageOf(tokens.name(), reading, schemaDepthMax));
  else if (tokens.takes('enum')) file.enums.push(enumOf(reading));
  else if (tokens.takes('extend')) file.extensions.push(extensionOf(reading, file.messages, schemaDepthMax));
  else if (tokens.takes('service')) file.services.push(serviceOf(reading));
  else throw tokens.fault('a message, an enum or the like');
}

function importOf(tokens: Tokens): Import {
  const kind = tokens.takes('public') ? 'public' : tokens.takes('weak') ? 'weak' : '';
  const path = tokens.text();
  tokens.expect(';');
  return { path, kind };
}

function optionStatement(tokens: Tokens): Option {
  const option = optionOf(tokens);
  tokens.expect(';');
  return option;
}

function optionOf(tokens: Tokens): Option {
  let name = '';
  do {
    if (name !== '') name += '.';
    if (tokens.takes('(')) {
      name += `(${tokens.path()})`;
      tokens.expect(')');
    } else name += tokens.name();
  } while (tokens.takes('.'));
  tokens.expect('=');
  return { name, value: constant(tokens) };
}

/** A constant as it is written; an aggregate keeps its words with blanks between them. */
function constant(tokens: Tokens): string {
  if (tokens.next === '{') {
    const words: string[] = [];
    let depth = 0;
    do {
      const word = tokens.take();
      depth += word === '{' ? 1 : word === '}' ? -1 : 0;
      words.push(word);
    } while (depth > 0);
    return words.join(' ');
  }
  if (/^["']/.test(tokens.next ?? '')) return JSON.stringify(tokens.text());
  const sign = tokens.takes('-') ? '-' : tokens.takes('+') ? '' : '';
  if (/^[A-Za-z_.]/.test(tokens.next ?? '') && !/^\.\d/.test(tokens.next ?? '')) return sign + tokens.path();
  if (!/^[\d.]/.test(tokens.next ?? '')) throw tokens.fault('a constant');
  return sign + tokens.take();
}

function options(tokens: Tokens): Option[] {
  const found: Option[] = [];
  if (!tokens.takes('[')) return found;
  do found.push(optionOf(tokens));
  while (tokens.takes(','));
  tokens.expect(']');
  return found;
}

const count = (reading: Reading) => {
  reading.left -= 1;
  if (reading.left < 0) throw new SchemaFault(`The schema has more than ${schemaNodesMax} parts.`);
};

function messageOf(name: string, reading: Reading, depthLeft: number): Message {
  const { tokens } = reading;
  if (depthLeft <= 0) throw new SchemaFault(`The schema is nested deeper than ${schemaDepthMax}.`);
  const made: Mutable<Message> = {
    ...{ name, fields: [], oneofs: [], messages: [], enums: [], extensions: [] },
    ...{ extensionRanges: [], reserved: [], reservedNames: [], options: [] },
  };
  tokens.expect('{');
  while (!tokens.takes('}')) inMessage(made, reading, depthLeft);
  checkMessage(made);
  return made;
}

function inMessage(made: Mutable<Message>, reading: Reading, depthLeft: number): void {
  const { tokens } = reading;
  count(reading);
  if (tokens.takes(';')) return;
  // Keywords are good names of types as well: what follows decides.
  const word = tokens.next ?? '';
  if (!['message', 'enum', 'extend', 'extensions', 'reserved', 'option', 'oneof'].includes(word))
    return fieldInto(made, reading, depthLeft);
  tokens.take();
  if (word === 'message') made.messages.push(messageOf(tokens.name(), reading, depthLeft - 1));
  else if (word === 'enum') made.enums.push(enumOf(reading));
  else if (word === 'extend') made.extensions.push(extensionOf(reading, made.messages, depthLeft));
  else if (word === 'extensions') {
    made.extensionRanges.push(...ranges(tokens, numberMax));
    options(tokens);
    tokens.expect(';');
  } else if (word === 'reserved') reserved(made, tokens, numberMax);
  else if (word === 'option') made.options.push(optionStatement(tokens));
  else oneofInto(made, reading, depthLeft);
}

function oneofInto(made: Mutable<Message>, reading: Reading, depthLeft: number): void {
  const { tokens } = reading;
  const name = tokens.name();
  made.oneofs.push(name);
  tokens.expect('{');
  while (!tokens.takes('}')) {
    count(reading);
    if (tokens.takes(';')) continue;
    // An option of a oneof has no meaning to whoever reads records.
    if (tokens.takes('option')) optionStatement(tokens);
    else fieldInto(made, reading, depthLeft, name);
  }
}

function labelOf({ tokens, syntax }: Reading, oneof: string | undefined): Label {
  if (oneof !== undefined) return '';
  for (const label of ['optional', 'required', 'repeated'] as const) {
    if (tokens.next !== label) continue;
    if (label === 'required' && syntax === 'proto3') throw new SchemaFault('Required fields are not allowed in proto3.');
    tokens.take();
    return label;
  }
  return '';
}

function fieldInto(made: { fields: Field[]; messages: Message[] }, reading: Reading, depthLeft: number, oneof?: string): void {
  const { tokens } = reading;
  const label = labelOf(reading, oneof);
  const inside = oneof === undefined ? {} : { oneof };
  const first = tokens.path();
  if (first === 'map' && tokens.takes('<')) {
    if (label !== '' || oneof !== undefined) throw new SchemaFault('A map has no label and stands in no oneof.');
    const key = tokens.path();
    if (!isScalar(key) || ['double', 'float', 'bytes'].includes(key)) throw new SchemaFault(`A map's key cannot be ${key}.`);
    tokens.expect(',');
    const type = tokens.path();
    tokens.expect('>');
    made.fields.push({ label: 'repeated', type, key, ...tail(tokens) });
    return;
  }
  if (first === 'group' && /^[A-Z]/.test(tokens.next ?? '')) {
    const name = tokens.name();
    tokens.expect('=');
    const number = fieldNumber(tokens);
    const told = options(tokens);
    made.messages.push(messageOf(name, reading, depthLeft - 1));
    made.fields.push({ name: name.toLowerCase(), number, label, type: name, group: true, options: told, ...inside });
    return;
  }
  if (label === '' && oneof === undefined && reading.syntax === 'proto2')
    throw tokens.fault('"required", "optional" or "repeated" before a field of proto2');
  made.fields.push({ label, type: first, ...tail(tokens), ...inside });
}

function tail(tokens: Tokens): { name: string; number: number; options: Option[] } {
  const name = tokens.name();
  tokens.expect('=');
  const number = fieldNumber(tokens);
  const told = options(tokens);
  tokens.expect(';');
  return { name, number, options: told };
}

function fieldNumber(tokens: Tokens): number {
  const number = tokens.whole();
  if (number < 1 || number > numberMax) throw new SchemaFault(`Field numbers lie between 1 and ${numberMax}, not at ${number}.`);
  if (number >= 19_000 && number <= 19_999) throw new SchemaFault(`Field numbers 19000 to 19999 belong to protobuf itself: ${number}.`);
  return number;
}

function ranges(tokens: Tokens, most: number): Range[] {
  const found: Range[] = [];
  do {
    const from = tokens.whole();
    const to = tokens.takes('to') ? (tokens.takes('max') ? most : tokens.whole()) : from;
    if (to < from) throw new SchemaFault(`The range ${from} to ${to} is empty.`);
    found.push({ from, to });
  } while (tokens.takes(','));
  return found;
}

function reserved(made: { reserved: Range[]; reservedNames: string[] }, tokens: Tokens, most: number): void {
  if (/^["']/.test(tokens.next ?? '')) {
    do made.reservedNames.push(tokens.text());
    while (tokens.takes(','));
  } else made.reserved.push(...ranges(tokens, most));
  tokens.expect(';');
}

function checkMessage({ name, fields, reserved: kept, reservedNames }: Message): void {
  const numbers = new Set<number>();
  const names = new Set<string>();
  for (const field of fields) {
    if (numbers.has(field.number)) throw new SchemaFault(`Field number ${field.number} is used twice in ${name}.`);
    if (names.has(field.name)) throw new SchemaFault(`The name ${field.name} is used twice in ${name}.`);
    if (kept.some(({ from, to }) => field.number >= from && field.number <= to) || reservedNames.includes(field.name))
      throw new SchemaFault(`Field ${field.name} = ${field.number} of ${name} is reserved.`);
    numbers.add(field.number);
    names.add(field.name);
  }
}

function enumOf(reading: Reading): EnumType {
  const { tokens } = reading;
  const made: Mutable<EnumType> = { name: tokens.name(), values: [], reserved: [], reservedNames: [], options: [] };
  tokens.expect('{');
  while (!tokens.takes('}')) {
    count(reading);
    if (tokens.takes(';')) continue;
    if (tokens.takes('option')) made.options.push(optionStatement(tokens));
    else if (tokens.takes('reserved')) reserved(made, tokens, 2 ** 31 - 1);
    else {
      const name = tokens.name();
      tokens.expect('=');
      const number = tokens.whole();
      const told = options(tokens);
      tokens.expect(';');
      if (made.values.some((value) => value.name === name)) throw new SchemaFault(`The name ${name} is used twice in ${made.name}.`);
      made.values.push({ name, number, options: told });
    }
  }
  if (made.values.length === 0) throw new SchemaFault(`The enum ${made.name} has no values.`);
  if (reading.syntax === 'proto3' && made.values[0]?.number !== 0)
    throw new SchemaFault(`The first value of ${made.name} must be zero in proto3.`);
  return made;
}

function extensionOf(reading: Reading, messages: Message[], depthLeft: number): Extension {
  const { tokens } = reading;
  const extendee = tokens.path();
  const made = { fields: [] as Field[], messages };
  tokens.expect('{');
  while (!tokens.takes('}')) {
    count(reading);
    if (!tokens.takes(';')) fieldInto(made, reading, depthLeft);
  }
  return { extendee, fields: made.fields };
}

function serviceOf(reading: Reading): Service {
  const { tokens } = reading;
  const made: Mutable<Service> = { name: tokens.name(), methods: [], options: [] };
  tokens.expect('{');
  while (!tokens.takes('}')) {
    count(reading);
    if (tokens.takes(';')) continue;
    if (tokens.takes('option')) made.options.push(optionStatement(tokens));
    else made.methods.push(methodOf(tokens));
  }
  return made;
}

function methodOf(tokens: Tokens) {
  tokens.expect('rpc');
  const name = tokens.name();
  const side = () => {
    tokens.expect('(');
    const streams = tokens.takes('stream');
    const type = tokens.path();
    tokens.expect(')');
    return { streams, type };
  };
  const input = side();
  tokens.expect('returns');
  const output = side();
  const told: Option[] = [];
  if (tokens.takes('{')) {
    while (!tokens.takes('}'))
      if (tokens.takes('option')) told.push(optionStatement(tokens));
      else tokens.expect(';');
  } else tokens.expect(';');
  return { name, input: input.type, output: output.type, streamsIn: input.streams, streamsOut: output.streams, options: told };
}
