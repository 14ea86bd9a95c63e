import type { PlainSchema } from '#kernel/derive/plain-schema.ts';
import { kebab, type Route } from '#kernel/derive/route.ts';

/** A field of an input as an option. `path` leads to it from the top; `names` are its spellings, the one to show first. */
export type Flag = {
  readonly names: readonly string[];
  readonly path: readonly string[];
  readonly schema: PlainSchema;
  readonly required: boolean;
};

/**
 * The options of an operation: its fields in kebab-case, fields of objects with dots (`--range.first`), and those of
 * `spec` by their own name as well. The name of what is made is not among them, because it stands without an option.
 */
export function flagsOf(route: Route): Flag[] {
  const input = route.definition.input as PlainSchema;
  const found: Flag[] = [];
  const top = Object.keys(input.properties ?? {});
  for (const field of top) {
    if (route.at === 'new' && field === 'name') continue;
    const schema = input.properties?.[field] ?? {};
    const required = input.required?.includes(field) ?? false;
    if (!schema.properties) {
      found.push({ names: spellings(field), path: [field], schema, required });
      continue;
    }
    for (const [inner, below] of Object.entries(schema.properties)) {
      const dotted = spellings(inner).map((name) => `${kebab(field)}.${name}`);
      const names = field === 'spec' && !top.includes(inner) ? [...spellings(inner), ...dotted] : dotted;
      found.push({ names, path: [field, inner], schema: below, required: required && (schema.required?.includes(inner) ?? false) });
    }
    found.push({ names: spellings(field), path: [field], schema, required: false });
  }
  return found;
}

function spellings(field: string): string[] {
  return [...new Set([kebab(field), field])];
}

/** The schema of a list's items; undefined for a tuple, which has several. */
export function itemOf({ items }: PlainSchema): PlainSchema | undefined {
  return items && !Array.isArray(items) ? (items as PlainSchema) : undefined;
}

/** What an option takes, in a word: TEXT, NUMBER, NAME=TEXT, a|b. */
export function valueWord(schema: PlainSchema): string {
  const options =
    schema.enum ?? (schema.anyOf?.every((option) => 'const' in option) ? schema.anyOf.map((option) => option.const) : undefined);
  if (options) return options.join('|');
  switch (schema.type) {
    case 'boolean':
      return '';
    case 'integer':
    case 'number':
      return 'NUMBER';
    case 'array':
      return `${valueWord(itemOf(schema) ?? {}) || 'JSON'} ...`;
    case 'object':
      return schema.patternProperties ? 'NAME=TEXT ...' : 'JSON';
    case 'string':
      return schema.format === 'date-time' ? 'TIME' : 'TEXT';
    default:
      return 'JSON';
  }
}
