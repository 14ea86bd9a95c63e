import type { TSchema } from 'typebox';
import { compileCheck } from './check-schema.ts';

/** What is wrong with a value: `path` is a JSON pointer to the wrong field, `detail` a sentence about what was expected. */
export type Failure = { readonly path: string; readonly detail: string };

/** Says what is wrong with a value, or undefined when it fits. */
export type Validator = (value: unknown) => Failure | undefined;

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
