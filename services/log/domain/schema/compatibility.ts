import { refusalsMax } from '../limits.ts';
import { avroSchema } from './avro/avro.ts';
import { jsonSchema } from './json/json.ts';
import { protoSchema } from './protobuf/protobuf.ts';
import type { Parsed, Resolved, SchemaType } from './schema.ts';

/** The compatibility levels, by the names of Confluent's registry. */
export const levels = ['NONE', 'BACKWARD', 'BACKWARD_TRANSITIVE', 'FORWARD', 'FORWARD_TRANSITIVE', 'FULL', 'FULL_TRANSITIVE'] as const;
export type Level = (typeof levels)[number];

/** Understands a schema of a language; throws SchemaFault. */
export function parseSchema(type: SchemaType, text: string, references: readonly Resolved[]): Parsed {
  if (type === 'AVRO') return avroSchema(text, references);
  return type === 'JSON' ? jsonSchema(text, references) : protoSchema(text, references);
}

/** A version that stands, oldest first in lists. */
export type Standing = { readonly version: number; readonly type: SchemaType; readonly parsed: () => Parsed };

/** Why a schema may not follow the versions before it, each reason a sentence; none when it may. */
export function levelRefusals(
  level: Level,
  update: { readonly type: SchemaType; readonly parsed: Parsed },
  before: readonly Standing[],
): string[] {
  if (level === 'NONE') return [];
  const against = level.endsWith('_TRANSITIVE') ? [...before].reverse() : before.slice(-1);
  for (const { version, type, parsed } of against) {
    if (type !== update.type) return [`Incompatible because of different schema type: version ${version} is ${type}.`];
    const found = [...directed(level, update.parsed, parsed())];
    if (found.length > 0)
      return [...new Set(found)].slice(0, refusalsMax).concat(`{oldSchemaVersion: ${version}}`, `{compatibility: '${level}'}`);
  }
  return [];
}

function directed(level: Level, update: Parsed, before: Parsed): readonly string[] {
  const backward = level.startsWith('BACKWARD') || level.startsWith('FULL') ? update.refusals(before) : [];
  const forward = level.startsWith('FORWARD') || level.startsWith('FULL') ? before.refusals(update) : [];
  return [...backward, ...forward];
}
