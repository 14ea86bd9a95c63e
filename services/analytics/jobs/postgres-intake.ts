import { setTimeout as pause } from 'node:timers/promises';
import { fault, OperationError } from '#kernel/contract/fault.ts';
import { reachableAddress } from '#kernel/outbound/outbound.ts';
import { PostgresError, SqlRefused } from '#seams/sql/error.ts';
import { type Followed, type Logical, type LogicalRow, readPlace, Replication } from '#seams/sql/replication.ts';
import { StatementError } from '#engine/pgwire/statement-error.ts';
import type { ConnectionSpec } from '../domain/connection.ts';
import { changeText, goneText, originFormat, type Origin, pathOf, slotOf } from '../domain/origin.ts';
import { readRecord } from '../domain/record.ts';
import { type Column, type Row, rowKey } from '../domain/value.ts';
import { addedBytesMax, intakeRows, slotFreeMs, slotTries, sourceRowsMax } from '../store/limits.ts';
import type { Inlet, Put } from './intake.ts';
import { Page } from './page.ts';
import { openTarget } from './postgres-carrier.ts';

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** A connection that replicates from the PostgreSQL that a tenant named; its host is looked up and checked. */
function openReplication({ url, ca }: ConnectionSpec, allow: readonly string[], signal: AbortSignal): Promise<Replication> {
  const locate = (host: string, port: number, until: AbortSignal) =>
    reachableAddress(host, port, { allow }, until).catch((cause: unknown) => {
      throw cause instanceof OperationError ? new SqlRefused(cause.detail ?? cause.message, { cause }) : cause;
    });
  return Replication.open(url, { locate, signal, ...(ca === undefined ? {} : { ca }) });
}

type Found = { readonly schema: string; readonly name: string; readonly kind: string; readonly identity: string; columns: string[] };

/** Sees to it that a table can be followed: answers its whole name, and makes a publication of it where none was named. */
export async function prepareOrigin(
  spec: ConnectionSpec,
  origin: Origin,
  columns: readonly Column[],
  more: { readonly allow: readonly string[]; readonly signal: AbortSignal },
): Promise<Origin> {
  await using sql = openTarget(spec, more.allow);
  const handle = sql.platform();
  const wrong = (message: string) => new StatementError('55000', message);
  const { rows: told } = await handle.query<{ level: string }>(`select current_setting('wal_level') as level`);
  if (told[0]?.level !== 'logical') throw wrong(`the connection's PostgreSQL has wal_level = ${told[0]?.level}, and needs logical`);
  const text = `select n.nspname::text as schema, c.relname::text as name, c.relkind::text as kind, c.relreplident::text as identity,
    array(select attname::text from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped) as columns
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = to_regclass($1)`;
  const [table] = (await handle.query<Found>(text, [pathOf(origin).map(quoted).join('.')])).rows;
  if (!table) throw new StatementError('42P01', `the connection's PostgreSQL has no table ${origin.table}`);
  if (table.kind !== 'r') throw wrong(`${origin.table} is no plain table, whose changes could be followed`);
  const missing = columns.find(({ name }) => !table.columns.includes(name));
  if (missing) throw new StatementError('42703', `column "${missing.name}" of ${origin.table} does not exist`);
  const whole = `${quoted(table.schema)}.${quoted(table.name)}`;
  // Without it a change would not say what the row was before, which views have to take back.
  if (table.identity !== 'f') throw wrong(`the table needs: ALTER TABLE ${whole} REPLICA IDENTITY FULL`);
  if (`${table.schema}${table.name}`.includes('.')) throw wrong(`${whole} has a dot in its name`);
  (await openReplication(spec, more.allow, more.signal)).end();
  if (origin.publication === undefined) await handle.query(`create publication ${quoted(slotOf(origin))} for table ${whole}`);
  else {
    const published = `select 1 as one from pg_publication_tables p join pg_publication b on b.pubname = p.pubname where p.pubname = $1
      and p.schemaname = $2 and p.tablename = $3 and b.pubinsert and b.pubupdate and b.pubdelete and b.pubtruncate`;
    const { count } = await handle.query(published, [origin.publication, table.schema, table.name]);
    if (count === 0) throw new StatementError('42704', `there is no publication "${origin.publication}" of all changes of ${whole}`);
  }
  return { ...origin, table: `${table.schema}.${table.name}` };
}

/** Takes away what was made for a source at the other side, which would keep its log for it. */
export async function forgetOrigin(spec: ConnectionSpec, origin: Origin, allow: readonly string[]): Promise<void> {
  await using sql = openTarget(spec, allow);
  const handle = sql.platform();
  for (let tries = 1; ; tries += 1) {
    try {
      await handle.query('select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1', [slotOf(origin)]);
      break;
    } catch (error) {
      // The server may not have seen yet that nobody follows any more.
      if (!(error instanceof PostgresError && error.sqlstate === '55006') || tries >= slotTries) throw error;
      await pause(slotFreeMs);
    }
  }
  if (origin.publication === undefined) await handle.query(`drop publication if exists ${quoted(slotOf(origin))}`);
}

export type Following = {
  readonly spec: ConnectionSpec;
  readonly allow: readonly string[];
  readonly origin: Origin;
  readonly columns: readonly Column[];
  readonly inlet: Inlet;
  readonly signal: AbortSignal;
};

/**
 * Follows a table: first all rows that it has at one place of the server's log, in one transaction, then what transactions behind
 * that place change, whole transactions at a time. The server forgets nothing before it is in the topic.
 */
export async function followTable(following: Following): Promise<void> {
  const { spec, allow, origin, inlet, signal } = following;
  const link = await openReplication(spec, allow, signal);
  try {
    let done = inlet.done;
    if (done < 0n) await inlet.take(async (put) => (done = await snapshot(following, link, put)));
    const { publication = slotOf(origin) } = origin;
    await link.start(slotOf(origin), publication, done);
    const table = new Table(following);
    for (;;) {
      const first = await link.next();
      if (first.type === 'alive') {
        inlet.came();
        link.confirm(first.end);
      } else if (first.type !== 'begin') table.learn(first);
      else {
        let end = done;
        await inlet.take(async (put) => (end = await table.transactions(link, first, put)));
        link.confirm((done = end));
      }
    }
  } finally {
    link.end();
  }
}

/** All rows as of the place at which the slot begins, which it answers. A slot of an attempt that came to nothing is made anew. */
async function snapshot({ origin, columns }: Following, link: Replication, put: Put): Promise<bigint> {
  const slot = slotOf(origin);
  await link.ask(`select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = '${slot}'`);
  await link.ask('begin read only isolation level repeatable read');
  const [[, place] = []] = await link.ask(`CREATE_REPLICATION_SLOT "${slot}" LOGICAL pgoutput USE_SNAPSHOT`);
  const names = columns.map(({ name }) => quoted(name)).join(', ');
  await link.ask(`declare rows no scroll cursor for select ${names} from ${pathOf(origin).map(quoted).join('.')}`);
  const page = new Page(put);
  for (;;) {
    const rows = await link.ask(`fetch ${intakeRows} from rows`);
    if (rows.length === 0) break;
    for (const row of rows) await page.add(changeText(columns, 'r', undefined, row));
  }
  await page.flush();
  await link.ask('commit');
  return readPlace(place ?? '');
}

const short = (what: string) => fault('Unavailable', `${what}; the source has to be made anew`);

/** A table as the server tells of it. */
class Table {
  readonly #with: Following;
  /** The number that the server gives it, and where the columns of the source stand in its rows. */
  #id: number | undefined;
  #places: readonly number[] = [];
  /** What was added since the last commit. */
  #added: string[] = [];
  #count = 0;
  #bytes = 0;

  constructor(following: Following) {
    this.#with = following;
  }

  /** What rows of the table are made of. */
  learn(told: Followed): void {
    if (told.type !== 'relation') return;
    const { origin, columns } = this.#with;
    if (told.path.join('.') !== origin.table) return;
    this.#id = told.id;
    this.#places = columns.map(({ name }) => {
      const place = told.columns.indexOf(name);
      // What was taken in with it could not be taken back.
      if (place < 0) throw short(`the table has no column "${name}" any more`);
      return place;
    });
  }

  /** One transaction, and those that are there already behind it; answers where they end. */
  async transactions(link: Replication, first: Extract<Logical, { type: 'begin' }>, put: Put): Promise<bigint> {
    const page = new Page(put);
    [this.#added, this.#count, this.#bytes] = [[], 0, 0];
    // What the topic has already is not told again; if it were, it would not count.
    let isKnown = first.at < this.#with.inlet.done;
    let end = 0n;
    for (let isOpen = true; isOpen || (link.hasMore && this.#count < intakeRows); ) {
      const told = await link.next();
      if (told.type === 'begin') [isOpen, isKnown] = [true, told.at < this.#with.inlet.done];
      else if (told.type === 'commit') [isOpen, end] = [false, told.end];
      else if (!isKnown || told.type === 'relation') await this.#change(told, page);
    }
    await page.flush();
    return end;
  }

  async #change(told: Followed, page: Page): Promise<void> {
    const { columns } = this.#with;
    const add = async (text: string) => {
      this.#count += 1;
      this.#bytes += text.length;
      if (this.#added.length <= sourceRowsMax && this.#bytes <= addedBytesMax) this.#added.push(text);
      await page.add(text);
    };
    if (told.type === 'truncate') {
      if (this.#id === undefined || !told.ids.includes(this.#id)) return;
      for (const row of await this.#left()) await add(goneText(columns, row));
      return;
    }
    if (told.type !== 'insert' && told.type !== 'update' && told.type !== 'delete') return this.learn(told);
    if (told.id !== this.#id) return;
    const before = told.type === 'insert' ? undefined : told.before && this.#cells(told.before);
    if (!before && told.type !== 'insert') throw short('the table lost its REPLICA IDENTITY FULL');
    if (told.type === 'insert') await add(changeText(columns, 'c', undefined, this.#cells(told.after)));
    else if (told.type === 'delete') await add(changeText(columns, 'd', before, undefined));
    else {
      // A large value that did not change is not told again.
      const after = this.#cells(told.after).map((cell, place) => (cell === undefined ? before?.[place] : cell));
      await add(changeText(columns, 'u', before, after));
    }
  }

  #cells(row: LogicalRow): LogicalRow {
    return this.#places.map((place) => row[place]);
  }

  /** The rows that are there by what was told so far: TRUNCATE does not say them. */
  async #left(): Promise<Row[]> {
    const { columns, inlet } = this.#with;
    const rows = new Map<string, { row: Row; count: number }>();
    const take = (value: Buffer | null) => {
      for (const { row, weight } of saidBy(columns, value)) {
        const key = rowKey(row);
        const known = rows.get(key) ?? { row, count: 0 };
        known.count += weight;
        if (known.count === 0) rows.delete(key);
        else rows.set(key, known);
      }
      if (rows.size > sourceRowsMax) throw short(`the table was truncated with more than ${sourceRowsMax} rows in it`);
    };
    for await (const records of inlet.read()) for (const { value } of records) take(value);
    if (this.#added.length < this.#count) throw short('a transaction truncated the table behind more changes than are kept');
    for (const text of this.#added) take(Buffer.from(text));
    return [...rows.values()].flatMap(({ row, count }) => Array.from({ length: Math.max(0, count) }, () => row));
  }
}

/** What a record says; views left out what does not fit. */
function saidBy(columns: readonly Column[], value: Buffer | null) {
  try {
    return readRecord(originFormat, columns, value, new Map());
  } catch (error) {
    if (error instanceof StatementError || error instanceof RangeError) return [];
    throw error;
  }
}
