import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { patternMax } from './limits.ts';

/** LIKE of PostgreSQL with the escape `\`: in time that the text and the pattern set, whatever the pattern is. */
export function like(text: string, pattern: string): boolean {
  if (pattern.length > patternMax) throw new StatementError(sqlstates.tooComplex, `a pattern is at most ${patternMax} characters long`);
  const [units, wanted] = [[...text], parsed(pattern)];
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
