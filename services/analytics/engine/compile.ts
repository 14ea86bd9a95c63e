import { compiledMax } from './limits.ts';

type Make = (...given: unknown[]) => unknown;
const kept = new Map<string, Make>();

/**
 * Makes a function of generated code: the only place that does. Code is made of our own words and of numbers alone; names and
 * values of statements come in as `constants`, never as text. Of equal code machine code is made once.
 */
export function compile<T>(code: string, parts: Readonly<Record<string, unknown>>): T {
  const names = Object.keys(parts);
  const key = `${names.join()}\n${code}`;
  const make = kept.get(key) ?? (new Function(...names, `"use strict";\n${code}`) as Make);
  // What was used last stands last, and goes last.
  kept.delete(key);
  kept.set(key, make);
  if (kept.size > compiledMax) kept.delete(kept.keys().next().value as string);
  return make(...names.map((name) => parts[name])) as T;
}
