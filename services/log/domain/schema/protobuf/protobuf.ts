import type { Parsed, Resolved } from '../schema.ts';
import { protoRefusals, type Scoped } from './compatible.ts';
import { describeProto, readDescriptor } from './descriptor.ts';
import type { ProtoFile } from '#wire/protobuf/file.ts';
import { parseProto } from '#wire/protobuf/parse.ts';
import { printProto } from './print.ts';
import { Scope } from '#wire/protobuf/scope.ts';

export type ProtoParsed = Parsed &
  Scoped & {
    /** Base64 of the FileDescriptorProto. */
    serialized(): string;
  };

/** Understands a .proto text, or the base64 of a FileDescriptorProto; a reference's name is what `import` says. */
export function protoSchema(text: string, references: readonly Resolved[]): ProtoParsed {
  const file = fileOf(text);
  const imported = new Map(references.map((reference) => [reference.name, fileOf(reference.text)]));
  const scope = new Scope(file, imported);
  scope.check(file);
  const printed = printProto(file);
  // What is printed must be read again as the same: a descriptor may hold what no text can say.
  parseProto(printed);
  return {
    file,
    scope,
    text: printed,
    normal: printProto(file, true),
    refusals: (writer) => protoRefusals({ file, scope }, writer as ProtoParsed),
    serialized: () => describeProto(file, scope, 'default').toString('base64'),
  };
}

const fileOf = (text: string): ProtoFile =>
  /^[A-Za-z0-9+/\s]+={0,2}$/.test(text.trim()) && !/^\s*(syntax|package|message|import|enum)\b\s/.test(text)
    ? readDescriptor(Buffer.from(text, 'base64'))
    : parseProto(text);
