import { StatementError } from '#engine/pgwire/statement-error.ts';
import type { Format } from './format.ts';
import { everyMinMs, lookupCacheMaxMs, lookupCacheRowsMax, lookupRetriesMax, pathBytesMax, spanMaxMs } from './limits.ts';
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
  /** The table is not followed, but asked for rows by their values. */
  readonly lookup?: LookupOptions;
  /** What no other source has, by which the other side knows this one. */
  readonly mark?: string;
};

/** How a table elsewhere is asked: with a bound of either kind answers are kept for the next time. */
export type LookupOptions = {
  readonly cacheRows?: number;
  readonly cacheMs?: number;
  /** How often a question is asked again of a server that was lost. */
  readonly retries?: number;
};

/** The options of a source of files of Parquet, whose rows are records in JSON; others as they are. */
export function parquetOf(given: ReadonlyMap<string, string>): {
  readonly given: ReadonlyMap<string, string>;
  readonly isParquet: boolean;
} {
  const isParquet = given.get('format')?.toLowerCase() === 'parquet' && given.has('path');
  return { isParquet, given: isParquet ? new Map([...given, ['format', 'json']]) : given };
}

const lookupNames = ['lookup', 'lookup_cache_max_rows', 'lookup_cache_ttl', 'lookup_max_retries'] as const;
export const originOptions = ['connection', 'table', 'publication', 'path', 'header', 'every', ...lookupNames] as const;

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
    ...lookupIn(given),
  };
  checkOrigin(origin);
  return origin;
}

function lookupIn(given: ReadonlyMap<string, string>): { readonly lookup?: LookupOptions } {
  const [lookup, rows, ttl, retries] = lookupNames.map((name) => given.get(name));
  if (lookup !== undefined && !/^(true|false|on|off)$/i.test(lookup)) throw wrong('lookup is true or false');
  if (!/^(true|on)$/i.test(lookup ?? '')) {
    const other = lookupNames.find((name) => name !== 'lookup' && given.has(name));
    if (other !== undefined) throw wrong(`${other} is beside lookup = 'true'`);
    return {};
  }
  const counted = (text: string | undefined, name: string): number | undefined => {
    if (text !== undefined && !/^\d{1,9}$/.test(text)) throw wrong(`${name} is a whole number`);
    return text === undefined ? undefined : Number(text);
  };
  const [cacheRows, times] = [counted(rows, 'lookup_cache_max_rows'), counted(retries, 'lookup_max_retries')];
  return {
    lookup: {
      ...(cacheRows === undefined ? {} : { cacheRows }),
      ...(ttl === undefined ? {} : { cacheMs: msOf(ttl, 'lookup_cache_ttl') }),
      ...(times === undefined ? {} : { retries: times }),
    },
  };
}

/** Refuses what is no origin. */
export function checkOrigin({ table, publication, path, header, everyMs, parquet, lookup }: Origin): void {
  if (lookup && (table === undefined || publication !== undefined)) throw wrong('lookup is of a table, without a publication');
  if ((lookup?.cacheRows ?? 0) > lookupCacheRowsMax) throw wrong(`lookup_cache_max_rows is at most ${lookupCacheRowsMax}`);
  if ((lookup?.cacheMs ?? 0) > lookupCacheMaxMs) throw wrong(`lookup_cache_ttl is at most ${lookupCacheMaxMs} ms`);
  if ((lookup?.retries ?? 0) > lookupRetriesMax) throw wrong(`lookup_max_retries is at most ${lookupRetriesMax}`);
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

/** Whether what is elsewhere is taken into a topic, and not asked for. */
export const isFollowed = (origin: Origin | null): origin is Origin => origin !== null && origin.lookup === undefined;

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
