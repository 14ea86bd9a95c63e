import { fault } from '#kernel/contract/fault.ts';
import type { Session } from '#kernel/contract/session.ts';
import { levels, type Level } from '../../domain/schema/compatibility.ts';
import { type Reference, type SchemaType, schemaTypes } from '../../domain/schema/schema.ts';
import type { log } from '../../service.ts';
import { Refusal } from './errors.ts';

/** One request as its route gets it. */
export type Asked = {
  readonly session: Session<typeof log>;
  /** The variable parts of the path, in order. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  readonly body: unknown;
  /** What goes beside every input. */
  readonly more: { readonly requestId: string };
};

export type Draft = { schema: string; schemaType?: SchemaType; references?: Reference[]; normalize?: boolean };

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether nothing stands in a value, nor in its fields. */
const isEmpty = (value: unknown, depth = 2): boolean =>
  value === undefined ||
  value === null ||
  (depth > 0 && typeof value === 'object' && Object.values(value).every((one) => isEmpty(one, depth - 1)));

export function flag({ query }: Asked, name: string): boolean {
  const value = query.get(name);
  return value !== null && value.toLowerCase() === 'true';
}

/** Fields that ask for more than is built are refused, so that nobody believes in them; empty ones ask for nothing. */
const unbuilt = ['metadata', 'ruleSet', 'schemaTags', 'schemaTagsToAdd', 'schemaTagsToRemove'];

/** The schema of a body; what its fields are is checked by the contract. */
export function draftOf(asked: Asked): Draft & { id?: number; version?: number } {
  const { body } = asked;
  if (!isObject(body)) throw new Refusal(422, 42201, 'The body is no JSON object.');
  for (const name of unbuilt) if (!isEmpty(body[name])) throw fault('NotImplemented', `${name} is not implemented.`);
  const { schema, schemaType, references, id, version } = body;
  if (typeof schema !== 'string' || schema === '') throw new Refusal(422, 42201, 'Empty schema');
  if (!isEmpty(references) && !Array.isArray(references)) throw new Refusal(422, 422, 'references is no list.');
  const type = schemaType ?? 'AVRO';
  if (!schemaTypes.includes(type as SchemaType)) throw new Refusal(422, 42201, `Invalid schema type ${String(type)}.`);
  const more = asked.query.has('normalize') ? { normalize: flag(asked, 'normalize') } : {};
  return {
    schema,
    schemaType: type as SchemaType,
    ...(Array.isArray(references) && references.length > 0 ? { references: references.map(plainReference) } : {}),
    // Clients send -1 or 0 for none.
    ...(typeof id === 'number' && id > 0 ? { id } : {}),
    ...(typeof version === 'number' && version > 0 ? { version } : {}),
    ...more,
  };
}

function plainReference(value: unknown): Reference {
  const { name, subject, version } = isObject(value) ? value : {};
  if (typeof name !== 'string' || typeof subject !== 'string' || !Number.isInteger(version))
    throw new Refusal(422, 42201, 'A reference has a name, a subject and a version.');
  return { name, subject, version: version as number };
}

const validLevels = 'none, backward, forward, full, backward_transitive, forward_transitive, and full_transitive';

function levelOf(value: unknown): Level {
  const level = String(value).toUpperCase();
  if (!levels.includes(level as Level)) throw new Refusal(422, 42203, `Invalid compatibility level. Valid values are ${validLevels}`);
  return level as Level;
}

const modes = ['READWRITE', 'READONLY', 'READONLY_OVERRIDE', 'IMPORT'] as const;

export function modeOf(body: unknown): (typeof modes)[number] {
  const mode = String(isObject(body) ? body.mode : '').toUpperCase();
  if (!modes.includes(mode as 'READONLY')) throw new Refusal(422, 42204, `Invalid mode. Valid values are ${modes.join(', ')}.`);
  return mode as 'READONLY';
}

/** A change of `/config`. */
export function configOf(body: unknown): { compatibility?: Level; normalize?: boolean } {
  if (!isObject(body)) throw new Refusal(422, 42203, 'The body is no JSON object.');
  const { compatibility, compatibilityLevel, normalize, ...rest } = body;
  for (const [name, value] of Object.entries(rest)) if (value !== null) throw fault('NotImplemented', `${name} is not implemented.`);
  const level = compatibility ?? compatibilityLevel;
  if (level === undefined && normalize === undefined) throw new Refusal(422, 42203, 'The body has no compatibility.');
  return { ...(level === undefined ? {} : { compatibility: levelOf(level) }), ...(typeof normalize === 'boolean' ? { normalize } : {}) };
}

/** A version as it stands in a path. */
export function versionOf(text: string): string {
  if (text === 'latest' || text === '-1' || /^[1-9]\d{0,8}$/.test(text)) return text;
  throw new Refusal(
    422,
    42202,
    `The specified version '${text}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string "latest"`,
  );
}
