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
  inspect(value, '', limits.depthMax);
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

function inspect(value: unknown, path: string, depthLeft: number): void {
  if (typeof value === 'string') {
    checkText(value, path);
  } else if (Array.isArray(value)) {
    checkDepth(depthLeft, path);
    for (let at = 0; at < value.length; at += 1) inspectInner(value[at], path, at, depthLeft - 1);
  } else if (typeof value === 'object' && value !== null) {
    checkDepth(depthLeft, path);
    for (const key of Object.keys(value)) {
      const inner = (value as Record<string, unknown>)[key];
      checkKey(key, inner, path);
      inspectInner(inner, path, key, depthLeft - 1);
    }
  }
}

/** Paths are built only for values that can be refused. */
function inspectInner(inner: unknown, path: string, key: string | number, depthLeft: number): void {
  if (typeof inner === 'string' || (typeof inner === 'object' && inner !== null)) inspect(inner, pointer(path, key), depthLeft);
}

function checkDepth(depthLeft: number, path: string): void {
  if (depthLeft <= 0) throw fault('BadInput', { path: path.slice(0, 256), detail: 'It is nested too deeply.' });
}

function checkKey(key: string, inner: unknown, path: string): void {
  const nested = typeof inner === 'object' && inner !== null;
  const reaches = key === '__proto__' || (key === 'constructor' && nested && Object.hasOwn(inner, 'prototype'));
  if (reaches) throw fault('BadInput', { path: pointer(path, key), detail: 'This key is not allowed.' });
  checkText(key, path);
}

function checkText(text: string, path: string): void {
  if (text.includes('\0')) throw fault('BadInput', { path, detail: 'A string holds the character U+0000.' });
  if (!text.isWellFormed()) throw fault('BadInput', { path, detail: 'A string holds half a surrogate pair.' });
}

/** RFC 6901. */
function pointer(path: string, key: string | number): string {
  return typeof key === 'number' ? `${path}/${key}` : `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
