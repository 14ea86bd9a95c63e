import { Cursor } from '#wire/pgwire/cursor.ts';
import { ProtocolViolation } from '#wire/pgwire/violation.ts';
import type { Cells, Kind } from './application.ts';
import { formattedAs, textOf } from './format.ts';
import { copyBlockRows, copyLineBytes } from './limits.ts';
import { StatementError } from './statement-error.ts';

const signature = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
/** The signature, no flags and nothing more. */
export const copyHead = Buffer.concat([signature, Buffer.alloc(8)]);
export const copyTail = Buffer.from([0xff, 0xff]);
const headBytes = copyHead.length;

const wrong = (message: string) => new StatementError('22P04', message);

/** A row in the binary format of COPY. */
export function copyTuple(cells: Cells, columns: readonly Kind[]): Buffer {
  const pieces: Uint8Array[] = [];
  const count = Buffer.alloc(2);
  count.writeUInt16BE(cells.length);
  pieces.push(count);
  for (const [at, cell] of cells.entries()) {
    const value = formattedAs(cell, columns[at] ?? { oid: 0 }, 1);
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    const length = Buffer.alloc(4);
    length.writeInt32BE(bytes?.length ?? -1);
    pieces.push(length);
    if (bytes) pieces.push(bytes);
  }
  return Buffer.concat(pieces);
}

/** Reads rows in the binary format of COPY as they come, however they are cut. */
export class BinaryReader {
  readonly #oids: readonly number[];
  #rest: Buffer = Buffer.alloc(0);
  #isBegun = false;
  #isOver = false;
  #rows: Cells[] = [];

  constructor(oids: readonly number[]) {
    this.#oids = oids;
  }

  /** The rows that are whole by now, in blocks. */
  *push(bytes: Uint8Array): Generator<readonly Cells[]> {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    if (!this.#begin()) return;
    for (let size = this.#size(); size !== undefined; size = this.#size()) {
      this.#rows.push(this.#row(this.#rest.subarray(0, size)));
      this.#rest = this.#rest.subarray(size);
      if (this.#rows.length < copyBlockRows) continue;
      yield this.#rows;
      this.#rows = [];
    }
    if (this.#rest.length > copyLineBytes) throw new StatementError('54000', `a row of COPY is at most ${copyLineBytes} bytes long`);
  }

  /** What is left at the end, which may come without its mark: PostgreSQL asks for none, and pgx sends none. */
  *end(): Generator<readonly Cells[]> {
    if (!this.#isBegun) throw wrong('COPY file signature not recognized');
    if (!this.#isOver && this.#rest.length > 0) throw wrong('unexpected EOF in COPY data');
    if (this.#rows.length > 0) yield this.#rows;
    this.#rows = [];
  }

  #begin(): boolean {
    if (this.#isBegun) return true;
    const known = this.#rest.subarray(0, signature.length);
    if (!known.equals(signature.subarray(0, known.length))) throw wrong('COPY file signature not recognized');
    if (this.#rest.length < headBytes) return false;
    const [flags, more] = [this.#rest.readUInt32BE(signature.length), this.#rest.readInt32BE(signature.length + 4)];
    // The lower bits say nothing that must be understood.
    if (flags >>> 16 !== 0) throw wrong('unrecognized critical flags in COPY file header');
    if (more < 0 || more > copyLineBytes) throw wrong('invalid COPY file header (wrong length)');
    if (this.#rest.length < headBytes + more) return false;
    this.#rest = this.#rest.subarray(headBytes + more);
    return (this.#isBegun = true);
  }

  /** Bytes of the next row, where it is whole. */
  #size(): number | undefined {
    const rest = this.#rest;
    if (this.#isOver && rest.length > 0) throw wrong('received copy data after EOF marker');
    if (rest.length < 2) return undefined;
    const count = rest.readInt16BE(0);
    if (count === -1) {
      this.#isOver = true;
      this.#rest = rest.subarray(2);
      return this.#size();
    }
    if (count !== this.#oids.length) throw wrong(`row field count is ${count}, expected ${this.#oids.length}`);
    let at = 2;
    for (let left = count; left > 0; left -= 1) {
      if (rest.length < at + 4) return undefined;
      const length = rest.readInt32BE(at);
      if (length < -1) throw wrong('invalid field size');
      at += 4 + Math.max(0, length);
    }
    return rest.length < at ? undefined : at;
  }

  #row(bytes: Buffer): Cells {
    const c = new Cursor(bytes, 2);
    try {
      return this.#oids.map((oid) => textOf(c.value(), oid, 1));
    } catch (error) {
      if (error instanceof ProtocolViolation || error instanceof RangeError)
        throw new StatementError('22P03', 'incorrect binary data format');
      throw error;
    }
  }
}
