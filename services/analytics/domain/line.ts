import { StatementError } from '#engine/pgwire/statement-error.ts';
import { lineBytesMax } from './limits.ts';

const [lineFeed, carriageReturn, quote] = [0x0a, 0x0d, 0x22];
const mark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Cuts bytes into lines as they come, however they are cut; empty ones are none. In CSV a line goes on within quotes. */
export class LineReader {
  readonly #isQuoting: boolean;
  #rest: Buffer = Buffer.alloc(0);
  #seen = 0;
  #isQuoted = false;
  #isFirst = true;

  constructor(isQuoting: boolean) {
    this.#isQuoting = isQuoting;
  }

  /** The lines that are whole by now. */
  *push(bytes: Buffer): Generator<Buffer> {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let from = 0;
    for (let end = this.#end(); end >= 0; end = this.#end()) {
      yield* this.#line(from, end);
      from = end + 1;
    }
    this.#rest = this.#rest.subarray(from);
    this.#seen = this.#rest.length;
    if (this.#rest.length > lineBytesMax) throw new StatementError('54000', `a line has more than ${lineBytesMax} bytes`);
  }

  /** What is left at the end. */
  *end(): Generator<Buffer> {
    yield* this.#line(0, this.#rest.length);
    this.#rest = Buffer.alloc(0);
  }

  *#line(from: number, to: number): Generator<Buffer> {
    const start = this.#isFirst && this.#rest.subarray(from, from + 3).equals(mark) ? from + 3 : from;
    this.#isFirst = false;
    const end = to > start && this.#rest[to - 1] === carriageReturn ? to - 1 : to;
    if (end > start) yield this.#rest.subarray(start, end);
  }

  #end(): number {
    if (!this.#isQuoting) {
      const at = this.#rest.indexOf(lineFeed, this.#seen);
      this.#seen = at < 0 ? this.#rest.length : at + 1;
      return at;
    }
    for (let at = this.#seen; at < this.#rest.length; at += 1) {
      const byte = this.#rest[at];
      if (byte === quote) this.#isQuoted = !this.#isQuoted;
      else if (byte === lineFeed && !this.#isQuoted) {
        this.#seen = at + 1;
        return at;
      }
    }
    this.#seen = this.#rest.length;
    return -1;
  }
}
