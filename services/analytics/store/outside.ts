import { setTimeout as pause } from 'node:timers/promises';
import type { Placed } from '#kernel/contract/provider.ts';
import { PostgresError, SqlAborted, SqlMisuse, SqlRefused, SqlUnavailable } from '#seams/sql/error.ts';
import type { Sql } from '#seams/sql/sql.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { ConnectionSpec } from '../domain/connection.ts';
import { lookupCacheRowsUsual, lookupCacheUsualMs, lookupRetriesUsual } from '../domain/limits.ts';
import { Unreachable } from '../domain/lookup.ts';
import type { LookupOptions, Origin } from '../domain/origin.ts';
import { keyedParams, keyedText, wholeText } from '../domain/outside-text.ts';
import { type Column, keyOf, readValue, type Row } from '../domain/value.ts';
import { lookedKeysMax, lookedRowsMax } from '../engine/limits.ts';
import type { Sought } from '../engine/looked.ts';
import { openTarget } from '../jobs/postgres-carrier.ts';
import type { Connections } from './connection.ts';
import { KeptAnswers } from './kept-answers.ts';
import { lookupMs, lookupOpenMs, lookupRetryMs } from './limits.ts';
import type { Relation, Relations } from './relation.ts';

type With = {
  readonly relations: Relations;
  readonly connections: Connections;
  /** Private hosts that the operator listed. */
  readonly allow: readonly string[];
  /** Why a table cannot be asked at present, by the number of its source. */
  readonly failures: Map<bigint, string>;
};
type Texts = Readonly<Record<string, string | number | null>>;

/** A way to a table elsewhere, and what it answered lately. */
type Table = {
  readonly source: Relation & { readonly origin: Origin & { readonly lookup: LookupOptions } };
  readonly kept: KeptAnswers | undefined;
  sql: Sql | undefined;
  /** One question at a time. */
  turn: Promise<unknown>;
  /** Ends what is not asked for long. */
  rest: NodeJS.Timeout | undefined;
};

/** Tables elsewhere, which are asked for rows. What cannot be asked is told by Unreachable, and noted for the source. */
export class Outside {
  readonly #with: With;
  readonly #tables = new Map<bigint, Table>();

  constructor(of: With) {
    this.#with = of;
  }

  /** The rows of each key. */
  async rows(at: Placed, sought: Sought, keys: readonly Row[], signal: AbortSignal): Promise<(readonly Row[])[]> {
    const table = await this.#table(at, sought.of.relation);
    return this.#inTurn(table, async () => {
      const names = keys.map((key) => `${sought.of.places.join()} ${key.map(keyOf).join('')}`);
      const found = names.map((name) => table.kept?.get(name, Date.now()));
      const open = [...found.keys()].filter((place) => !found[place]);
      for (let from = 0; from < open.length; from += lookedKeysMax) {
        const part = open.slice(from, from + lookedKeysMax);
        const rows = await this.#keyed(
          at,
          table,
          sought,
          part.map((place) => keys[place] ?? []),
          signal,
        );
        for (const [number, place] of part.entries()) {
          found[place] = rows[number] ?? [];
          table.kept?.put(names[place] ?? '', found[place], Date.now());
        }
      }
      return found.map((rows) => rows ?? []);
    });
  }

  /** All rows, of which there are no more than `most`. */
  async all(at: Placed, source: bigint, most: number, signal: AbortSignal): Promise<Row[]> {
    const table = await this.#table(at, source);
    return this.#inTurn(table, async () => {
      const { origin, columns, name } = table.source;
      const texts = await this.#asked(at, table, { text: wholeText(origin, columns, most + 1), params: [] }, signal);
      if (texts.length > most)
        throw new StatementError(sqlstates.tooLarge, `"${name}" has more than ${most} rows, which are not read at once`);
      return texts.map((each) => readRow(table.source, columns, each));
    });
  }

  forget(source: bigint): void {
    const table = this.#tables.get(source);
    this.#tables.delete(source);
    if (!table) return;
    clearTimeout(table.rest);
    closed(table);
  }

  stop(): void {
    for (const source of [...this.#tables.keys()]) this.forget(source);
  }

  async #table(at: Placed, id: bigint): Promise<Table> {
    const known = this.#tables.get(id);
    if (known) return known;
    const source = await this.#with.relations.byId(at, id);
    if (!source?.origin?.lookup) throw new StatementError(sqlstates.relationMissing, 'a relation that is looked up was dropped meanwhile');
    const { cacheRows, cacheMs } = source.origin.lookup;
    const keeps = cacheRows !== undefined || cacheMs !== undefined;
    const table: Table = {
      source: source as Table['source'],
      kept: keeps ? new KeptAnswers(source.columns, cacheRows ?? lookupCacheRowsUsual, cacheMs ?? lookupCacheUsualMs) : undefined,
      ...{ sql: undefined, turn: Promise.resolve(), rest: undefined },
    };
    const first = this.#tables.get(id) ?? table;
    this.#tables.set(id, first);
    return first;
  }

  #inTurn<T>(table: Table, work: () => Promise<T>): Promise<T> {
    const { id, origin } = table.source;
    clearTimeout(table.rest);
    // By then nothing that is kept would be used any more.
    table.rest = setTimeout(() => this.forget(id), Math.max(lookupOpenMs, origin.lookup.cacheMs ?? lookupCacheUsualMs)).unref();
    const turn = table.turn.then(work);
    table.turn = turn.catch(() => undefined);
    return turn;
  }

  async #keyed(at: Placed, table: Table, { of, types }: Sought, keys: readonly Row[], signal: AbortSignal): Promise<Row[][]> {
    const found = keys.map((): Row[] => []);
    // No text of PostgreSQL has the character 0.
    const open = [...keys.keys()].filter((place) => !keys[place]?.some((value) => typeof value === 'string' && value.includes('\0')));
    if (open.length === 0) return found;
    const params = keyedParams(
      types,
      open.map((place) => keys[place] ?? []),
    );
    const text = keyedText(table.source.origin, of, types, lookedRowsMax + 1);
    const texts = await this.#asked(at, table, { text, params }, signal);
    if (texts.length > lookedRowsMax)
      throw new StatementError(sqlstates.tooLarge, `at most ${lookedRowsMax} rows are looked up at once`);
    for (const each of texts) found[open[Number(each.n) - 1] ?? -1]?.push(readRow(table.source, of.columns, each));
    return found;
  }

  /** Asks, and asks again a server that was lost, all within a time. */
  async #asked(at: Placed, table: Table, asked: { text: string; params: unknown[] }, stop: AbortSignal): Promise<readonly Texts[]> {
    const { failures } = this.#with;
    const { id, origin } = table.source;
    const late = AbortSignal.timeout(lookupMs);
    const signal = AbortSignal.any([stop, late]);
    const { promise: ended, reject } = Promise.withResolvers<never>();
    const end = () => reject(stop.aborted ? stop.reason : new Unreachable('08006', unreachable(table, `no answer within ${lookupMs} ms`)));
    signal.addEventListener('abort', end, { once: true });
    ended.catch(() => undefined);
    try {
      const rows = await Promise.race([this.#tried(at, table, asked, signal, origin.lookup.retries ?? lookupRetriesUsual), ended]);
      failures.delete(id);
      return rows;
    } catch (error) {
      closed(table);
      if (error instanceof Unreachable) failures.set(id, error.message);
      throw error;
    } finally {
      signal.removeEventListener('abort', end);
    }
  }

  async #tried(at: Placed, table: Table, { text, params }: { text: string; params: unknown[] }, signal: AbortSignal, retries: number) {
    for (let left = retries; ; left -= 1)
      try {
        table.sql ??= await this.#open(at, table);
        return (await table.sql.platform().query<Texts>(text, params, { signal })).rows;
      } catch (error) {
        if (left > 0 && !signal.aborted && (error instanceof SqlUnavailable || (error instanceof PostgresError && error.retry))) {
          closed(table);
          await pause(lookupRetryMs, undefined, { signal });
          continue;
        }
        throw wordedFor(table, error);
      }
  }

  /** Secrets are unsealed when they are used, and a way lasts for a while alone: where it leads may be said anew. */
  async #open(at: Placed, table: Table): Promise<Sql> {
    const { spec } = await this.#with.connections.open(at, table.source.origin.connection);
    const sql = openTarget(spec, this.#with.allow, lookupMs);
    setTimeout(() => {
      if (table.sql === sql) closed(table);
    }, lookupOpenMs).unref();
    return sql;
  }
}

/** Gives up a way, which ends when nothing is asked over it any more. */
function closed(table: Table): void {
  const { sql } = table;
  table.sql = undefined;
  sql?.close().catch(() => undefined);
}

const unreachable = ({ source }: Pick<Table, 'source'>, reason: string): string => `"${source.name}" cannot be looked up: ${reason}`;

function wordedFor(table: Table, error: unknown): unknown {
  if (error instanceof PostgresError)
    return new Unreachable(error.sqlstate, unreachable(table, `the connection's PostgreSQL answered: ${error.message}`));
  if (error instanceof SqlRefused || error instanceof SqlUnavailable) return new Unreachable('08006', unreachable(table, error.message));
  if (error instanceof SqlMisuse) return new StatementError(sqlstates.tooLarge, unreachable(table, 'its rows are too long'));
  if (error instanceof SqlAborted) return new Unreachable('08006', unreachable(table, `no answer within ${lookupMs} ms`));
  return error;
}

function readRow({ name }: Pick<Relation, 'name'>, columns: readonly Column[], texts: Texts): Row {
  try {
    return columns.map(({ type }, place) => {
      const text = texts[`c${place}`] ?? null;
      return text === null ? null : readValue(type, String(text));
    });
  } catch (error) {
    // A row there that is none here may be mended there.
    if (error instanceof StatementError) throw new Unreachable(error.sqlstate, `"${name}" cannot be looked up: ${error.message}`);
    throw error;
  }
}

/** Sees to it that a table can be asked, as a source says it. */
export async function prepareLookup(
  spec: ConnectionSpec,
  origin: Origin,
  columns: readonly Column[],
  more: { readonly allow: readonly string[]; readonly signal: AbortSignal },
): Promise<void> {
  await using sql = openTarget(spec, more.allow, lookupMs);
  const places = [...columns.keys()];
  const types = columns.map(({ type }) => type);
  // What would be refused each time is refused now: first what can be shown, then by what it can be asked.
  await sql.platform().query(`explain ${wholeText(origin, columns, 1)}`, [], { signal: more.signal });
  for (const place of places) {
    const type = types[place] ?? 'text';
    if (type === 'json') continue;
    const text = keyedText(origin, { columns, places: [place] }, [type], 1);
    await sql.platform().query(`explain ${text}`, [[null]], { signal: more.signal });
  }
}
