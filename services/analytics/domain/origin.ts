import { StatementError } from '#engine/pgwire/statement-error.ts';
import type { Format } from './format.ts';
import { type Column, printRow, type Row, type Type } from './value.ts';

/** Where a source has its rows from besides a topic that others write: a table of PostgreSQL, whose changes are followed. */
export type Origin = {
  readonly connection: string;
  /** The table, with its schema or without. */
  readonly table?: string;
  /** The publication that has the table; without it one is made. */
  readonly publication?: string;
  /** What no other source has, by which the other side knows this one. */
  readonly mark?: string;
};

export const originOptions = ['connection', 'table', 'publication'] as const;

const wrong = (message: string) => new StatementError('22023', message);

/** The origin that the options of a source name; undefined where it reads a topic of others. */
export function originOf(given: ReadonlyMap<string, string>): Origin | undefined {
  const [connection, table, publication] = originOptions.map((name) => given.get(name));
  if (connection === undefined) {
    if (table !== undefined || publication !== undefined) throw wrong('table and publication are beside a connection');
    return undefined;
  }
  if (given.has('topic')) throw wrong('a source reads a topic, or over a connection');
  const origin = { connection, ...(table === undefined ? {} : { table }), ...(publication === undefined ? {} : { publication }) };
  checkOrigin(origin);
  return origin;
}

/** Refuses what is no origin. */
export function checkOrigin({ table, publication }: Origin): void {
  if (table === undefined || !/^[^.\0]{1,63}(\.[^.\0]{1,63})?$/.test(table))
    throw wrong("a source over a connection needs a table: WITH (connection = ..., table = '...')");
  if (publication !== undefined && !/^[^\0]{1,63}$/.test(publication)) throw wrong('publication is the name of one');
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

const isBare = (type: Type) => type === 'int4' || type === 'int8' || type === 'numeric' || type === 'float8';
/** What JSON takes for a number; other texts stay texts, whatever the column. */
const number = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

function rowText(columns: readonly Column[], cells: Cells): string {
  const fields = columns.map(({ name, type }, place) => `${JSON.stringify(name)}:${cellText(type, cells[place] ?? null)}`);
  return `{${fields.join(',')}}`;
}

function cellText(type: Type, cell: string | null): string {
  if (cell === null) return 'null';
  if (type === 'bool' && (cell === 't' || cell === 'f')) return String(cell === 't');
  return isBare(type) && number.test(cell) ? cell : JSON.stringify(cell);
}
