import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { patternMax } from './limits.ts';

type Wanted = {
  readonly parts: readonly (string | null | true)[];
  /** What stands between the signs for any characters, where there is no sign for a single one. */
  readonly texts: readonly string[] | undefined;
};
let [last, wanted]: [string | undefined, Wanted] = [undefined, { parts: [], texts: undefined }];

/** LIKE of PostgreSQL with the escape `\`: in time that the text and the pattern set, whatever the pattern is. */
export function like(text: string, pattern: string): boolean {
  if (pattern !== last) {
    if (pattern.length > patternMax) throw new StatementError(sqlstates.tooComplex, `a pattern is at most ${patternMax} characters long`);
    const parts = parsed(pattern);
    wanted = { parts, texts: textsIn(parts) };
    last = pattern;
  }
  return wanted.texts ? holds(text, wanted.texts) : matches(text, wanted.parts);
}

/** The texts between signs for any characters; halves of characters are left to the search by characters. */
function textsIn(parts: Wanted['parts']): string[] | undefined {
  if (parts.some((part) => part === null || (part !== true && /[\ud800-\udfff]/.test(part)))) return undefined;
  const texts = [''];
  for (const part of parts)
    if (part === true) texts.push('');
    else texts.push(`${texts.pop()}${part}`);
  return texts;
}

/** Whether a text begins with the first of some, ends with the last, and has the others between them in their order. */
function holds(text: string, texts: readonly string[]): boolean {
  const [first = '', end = ''] = [texts[0], texts.at(-1)];
  if (texts.length === 1) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (let place = 1; place < texts.length - 1; place += 1) {
    const part = texts[place] as string;
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - end.length >= at && text.endsWith(end);
}

function matches(text: string, wanted: Wanted['parts']): boolean {
  const units = [...text];
  let [at, place] = [0, 0];
  let [star, back] = [-1, 0];
  while (at < units.length) {
    const part = wanted[place];
    if (part === true) {
      star = place;
      back = at;
      place += 1;
    } else if (part === null || (part !== undefined && part === units[at])) {
      at += 1;
      place += 1;
    } else if (star >= 0) {
      back += 1;
      at = back;
      place = star + 1;
    } else return false;
  }
  while (wanted[place] === true) place += 1;
  return place === wanted.length;
}

/** Characters, null for `_`, true for `%`. */
function parsed(pattern: string): (string | null | true)[] {
  const parts: (string | null | true)[] = [];
  let isEscaped = false;
  for (const unit of pattern) {
    if (isEscaped) parts.push(unit);
    else if (unit !== '\\') parts.push(unit === '%' ? true : unit === '_' ? null : unit);
    isEscaped = !isEscaped && unit === '\\';
  }
  return parts;
}
