import type { TSchema } from 'typebox';
import type { AnyService } from './contract.ts';
import { schemaDepthMax } from './limits.ts';

/**
 * What the schema says of a field about a person: why it is kept, and until when. `keep` is a number of days after the last
 * change, `resource` for as long as its resource, or `law` where a law demands that it stays.
 */
export type Personal = {
  readonly purpose: string;
  readonly keep: number | 'resource' | 'law';
  /** Free text or attributes, in which something personal may stand: what is found in it is masked, not the whole. */
  readonly free?: true;
};

const keyword = 'x-personal';

/** Labels a field as personal. `Type.Optional` goes around it. */
export const personal = <S extends TSchema>(schema: S, label: Personal): S => ({ ...schema, [keyword]: label });

/** Where a labelled field stands: names of properties, and `*` for every entry of an array or a record. */
export type Labelled = {
  readonly path: readonly string[];
  readonly label: Personal;
  readonly required: boolean;
  readonly schema: Plain;
};

/** The keywords of a schema that labels mind. */
type Plain = {
  readonly [keyword]?: Personal;
  readonly type?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Plain>>;
  readonly patternProperties?: Readonly<Record<string, Plain>>;
  readonly items?: Plain;
  readonly anyOf?: readonly Plain[];
};

const known = new WeakMap<object, readonly Labelled[]>();

/** The labelled fields of a schema, in its order. */
export function labelledFields(schema: TSchema): readonly Labelled[] {
  const found = known.get(schema);
  if (found) return found;
  const made = [...below(schema as Plain, [], true)];
  known.set(schema, made);
  return made;
}

function* below(schema: Plain, path: readonly string[], required: boolean): Generator<Labelled> {
  if (path.length > schemaDepthMax) return;
  const label = schema[keyword];
  if (label) return yield { path, label, required, schema };
  for (const [name, inner] of Object.entries(schema.properties ?? {}))
    yield* below(inner, [...path, name], schema.required?.includes(name) ?? false);
  for (const inner of [...Object.values(schema.patternProperties ?? {}), ...(schema.items ? [schema.items] : [])])
    yield* below(inner, [...path, '*'], false);
  for (const inner of schema.anyOf ?? []) yield* below(inner, path, required);
}

/** The names of the fields that a contract labels as personal, those of free text left out. */
export function personalNames({ resources, operations }: AnyService): Set<string> {
  const schemas = [
    ...Object.values(resources).map(({ spec }) => spec),
    ...Object.values(operations).flatMap(({ input, output }) => [input, output]),
  ];
  const fields = schemas.flatMap(labelledFields).filter(({ label }) => !label.free);
  return new Set(fields.flatMap(({ path }) => path.findLast((name) => name !== '*') ?? []));
}
