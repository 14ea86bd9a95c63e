import { selectDepthMax } from '../../contract/limits.ts';
import { SelectRefusal } from './refusal.ts';
import { type Token, tokensOf } from './token.ts';

/** Reads the words of a query one after the other. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(query: string) {
    this.#tokens = tokensOf(query);
  }

  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!;
  }

  next(): Token {
    const token = this.peek();
    this.#at++;
    return token;
  }

  isWord(word: string, ahead = 0): boolean {
    const { kind, text } = this.peek(ahead);
    return kind === 'word' && text.toLowerCase() === word;
  }

  /** Takes one of some words, if it comes next. */
  takeWord(...words: readonly string[]): string | undefined {
    const found = words.find((word) => this.isWord(word));
    if (found !== undefined) this.#at++;
    return found;
  }

  expectWord(word: string): void {
    if (this.takeWord(word) === undefined) throw this.unexpected(word.toUpperCase());
  }

  /** Takes one of some signs, if it comes next. */
  takeSign<S extends string>(...signs: readonly S[]): S | undefined {
    const { kind, text } = this.peek();
    const found = kind === 'sign' ? signs.find((sign) => sign === text) : undefined;
    if (found !== undefined) this.#at++;
    return found;
  }

  expectSign(sign: string): void {
    if (this.takeSign(sign) === undefined) throw this.unexpected(`"${sign}"`);
  }

  /** Runs a step into the query's depth, which is bounded. */
  deeper<T>(step: () => T): T {
    if (++this.#depth > selectDepthMax) throw new SelectRefusal('UnsupportedSqlStructure', 'The SQL expression is nested too deeply.');
    try {
      return step();
    } finally {
      this.#depth--;
    }
  }

  /** The refusal of what comes next. */
  unexpected(wanted: string): SelectRefusal {
    const { kind, text, at } = this.peek();
    const met = kind === 'end' ? 'its end' : `"${text.slice(0, 100)}"`;
    return new SelectRefusal(
      'ParseUnexpectedToken',
      `Unexpected token found in the SQL expression at ${at + 1}: ${met} instead of ${wanted}.`,
    );
  }
}
