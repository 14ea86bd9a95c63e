/** A named number: every queue, page, body, cache and wait has one, with its unit and a sentence. */
export type Limit = { readonly value: number; readonly unit: string; readonly text: string };

const registry: Limit[] = [];

/** Declares a limit and returns its number; docs/LIMITS.md is written from these declarations. */
export function limit(value: number, unit: string, text: string): number {
  registry.push({ value, unit, text });
  return value;
}

/** Every limit declared by the modules loaded so far, in order of declaration. */
export function declaredLimits(): readonly Limit[] {
  return registry;
}
