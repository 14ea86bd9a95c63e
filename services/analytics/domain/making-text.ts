import type { Format } from './format.ts';
import type { Index } from './constraint.ts';
import type { Origin } from './origin.ts';
import type { Target } from './sink.ts';
import { quoted } from './table-text.ts';
import { type Column, typeText } from './value.ts';

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
const ms = (of: number | undefined) => (of === undefined ? undefined : `${of} milliseconds`);

function withOptions(options: Readonly<Record<string, string | undefined>>): string {
  const said = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [`${quoted(name)} = ${literal(value)}`]));
  return said.length === 0 ? '' : ` with (${said.join(', ')})`;
}

type Source = {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly topic: string | null;
  readonly format: Format | null;
  readonly origin: Origin | null;
};

function lookupOptions(lookup: Origin['lookup']): Record<string, string | undefined> {
  if (!lookup) return {};
  const { cacheRows, cacheMs, retries } = lookup;
  return {
    ...{ lookup: 'true', lookup_cache_max_rows: cacheRows?.toString(), lookup_cache_ttl: ms(cacheMs) },
    lookup_max_retries: retries?.toString(),
  };
}

/** The statement that makes a source. Where it began at an end of its topic or at a time, it says the offsets that this was. */
export function sourceText({ name, columns, topic, format, origin }: Source): string {
  const { watermark, begun } = format ?? {};
  const delay = `interval ${literal(ms(watermark?.delayMs) ?? '')}`;
  const marks = watermark ? [`watermark for ${quoted(watermark.column)} as ${quoted(watermark.column)} - ${delay}`] : [];
  const processed = format?.proctime === undefined ? [] : [`${quoted(format.proctime)} as proctime()`];
  const all = [...columns.map((column) => `${quoted(column.name)} ${typeText(column.type)}`), ...processed, ...marks];
  const isTable = origin?.table !== undefined;
  const options = {
    topic: origin ? undefined : (topic ?? undefined),
    ...{ connection: origin?.connection, table: origin?.table, publication: origin?.publication, path: origin?.path },
    ...{ header: origin?.header === undefined ? undefined : String(origin.header), every: ms(origin?.everyMs) },
    ...lookupOptions(origin?.lookup),
    format: isTable ? undefined : origin?.parquet ? 'parquet' : format?.kind,
    envelope: isTable ? undefined : format?.envelope,
    ...{ delimiter: format?.delimiter, null: format?.none, dead_letters: format?.deadLetters },
    ...{ lateness: ms(watermark?.latenessMs), idle: ms(watermark?.idleMs), late: watermark?.late },
    start: begun?.offsets.map((offset, partition) => `${partition}:${offset}`).join(', '),
  };
  return `create source ${quoted(name)} (${all.join(', ')})${withOptions(options)}`;
}

type Sink = { readonly name: string; readonly text: string; readonly target: Omit<Target, 'keySchema' | 'valueSchema' | 'mark'> };

/** The statement that makes a sink, without what secrets its connection leads by. */
export function sinkMaking({ name, text, target }: Sink): string {
  const { topic, connection, table, path, format, envelope, key } = target;
  const options = { topic, connection, table, path, format: table === undefined ? format : undefined, envelope };
  return `create sink ${quoted(name)} as ${text.trim()}${withOptions({ ...options, key: key.length > 0 ? key.join(', ') : undefined })}`;
}

type Table = {
  readonly name: string;
  readonly text: string | null;
  readonly columns: readonly Column[];
  readonly indexes: readonly Index[] | null;
  readonly historyMs: bigint | null;
};

/** The statements that make a table and its indexes. */
export function tableMaking({ name, text, columns, indexes, historyMs }: Table): string {
  const made = (indexes ?? []).map(({ name: own, places, isUnique }) => {
    const on = places.map((place) => quoted(columns[place]?.name ?? '')).join(', ');
    return `create ${isUnique ? 'unique ' : ''}index ${quoted(own)} on ${quoted(name)} (${on})`;
  });
  return [(text ?? '').replace(/;\s*$/, ''), ...made, ...historySaid('table', name, historyMs)].join(';\n');
}

/** What was said since of how long it is remembered what there was. */
function historySaid(what: string, name: string, historyMs: bigint | null): string[] {
  if (historyMs === null) return [];
  const to = historyMs === 0n ? 'reset (history)' : `set (history = '${historyMs} milliseconds')`;
  return [`alter ${what} ${quoted(name)} ${to}`];
}

type View = { readonly name: string; readonly text: string | null; readonly historyMs: bigint | null };

/** The statement that makes a view, and what was said of it since. */
export function viewMaking({ name, text, historyMs }: View): string {
  return [(text ?? '').replace(/;\s*$/, ''), ...historySaid('materialized view', name, historyMs)].join(';\n');
}
