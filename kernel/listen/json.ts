import { fault } from '#kernel/contract/fault.ts';
import { inputDepthMax } from '#kernel/contract/limits.ts';

export type JsonLimits = { readonly depthMax: number };

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses JSON from outside. Refuses with BadInput, and the JSON pointer of the place: what is no JSON or no UTF-8, nesting
 * over the limit, keys that reach prototypes, and strings that no store takes (U+0000, half a surrogate pair). Of a key
 * given twice the last one counts.
 */
export function parseJson(input: string | Uint8Array, limits: JsonLimits = { depthMax: inputDepthMax }): unknown {
  const text = typeof input === 'string' ? input : decode(input);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw fault('BadInput', { path: '', detail: `The body is not JSON${position(error)}.` });
  }
  const refused = inspect(value, limits.depthMax);
  if (refused) throw fault('BadInput', { path: refused.path.slice(0, 256), detail: refused.detail });
  return value;
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw fault('BadInput', { path: '', detail: 'The body is not UTF-8.' });
  }
}

/** The engine's message quotes the input, which may hold secrets; only the place is told. */
function position(error: unknown): string {
  const found = /position (\d+)/.exec(error instanceof Error ? error.message : '');
  return found ? ` from character ${found[1]} on` : '';
}

/** What may not pass, and where: the path is put together on the way back up, so that good input pays for none. */
type Refused = { readonly path: string; readonly detail: string };

function inspect(value: unknown, depthLeft: number): Refused | undefined {
  if (typeof value === 'string') return refusedText(value);
  if (typeof value !== 'object' || value === null) return undefined;
  if (depthLeft <= 0) return { path: '', detail: 'It is nested too deeply.' };
  return Array.isArray(value) ? inspectArray(value, depthLeft - 1) : inspectObject(value as Record<string, unknown>, depthLeft - 1);
}

function inspectArray(value: readonly unknown[], depthLeft: number): Refused | undefined {
  for (let at = 0; at < value.length; at += 1) {
    const refused = inspect(value[at], depthLeft);
    if (refused) return below(String(at), refused);
  }
  return undefined;
}

function inspectObject(value: Readonly<Record<string, unknown>>, depthLeft: number): Refused | undefined {
  for (const key of Object.keys(value)) {
    const inner = value[key];
    const reaches = key === '__proto__' || (key === 'constructor' && isPrototypeHolder(inner));
    if (reaches) return below(key, { path: '', detail: 'This key is not allowed.' });
    const refused = refusedText(key);
    if (refused) return refused;
    const within = inspect(inner, depthLeft);
    if (within) return below(key, within);
  }
  return undefined;
}

const isPrototypeHolder = (inner: unknown): boolean => typeof inner === 'object' && inner !== null && Object.hasOwn(inner, 'prototype');

function refusedText(text: string): Refused | undefined {
  if (text.includes('\0')) return { path: '', detail: 'A string holds the character U+0000.' };
  if (!text.isWellFormed()) return { path: '', detail: 'A string holds half a surrogate pair.' };
  return undefined;
}

/** RFC 6901. */
function below(key: string, { path, detail }: Refused): Refused {
  return { path: `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}${path}`, detail };
}
