import { fault } from '#kernel/contract/fault.ts';
import { csvColumnsMax } from './limits.ts';

/** The rows of a CSV: RFC 4180, with LF as well as CRLF. */
export function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  const plain = text.replace(/^\uFEFF/, '');
  while (field.lastIndex < plain.length || row.length > 0) {
    const from = field.lastIndex;
    const found = field.exec(plain);
    if (!found) throw fault('BadInput', `The CSV is broken at character ${from}.`);
    row.push(found[1] === undefined ? (found[2] ?? '') : found[1].replaceAll('""', '"'));
    if (row.length > csvColumnsMax) throw fault('BadInput', `A CSV has at most ${csvColumnsMax} columns.`);
    if (found[3] === ',') continue;
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  }
  return rows;
}

const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** One row of a CSV. */
export const csvRow = (fields: readonly string[]): string => `${fields.map(quoted).join(',')}\r\n`;
