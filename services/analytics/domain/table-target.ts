import { notBuilt } from '#engine/pgwire/statement-error.ts';
import type { Target } from './sink.ts';
import { type Column, elementOf, isRecord, nameOfType, rowTypeOf, type Type } from './value.ts';

export type TableText = { readonly text: string; readonly params: (string | null)[][] };
type Letter = readonly (string | null)[];

const isRows = (type: Type): boolean => isRecord(elementOf(type) ?? type);
const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** The statements by which changes of a sink go into a table of PostgreSQL. Rows are parameters; names are quoted. */
export class TableTarget {
  readonly #columns: readonly Column[];
  readonly #target: Target;
  /** The table, and the one beside it that knows how far sinks have come. */
  readonly named: string;
  readonly progress: string;

  constructor(target: Target, columns: readonly Column[]) {
    const path = (target.table ?? '').split('.');
    this.#target = target;
    this.#columns = columns;
    this.named = path.map(quoted).join('.');
    this.progress = [...path.slice(0, -1), 'gamut_sink'].map(quoted).join('.');
  }

  creation(): string {
    const nameless = this.#columns.find(({ type }) => rowTypeOf(elementOf(type) ?? type)?.named === undefined && isRows(type));
    if (nameless) throw notBuilt(`A table of rows whose type has no name (column "${nameless.name}")`);
    const columns = this.#columns.map(({ name, type }) => `${quoted(name)} ${nameOfType(type)}`);
    // Columns of a key may be null, as those that a SELECT groups by.
    const unique = this.#target.envelope === 'upsert' ? [`unique nulls not distinct (${this.#key().map(quoted).join(', ')})`] : [];
    return `create table ${this.named} (${[...columns, ...unique].join(', ')})`;
  }

  progressCreation(): string {
    return `create table if not exists ${this.progress} (sink text primary key, epoch bigint not null)`;
  }

  #key(): readonly string[] {
    return this.#target.key;
  }

  /** What commits changed; `types` are those of the table's columns. Statements that would do nothing are left out unless `all`. */
  changes(letters: readonly Letter[], types: ReadonlyMap<string, string>, all = false): TableText[] {
    const names = this.#columns.map(({ name }) => name);
    if (this.#target.envelope === 'append') return letters.length > 0 || all ? [this.#insert(letters, types, '')] : [];
    const key = this.#key();
    const places = key.map((name) => names.indexOf(name) + 1);
    // Of several commits the last one of each key holds.
    const last = [...new Map(letters.map((letter) => [JSON.stringify(places.map((place) => letter[place])), letter])).values()];
    const [came, went] = [last.filter(([diff]) => diff === '1'), last.filter(([diff]) => diff !== '1')];
    const others = names.filter((name) => !key.includes(name)).map((name) => `${quoted(name)} = excluded.${quoted(name)}`);
    const conflict = ` on conflict (${key.map(quoted).join(', ')}) do ${others.length > 0 ? `update set ${others.join(', ')}` : 'nothing'}`;
    return [
      ...(went.length > 0 || all ? [this.#delete(went, types)] : []),
      ...(came.length > 0 || all ? [this.#insert(came, types, conflict)] : []),
    ];
  }

  #insert(letters: readonly Letter[], types: ReadonlyMap<string, string>, conflict: string): TableText {
    const names = this.#columns.map(({ name }) => name);
    const { from, values } = rowsOf(names, types);
    const text = `insert into ${this.named} (${names.map(quoted).join(', ')}) select ${values.join(', ')} from ${from}${conflict}`;
    return { text, params: names.map((_, place) => letters.map((letter) => letter[place + 1] ?? null)) };
  }

  #delete(letters: readonly Letter[], types: ReadonlyMap<string, string>): TableText {
    const key = this.#key();
    const { from, values } = rowsOf(key, types);
    const same = key.map((name, place) => `t.${quoted(name)} is not distinct from ${values[place]}`);
    const places = key.map((name) => this.#columns.findIndex((column) => column.name === name) + 1);
    return {
      text: `delete from ${this.named} as t using ${from} where ${same.join(' and ')}`,
      params: places.map((place) => letters.map((letter) => letter[place] ?? null)),
    };
  }
}

/** Rows out of parameters, each a column of texts, and their values as the types that they go into. */
function rowsOf(names: readonly string[], types: ReadonlyMap<string, string>) {
  const arrays = names.map((_, place) => `$${place + 1}::text[]`).join(', ');
  const labels = names.map((_, place) => `c${place}`);
  const values = names.map((name, place) => `r.c${place}::${types.get(name) ?? 'text'}`);
  return { from: `unnest(${arrays}) as r(${labels.join(', ')})`, values };
}
