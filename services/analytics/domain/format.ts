import type { Node } from 'libpg-query';
import { notBuilt, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Begun } from './start.ts';
import { checkWatermark, type Watermark } from './watermark.ts';
import type { Column } from './value.ts';

export const formatKinds = ['json', 'csv', 'raw', 'avro', 'protobuf'] as const;

/**
 * How the values of a topic are rows. `debezium`: each value is a change of a row, with what the row was before and is
 * after. `delimiter` and `none`, the text of NULL, are of CSV.
 */
export type Format = {
  readonly kind: (typeof formatKinds)[number];
  readonly envelope?: 'debezium';
  readonly delimiter?: string;
  readonly none?: string;
  /** The topic that gets the records which views could not take. */
  readonly deadLetters?: string;
  readonly watermark?: Watermark;
  /** What stands for the time at which a row is processed; it is no column. */
  readonly proctime?: string;
  /** Where the topic is begun, where that is not its oldest record. */
  readonly begun?: Begun;
};

/** Whether rows of such a source only come, and are never taken back. */
export const isGrowing = (format: Format | null): boolean => format?.envelope !== 'debezium';

const wrong = (message: string) => new StatementError('22023', message);

/** The options of WITH by their names; each has a text. */
export function optionsOf(options: readonly Node[], known: readonly string[], what: string): Map<string, string> {
  const given = new Map<string, string>();
  for (const option of options) {
    const { defname = '', arg } = 'DefElem' in option ? option.DefElem : {};
    if (!known.includes(defname)) throw notBuilt(`The option ${defname} of a ${what}`);
    if (given.has(defname)) throw new StatementError('42601', `conflicting or redundant options: ${defname}`);
    given.set(defname, textOf(arg));
  }
  return given;
}

function textOf(arg: Node | undefined): string {
  if (!arg) return '';
  if ('String' in arg) return arg.String.sval ?? '';
  if ('Integer' in arg) return String(arg.Integer.ival ?? 0);
  if ('Float' in arg) return arg.Float.fval ?? '';
  return 'TypeName' in arg ? (arg.TypeName.names ?? []).map((name) => ('String' in name ? (name.String.sval ?? '') : '')).join('.') : '';
}

/** The format that the options of a source name. */
export function formatOf(given: ReadonlyMap<string, string>): Format {
  const format = (given.get('format') ?? '').toLowerCase();
  const kind = formatKinds.find((known) => known === format);
  if (!kind) throw notBuilt(format === '' ? 'A source without a format' : `The format ${given.get('format')}`);
  const envelope = (given.get('envelope') ?? 'none').toLowerCase();
  if (envelope !== 'none' && envelope !== 'debezium') throw notBuilt(`The envelope ${given.get('envelope')}`);
  if (envelope === 'debezium' && kind !== 'json' && kind !== 'avro') throw notBuilt(`The envelope debezium in ${kind}`);
  const [delimiter, none] = [given.get('delimiter'), given.get('null')];
  if (kind !== 'csv' && (delimiter !== undefined || none !== undefined)) throw wrong('delimiter and null are options of the format csv');
  if (delimiter !== undefined && (delimiter.length !== 1 || /["\r\n]/.test(delimiter))) throw wrong('a delimiter is one character');
  const deadLetters = given.get('dead_letters');
  if (deadLetters !== undefined && (!/^[a-zA-Z0-9._-]{1,249}$/.test(deadLetters) || deadLetters === given.get('topic')))
    throw wrong('dead_letters names another topic');
  return {
    kind,
    ...(deadLetters === undefined ? {} : { deadLetters }),
    ...(envelope === 'debezium' ? { envelope } : {}),
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(none === undefined ? {} : { none }),
  };
}

/** Refuses columns that values of a format cannot have. */
export function checkColumns({ kind, envelope, watermark, proctime }: Format, columns: readonly Column[]): void {
  if (columns.some(({ name }) => name === proctime)) throw new StatementError('42701', `column "${proctime}" specified more than once`);
  if (watermark) checkWatermark(watermark, columns, envelope === undefined);
  if (kind === 'raw' && (columns.length !== 1 || columns[0]?.type !== 'text'))
    throw new StatementError('42P16', 'a source of raw values has one column, of the type text');
}
