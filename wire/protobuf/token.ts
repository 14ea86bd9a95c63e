import { SchemaFault } from '../schema/fault.ts';

/** The words of a .proto text, one after the other; comments and blanks are passed over. */
export class Tokens {
  readonly #text: string;
  readonly #pattern =
    /(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[A-Za-z_][\w]*|\.?\d[\w.]*(?:[eE][+-]\d+)?|[^\s\w])?/y;
  #next: string | undefined;
  #line = 1;
  #counted = 0;

  constructor(text: string) {
    this.#text = text;
    this.#advance();
  }

  #advance(): void {
    const found = this.#pattern.exec(this.#text);
    this.#next = found?.[1];
    if (this.#next === undefined && this.#pattern.lastIndex < this.#text.length && found) throw this.fault('an end of what was begun');
  }

  /** The word that comes next; undefined at the end. */
  get next(): string | undefined {
    return this.#next;
  }

  take(): string {
    const taken = this.#next;
    if (taken === undefined) throw this.fault('more');
    this.#advance();
    return taken;
  }

  /** Takes the word if it is the one named. */
  takes(word: string): boolean {
    if (this.#next !== word) return false;
    this.#advance();
    return true;
  }

  expect(word: string): void {
    if (!this.takes(word)) throw this.fault(`'${word}'`);
  }

  name(): string {
    if (!/^[A-Za-z_]\w*$/.test(this.#next ?? '')) throw this.fault('a name');
    return this.take();
  }

  /** A name with dots, with one before it where it is absolute. */
  path(): string {
    let path = this.takes('.') ? '.' : '';
    path += this.name();
    while (this.takes('.')) path += `.${this.name()}`;
    return path;
  }

  whole(): number {
    const sign = this.takes('-') ? -1 : 1;
    if (!/^(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)$/.test(this.#next ?? '')) throw this.fault('a whole number');
    const word = this.take();
    return sign * (/^0[0-7]+$/.test(word) ? Number.parseInt(word, 8) : Number(word));
  }

  text(): string {
    if (!/^["']/.test(this.#next ?? '')) throw this.fault('a string');
    let text = '';
    while (/^["']/.test(this.#next ?? '')) text += unquoted(this.take());
    return text;
  }

  fault(expected: string): SchemaFault {
    const upTo = this.#pattern.lastIndex || this.#text.length;
    for (; this.#counted < upTo; this.#counted++) if (this.#text[this.#counted] === '\n') this.#line += 1;
    const found = this.#next === undefined ? 'the end' : `'${this.#next.slice(0, 50)}'`;
    return new SchemaFault(`Syntax error in line ${this.#line}: expected ${expected}, found ${found}.`);
  }
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b', f: '\f', v: '\v' };

function unquoted(word: string): string {
  return word.slice(1, -1).replace(/\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|u[0-9a-fA-F]{4}|.)/g, (_, code: string) => {
    if (/^x./.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (/^u.{4}/.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
    return escapes[code] ?? code;
  });
}
