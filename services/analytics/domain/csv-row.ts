import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { type Column, readValue, type Row } from './value.ts';

const wrong = (message: string) => new StatementError(sqlstates.valueWrong, message);

/** The fields of a line of CSV (RFC 4180); one that stands without quotes and says `none` is null. */
function fieldsOf(line: string, delimiter: string, none: string): (string | null)[] {
  const fields: (string | null)[] = [];
  for (let at = 0; ; ) {
    if (line[at] === '"') {
      let text = '';
      for (at += 1; ; ) {
        const end = line.indexOf('"', at);
        if (end < 0) throw wrong('a quote of the CSV has no end');
        text += line.slice(at, end);
        at = end + 1;
        if (line[at] !== '"') break;
        text += '"';
        at += 1;
      }
      fields.push(text);
    } else {
      const end = line.indexOf(delimiter, at);
      const text = line.slice(at, end < 0 ? line.length : end);
      fields.push(text === none ? null : text);
      at = end < 0 ? line.length : end;
    }
    if (at >= line.length) return fields;
    if (line[at] !== delimiter) throw wrong(`the CSV goes on behind a quote at character ${at + 1}`);
    at += delimiter.length;
  }
}

/** The row of a record that is a line of CSV: its fields are the columns, in their order. */
export function readCsvRow(columns: readonly Column[], text: string, { delimiter = ',', none = '' }): Row {
  const line = text.replace(/\r?\n$/, '');
  if (/[\r\n]/.test(line.replace(/"[^"]*"/g, ''))) throw wrong('the value is more than one line of CSV');
  const fields = fieldsOf(line, delimiter, none);
  if (fields.length !== columns.length) throw wrong(`the CSV has ${fields.length} fields, and not ${columns.length}`);
  return columns.map(({ name, type }, at) => {
    const field = fields[at] ?? null;
    try {
      return field === null ? null : readValue(type, field);
    } catch (error) {
      if (error instanceof StatementError) throw new StatementError(error.sqlstate, `${name}: ${error.message}`);
      throw error;
    }
  });
}
