import type { Cells } from './application.ts';
import type { CopyFormat } from './copy.ts';
import { copyBlockRows, copyLineBytes } from './limits.ts';
import { StatementError } from './statement-error.ts';

const wrong = (message: string) => new StatementError('22P04', message);
const signs: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** Reads the lines of a COPY as they come, however they are cut. */
export class CopyReader {
  readonly #format: CopyFormat;
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true });
  #rest = '';
  /** How far the rest was looked at, and whether a quote is open there. */
  #seen = 0;
  #isQuoted = false;
  #isHeader: boolean;
  #isOver = false;
  #rows: Cells[] = [];

  constructor(format: CopyFormat) {
    this.#format = format;
    this.#isHeader = format.header;
  }

  /** The rows that are whole by now, in blocks. */
  *push(bytes: Uint8Array): Generator<readonly Cells[]> {
    this.#rest += this.#decoded(bytes, true);
    yield* this.#cut(false);
  }

  /** What is left at the end. */
  *end(): Generator<readonly Cells[]> {
    this.#rest += this.#decoded(new Uint8Array(), false);
    if (this.#isQuoted) throw wrong('unterminated CSV quoted field');
    yield* this.#cut(true);
    if (this.#rows.length > 0) yield this.#rows;
    this.#rows = [];
  }

  #decoded(bytes: Uint8Array, stream: boolean): string {
    try {
      return this.#utf8.decode(bytes, { stream });
    } catch {
      throw new StatementError('22021', 'invalid byte sequence for encoding "UTF8"');
    }
  }

  *#cut(isEnd: boolean): Generator<readonly Cells[]> {
    let from = 0;
    for (;;) {
      const end = this.#lineEnd();
      if (end < 0) break;
      this.#line(this.#rest.slice(from, end));
      from = end + 1;
      if (this.#rows.length < copyBlockRows) continue;
      yield this.#rows;
      this.#rows = [];
    }
    this.#rest = this.#rest.slice(from);
    this.#seen -= from;
    if (isEnd && this.#rest !== '') this.#line(this.#rest);
    if (this.#rest.length > copyLineBytes) throw new StatementError('54000', `a line of COPY is at most ${copyLineBytes} characters long`);
  }

  /** Where the next line ends: a break within quotes, or behind a backslash, belongs to it. */
  #lineEnd(): number {
    const { isCsv, quote, escape } = this.#format;
    const rest = this.#rest;
    for (let at = this.#seen; at < rest.length; at += 1) {
      const unit = rest[at];
      if (isCsv) {
        if (this.#isQuoted && unit === escape && escape !== quote) {
          // What it stands before is not known yet.
          if (at + 1 >= rest.length) return this.#stop(at);
          if (rest[at + 1] === quote || rest[at + 1] === escape) at += 1;
        } else if (unit === quote) this.#isQuoted = !this.#isQuoted;
        else if (unit === '\n' && !this.#isQuoted) return this.#found(at);
      } else if (unit === '\\') {
        if (at + 1 >= rest.length) return this.#stop(at);
        at += 1;
      } else if (unit === '\n') return this.#found(at);
    }
    return this.#stop(Math.max(this.#seen, rest.length));
  }

  #found(at: number): number {
    this.#seen = at + 1;
    return at;
  }

  #stop(at: number): -1 {
    this.#seen = at;
    return -1;
  }

  #line(whole: string): void {
    const line = whole.endsWith('\r') ? whole.slice(0, -1) : whole;
    if (this.#isOver) return;
    if (line === '\\.') {
      this.#isOver = true;
      return;
    }
    if (this.#isHeader) this.#isHeader = false;
    else this.#rows.push(this.#format.isCsv ? csvCells(line, this.#format) : textCells(line, this.#format));
  }
}

function textCells(line: string, { delimiter, none }: CopyFormat): Cells {
  const cells: (string | null)[] = [];
  let [cell, from] = ['', 0];
  const take = (to: number) => cells.push(line.slice(from, to) === none ? null : cell);
  for (let at = 0; at < line.length; ) {
    const unit = line[at] ?? '';
    if (unit === delimiter) {
      take(at);
      at += 1;
      [cell, from] = ['', at];
    } else if (unit === '\\') {
      const [text, length] = escaped(line, at + 1);
      cell += text;
      at += 1 + length;
    } else {
      cell += unit;
      at += 1;
    }
  }
  take(line.length);
  return cells;
}

/** What stands behind a backslash, and how long it is: bytes by their numbers are of ASCII here. */
function escaped(line: string, at: number): readonly [string, number] {
  const unit = line[at];
  if (unit === undefined) return ['\\', 0];
  const sign = signs[unit];
  if (sign !== undefined) return [sign, 1];
  const [number = ''] = (unit === 'x' ? /^[0-9a-fA-F]{1,2}/.exec(line.slice(at + 1)) : /^[0-7]{1,3}/.exec(line.slice(at))) ?? [];
  if (number === '') return [unit, 1];
  const code = Number.parseInt(number, unit === 'x' ? 16 : 8);
  if (code === 0 || code > 127) throw new StatementError('22021', 'invalid byte sequence for encoding "UTF8"');
  return [String.fromCharCode(code), number.length + (unit === 'x' ? 1 : 0)];
}

function csvCells(line: string, { delimiter, none, quote, escape }: CopyFormat): Cells {
  const cells: (string | null)[] = [];
  let [cell, wasQuoted, isQuoted] = ['', false, false];
  const take = () => {
    cells.push(!wasQuoted && cell === none ? null : cell);
    [cell, wasQuoted] = ['', false];
  };
  for (let at = 0; at < line.length; at += 1) {
    const unit = line[at] ?? '';
    const next = line[at + 1];
    if (isQuoted && unit === escape && (next === quote || (next === escape && escape !== quote))) {
      cell += next;
      at += 1;
    } else if (unit === quote) {
      isQuoted = !isQuoted;
      wasQuoted = true;
    } else if (unit === delimiter && !isQuoted) take();
    else cell += unit;
  }
  take();
  return cells;
}
