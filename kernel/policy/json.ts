import { fault } from '../contract/fault.ts';
import { extensionFunctions } from './extension.ts';
import { typeNamesKeptMax, valueDepthMax } from './limits.ts';
import { long } from './long.ts';
import { setOf } from './set.ts';
import { entity, type EntityValue, type Failure, failure, isFailure, type RecordValue, type Result, type Value } from './value.ts';

const typeForm = /^[A-Za-z_][A-Za-z0-9_]*(?:::[A-Za-z_][A-Za-z0-9_]*)*$/;
const reserved = /(?:^|::)(?:true|false|if|then|else|in|is|like|has|__cedar)(?:::|$)/;

const knownTypes = new Set<string>();

/** Whether a text may name an entity type: identifiers joined by `::`, none of them a word of the language. */
export function isTypeName(text: string): boolean {
  if (knownTypes.has(text)) return true;
  if (!typeForm.test(text) || reserved.test(text)) return false;
  if (knownTypes.size >= typeNamesKeptMax) knownTypes.clear();
  knownTypes.add(text);
  return true;
}

/** Whether a value of unknown origin is an object with names, not a list. */
export function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

/** One step deeper in a JSON pointer. */
export function below(path: string, step: string | number): string {
  if (typeof step === 'number' || !(step.includes('~') || step.includes('/'))) return `${path}/${step}`;
  return `${path}/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/**
 * Parses JSON text keeping integers beyond a number's exact range as bigints, which every reader here takes.
 * Throws BadInput where the text is no JSON.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, (_name, value: unknown, context?: { source?: string }) =>
      typeof value === 'number' && !Number.isSafeInteger(value) && context?.source && /^-?[0-9]+$/.test(context.source)
        ? BigInt(context.source)
        : value,
    );
  } catch (cause) {
    throw fault('BadInput', { detail: `not JSON, or nested too deep: ${(cause as Error).message}`, cause });
  }
}

/** Reads Cedar's JSON form of a value. Throws BadInput where it has none; a failing extension function is a Failure. */
export function readResult(json: unknown, path: string, depth = 0): Result {
  switch (typeof json) {
    case 'boolean':
      return json;
    case 'string':
      return readText(json, path);
    case 'number':
    case 'bigint':
      return readLong(json, path);
  }
  if (depth >= valueDepthMax)
    throw fault('BadInput', { path, detail: `${path}: nested deeper than valueDepthMax (${valueDepthMax}) allows` });
  if (Array.isArray(json)) return readSet(json, path, depth);
  if (!isObject(json))
    throw fault('BadInput', { path, detail: `${path}: ${json === null ? 'null' : typeof json} has no meaning in policy` });
  return readEscape(json, path, depth) ?? readFields(json, path, depth);
}

/** Reads Cedar's JSON form of a value; a failing extension function is BadInput too. */
function readValue(json: unknown, path: string, depth = 0): Value {
  const value = readResult(json, path, depth);
  if (isFailure(value)) throw fault('BadInput', { path, detail: `${path}: ${value.message}` });
  return value;
}

/** Reads the attributes of an entity, its tags, or a context. Names whose value is undefined are absent. */
export function readRecord(json: unknown, path: string): RecordValue {
  if (!isObject(json)) throw fault('BadInput', { path, detail: `${path}: not an object` });
  const attrs = new Map<string, Value>();
  for (const name of Object.keys(json)) {
    const field = json[name];
    if (field !== undefined) attrs.set(readText(name, path), readValue(field, below(path, name), 1));
  }
  return { kind: 'record', attrs };
}

/** Reads `{"type": ..., "id": ...}`, alone or under `__entity`. */
export function readUid(json: unknown, path: string): EntityValue {
  const inner = isObject(json) && isObject(json.__entity) ? json.__entity : json;
  if (!isObject(inner) || typeof inner.type !== 'string' || typeof inner.id !== 'string') {
    throw fault('BadInput', { path, detail: `${path}: not an entity, which is written {"type": "Kind", "id": "name"}` });
  }
  if (!isTypeName(inner.type))
    throw fault('BadInput', { path, detail: `${path}: ${JSON.stringify(inner.type)} is not the name of an entity type` });
  return entity(inner.type, readText(inner.id, path));
}

// Half of a surrogate pair is no character, and no text of Cedar's holds one.
function readText(json: string, path: string): string {
  if (!json.isWellFormed()) throw fault('BadInput', { path, detail: `${path}: a text with half of a surrogate pair` });
  return json;
}

function readLong(json: number | bigint, path: string): number | bigint {
  if (typeof json === 'number' && Number.isSafeInteger(json)) return json + 0; // -0 becomes 0
  const value = typeof json === 'bigint' ? long(json) : undefined;
  if (value === undefined) throw fault('BadInput', { path, detail: `${path}: ${json} is not an exact integer of 64 bits` });
  return value;
}

function readSet(json: readonly unknown[], path: string, depth: number): Result {
  const elements: Value[] = [];
  for (const [index, element] of json.entries()) {
    const value = readResult(element, below(path, index), depth + 1);
    if (isFailure(value)) return value;
    elements.push(value);
  }
  return setOf(elements);
}

function readFields(json: Readonly<Record<string, unknown>>, path: string, depth: number): RecordValue | Failure {
  const attrs = new Map<string, Value>();
  for (const name of Object.keys(json)) {
    const field = json[name];
    if (field === undefined) continue;
    const value = readResult(field, below(path, name), depth + 1);
    if (isFailure(value)) return value;
    attrs.set(readText(name, path), value);
  }
  return { kind: 'record', attrs };
}

// Only an object of exactly one name can be an escape; anything else of that name is a record, as the engine reads it.
function readEscape(json: Readonly<Record<string, unknown>>, path: string, depth: number): Result | undefined {
  const keys = Object.keys(json);
  if (keys.length !== 1) return undefined;
  if (keys[0] === '__expr' && typeof json.__expr === 'string')
    throw fault('BadInput', { path, detail: `${path}: the escape __expr is not supported` });
  if (keys[0] === '__entity' && isObject(json.__entity) && typeof json.__entity.type === 'string' && typeof json.__entity.id === 'string') {
    return readUid(json.__entity, path);
  }
  const call = keys[0] === '__extn' ? json.__extn : undefined;
  if (!isObject(call) || typeof call.fn !== 'string') return undefined;
  if (call.arg !== undefined) return readCall(call.fn, [call.arg], path, depth);
  return Array.isArray(call.args) ? readCall(call.fn, call.args, path, depth) : undefined;
}

function readCall(name: string, args: readonly unknown[], path: string, depth: number): Result {
  const values: Result[] = [];
  for (const [index, arg] of args.entries()) values.push(readResult(arg, `${path}/__extn/${index}`, depth + 1));
  return callExtension(name, values);
}

/** Calls an extension function; an unknown name or the wrong number of arguments is a Failure. */
export function callExtension(name: string, args: readonly Result[]): Result {
  const called = extensionFunctions.get(name);
  for (const arg of args) if (isFailure(arg)) return arg;
  if (!called) return failure(`extension function \`${name}\` does not exist`);
  if (args.length !== called.arity) {
    return failure(`wrong number of arguments provided to extension function \`${name}\`: expected ${called.arity}, got ${args.length}`);
  }
  return called.arity === 1 ? called.call(args[0] as Result) : called.call(args[0] as Result, args[1] as Result);
}
