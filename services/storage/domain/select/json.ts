import { selectRecordMaxBytes } from '../../contract/limits.ts';
import { SelectRefusal } from './refusal.ts';

const [quote, escape, space] = [0x22, 0x5c, 0x20];
const opens = new Set([0x7b, 0x5b]);
const closes = new Set([0x7d, 0x5d]);

/** Reads one value of JSON after the other out of bytes that come in pieces of any size; white space stands between them. */
export class JsonReader {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #rest: Buffer = Buffer.alloc(0);
  #at = 0;
  #depth = 0;
  #inText = false;

  /** The values that are whole now, as their own characters. */
  push(piece: Uint8Array): string[] {
    const all = this.#rest.length === 0 ? Buffer.from(piece.buffer, piece.byteOffset, piece.length) : Buffer.concat([this.#rest, piece]);
    const found: string[] = [];
    let begin = 0;
    let at = this.#at;
    for (; at < all.length; at++) {
      const byte = all[at]!;
      if (this.#inText) {
        if (byte === escape) at++;
        else if (byte === quote) this.#inText = false;
        if (this.#inText || this.#depth > 0) continue;
      } else if (byte === quote) {
        this.#inText = true;
        continue;
      } else if (opens.has(byte)) {
        this.#depth++;
        continue;
      } else if (closes.has(byte)) {
        if (--this.#depth > 0) continue;
        if (this.#depth < 0) throw malformed();
      } else if (this.#depth > 0 || byte > space) continue;
      this.#take(all.subarray(begin, at + 1), found);
      begin = at + 1;
    }
    this.#rest = Buffer.from(all.subarray(begin));
    this.#at = at - begin;
    if (this.#rest.length > selectRecordMaxBytes) throw tooLong();
    return found;
  }

  /** The value that the end of the bytes ends, if there is one. */
  end(): string[] {
    if (this.#depth > 0 || this.#inText) throw malformed('The JSON ends within a value.');
    const found: string[] = [];
    this.#take(this.#rest, found);
    return found;
  }

  #take(bytes: Uint8Array, found: string[]): void {
    if (bytes.length > selectRecordMaxBytes) throw tooLong();
    const text = this.#text(bytes).trim();
    if (text === '') return;
    try {
      JSON.parse(text);
    } catch {
      throw malformed();
    }
    found.push(text);
  }

  #text(bytes: Uint8Array): string {
    try {
      return this.#decoder.decode(bytes);
    } catch {
      throw new SelectRefusal('InvalidTextEncoding', 'Invalid encoding type. Only UTF-8 encoding is supported.');
    }
  }
}

const malformed = (text = 'Encountered an error parsing the JSON file. Check the file and try again.') =>
  new SelectRefusal('JSONParsingError', text);
const tooLong = () =>
  new SelectRefusal(
    'OverMaxRecordSize',
    `The length of a record in the input or result is greater than the maximum of ${selectRecordMaxBytes}.`,
  );
