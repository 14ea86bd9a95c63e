import type { Placed } from '#kernel/contract/provider.ts';
import type { Statement } from '#seams/sql/sql.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { lettersOf, type Target } from '../domain/sink.ts';
import type { Table } from '../domain/table.ts';
import { Draft, TableRows } from '../engine/table.ts';
import type { Changed } from '../engine/view.ts';
import type { Relation } from '../store/relation.ts';
import type { Commit } from '../store/state.ts';
import { historyOf } from '../store/view.ts';
import { Delivery } from './delivery.ts';
import { LiveView, type LiveViews } from './live.ts';
import type { Pumped } from './pumped.ts';
import { sinkCarrier } from './sink-carrier.ts';

export type LiveTables = LiveViews<LiveTable>;
type OfViews = 'live' | 'lookups' | 'schemas' | 'files' | 'crews' | 'feeds' | 'lags';
export type Kept = Omit<Pumped, OfViews> & { readonly tables: LiveTables };

/** How the changes of a table are records of its topic. */
const targetOf = ({ topic, columns }: Relation, key: readonly number[]): Target => ({
  ...{ topic: topic ?? '', format: 'json', envelope: 'debezium' },
  key: key.map((place) => columns[place]?.name ?? ''),
});

/** A table in memory: who changes it is alone with it from what it read to what it wrote. */
export class LiveTable extends LiveView<TableRows> {
  readonly relation: Relation;
  /** Who is told that there are changes for its topic. */
  readonly delivery: Pick<Delivery, 'posted'>;
  readonly failed = Promise.withResolvers<never>();
  /** When its last commit was. */
  lastMs = 0;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(rows: TableRows, relation: Relation, delivery: Pick<Delivery, 'posted'>) {
    super(rows, relation.epoch);
    this.relation = relation;
    this.delivery = delivery;
    this.failed.promise.catch(() => undefined);
  }

  alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#writing.then(work);
    this.#writing = turn.catch(() => undefined);
    return turn;
  }

  override fail(error: unknown): void {
    super.fail(error);
    this.failed.reject(error);
  }
}

/** Keeps one table: its rows in memory as of its last commit, and what commits changed on its way to its topic. */
export class Keep {
  readonly #with: Kept;
  readonly #at: Placed;
  readonly #table: Relation;
  readonly #signal: AbortSignal;

  constructor(kept: Kept, at: Placed, table: Relation, signal: AbortSignal) {
    this.#with = kept;
    this.#at = at;
    this.#table = table;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    const { relations, tables, changes, plans, states } = this.#with;
    changes.end(this.#table.id, new StatementError(sqlstates.unavailable, 'the table was interrupted; subscribe again'));
    tables.expect(this.#table.id);
    const relation = await relations.byId(this.#at, this.#table.id);
    if (!relation) return;
    const table = await plans.table(relation);
    const rows = new TableRows(relation.name, table);
    await states.load(this.#at, relation.id, (entries) => rows.load(entries));
    const stop = new AbortController();
    const carrier = sinkCarrier(this.#with, this.#at, relation, targetOf(relation, table.key));
    const box = { relation: relation.id, lane: 0n };
    const delivery = new Delivery(this.#with, this.#at, box, carrier, AbortSignal.any([stop.signal, this.#signal]));
    const live = new LiveTable(rows, relation, delivery);
    tables.put(relation.id, live);
    try {
      await Promise.race([live.failed.promise, delivery.run()]);
    } finally {
      stop.abort();
    }
  }
}

/** The changes of a table, as they are to be committed. */
export type Part = { readonly table: LiveTable; readonly changes: readonly Changed[] };

/** A table that a transaction makes: it is empty until that is committed, and nobody else reads it. */
export const unkeptTable = (relation: Relation, table: Table): LiveTable =>
  new LiveTable(new TableRows(relation.name, table), relation, { posted: () => undefined });

/**
 * Commits changes of tables, all of them or none, after other statements of the same transaction. Throws what a change meets in
 * the table as it is by then.
 */
export function commitParts(kept: Kept, at: Placed, parts: readonly Part[], before: readonly Statement[] = []): Promise<void> {
  // In one order, so that no two wait for each other.
  const inOrder = [...parts].sort((left, right) => (left.table.relation.id < right.table.relation.id ? -1 : 1));
  const within = (place: number): Promise<void> => {
    const part = inOrder[place];
    return part ? part.table.inTurn(() => within(place + 1)) : commit(kept, at, inOrder, before);
  };
  return within(0);
}

async function commit(
  { states, outbox, history, changes: followed }: Kept,
  at: Placed,
  parts: readonly Part[],
  before: readonly Statement[],
): Promise<void> {
  const drafted = parts.map(({ table, changes }) => {
    const draft = new Draft(table.view);
    draft.take(changes);
    return { table, changes, draft };
  });
  const commits: Commit[] = [];
  // One moment for all of them.
  const atMs = Math.max(Date.now(), ...parts.map(({ table }) => table.lastMs));
  for (const { table, changes, draft } of drafted) {
    const { relation, view: rows, epoch } = table;
    const letters = lettersOf(targetOf(relation, rows.table.key), relation.columns, changes);
    const keepMs = historyOf(relation, rows.table);
    const remembered = { view: relation.id, epoch: epoch + 1n, at: atMs, isFresh: false };
    const more = [
      ...(await outbox.posting(at, { relation: relation.id, lane: 0n }, epoch + 1n, letters)),
      ...(keepMs === undefined ? [] : await history.posting(at, { ...remembered, keepMs }, relation.columns, changes)),
    ];
    table.lastMs = atMs;
    commits.push({
      ...{ view: relation.id, epoch, shape: 'table', isFresh: rows.isRenamed, entries: [...rows.entries(draft)], places: [] },
      ...{ rows: draft.size, rejected: 0, rejection: null, more, all: () => rows.dump(draft) },
    });
  }
  try {
    await states.commitAfter(at, before, commits);
  } catch (error) {
    // Whether it took effect may not be known: they are read anew.
    for (const { table } of drafted) table.fail(error);
    throw error;
  }
  for (const { table, changes, draft } of drafted) {
    table.view.settle(draft);
    table.view.isRenamed = false;
    table.epoch += 1n;
    table.delivery.posted();
    const { epoch, relation } = table;
    followed.tell(relation.id, epoch, changes);
    followed.commit(relation.id, epoch);
  }
}
