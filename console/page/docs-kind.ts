import type { PlainSchema } from '#kernel/derive/check-schema.ts';
import type { Kind, Named } from '../api/contract.ts';

/** The operations of a kind in the order one reads them. */
export function operationsOf(kind: Kind): readonly Named[] {
  return [kind.create, kind.list, kind.get, kind.update, kind.remove, kind.watch, ...kind.others].filter(
    (each): each is Named => each !== undefined,
  );
}

/** What a value may be, in words: `string, 3 to 63 characters`. */
function typeWords(schema: PlainSchema | undefined): string {
  if (!schema) return 'anything';
  const options = schema.anyOf ?? schema.oneOf;
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' or ');
  if (options) return options.map(typeWords).join(' or ');
  const type = Array.isArray(schema.type) ? schema.type.join(' or ') : String(schema.type ?? 'anything');
  if (type === 'array') return `list of ${typeWords(schema.items as PlainSchema | undefined)}`;
  return [type === 'object' && schema.patternProperties ? 'object of texts by name' : type, boundsOf(schema)].filter(Boolean).join(', ');
}

function boundsOf({ minLength, maxLength, minimum, maximum, format }: PlainSchema): string {
  const size =
    maxLength === undefined
      ? minLength
        ? `at least ${minLength} characters`
        : ''
      : minLength
        ? `${minLength} to ${maxLength} characters`
        : `at most ${maxLength} characters`;
  const range =
    minimum !== undefined && maximum !== undefined
      ? `${minimum} to ${maximum}`
      : minimum !== undefined
        ? `at least ${minimum}`
        : maximum !== undefined
          ? `at most ${maximum}`
          : '';
  return [format, size, range].filter(Boolean).join(', ');
}

export type DocsField = { readonly name: string; readonly type: string; readonly required: boolean; readonly text: string };

/** The fields of an object, those of nested objects with their path before them. */
export function docsFields(schema: PlainSchema, above = '', depth = 0): readonly DocsField[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const own = {
      name: `${above}${name}`,
      type: typeWords(inner),
      required: schema.required?.includes(name) ?? false,
      text: inner.description ?? '',
    };
    const below = inner.type === 'array' ? (inner.items as PlainSchema | undefined) : inner;
    const deeper =
      depth < 3 && below?.properties ? docsFields(below, `${above}${name}${inner.type === 'array' ? '[]' : ''}.`, depth + 1) : [];
    return [own, ...deeper];
  });
}
