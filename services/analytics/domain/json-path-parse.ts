import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { pathDepthMax } from './limits.ts';

export const methods = ['type', 'size', 'double', 'ceiling', 'floor', 'abs'] as const;
const unbuilt = new Set(
  'keyvalue datetime bigint boolean date decimal integer number string time time_tz timestamp timestamp_tz'.split(' '),
);
export type Method = (typeof methods)[number];
export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** An expression of SQL/JSON's language of paths, of which some are conditions. */
export type PathNode =
  | { readonly kind: 'root' | 'current' | 'last' }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'value'; readonly value: null | boolean | string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'key'; readonly of: PathNode; readonly name: string }
  | { readonly kind: 'keys' | 'elements'; readonly of: PathNode }
  | { readonly kind: 'levels'; readonly of: PathNode; readonly from: number; readonly to: number }
  | { readonly kind: 'subscripts'; readonly of: PathNode; readonly places: readonly (readonly [PathNode, PathNode | undefined])[] }
  | { readonly kind: 'filter'; readonly of: PathNode; readonly by: PathNode }
  | { readonly kind: 'method'; readonly of: PathNode; readonly name: Method }
  | { readonly kind: 'sign'; readonly sign: '+' | '-'; readonly of: PathNode }
  | { readonly kind: 'arithmetic'; readonly sign: '+' | '-' | '*' | '/' | '%'; readonly left: PathNode; readonly right: PathNode }
  | { readonly kind: 'and' | 'or'; readonly left: PathNode; readonly right: PathNode }
  | { readonly kind: 'not' | 'exists' | 'unknown'; readonly of: PathNode }
  | { readonly kind: 'compare'; readonly sign: Comparison; readonly left: PathNode; readonly right: PathNode }
  | { readonly kind: 'starts'; readonly left: PathNode; readonly right: PathNode };
export type JsonPath = { readonly isStrict: boolean; readonly node: PathNode };

const conditions: ReadonlySet<PathNode['kind']> = new Set(['and', 'or', 'not', 'exists', 'unknown', 'compare', 'starts']);
export const isCondition = ({ kind }: PathNode): boolean => conditions.has(kind);

const text = /"(?:[^"\\]|\\.)*"/;
const digits = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+/;
const marks = /\*\*|==|!=|<>|<=|>=|&&|\|\||[$@.[\](){}*,?!<>+\-/%]/;
const name = /[\p{L}_][\p{L}\p{N}_]*/u;
const token = new RegExp(`\\s*(?:${[text, digits, marks, name].map(({ source }) => source).join('|')})`, 'uy');

/** Reads a path. Throws StatementError (42601) for what is none. */
export function parsePath(text: string): JsonPath {
  return new Reader(text).whole();
}

class Reader {
  readonly #words: string[] = [];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    if (text.trim() === '') throw new StatementError(sqlstates.valueWrong, 'invalid input syntax for type jsonpath: ""');
    let at = 0;
    while (text.slice(at).trim() !== '') {
      token.lastIndex = at;
      const found = token.exec(text);
      if (!found) throw this.#wrong(text.slice(at).trim());
      this.#words.push(found[0].trim());
      at = token.lastIndex;
    }
  }

  #wrong(near = this.#words[this.#at]): StatementError {
    const where = near === undefined ? 'at end of jsonpath input' : `at or near ${JSON.stringify(near.slice(0, 60))} of jsonpath input`;
    return new StatementError(sqlstates.syntax, `syntax error ${where}`);
  }

  get #next(): string | undefined {
    return this.#words[this.#at];
  }

  #takes(...words: string[]): boolean {
    if (!words.every((word, by) => this.#words[this.#at + by] === word)) return false;
    this.#at += words.length;
    return true;
  }

  #expect(word: string): void {
    if (!this.#takes(word)) throw this.#wrong();
  }

  whole(): JsonPath {
    const isStrict = this.#next === 'strict';
    if (isStrict || this.#next === 'lax') this.#at += 1;
    const node = this.#or();
    if (this.#next !== undefined) throw this.#wrong();
    return { isStrict, node };
  }

  #condition(read: () => PathNode): PathNode {
    const node = read();
    if (!isCondition(node)) throw this.#wrong();
    return node;
  }

  #or(): PathNode {
    this.#depth += 1;
    if (this.#depth > pathDepthMax) throw new StatementError(sqlstates.tooComplex, 'the path is nested too deeply');
    let left = this.#and();
    while (isCondition(left) && this.#takes('||')) left = { kind: 'or', left, right: this.#condition(() => this.#and()) };
    this.#depth -= 1;
    return left;
  }

  #and(): PathNode {
    let left = this.#not();
    while (isCondition(left) && this.#takes('&&')) left = { kind: 'and', left, right: this.#condition(() => this.#not()) };
    return left;
  }

  #not(): PathNode {
    if (!this.#takes('!')) return this.#compared();
    if (this.#next !== '(' && this.#next !== 'exists') throw this.#wrong();
    return { kind: 'not', of: this.#condition(() => this.#primary()) };
  }

  #compared(): PathNode {
    const left = this.#sum();
    if (isCondition(left)) return left;
    const sign = this.#next === '<>' ? '!=' : this.#next;
    if (sign === '==' || sign === '!=' || sign === '<' || sign === '<=' || sign === '>' || sign === '>=') {
      this.#at += 1;
      const right = this.#sum();
      if (isCondition(right)) throw this.#wrong();
      return { kind: 'compare', sign, left, right };
    }
    if (this.#takes('starts', 'with')) {
      const right = this.#primary();
      if (right.kind !== 'variable' && !(right.kind === 'value' && typeof right.value === 'string')) throw this.#wrong();
      return { kind: 'starts', left, right };
    }
    if (this.#next === 'like_regex') throw notBuilt('like_regex in a path');
    return left;
  }

  #sum(): PathNode {
    let left = this.#product();
    for (let sign = this.#next; (sign === '+' || sign === '-') && !isCondition(left); sign = this.#next) {
      this.#at += 1;
      left = { kind: 'arithmetic', sign, left, right: this.#product() };
    }
    return left;
  }

  #product(): PathNode {
    let left = this.#signed();
    for (let sign = this.#next; (sign === '*' || sign === '/' || sign === '%') && !isCondition(left); sign = this.#next) {
      this.#at += 1;
      left = { kind: 'arithmetic', sign, left, right: this.#signed() };
    }
    return left;
  }

  #signed(): PathNode {
    const sign = this.#next;
    if (sign !== '+' && sign !== '-') return this.#accessed(this.#primary());
    this.#at += 1;
    this.#depth += 1;
    if (this.#depth > pathDepthMax) throw new StatementError(sqlstates.tooComplex, 'the path is nested too deeply');
    const of = this.#signed();
    this.#depth -= 1;
    return { kind: 'sign', sign, of };
  }

  #primary(): PathNode {
    const word = this.#next;
    if (word === undefined) throw this.#wrong();
    this.#at += 1;
    if (word === '$') {
      const name = this.#next ?? '';
      if (!/^[\p{L}_"]/u.test(name)) return { kind: 'root' };
      this.#at += 1;
      return { kind: 'variable', name: nameIn(name) };
    }
    if (word === '@') return { kind: 'current' };
    if (word === 'last') return { kind: 'last' };
    if (word === 'true' || word === 'false') return { kind: 'value', value: word === 'true' };
    if (word === 'null') return { kind: 'value', value: null };
    if (word.startsWith('"')) return { kind: 'value', value: nameIn(word) };
    if (/^[.\d]/.test(word) && word !== '.') return { kind: 'number', text: word };
    if (word === 'exists' && this.#next === '(') return this.#exists();
    if (word !== '(') {
      this.#at -= 1;
      throw this.#wrong();
    }
    const inner = this.#or();
    this.#expect(')');
    if (isCondition(inner) && this.#takes('is', 'unknown')) return { kind: 'unknown', of: inner };
    return inner;
  }

  #exists(): PathNode {
    this.#expect('(');
    const of = this.#sum();
    if (isCondition(of)) throw this.#wrong();
    this.#expect(')');
    return { kind: 'exists', of };
  }

  /** What stands behind a value: names, places, conditions and methods. */
  #accessed(first: PathNode): PathNode {
    let of = first;
    for (;;) {
      if (isCondition(of)) return of;
      if (this.#takes('.', '*')) of = { kind: 'keys', of };
      else if (this.#takes('.', '**')) of = this.#levels(of);
      else if (this.#takes('.')) of = this.#named(of);
      else if (this.#takes('[', '*', ']')) of = { kind: 'elements', of };
      else if (this.#takes('[')) of = this.#subscripts(of);
      else if (this.#takes('?', '(')) {
        of = { kind: 'filter', of, by: this.#condition(() => this.#or()) };
        this.#expect(')');
      } else return of;
    }
  }

  #named(of: PathNode): PathNode {
    const word = this.#next;
    if (word === undefined || !/^[\p{L}_"]/u.test(word)) throw this.#wrong();
    this.#at += 1;
    if (word.startsWith('"') || this.#next !== '(') return { kind: 'key', of, name: nameIn(word) };
    const name = methods.find((each) => each === word);
    if (!name && unbuilt.has(word)) throw notBuilt(`The method ${word}() of a path`);
    if (!name) throw this.#wrong();
    this.#at += 1;
    this.#expect(')');
    return { kind: 'method', of, name };
  }

  #levels(of: PathNode): PathNode {
    if (!this.#takes('{')) return { kind: 'levels', of, from: 0, to: Number.POSITIVE_INFINITY };
    const level = () => {
      const word = this.#next ?? '';
      if (word !== 'last' && !/^\d{1,9}$/.test(word)) throw this.#wrong();
      this.#at += 1;
      return word === 'last' ? Number.POSITIVE_INFINITY : Number(word);
    };
    const from = level();
    const to = this.#takes('to') ? level() : from;
    this.#expect('}');
    return { kind: 'levels', of, from, to };
  }

  #subscripts(of: PathNode): PathNode {
    const places: [PathNode, PathNode | undefined][] = [];
    do {
      const from = this.#sum();
      const to = this.#takes('to') ? this.#sum() : undefined;
      if (isCondition(from) || (to && isCondition(to))) throw this.#wrong();
      places.push([from, to]);
    } while (this.#takes(','));
    this.#expect(']');
    return { kind: 'subscripts', of, places };
  }
}

function nameIn(word: string): string {
  if (!word.startsWith('"')) return word;
  try {
    return JSON.parse(word) as string;
  } catch {
    throw notBuilt(`An escape such as in ${word.slice(0, 60)}`);
  }
}
