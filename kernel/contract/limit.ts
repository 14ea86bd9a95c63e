/**
 * Declares a limit and returns its number. Every queue, page, body, cache and wait has one, with its unit and a sentence;
 * docs/LIMITS.md is written from the text of these declarations.
 */
export function limit(value: number, _unit: string, _text: string): number {
  return value;
}
