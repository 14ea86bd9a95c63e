import type { Parsed, Resolved } from '../schema.ts';
import { jsonRefusals } from './compatible.ts';
import { type Document, jsonDocument } from './document.ts';

type JsonParsed = Parsed & { readonly document: Document };

/** Understands a schema of JSON Schema; a reference's name is what `$ref` says. */
export function jsonSchema(text: string, references: readonly Resolved[]): JsonParsed {
  const document = jsonDocument(text, references);
  return {
    document,
    text: JSON.stringify(document.root),
    normal: JSON.stringify(sorted(document.root)),
    refusals: (writer) => jsonRefusals(document, (writer as JsonParsed).document),
  };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
