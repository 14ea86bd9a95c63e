import { selectColumnsMax, selectRecordMaxBytes } from '../../contract/limits.ts';
import type { CsvInput } from './job.ts';
import { SelectRefusal } from './refusal.ts';

/** What stands between the fields of a record on its way to the engine: a character that Unicode says is none. */
export const fieldMark = '\ufdd0';

/** Reads records out of text that comes in pieces of any size. */
export class CsvReader {
  readonly #form: CsvInput;
  #rest = '';

  constructor(form: CsvInput) {
    this.#form = form;
  }

  /** The records that are whole now, each with its fields behind {@link fieldMark}. */
  push(text: string): string[] {
    const { recordDelimiter } = this.#form;
    const all = this.#rest === '' ? text : this.#rest + text;
    const found: string[] = [];
    let begin = 0;
    for (let end = this.#endOf(all, begin); end >= 0; end = this.#endOf(all, begin)) {
      this.#take(all.slice(begin, end), found);
      begin = end + recordDelimiter.length;
    }
    this.#rest = all.slice(begin);
    if (this.#rest.length > selectRecordMaxBytes) throw tooLong();
    return found;
  }

  /** The record that no delimiter ends, if there is one. */
  end(): string[] {
    const found: string[] = [];
    this.#take(this.#rest, found);
    this.#rest = '';
    return found;
  }

  /** Where the record ends that begins here; -1 while that is not known. */
  #endOf(all: string, begin: number): number {
    const { recordDelimiter, spans, quote } = this.#form;
    let end = all.indexOf(recordDelimiter, begin);
    if (!spans || quote === '') return end;
    while (end >= 0 && this.#isOpen(all, begin, end)) end = all.indexOf(recordDelimiter, end + recordDelimiter.length);
    return end;
  }

  /** Whether a quoted field is open at the end of a stretch. */
  #isOpen(all: string, begin: number, end: number): boolean {
    const { quote, escape } = this.#form;
    let open = false;
    for (let at = all.indexOf(quote, begin); at >= 0 && at < end; at = all.indexOf(quote, at + 1)) {
      const isEscaped = open && escape !== quote && all[at - 1] === escape;
      if (!isEscaped) open = !open;
    }
    return open;
  }

  #take(record: string, found: string[]): void {
    const { recordDelimiter, fieldDelimiter, comment, quote } = this.#form;
    const line = recordDelimiter === '\n' && record.endsWith('\r') ? record.slice(0, -1) : record;
    if (line === '' || (comment !== '' && line.startsWith(comment))) return;
    if (line.length > selectRecordMaxBytes) throw tooLong();
    if (line.includes(fieldMark)) throw new SelectRefusal('CSVParsingError', 'A record holds U+FDD0, which is no character.');
    found.push(
      quote === '' || !line.includes(quote) ? line.replaceAll(fieldDelimiter, fieldMark) : fieldsOf(line, this.#form).join(fieldMark),
    );
  }
}

/** The fields of a record in which some are quoted. */
function fieldsOf(line: string, { fieldDelimiter, quote, escape }: CsvInput): string[] {
  const fields: string[] = [];
  for (let at = 0; ; ) {
    if (fields.length >= selectColumnsMax)
      throw new SelectRefusal('OverMaxColumn', `The number of columns in the record is greater than the maximum of ${selectColumnsMax}.`);
    let field = '';
    if (line.startsWith(quote, at)) {
      for (at += quote.length; at < line.length; at++) {
        if (escape !== quote && line[at] === escape && at + 1 < line.length) field += line[++at];
        else if (line[at] !== quote) field += line[at];
        else if (escape === quote && line[at + 1] === quote) {
          field += quote;
          at++;
        } else break;
      }
      at++;
    }
    const next = line.indexOf(fieldDelimiter, at);
    // What stands behind a closing quote is of the field, too.
    fields.push(field + line.slice(at, next < 0 ? line.length : next));
    if (next < 0) return fields;
    at = next + fieldDelimiter.length;
  }
}

const tooLong = () =>
  new SelectRefusal(
    'OverMaxRecordSize',
    `The length of a record in the input or result is greater than the maximum of ${selectRecordMaxBytes}.`,
  );
