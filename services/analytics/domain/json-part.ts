import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { listOf } from './array.ts';
import { type Decimal, readDecimal } from './decimal.ts';
import { isFieldsOfJson, type Json, jsonAsText, jsonKind, type Kind, parseExact, writeJsonb } from './jsonb.ts';
import { kindOf, spansIn } from './json-span.ts';
import type { List } from './value.ts';

const wrong = (message: string) => new StatementError('22023', message);
const texts = ({ items }: List) => items as readonly (string | null)[];
const isWhole = (step: string): boolean => /^\s*[+-]?\d{1,10}\s*$/.test(step);

/** The part that a path leads to, as it stands there; null where there is none. Of fields of one name the last that it goes through. */
export function jsonAtPath(text: string, path: List): string | null {
  const steps = texts(path);
  const at = (json: string, place: number): string | null => {
    if (place === steps.length) return json;
    const [step, kind, parts] = [steps[place] ?? null, kindOf(json), spansIn(json)];
    if (step === null) return null;
    const found = kind === 'object' ? parts.filter(({ name }) => name === step) : isWhole(step) ? [parts.at(Number(step))] : [];
    return found.reduce<string | null>((last, part) => (part && at(json.slice(part.from, part.to), place + 1)) ?? last, null);
  };
  return at(text.trimEnd(), 0);
}

export function jsonTextAtPath(text: string, path: List): string | null {
  const found = jsonAtPath(text, path);
  return found === null ? null : jsonAsText(found);
}

/** What `jsonb::type` says of values that are none of the type. */
const uncast = (kind: string, name: string) => wrong(`cannot cast jsonb ${kind} to type ${name}`);

/** A number of jsonb as one of SQL; null is NULL. */
export function jsonNumber(text: string, name: string): Decimal | null {
  const kind = jsonKind(text);
  if (kind === 'null') return null;
  if (kind !== 'number') throw uncast(kind, name);
  return readDecimal(text) as Decimal;
}

export function jsonBool(text: string): boolean | null {
  const kind = jsonKind(text);
  if (kind === 'null') return null;
  if (kind !== 'boolean') throw uncast(kind, 'boolean');
  return text === 'true';
}

/** Whether a value of jsonb has all that another has. */
export function jsonContains(whole: string, part: string): boolean {
  const [left, right] = [parseExact(whole), parseExact(part)] as [Json, Json];
  // A list has what is one of its values; nowhere else does a list stand for a value.
  if (Array.isArray(left) && !Array.isArray(right) && !isFieldsOfJson(right)) return left.some((each) => isSame(each, right));
  return holds(left, right);
}

const isSame = (left: Json, right: Json): boolean => writeJsonb(left) === writeJsonb(right);

function holds(left: Json, right: Json): boolean {
  if (Array.isArray(right)) {
    if (!Array.isArray(left)) return false;
    return right.every((each) =>
      Array.isArray(each) || isFieldsOfJson(each) ? left.some((own) => holds(own, each)) : left.some((own) => isSame(own, each)),
    );
  }
  if (isFieldsOfJson(right)) {
    if (!isFieldsOfJson(left)) return false;
    return Object.entries(right).every(([name, each]) => Object.hasOwn(left, name) && holds(left[name] as Json, each));
  }
  return isSame(left, right);
}

/** Whether a text is the name of a field, or one of the texts of a list, or the value itself. */
export function jsonHas(text: string, name: string): boolean {
  const value = parseExact(text) as Json;
  if (Array.isArray(value)) return value.includes(name);
  return isFieldsOfJson(value) ? Object.hasOwn(value, name) : value === name;
}

export const jsonHasAny = (text: string, names: List): boolean => texts(names).some((name) => name !== null && jsonHas(text, name));
export const jsonHasAll = (text: string, names: List): boolean => texts(names).every((name) => name === null || jsonHas(text, name));

/** The operator `||` of jsonb. */
export function jsonJoined(left: string, right: string): string {
  const [one, other] = [parseExact(left), parseExact(right)] as [Json, Json];
  if (isFieldsOfJson(one) && isFieldsOfJson(other)) return writeJsonb({ ...one, ...other });
  const list = (value: Json) => (Array.isArray(value) ? value : [value]);
  return writeJsonb([...list(one), ...list(other)]);
}

/** The operator `-` of jsonb: without fields, or texts of a list, of some names. */
export function jsonWithout(text: string, names: readonly (string | null)[]): string {
  const value = parseExact(text) as Json;
  if (Array.isArray(value)) return writeJsonb(value.filter((each) => typeof each !== 'string' || !names.includes(each)));
  if (!isFieldsOfJson(value)) throw wrong('cannot delete from scalar');
  return writeJsonb(Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name))));
}

/** Without an element of a list, counted from its end below 0. */
export function jsonWithoutAt(text: string, at: number): string {
  const value = parseExact(text) as Json;
  if (isFieldsOfJson(value)) throw wrong('cannot delete from object using integer index');
  if (!Array.isArray(value)) throw wrong('cannot delete from scalar');
  const place = at < 0 ? at + value.length : at;
  return writeJsonb(value.filter((_, index) => index !== place));
}

/** What becomes of the last step of a path: another value, or one before or behind it, or nothing. */
type Change = { readonly how: 'set' | 'before' | 'behind' | 'remove'; readonly value: Json; readonly makes: boolean };

function changed(value: Json, path: readonly (string | null)[], at: number, change: Change): Json {
  const step = path[at];
  if (step === null || step === undefined) throw new StatementError('22004', `path element at position ${at + 1} is null`);
  const isLast = at === path.length - 1;
  if (isFieldsOfJson(value)) {
    const isThere = Object.hasOwn(value, step);
    if (!isLast) return isThere ? { ...value, [step]: changed(value[step] as Json, path, at + 1, change) } : value;
    if (change.how === 'remove') return Object.fromEntries(Object.entries(value).filter(([name]) => name !== step));
    if (isThere && change.how !== 'set') throw wrong('cannot replace existing key');
    return isThere || change.makes ? { ...value, [step]: change.value } : value;
  }
  if (!Array.isArray(value)) return value;
  if (!isWhole(step))
    throw new StatementError(sqlstates.valueWrong, `path element at position ${at + 1} is not an integer: ${JSON.stringify(step)}`);
  const said = Number(step);
  const place = said < 0 ? said + value.length : said;
  const isThere = place >= 0 && place < value.length;
  if (!isLast) return isThere ? value.with(place, changed(value[place] as Json, path, at + 1, change)) : value;
  if (change.how === 'remove') return value.filter((_, index) => index !== place);
  if (change.how === 'set' && isThere) return value.with(place, change.value);
  if (!change.makes) return value;
  // What is before the first stands before all, and what is behind the last behind all.
  const to = change.how === 'behind' && isThere ? place + 1 : Math.min(Math.max(place, 0), value.length);
  return value.toSpliced(to, 0, change.value);
}

function atPath(text: string, path: List, change: Change, what: string): string {
  const value = parseExact(text) as Json;
  if (!Array.isArray(value) && !isFieldsOfJson(value)) throw wrong(`cannot ${what} scalar`);
  if (path.sizes.length > 1) throw new StatementError('2202E', 'wrong number of array subscripts');
  // Where there is nothing, nothing is set or taken away, wherever the path leads.
  const isIdle = !change.makes && (Array.isArray(value) ? value.length : Object.keys(value).length) === 0;
  return path.items.length === 0 || isIdle ? text : writeJsonb(changed(value, texts(path), 0, change));
}

export const jsonSet = (text: string, path: List, value: string, makes = true): string =>
  atPath(text, path, { how: 'set', value: parseExact(value) as Json, makes }, 'set path in');
export const jsonInserted = (text: string, path: List, value: string, isBehind = false): string =>
  atPath(text, path, { how: isBehind ? 'behind' : 'before', value: parseExact(value) as Json, makes: true }, 'set path in');
export const jsonWithoutPath = (text: string, path: List): string =>
  atPath(text, path, { how: 'remove', value: null, makes: false }, 'delete path in');

function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isFieldsOfJson(value)) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([name, each]) => (each === null ? [] : [[name, withoutNulls(each)]])));
}

/** jsonb_strip_nulls. */
export const jsonWithoutNulls = (text: string): string => writeJsonb(withoutNulls(parseExact(text) as Json));

/** jsonb_pretty: a line for each part, four spaces further in. */
export function jsonPretty(text: string): string {
  const level = (value: Json, before: string): string => {
    const within = `${before}    `;
    if (Array.isArray(value))
      return `[\n${value.map((each) => `${within}${level(each, within)}`).join(',\n')}${value.length > 0 ? '\n' : ''}${before}]`;
    if (!isFieldsOfJson(value)) return writeJsonb(value);
    const fields = Object.entries(value).map(([name, each]) => `${within}${JSON.stringify(name)}: ${level(each, within)}`);
    return `{\n${fields.join(',\n')}${fields.length > 0 ? '\n' : ''}${before}}`;
  };
  return level(parseExact(text) as Json, '');
}

/** The fields of an object as rows of name and value, the values as JSON or as text. */
export function jsonEach(kind: Kind, text: string, isText: boolean): List {
  if (kindOf(text) !== 'object')
    throw wrong(`cannot call ${kind}_each${isText ? '_text' : ''} on ${kindOf(text) === 'array' ? 'an array' : 'a scalar'}`);
  return listOf(
    spansIn(text).map(({ name = '', from, to }) => {
      const json = text.slice(from, to);
      return { fields: [name, isText ? jsonAsText(json) : json] };
    }),
  );
}

/** The elements of a list, as JSON or as text. */
export function jsonElements(text: string, isText: boolean): List {
  if (kindOf(text) !== 'array') throw wrong(`cannot extract elements from ${kindOf(text) === 'object' ? 'an object' : 'a scalar'}`);
  return listOf(
    spansIn(text).map(({ from, to }) => {
      const json = text.slice(from, to);
      return isText ? jsonAsText(json) : json;
    }),
  );
}

/** The names of the fields of an object. */
export function jsonKeys(kind: Kind, text: string): List {
  if (kindOf(text) !== 'object') throw wrong(`cannot call ${kind}_object_keys on ${kindOf(text) === 'array' ? 'an array' : 'a scalar'}`);
  return listOf(spansIn(text).map(({ name = '' }) => name));
}
