/**
 * Makes a function of generated code: the only place that does. Code is made of our own words and of numbers alone; names and
 * values of statements come in as `constants`, never as text.
 */
export function compile<T>(code: string, parts: Readonly<Record<string, unknown>>): T {
  const names = Object.keys(parts);
  const make = new Function(...names, `"use strict";\n${code}`) as (...given: unknown[]) => T;
  return make(...names.map((name) => parts[name]));
}
