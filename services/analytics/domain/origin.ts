import { StatementError } from '#engine/pgwire/statement-error.ts';
import type { Format } from './format.ts';
import { everyMinMs, pathBytesMax, spanMaxMs } from './limits.ts';
import { msOf } from './watermark.ts';
import { type Column, numbers, printRow, type Row, type Type } from './value.ts';

/**
 * Where a source has its rows from besides a topic that others write: a table of PostgreSQL, whose changes are followed, or files
 * in a bucket, each line of which is a record.
 */
export type Origin = {
  readonly connection: string;
  /** The table, with its schema or without. */
  readonly table?: string;
  /** The publication that has the table; without it one is made. */
  readonly publication?: string;
  /** What the names of files begin with. */
  readonly path?: string;
  /** Whether files are of Parquet: each row is a record. */
  readonly parquet?: true;
  /** Whether the first line of each file names columns. */
  readonly header?: boolean;
  /** Pause between two looks for new files. */
  readonly everyMs?: number;
  /** What no other source has, by which the other side knows this one. */
  readonly mark?: string;
};

/** The options of a source of files of Parquet, whose rows are records in JSON; others as they are. */
export function parquetOf(given: ReadonlyMap<string, string>): {
  readonly given: ReadonlyMap<string, string>;
  readonly isParquet: boolean;
} {
  const isParquet = given.get('format')?.toLowerCase() === 'parquet' && given.has('path');
  return { isParquet, given: isParquet ? new Map([...given, ['format', 'json']]) : given };
}

export const originOptions = ['connection', 'table', 'publication', 'path', 'header', 'every'] as const;

const wrong = (message: string) => new StatementError('22023', message);

/** The origin that the options of a source name; undefined where it reads a topic of others. */
export function originOf(given: ReadonlyMap<string, string>): Origin | undefined {
  const [connection, table, publication, path, header, every] = originOptions.map((name) => given.get(name));
  if (connection === undefined) {
    const other = originOptions.find((name) => given.has(name));
    if (other !== undefined) throw wrong(`${other} is beside a connection`);
    return undefined;
  }
  if (given.has('topic')) throw wrong('a source reads a topic, or over a connection');
  if (header !== undefined && !/^(true|false|on|off)$/i.test(header)) throw wrong('header is true or false');
  const origin = {
    connection,
    ...(table === undefined ? {} : { table }),
    ...(publication === undefined ? {} : { publication }),
    ...(path === undefined ? {} : { path }),
    ...(header === undefined ? {} : { header: /^(true|on)$/i.test(header) }),
    ...(every === undefined ? {} : { everyMs: msOf(every, 'every') }),
  };
  checkOrigin(origin);
  return origin;
}

/** Refuses what is no origin. */
export function checkOrigin({ table, publication, path, header, everyMs, parquet }: Origin): void {
  if (parquet && path === undefined) throw wrong('files of Parquet are told by the path of files');
  if ((table === undefined) === (path === undefined))
    throw wrong("a source over a connection needs a table or the path of files: WITH (connection = ..., table = '...')");
  if (table !== undefined && !/^[^.\0]{1,63}(\.[^.\0]{1,63})?$/.test(table))
    throw wrong('table is the name of one, with its schema or without');
  if (table !== undefined && (header !== undefined || everyMs !== undefined)) throw wrong('header and every are beside a path');
  if (publication !== undefined && (table === undefined || !/^[^\0]{1,63}$/.test(publication)))
    throw wrong('publication is one of a table');
  if (path !== undefined && (Buffer.byteLength(path) > pathBytesMax || /[\0-\x1f]/.test(path)))
    throw wrong('path is what names of files begin with');
  if (everyMs !== undefined && (everyMs < everyMinMs || everyMs > spanMaxMs)) throw wrong(`every is at least ${everyMinMs} ms`);
}

/** Refuses a format in which what comes from there is not read. */
export function checkOriginFormat({ table, header, parquet }: Origin, { kind, envelope, watermark }: Format): void {
  if (table !== undefined && (kind !== originFormat.kind || envelope !== originFormat.envelope || watermark))
    throw wrong('changes of a table of PostgreSQL come as JSON in the envelope debezium, without a watermark');
  if (table === undefined && (envelope !== undefined || (kind !== 'json' && kind !== 'csv' && kind !== 'raw')))
    throw wrong('the lines of files are json, csv or raw, without an envelope');
  if (parquet && kind !== 'json') throw wrong('the rows of files of Parquet are records in JSON');
  if (header === true && kind !== 'csv') throw wrong('header is an option of the format csv');
}

/** How the changes that come over a connection are records of the source's own topic. */
export const originFormat: Format = { kind: 'json', envelope: 'debezium' };

/** The slot and publication by which the other side knows a source. */
export const slotOf = ({ mark = '' }: Origin): string => `gamut_${mark}`;

/** The parts of a table's name. */
export const pathOf = ({ table = '' }: Origin): string[] => table.split('.');

type Cells = readonly (string | null | undefined)[];

/** A change of a row, whose cells are texts of PostgreSQL, as a record. */
export function changeText(
  columns: readonly Column[],
  op: 'r' | 'c' | 'u' | 'd',
  before: Cells | undefined,
  after: Cells | undefined,
): string {
  const row = (cells: Cells | undefined) => (cells ? rowText(columns, cells) : 'null');
  return `{"before":${row(before)},"after":${row(after)},"op":"${op}"}`;
}

/** The record of a row that went with all others. */
export const goneText = (columns: readonly Column[], row: Row): string => changeText(columns, 'd', printRow(columns, row), undefined);

const isBare = (type: Type) => numbers.includes(type);
/** What JSON takes for a number; other texts stay texts, whatever the column. */
const number = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

function rowText(columns: readonly Column[], cells: Cells): string {
  const fields = columns.map(({ name, type }, place) => `${JSON.stringify(name)}:${cellText(type, cells[place] ?? null)}`);
  return `{${fields.join(',')}}`;
}

function cellText(type: Type, cell: string | null): string {
  if (cell === null) return 'null';
  if (type === 'bool' && (cell === 't' || cell === 'f')) return String(cell === 't');
  if (type === 'json' || type === 'jsonb') return cell;
  return isBare(type) && number.test(cell) ? cell : JSON.stringify(cell);
}
