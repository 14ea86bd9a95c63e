import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { jsonOfList } from './json-list.ts';
import { type Kind, readJson } from './jsonb.ts';
import { textLengthMax } from './limits.ts';
import { elementOf, fieldNamesOf, fieldsOf, isRecord, type List, numbers, printValue, type Tuple, type Type, type Value } from './value.ts';

type Known = Exclude<Value, null>;

const isBare = (type: Type): boolean => numbers.includes(type) || type === 'json' || type === 'jsonb';

/** A value as PostgreSQL's to_json writes it; `isLong` begins a line before each part but the first of the outermost list or row. */
export function jsonOf(type: Type, value: Known, isLong = false): string {
  const between = isLong ? ',\n ' : ',';
  const element = elementOf(type);
  const part = (of: Type, each: Value) => (each === null ? 'null' : jsonOf(of, each));
  if (element) return jsonOfList(value as List, (item) => part(element, item), between);
  if (isRecord(type)) {
    const [names, types] = [fieldNamesOf(type), fieldsOf(type) ?? []];
    const fields = (value as Tuple).fields.map((field, place) => `${JSON.stringify(names[place])}:${part(types[place] as Type, field)}`);
    return `{${fields.join(between)}}`;
  }
  if (type === 'bool') return String(value);
  const text = printValue(type, value) as string;
  if (isBare(type)) return text;
  // A moment is written as ISO 8601 has it, with its offset in full.
  return JSON.stringify(type.startsWith('timestamp') ? text.replace(' ', 'T').replace(/\+00$/, '+00:00') : text);
}

/** A value as the name of a field. Throws StatementError for one that is none. */
export function jsonName(type: Type, value: Known): string {
  if (elementOf(type) || isRecord(type) || /^json/.test(type))
    throw new StatementError('22023', 'key value must be scalar, not array, composite, or json');
  const text = jsonOf(type, value);
  return text.startsWith('"') ? text : `"${text}"`;
}

function sized(text: string): string {
  if (text.length > textLengthMax) throw new StatementError(sqlstates.tooLarge, `a text is at most ${textLengthMax} characters long`);
  return text;
}

const nameless = (kind: Kind) =>
  kind === 'json'
    ? new StatementError('22004', 'null value not allowed for object key')
    : new StatementError('22023', 'key must not be null');

/** Names and values in turn as an object; a value that is not there is null. */
export function jsonObject(parts: readonly (string | null)[], kind: Kind, [open, close]: readonly [string, string] = ['{', '}']): string {
  const fields: string[] = [];
  for (let at = 0; at < parts.length; at += 2) {
    const name = parts[at];
    if (name === null || name === undefined) throw nameless(kind);
    fields.push(`${name} : ${parts[at + 1] ?? 'null'}`);
  }
  return sized(`${open}${fields.join(', ')}${close}`);
}

export const jsonArray = (parts: readonly (string | null)[]): string => sized(`[${parts.map((part) => part ?? 'null').join(', ')}]`);

/** The elements of json_agg: rows and lists begin a line, but for the first. */
export function jsonOfGroup(type: Type, { items }: List, isDeep: boolean): string {
  const parts = items.map((item, at) => `${isDeep && at > 0 && item !== null ? '\n ' : ''}${item === null ? 'null' : jsonOf(type, item)}`);
  return sized(`[${parts.join(', ')}]`);
}

/** Rows of a name and a value as json_object_agg writes them. */
export function jsonOfPairs(type: Type, { items }: List, kind: Kind): string {
  const [name, of] = fieldsOf(type) as readonly [Type, Type];
  const parts = items.flatMap((item) => {
    const [key = null, value = null] = (item as Tuple).fields;
    if (key === null) throw nameless(kind);
    return [jsonName(name, key), value === null ? null : jsonOf(of, value)];
  });
  return jsonObject(parts, kind, ['{ ', ' }']);
}

/** JSON that was made here as jsonb. */
export const asJsonb = (text: string): string => readJson('jsonb', text) as string;
