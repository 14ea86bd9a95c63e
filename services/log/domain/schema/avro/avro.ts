import type { Parsed, Resolved } from '../schema.ts';
import { avroRefusals } from './compatible.ts';
import { parseAvro } from '#wire/avro/parse.ts';
import { printAvro } from './print.ts';
import type { AvroType, Named } from '#wire/avro/type.ts';

export type AvroSchema = Parsed & { readonly type: AvroType };

/** Understands an Avro schema; types of references are known by their full names. */
export function avroSchema(text: string, references: readonly Resolved[]): AvroSchema {
  const names = new Map<string, Named>();
  for (const reference of references) parseAvro(reference.text, names);
  const known = new Set(names.keys());
  const type = parseAvro(text, names);
  return {
    type,
    text: printAvro(type, known),
    normal: printAvro(type, known, true),
    refusals: (writer) => avroRefusals(type, (writer as AvroSchema).type),
  };
}
