import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { patternDepthMax, patternSizeMax } from './limits.ts';

/** A pattern of rows: `V` is how its variables are told. */
export type RowPattern<V> =
  | { readonly kind: 'variable'; readonly of: V }
  | { readonly kind: 'sequence' | 'choice' | 'permute'; readonly parts: readonly RowPattern<V>[] }
  | {
      readonly kind: 'repeat';
      readonly of: RowPattern<V>;
      readonly least: number;
      readonly most: number | undefined;
      readonly isGreedy: boolean;
    }
  /** Rows that count and are not shown. */
  | { readonly kind: 'excluded'; readonly of: RowPattern<V> }
  /** The first row of a partition, and the place behind the last one. */
  | { readonly kind: 'start' | 'end' };

/** A name in a pattern as it is compared, as it is shown, and the character from 1 where it stands. */
export type Named = { readonly name: string; readonly shown: string; readonly position: number };

/** Names without quotes are the same in both cases, and shown in upper case. */
export const namedAs = (text: string, position: number): Named =>
  text.startsWith('"')
    ? { name: text.slice(1, -1).replaceAll('""', '"'), shown: text.slice(1, -1).replaceAll('""', '"'), position }
    : { name: text.toLowerCase(), shown: text.toUpperCase(), position };

const form = /\s+|--[^\n]*|\/\*[^]*?\*\/|"(?:[^"]|"")+"|[a-z_\u0080-\uffff][\w\u0080-\uffff]*|\d+|\{-|-\}|[(){}|,*+?^$]/iy;

type Token = { readonly text: string; readonly position: number };

function tokensOf(text: string, from: number): Token[] {
  const found: Token[] = [];
  form.lastIndex = 0;
  while (form.lastIndex < text.length) {
    const at = form.lastIndex;
    const [token] = form.exec(text) ?? [];
    if (token === undefined) throw wrong(`syntax error in a pattern at or near "${text.slice(at, at + 20)}"`, from + at);
    if (!/^(\s|--|\/\*)/.test(token)) found.push({ text: token, position: from + at });
    if (form.lastIndex === 0) break;
  }
  return found;
}

const wrong = (message: string, position: number) => new StatementError(sqlstates.syntax, message, position);

/** Reads what stands in the parentheses of PATTERN; `from` is the character from 1 where it begins. */
export function readPattern(text: string, from: number): RowPattern<Named> {
  const reader = new Reader(tokensOf(text, from), from + text.length);
  const pattern = reader.choice(0);
  reader.finish();
  return pattern;
}

class Reader {
  readonly #tokens: readonly Token[];
  readonly #end: number;
  #at = 0;

  constructor(tokens: readonly Token[], end: number) {
    this.#tokens = tokens;
    this.#end = end;
  }

  get #next(): string {
    return this.#tokens[this.#at]?.text ?? '';
  }

  get #position(): number {
    return this.#tokens[this.#at]?.position ?? this.#end;
  }

  #unexpected(): StatementError {
    return wrong(`syntax error in a pattern at ${this.#next === '' ? 'its end' : `or near "${this.#next}"`}`, this.#position);
  }

  finish(): void {
    if (this.#at < this.#tokens.length) throw this.#unexpected();
  }

  #take(text: string): boolean {
    if (this.#next !== text) return false;
    this.#at += 1;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw this.#unexpected();
  }

  choice(depth: number): RowPattern<Named> {
    if (depth > patternDepthMax) throw new StatementError(sqlstates.tooComplex, 'the pattern is nested too deeply', this.#position);
    const parts = [this.#sequence(depth)];
    while (this.#take('|')) parts.push(this.#sequence(depth));
    return parts.length === 1 ? (parts[0] as RowPattern<Named>) : { kind: 'choice', parts };
  }

  #sequence(depth: number): RowPattern<Named> {
    const parts: RowPattern<Named>[] = [];
    while (!['', '|', ')', ',', '-}'].includes(this.#next)) parts.push(this.#repeated(depth));
    return parts.length === 1 ? (parts[0] as RowPattern<Named>) : { kind: 'sequence', parts };
  }

  #repeated(depth: number): RowPattern<Named> {
    const of = this.#primary(depth);
    const bounds = this.#bounds();
    if (!bounds) return of;
    const [least, most] = bounds;
    return { kind: 'repeat', of, least, most, isGreedy: !this.#take('?') };
  }

  #bounds(): readonly [number, number | undefined] | undefined {
    if (this.#take('*')) return [0, undefined];
    if (this.#take('+')) return [1, undefined];
    if (this.#take('?')) return [0, 1];
    const position = this.#position;
    if (!this.#take('{')) return undefined;
    const least = this.#number();
    let most = least;
    if (this.#take(',')) most = this.#number();
    else if (least === undefined) throw this.#unexpected();
    this.#expect('}');
    if (most !== undefined && (most < (least ?? 0) || most < 1)) throw wrong('the bounds of a quantifier are wrong', position);
    return [least ?? 0, most];
  }

  #number(): number | undefined {
    if (!/^\d/.test(this.#next)) return undefined;
    const value = Number(this.#next);
    if (value > patternSizeMax) throw new StatementError(sqlstates.tooComplex, `a quantifier is at most ${patternSizeMax}`, this.#position);
    this.#at += 1;
    return value;
  }

  #primary(depth: number): RowPattern<Named> {
    const [text, position] = [this.#next, this.#position];
    if (this.#take('^')) return { kind: 'start' };
    if (this.#take('$')) return { kind: 'end' };
    if (this.#take('(')) {
      const inner = this.choice(depth + 1);
      this.#expect(')');
      return inner;
    }
    if (this.#take('{-')) {
      const of = this.choice(depth + 1);
      this.#expect('-}');
      return { kind: 'excluded', of };
    }
    if (!/^["a-z_\u0080-\uffff]/i.test(text)) throw this.#unexpected();
    this.#at += 1;
    if (text.toLowerCase() === 'permute' && this.#take('(')) {
      const parts = [this.choice(depth + 1)];
      while (this.#take(',')) parts.push(this.choice(depth + 1));
      this.#expect(')');
      return { kind: 'permute', parts };
    }
    return { kind: 'variable', of: namedAs(text, position) };
  }
}

/** The pattern with its variables told otherwise. */
export function mapPattern<A, B>(pattern: RowPattern<A>, to: (of: A) => B): RowPattern<B> {
  switch (pattern.kind) {
    case 'variable':
      return { kind: 'variable', of: to(pattern.of) };
    case 'repeat':
    case 'excluded':
      return { ...pattern, of: mapPattern(pattern.of, to) };
    case 'start':
    case 'end':
      return pattern;
    default:
      return { ...pattern, parts: pattern.parts.map((part) => mapPattern(part, to)) };
  }
}

/** Whether some part of a pattern is of a kind. */
export function hasPart(pattern: RowPattern<unknown>, kind: RowPattern<unknown>['kind']): boolean {
  if (pattern.kind === kind) return true;
  if (pattern.kind === 'repeat' || pattern.kind === 'excluded') return hasPart(pattern.of, kind);
  return 'parts' in pattern && pattern.parts.some((part) => hasPart(part, kind));
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

/** The fewest rows of a match. */
export function leastRows(pattern: RowPattern<unknown>): number {
  switch (pattern.kind) {
    case 'variable':
      return 1;
    case 'repeat':
      return pattern.least * leastRows(pattern.of);
    case 'excluded':
      return leastRows(pattern.of);
    case 'choice':
      return Math.min(...pattern.parts.map(leastRows));
    case 'sequence':
    case 'permute':
      return sum(pattern.parts.map(leastRows));
    default:
      return 0;
  }
}

/** The most rows of a match; infinite where there is no such number. */
export function mostRows(pattern: RowPattern<unknown>): number {
  switch (pattern.kind) {
    case 'variable':
      return 1;
    case 'repeat': {
      const inner = mostRows(pattern.of);
      return inner === 0 ? 0 : inner * (pattern.most ?? Number.POSITIVE_INFINITY);
    }
    case 'excluded':
      return mostRows(pattern.of);
    case 'choice':
      return Math.max(...pattern.parts.map(mostRows));
    case 'sequence':
    case 'permute':
      return sum(pattern.parts.map(mostRows));
    default:
      return 0;
  }
}

/** How many rows of a match stand at least before one of each variable. */
export function leastBefore<V>(pattern: RowPattern<V>, before = 0, found = new Map<V, number>()): Map<V, number> {
  if (pattern.kind === 'variable') found.set(pattern.of, Math.min(before, found.get(pattern.of) ?? before));
  else if (pattern.kind === 'repeat' || pattern.kind === 'excluded') leastBefore(pattern.of, before, found);
  else if ('parts' in pattern) {
    let at = before;
    for (const part of pattern.parts) {
      leastBefore(part, at, found);
      if (pattern.kind === 'sequence') at += leastRows(part);
    }
  }
  return found;
}

/** A pattern as it is written. */
export function printPattern<V>(pattern: RowPattern<V>, nameOf: (of: V) => string, isInner = false): string {
  const inner = (part: RowPattern<V>) => printPattern(part, nameOf, true);
  switch (pattern.kind) {
    case 'variable':
      return nameOf(pattern.of);
    case 'start':
      return '^';
    case 'end':
      return '$';
    case 'excluded':
      return `{- ${printPattern(pattern.of, nameOf)} -}`;
    case 'permute':
      return `PERMUTE(${pattern.parts.map((part) => printPattern(part, nameOf)).join(', ')})`;
    case 'repeat': {
      const { least, most = '' } = pattern;
      return `${inner(pattern.of)}{${least},${most}}${pattern.isGreedy ? '' : '?'}`;
    }
    default: {
      const text = pattern.parts.map(inner).join(pattern.kind === 'choice' ? ' | ' : ' ');
      return isInner || pattern.parts.length === 0 ? `(${text})` : text;
    }
  }
}
