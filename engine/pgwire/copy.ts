import type { Cells } from './application.ts';
import { notBuilt, StatementError } from './statement-error.ts';

/** How rows are written for COPY: as lines, or in the binary format. */
export type CopyFormat = {
  readonly isBinary: boolean;
  readonly isCsv: boolean;
  readonly delimiter: string;
  readonly none: string;
  readonly quote: string;
  readonly escape: string;
  readonly header: boolean;
};

const wrong = (message: string) => new StatementError('22023', message);

/** The format that the options of a COPY ask for; `null` and the like are their texts. */
export function copyFormat(options: ReadonlyMap<string, string>): CopyFormat {
  const format = (options.get('format') ?? 'text').toLowerCase();
  const isBinary = format === 'binary';
  if (!isBinary && format !== 'text' && format !== 'csv') throw wrong(`COPY format "${format}" not recognized`);
  const isCsv = format === 'csv';
  const other = [...options.keys()].find(
    (name) => !['format', 'delimiter', 'null', 'quote', 'escape', 'header', 'encoding'].includes(name),
  );
  if (other !== undefined) throw notBuilt(`The option ${other} of COPY`);
  if (!['utf8', 'utf-8', 'unicode'].includes((options.get('encoding') ?? 'utf8').toLowerCase())) throw notBuilt('COPY in another encoding');
  const ofLines = ['delimiter', 'null', 'quote', 'escape', 'header'].find((name) => isBinary && options.has(name));
  if (ofLines !== undefined) throw new StatementError('42601', `cannot specify ${ofLines.toUpperCase()} in BINARY mode`);
  const delimiter = options.get('delimiter') ?? (isCsv ? ',' : '\t');
  const quote = options.get('quote') ?? '"';
  const escape = options.get('escape') ?? quote;
  if (!isCsv && (options.has('quote') || options.has('escape'))) throw wrong('COPY QUOTE and ESCAPE require CSV mode');
  for (const [name, value] of Object.entries({ delimiter, quote, escape }))
    if (Buffer.byteLength(value) !== 1 || /[\r\n]/.test(value)) throw wrong(`COPY ${name} must be a single one-byte character`);
  if (!isCsv && /[\\.a-z0-9]/.test(delimiter)) throw wrong(`COPY delimiter cannot be "${delimiter}"`);
  const none = options.get('null') ?? (isCsv ? '' : '\\N');
  if (/[\r\n]/.test(none)) throw wrong('COPY null representation cannot use newline or carriage return');
  const header = (options.get('header') ?? 'off').toLowerCase();
  if (!['', 'on', 'true', '1', 'off', 'false', '0'].includes(header)) throw wrong('COPY header requires a Boolean value');
  return { isBinary, isCsv, delimiter, none, quote, escape, header: !['off', 'false', '0'].includes(header) };
}

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/** A row as a line of COPY. */
export function copyLine(cells: Cells, format: CopyFormat): string {
  const { delimiter, none, isCsv } = format;
  const written = (cell: string) => (isCsv ? csvCell(cell, cells.length, format) : textCell(cell, delimiter));
  return `${cells.map((cell) => (cell === null ? none : written(cell))).join(delimiter)}\n`;
}

function textCell(cell: string, delimiter: string): string {
  const escaped = cell.replace(/[\\\b\f\n\r\t\v]/g, (unit) => escapes[unit] ?? unit);
  // A tab is among those already.
  return delimiter === '\t' ? escaped : escaped.replaceAll(delimiter, `\\${delimiter}`);
}

function csvCell(cell: string, columns: number, { delimiter, none, quote, escape }: CopyFormat): string {
  const isPlain = cell !== none && !cell.includes(delimiter) && !cell.includes(quote) && !/[\r\n]/.test(cell);
  // Alone on its line it would be the end of the data.
  if (isPlain && !(columns === 1 && cell === '\\.')) return cell;
  const marked = [...cell].map((unit) => (unit === quote || unit === escape ? `${escape}${unit}` : unit));
  return `${quote}${marked.join('')}${quote}`;
}
