import { RE2JS, RE2JSException } from 're2js';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { listOf } from '../../domain/array.ts';
import type { List } from '../../domain/value.ts';
import { like } from '../like.ts';
import { patternMax, regexesKeptMax, regexStepsMax, textBytesMax } from '../limits.ts';

const known = new Map<string, RE2JS>();
const letters: Readonly<Record<string, number>> = {
  i: RE2JS.CASE_INSENSITIVE,
  n: RE2JS.MULTILINE,
  m: RE2JS.MULTILINE,
  s: 0,
  g: 0,
  c: 0,
  p: 0,
};
const wrong = (what: string) => new StatementError('2201B', `invalid regular expression: ${what}`);

/** What PostgreSQL writes otherwise than RE2: constraints of words, and ends of the text. */
const otherwise: Readonly<Record<string, string>> = { m: '\\b', M: '\\b', y: '\\b', Y: '\\B', A: '\\A', Z: '\\z' };
const translated = (pattern: string): string =>
  pattern.replace(/^\*\*\*[:=]/, '').replaceAll(/\\([a-zA-Z])/g, (all, letter: string) => otherwise[letter] ?? all);

/** RE2, whose time grows with the text alone, whoever wrote the expression. What it lacks (references back, looking around) is refused. */
function compiled(pattern: string, flags = ''): RE2JS {
  const key = `${flags}/${pattern}`;
  const found = known.get(key);
  if (found) return found;
  if (pattern.length > patternMax) throw new StatementError(sqlstates.tooComplex, `a pattern is at most ${patternMax} characters long`);
  let bits = 0;
  for (const letter of flags) {
    const bit = letters[letter];
    if (bit === undefined) throw new StatementError('22023', `invalid regular expression option: "${letter}"`);
    // Of i and c the last one holds.
    bits = letter === 'c' ? bits & ~RE2JS.CASE_INSENSITIVE : bits | bit;
  }
  // A point stands for ends of lines too, unless lines count.
  if (!/[nmp]/.test(flags)) bits |= RE2JS.DOTALL;
  const made = parsed(translated(pattern), bits);
  if (made.programSize() > regexStepsMax)
    throw new StatementError(sqlstates.tooComplex, `a regular expression has at most ${regexStepsMax} steps`);
  if (known.size >= regexesKeptMax) known.clear();
  known.set(key, made);
  return made;
}

function parsed(pattern: string, bits: number): RE2JS {
  try {
    return RE2JS.compile(pattern, bits);
  } catch (error) {
    if (error instanceof RE2JSException) throw wrong(error.message.slice(0, 120));
    throw error;
  }
}

function* matchesOf(text: string, regex: RE2JS) {
  const matcher = regex.matcher(text);
  while (matcher.find()) yield matcher;
}

/** `\1` and `\&` as what was found. */
function written(to: string, group: (number: number) => string | null): string {
  return to.replaceAll(/\\([0-9&\\])/g, (_, sign: string) => (sign === '\\' ? '\\' : (group(sign === '&' ? 0 : Number(sign)) ?? '')));
}

const isFound = (text: string, pattern: string, flags = ''): boolean => compiled(pattern, flags).matcher(text).find();

/** Functions of regular expressions, and LIKE of any case. */
export const regexes = {
  regexLike: (text: string, pattern: string) => isFound(text, pattern),
  regexUnlike: (text: string, pattern: string) => !isFound(text, pattern),
  regexLikeAnyCase: (text: string, pattern: string) => isFound(text, pattern, 'i'),
  regexUnlikeAnyCase: (text: string, pattern: string) => !isFound(text, pattern, 'i'),
  regexLikeBy: (text: string, pattern: string, flags: string) => isFound(text, pattern, flags),
  ilike: (text: string, pattern: string) => like(text.toLowerCase(), pattern.toLowerCase()),
  unilike: (text: string, pattern: string) => !like(text.toLowerCase(), pattern.toLowerCase()),
  regexReplace(text: string, pattern: string, to: string, flags = ''): string {
    const regex = compiled(pattern, flags);
    let [made, from] = ['', 0];
    for (const matcher of matchesOf(text, regex)) {
      made += text.slice(from, matcher.start()) + written(to, (number) => (number > matcher.groupCount() ? '' : matcher.group(number)));
      from = matcher.end();
      if (made.length > textBytesMax) throw new StatementError(sqlstates.tooLarge, `a text is at most ${textBytesMax} characters long`);
      if (!flags.includes('g')) break;
    }
    return made + text.slice(from);
  },
  regexMatch(text: string, pattern: string, flags = ''): List | null {
    const matcher = compiled(pattern, flags).matcher(text);
    if (!matcher.find()) return null;
    const count = matcher.groupCount();
    return listOf(count === 0 ? [matcher.group(0)] : Array.from({ length: count }, (_, at) => matcher.group(at + 1) ?? null));
  },
  regexSubstr(text: string, pattern: string): string | null {
    const matcher = compiled(pattern).matcher(text);
    return matcher.find() ? matcher.group(0) : null;
  },
  /** The first group of a match, or all of it. */
  regexPart(text: string, pattern: string): string | null {
    const matcher = compiled(pattern).matcher(text);
    if (!matcher.find()) return null;
    return matcher.group(matcher.groupCount() > 0 ? 1 : 0) ?? null;
  },
  regexCount: (text: string, pattern: string) => [...matchesOf(text, compiled(pattern))].length,
  regexSplit(text: string, pattern: string, flags = ''): List {
    const parts: string[] = [];
    let from = 0;
    for (const matcher of matchesOf(text, compiled(pattern, flags))) {
      // Nothing at the ends, or right behind a match, parts nothing.
      if (matcher.start() === matcher.end() && (matcher.end() === from || matcher.start() === text.length)) continue;
      parts.push(text.slice(from, matcher.start()));
      from = matcher.end();
    }
    return listOf([...parts, text.slice(from)]);
  },
  /** SIMILAR TO as a regular expression. */
  similarPattern(pattern: string, escape = '\\'): string {
    let made = '';
    let isEscaped = false;
    let isClass = false;
    for (const sign of pattern) {
      // A quote behind the escape parts the pattern, and stands for nothing.
      if (isEscaped) made += sign === '"' ? '' : /\w/.test(sign) ? sign : `\\${sign}`;
      else if (isClass) made += sign === '\\' ? '\\\\' : sign;
      else if (sign === '%') made += '.*';
      else if (sign === '_') made += '.';
      else if (sign !== escape) made += '.^$\\'.includes(sign) ? `\\${sign}` : sign === '(' ? '(?:' : sign;
      if (!isEscaped && sign === '[') isClass = true;
      if (!isEscaped && sign === ']') isClass = false;
      isEscaped = !isEscaped && sign === escape;
    }
    return `^(?:${made})$`;
  },
  /** A pattern of LIKE with another escape as one with a backslash. */
  likeEscape(pattern: string, escape: string): string {
    let made = '';
    let isEscaped = false;
    for (const sign of pattern) {
      if (!isEscaped && sign === escape) {
        isEscaped = true;
        continue;
      }
      made += isEscaped || sign === '\\' ? `\\${sign}` : sign;
      isEscaped = false;
    }
    return made;
  },
};
