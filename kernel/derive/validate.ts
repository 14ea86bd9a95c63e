import type { TSchema } from 'typebox';
import { compileCheck } from './check-schema.ts';
import type { Validator } from './plain-schema.ts';

export type { Failure, Validator } from './plain-schema.ts';

const compiled = new WeakMap<object, Validator>();

/**
 * Compiles a schema to closures once. Refuses as JSON Schema does, and besides: numbers that are not finite, integers
 * beyond 2^53-1, strings that hold NUL or a lone surrogate (no store keeps them), names of a record that fit no pattern,
 * and fields called `__proto__`. A keyword that it cannot check throws TypeError here, not when values come.
 */
export function validator(schema: TSchema): Validator {
  let check = compiled.get(schema);
  if (!check) {
    check = compileCheck(schema);
    compiled.set(schema, check);
  }
  return check;
}
