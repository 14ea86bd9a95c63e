import { createHash } from 'node:crypto';
import { PostgresError } from '#seams/sql/error.ts';
import { openSql } from '#seams/sql/sql.ts';
import { type Described, type TextRows, TextSession } from '#seams/sql/text-session.ts';
import { shadowSchema } from '../domain/catalogue.ts';
import { nameBytesMax } from '../domain/limits.ts';
import { type Column, elementOf, nameOfType, rowTypeOf, type Type } from '../domain/value.ts';
import { type CatalogueServer, startCatalogueServer } from './catalogue-server.ts';
import { asker, owner } from './catalogue-template.ts';
import { cataloguesMax, rowsMax } from './limits.ts';

/** A relation as the catalogues tell of it. */
export type Told = {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly text: string | null;
  /** Whether it is a plain view, whose text is its SELECT alone. */
  readonly isQuery?: boolean;
  /** The columns of a table's primary key, and those that take no NULL. */
  readonly key?: readonly string[];
  readonly required?: readonly string[];
  /** The statements that make a table with its constraints, the tables that they refer to, and indexes that were made behind it. */
  readonly making?: readonly string[];
  readonly refersTo?: readonly string[];
  /** What a table has besides, under names among those of relations: its key, indexes and sequences. */
  readonly beside?: readonly string[];
  /** Of a function: its parameters in SQL, and the type that it answers. */
  readonly signature?: { readonly params: string; readonly returns: string };
  /** Of a type of rows: the number by which clients know it; one that is told for a column alone has none. */
  readonly rows?: { readonly oid: number | undefined };
};
/** A question, who asks it, and what there is to be told of. */
export type Question = {
  readonly database: string;
  readonly user: string;
  readonly relations: readonly Told[];
  readonly text: string;
  readonly types: readonly number[];
};

/** The catalogues of environments, begun with the first question to any. */
export class Catalogues {
  readonly #place: { readonly data: string; readonly run: string };
  #server: Promise<CatalogueServer> | undefined;
  readonly #open = new Map<string, Catalogue>();

  constructor(place: { readonly data: string; readonly run: string }) {
    this.#place = place;
  }

  describe(question: Question): Promise<Described> {
    return this.#asked(question, (session) => session.describe(question.text, question.types));
  }

  rows(question: Question, params: readonly (string | null)[]): Promise<TextRows> {
    const before = `select set_config('gamut.user', $1, true)`;
    return this.#asked(question, (session) => session.rows(before, [question.user], question, params, rowsMax));
  }

  async #asked<T>(question: Question, work: (session: TextSession) => Promise<T>): Promise<T> {
    const server = await this.#started();
    const known = this.#open.get(question.database) ?? new Catalogue(server, question.database);
    // The last that was asked stands last.
    this.#open.delete(question.database);
    this.#open.set(question.database, known);
    const [first] = this.#open;
    if (first && this.#open.size > cataloguesMax) {
      this.#open.delete(first[0]);
      await first[1].drop();
    }
    return known.ask(question.relations, work);
  }

  #started(): Promise<CatalogueServer> {
    this.#server ??= startCatalogueServer(this.#place.data, this.#place.run).catch((error: unknown) => {
      this.#server = undefined;
      throw error;
    });
    return this.#server;
  }

  async stop(): Promise<void> {
    for (const each of this.#open.values()) each.close();
    await this.#server?.then((server) => server.stop()).catch(() => undefined);
  }
}

/** The catalogue of one environment: a relation without rows for each of its relations; one question is asked at a time. */
class Catalogue {
  readonly #server: CatalogueServer;
  readonly #database: string;
  #session: TextSession | undefined;
  #held: ReadonlyMap<string, string> | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(server: CatalogueServer, database: string) {
    this.#server = server;
    this.#database = database;
  }

  ask<T>(relations: readonly Told[], work: (session: TextSession) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      await this.#fill(relations);
      if (!this.#session || this.#session.isLost)
        this.#session = await TextSession.open(this.#server.askedAt(this.#database), sessionSettings);
      return work(this.#session);
    });
  }

  drop(): Promise<void> {
    return this.#inTurn(async () => {
      this.close();
      await this.#server.drop(this.#database);
    });
  }

  close(): void {
    this.#session?.end();
    this.#session = undefined;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Makes what is new and drops what is gone, so that numbers of what stays are the same. */
  async #fill(relations: readonly Told[]): Promise<void> {
    const all = [...writtenOut(relations), ...relations];
    const wanted = new Map(all.map((relation) => [relation.name, JSON.stringify(relation)]));
    const held = this.#held;
    if (held && held.size === wanted.size && [...wanted].every(([name, made]) => held.get(name) === made)) return;
    // What is made later may have the name of a key: then all are made anew.
    const keys = [...(held?.values() ?? [])].flatMap((made) => (JSON.parse(made) as Told).beside ?? []);
    if (held && keys.some((name) => wanted.has(name) && !held.has(name))) {
      this.close();
      this.#held = undefined;
      return await this.#fill(relations);
    }
    if (!held) {
      await this.#server.drop(this.#database);
      await this.#server.make(this.#database);
    }
    // What refers to a table that is made anew is made anew too.
    const stale = (name: string, made: string): boolean => {
      const { refersTo = [] } = JSON.parse(made) as Told;
      return wanted.get(name) !== made || refersTo.some((other) => other !== name && held?.get(other) !== wanted.get(other));
    };
    const staleNames = new Set([...(held ?? [])].flatMap(([name, made]) => (stale(name, made) ? [name] : [])));
    const gone = [...(held ?? [])]
      .filter(([name]) => staleNames.has(name))
      .map(([name, made]) => ({ told: JSON.parse(made) as Told, name }))
      .sort((left, right) => turnOf(right.told) - turnOf(left.told))
      .map(({ told, name }) => dropped(told, name));
    const come = inOrder(all.filter(({ name }) => !held?.has(name) || staleNames.has(name)))
      .sort((left, right) => turnOf(left) - turnOf(right))
      .map((relation) => made(relation, (name) => wanted.has(name)));
    await using sql = openSql(this.#server.filledAt(this.#database), { max: 1 });
    this.#held = undefined;
    if (gone.length + come.length > 0) await sql.platform().script([...gone, ...come].join('\n'));
    this.#held = wanted;
  }
}

/** Tables behind those that they refer to. */
function inOrder(relations: readonly Told[]): Told[] {
  const placed = new Set<Told>();
  const place = (told: Told, depth: number): void => {
    if (placed.has(told) || depth > relations.length) return;
    for (const name of told.refersTo ?? []) {
      const other = relations.find((each) => each.name === name);
      if (other && other !== told) place(other, depth + 1);
    }
    placed.add(told);
  };
  for (const told of relations) place(told, 0);
  return [...placed];
}

const sessionSettings = [
  ['client_encoding', 'UTF8'],
  ['TimeZone', 'UTC'],
] as const;

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
/** Names that every relation of PostgreSQL has for itself. */
const reserved = new Set(['ctid', 'xmin', 'cmin', 'xmax', 'cmax', 'tableoid']);

/** Types stand before what is of them, and those that are part of others before these. */
const turnOf = ({ rows }: Told): number => (rows ? (rows.oid ?? 0) : Number.MAX_SAFE_INTEGER);

/** The name of a type of rows that has none, by which columns of it are told. */
function nameOf(type: Type): string {
  const name = nameOfType(type);
  if (Buffer.byteLength(name) <= nameBytesMax) return name;
  return `ROW(...) ${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
}

/** A type as it is named among catalogues. */
function told(type: Type): string {
  const element = elementOf(type);
  const row = rowTypeOf(element ?? type);
  if (!row) return type;
  return `public.${quoted(row.named?.name ?? nameOf(element ?? type))}${element ? '[]' : ''}`;
}

/** The types of rows without a name that relations have columns of, the innermost first. */
function writtenOut(relations: readonly Told[]): Told[] {
  const found = new Map<string, Told>();
  const names = new Set(relations.map(({ name }) => name));
  const look = ({ type }: Column): void => {
    const own = elementOf(type) ?? type;
    const row = rowTypeOf(own);
    if (!row || row.named || found.has(nameOf(own))) return;
    const columns = row.fields.map((field): Column => ({ name: field.name ?? '', type: field.type }));
    columns.forEach(look);
    const name = nameOf(own);
    if (!names.has(name)) found.set(name, { name, columns, text: null, rows: { oid: undefined } });
  };
  for (const { columns } of relations) columns.forEach(look);
  return [...found.values()];
}

const kindOf = ({ text, isQuery }: Told): string => (isQuery ? 'view' : text === null ? 'table' : 'materialized view');

const dropped = (relation: Told, name: string): string =>
  relation.rows !== undefined
    ? `drop type public.${quoted(name)};`
    : relation.signature !== undefined
      ? `drop function public.${quoted(name.slice(functionMark.length))};`
      : `drop ${kindOf(relation)} public.${quoted(name)} cascade;
   delete from ${shadowSchema}.relation where name = ${literal(name)};`;

/** The body of a view's statement, as PostgreSQL would tell it. */
const definitionOf = (text: string): string => `${text.replace(/^[\s\S]*?\bas\s+(?=select|with|values|\()/i, '').replace(/;\s*$/, '')};`;

/** The primary key of a table, under a name that no relation has. */
function keyed({ name, key = [] }: Told, isTaken: (name: string) => boolean): string {
  if (key.length === 0 || key.some((column) => reserved.has(column))) return '';
  let constraint = `${name}_pkey`;
  while (isTaken(constraint)) constraint += '1';
  return `, constraint ${quoted(constraint)} primary key (${key.map(quoted).join(', ')})`;
}

/**
 * A table by the statements that made it, as the role that all belongs to, so that its constraints, indexes and usual values are told
 * too; where that role cannot make it so, its columns and its key alone.
 */
function madeBy({ making = [], beside = [] }: Told, plain: string, isTaken: (name: string) => boolean): string {
  if (making.length === 0 || beside.some(isTaken)) return plain;
  return `do $gamut$ begin
    execute ${literal('set local role gamut')};
    ${making.map((each) => `execute ${literal(each)};`).join(' ')}
    execute ${literal('reset role')};
  exception when others then
    execute ${literal('reset role')};
    execute ${literal(plain)};
  end $gamut$;`;
}

/** Before the names of functions, which may be those of relations too: a name of a relation does not begin so. */
export const functionMark = '()';

function madeType({ name, columns, rows }: Told): string {
  const at = `public.${quoted(name)}`;
  const fields = columns.map((column) => `${quoted(column.name)} ${told(column.type)}`).join(', ');
  const numbered = rows?.oid === undefined ? '' : `select ${shadowSchema}.number_type(${literal(at)}, ${rows.oid});`;
  return `create type ${at} as (${fields}); alter type ${at} owner to ${owner}; ${numbered}`;
}

function made(relation: Told, isTaken: (name: string) => boolean): string {
  if (relation.rows) return madeType(relation);
  if (relation.signature) {
    const { params, returns } = relation.signature;
    const of = `public.${quoted(relation.name.slice(functionMark.length))}`;
    return `create function ${of}(${params}) returns ${returns} immutable return null::${returns}; alter function ${of} owner to ${owner};`;
  }
  const { name, columns, text, required = [] } = relation;
  const shown = columns.filter((column) => !reserved.has(column.name));
  const at = `public.${quoted(name)}`;
  const typed = shown
    .map((column) => `${quoted(column.name)} ${told(column.type)}${required.includes(column.name) ? ' not null' : ''}`)
    .join(', ');
  const nothing = shown.map((column) => `null::${told(column.type)} as ${quoted(column.name)}`).join(', ');
  const plain = `create table ${at} (${typed}${keyed(relation, isTaken)});`;
  const kind = kindOf(relation);
  const asked = `create ${kind} ${at} as select ${nothing}${relation.isQuery ? '' : ' with no data'};`;
  const make = text === null ? madeBy(relation, plain, isTaken) : asked;
  const definition = text === null ? 'null' : literal(relation.isQuery ? text : definitionOf(text));
  return `${make}
    alter ${kind} ${at} owner to ${owner};
    grant select${text === null ? ', references' : ''} on ${at} to ${asker};
    insert into ${shadowSchema}.relation (name, oid, definition)
      values (${literal(name)}, ${literal(at)}::regclass, ${definition});`;
}

/** What PostgreSQL refuses of a question is told as it told it. */
export const isTellable = (error: unknown): error is PostgresError =>
  error instanceof PostgresError && /^(0A|2[0-9]|42|44|54|57014)/.test(error.sqlstate);
