import { fault } from '#kernel/contract/fault.ts';
import type { PlainSchema } from '#kernel/derive/plain-schema.ts';
import { coerce } from '#kernel/derive/query.ts';
import type { Route } from '#kernel/derive/route.ts';
import { type Flag, flagsOf, itemOf } from './flag.ts';

/** Options that every verb has beside those of its input; an input's field of the same name comes first. */
export const commonFlags: Readonly<Record<string, string>> = {
  input: 'Take the input from a JSON file, or - for standard input; options add to it.',
  body: 'Take the bytes from a file, or - for standard input.',
  save: 'Write the bytes to this file instead of standard output.',
  tenant: 'Act in this organization, by name or id.',
  project: 'Act in this project of the organization, by name or id.',
  environment: 'Act in this environment: live, test, a name or an id.',
  'idempotency-key': 'Makes a repeat of this call harmless.',
};

/** A command line taken apart: the name, the fields given, and the common options. */
export type Parsed = { readonly name: string; readonly input: Record<string, unknown>; readonly common: Readonly<Record<string, string>> };

type Reading = {
  readonly words: string[];
  readonly flags: readonly Flag[];
  readonly input: Record<string, unknown>;
  readonly common: Record<string, string>;
};

/** Reads the arguments of a verb. Throws Usage with a sentence about what is wrong. */
export function parseVerb(route: Route, argv: readonly string[]): Parsed {
  const reading: Reading = { words: [...argv], flags: flagsOf(route), input: {}, common: {} };
  const plain: string[] = [];
  for (let word = reading.words.shift(); word !== undefined; word = reading.words.shift()) {
    if (word === '--') plain.push(...reading.words.splice(0));
    else if (word.startsWith('--')) takeOption(reading, word.slice(2));
    else if (word.startsWith('-') && word !== '-') throw usage(`${word} is not an option here.`);
    else plain.push(word);
  }
  const [name, ...more] = plain;
  const takesName = route.at !== 'collection';
  const extra = takesName ? more[0] : name;
  if (extra !== undefined) throw usage(`${JSON.stringify(extra)} is one word too many.`);
  if (route.at === 'item' && name === undefined) throw usage(`The name of the ${route.kind} is missing.`);
  if (route.at === 'new' && name !== undefined) {
    if (!takesOwnName(route)) throw usage(`${JSON.stringify(name)} is one word too many: this is not named by its maker.`);
    reading.input.name = name;
  }
  return { name: route.at === 'item' ? (name ?? '') : '', input: reading.input, common: reading.common };
}

/** Whether what is made gets its name from its maker. */
export function takesOwnName(route: Route): boolean {
  return route.at === 'new' && 'name' in ((route.definition.input as PlainSchema).properties ?? {});
}

function takeOption(reading: Reading, word: string): void {
  const equals = word.indexOf('=');
  const name = equals < 0 ? word : word.slice(0, equals);
  const joined = equals < 0 ? undefined : word.slice(equals + 1);
  const flag = reading.flags.find((each) => each.names.includes(name));
  const negated = name.startsWith('no-')
    ? reading.flags.find((each) => each.names.includes(name.slice(3)) && each.schema.type === 'boolean')
    : undefined;
  if (flag?.schema.type === 'boolean') put(reading, flag, joined === undefined ? true : coerce(flag.schema, joined, `--${name}`));
  else if (negated && joined === undefined) put(reading, negated, false);
  else if (flag) put(reading, flag, valueOf(flag, name, joined ?? next(reading, name)));
  else if (Object.hasOwn(commonFlags, name)) reading.common[name] = joined ?? next(reading, name);
  else throw usage(`--${name} is not an option here.`);
}

function next(reading: Reading, name: string): string {
  const value = reading.words.shift();
  if (value === undefined) throw usage(`--${name} needs a value.`);
  return value;
}

function valueOf({ schema }: Flag, name: string, text: string): unknown {
  if (schema.type === 'object' && schema.patternProperties && !text.trimStart().startsWith('{')) {
    const equals = text.indexOf('=');
    if (equals < 1) throw usage(`--${name} takes NAME=TEXT or a JSON object.`);
    return { [text.slice(0, equals)]: text.slice(equals + 1) };
  }
  if (schema.type !== 'array') return coerce(schema, text, `--${name}`);
  return text.trimStart().startsWith('[') ? coerce({ type: 'array' }, text, `--${name}`) : [coerce(itemOf(schema), text, `--${name}`)];
}

/** Sets a field; lists and records given again grow. */
function put(reading: Reading, { path, names }: Flag, value: unknown): void {
  const [field = '', inner] = path;
  const holder = inner === undefined ? reading.input : ((reading.input[field] ??= {}) as Record<string, unknown>);
  const key = inner ?? field;
  const before = holder[key];
  if (before === undefined) holder[key] = value;
  else if (Array.isArray(before) && Array.isArray(value)) before.push(...value);
  else if (isRecord(before) && isRecord(value)) Object.assign(before, value);
  else throw usage(`--${names[0]} is given twice.`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function usage(detail: string) {
  return fault('Usage', detail);
}
