import { StatementError } from '#engine/pgwire/statement-error.ts';
import { keyReferred, type Reference } from '../../domain/foreign-key.ts';
import { keyOf, type Row, type Value } from '../../domain/value.ts';
import type { Changed } from '../../engine/view.ts';
import type { LiveTable } from '../../jobs/keep.ts';
import type { Seen } from '../making.ts';
import type { Pending } from '../pending.ts';
import { tableNamed } from '../table.ts';
import { liveTable } from './live-table.ts';
import type { World } from './world.ts';

/** What a statement did to a table, within a transaction. */
type Done = { readonly table: LiveTable; readonly changes: readonly Changed[]; readonly kind: 'insert' | 'update' | 'delete' };
type Within = { readonly world: World; readonly at: Seen; readonly pending: Pending };

const valuesAt = (row: Row, places: readonly number[]): Value[] => places.map((place) => row[place] ?? null);
const keyed = (values: readonly Value[]): string => values.map(keyOf).join('');

/** The table that a reference is to, and its key. */
async function parentOf({ world, at, pending }: Within, reference: Reference, own: LiveTable) {
  const isOwn = reference.table === own.view.name;
  const parent = isOwn ? own : await liveTable(world, pending, (await tableNamed(world.plans, at, reference.table)).id);
  return { parent, ...keyReferred(reference, parent.view.table, reference.table) };
}

/** Refuses rows whose references are to no row; those that have to hold at the end alone are looked at when it is. */
export async function checkReferences(within: Within, table: LiveTable, rows: Iterable<Row>, isEnd: boolean): Promise<void> {
  const { table: own, name } = table.view;
  const open = own.references.filter(({ isDeferred }) => isEnd || !isDeferred);
  if (open.length === 0) return;
  const all = [...rows];
  for (const reference of open) {
    const { parent, index, order } = await parentOf(within, reference, table);
    const draft = within.pending.draft(parent);
    for (const row of all) {
      const values = valuesAt(row, reference.places);
      if (values.includes(null)) continue;
      const key = order.map((place) => values[place] ?? null);
      if (draft.batchAt({ index, values: key }).size > 0) continue;
      throw new StatementError('23503', `insert or update on table "${name}" violates foreign key constraint "${reference.name}"`);
    }
  }
}

/** Rows that refer to keys which a table has no more. */
async function* orphansOf({ world, at, pending }: Within, table: LiveTable, gone: readonly Row[]) {
  const { table: own, name } = table.view;
  for (const { relation, reference } of await world.plans.referring(at, name)) {
    const { index, order } = keyReferred(reference, own, name);
    const places = index < 0 ? own.key : (own.indexes[index]?.places ?? []);
    const draft = pending.draft(table);
    const lost = new Map<string, Row>();
    for (const row of gone) {
      const values = valuesAt(row, places);
      if (!values.includes(null) && draft.batchAt({ index, values }).size === 0) lost.set(keyed(values), row);
    }
    if (lost.size === 0) continue;
    const child = relation.id === table.relation.id ? table : await liveTable(world, pending, relation.id);
    const found: { readonly row: Row; readonly parent: Row }[] = [];
    for (const row of pending.draft(child).rowsNow()) {
      const values = valuesAt(row, reference.places);
      const parent = values.includes(null) ? undefined : lost.get(keyed(order.map((place) => values[place] ?? null)));
      if (parent) found.push({ row, parent });
    }
    if (found.length > 0) yield { child, reference, found, places, order };
  }
}

const stillReferred = (table: LiveTable, { name }: Reference, child: LiveTable): StatementError =>
  new StatementError(
    '23503',
    `update or delete on table "${table.view.name}" violates foreign key constraint "${name}" on table "${child.view.name}"`,
  );

/** Does to rows that refer what their references say, and refuses what they do not allow. */
export async function keepReferences(within: Within, { table, changes, kind }: Done, depth = 0): Promise<void> {
  if (depth > 100) throw new StatementError('54001', 'foreign keys follow each other too deeply');
  await checkReferences(within, table, added(changes), false);
  if (kind === 'insert') return;
  const gone = changes.filter(({ weight }) => weight < 0).map(({ row }) => row);
  const became = successors(changes);
  for await (const { child, reference, found, places, order } of orphansOf(within, table, gone)) {
    const action = kind === 'delete' ? reference.onDelete : reference.onUpdate;
    if (action === 'refuse') {
      if (!reference.isDeferred) throw stillReferred(table, reference, child);
      continue;
    }
    const more = found.flatMap(({ row, parent }): Changed[] => {
      const without = { row, weight: -1 };
      if (action === 'cascade' && kind === 'delete') return [without];
      const next = became.get(parent);
      const made = [...row];
      for (const [at, place] of reference.places.entries())
        made[place] = action === 'null' ? null : (next?.[places[order.indexOf(at)] ?? -1] ?? null);
      return [without, { row: made, weight: 1 }];
    });
    within.pending.draft(child).take(more);
    within.pending.note(child, more);
    await keepReferences(
      within,
      { table: child, changes: more, kind: action === 'cascade' && kind === 'delete' ? 'delete' : 'update' },
      depth + 1,
    );
  }
}

const added = (changes: readonly Changed[]): Row[] => changes.filter(({ weight }) => weight > 0).map(({ row }) => row);

/** What each row became: what came stands behind what went. */
function successors(changes: readonly Changed[]): ReadonlyMap<Row, Row> {
  const [gone, came] = [changes.filter(({ weight }) => weight < 0), changes.filter(({ weight }) => weight > 0)];
  return gone.length === came.length ? new Map(gone.map(({ row }, at) => [row, came[at]?.row ?? row])) : new Map();
}

/** Whether all references hold when a transaction ends, by the rows as others have left them until then. */
export async function checkAtEnd(within: Within, tables: Iterable<LiveTable>): Promise<void> {
  for (const table of tables) {
    const draft = within.pending.draft(table);
    const changed = [...draft.changed];
    await checkReferences(
      within,
      table,
      changed.flatMap(([, held]) => (held ? [held.row] : [])),
      true,
    );
    const gone = changed.flatMap(([name]): Row[] => {
      const held = table.view.find(name);
      return held ? [held.row] : [];
    });
    for await (const { child, reference } of orphansOf(within, table, gone)) throw stillReferred(table, reference, child);
  }
}

/** The tables that references lead to and come from, through others too, in one order. */
export async function around({ world, at, pending }: Within, tables: Iterable<LiveTable>): Promise<LiveTable[]> {
  const found = new Map<bigint, LiveTable>();
  const open = [...tables];
  for (let table = open.pop(); table; table = open.pop()) {
    if (found.has(table.relation.id)) continue;
    found.set(table.relation.id, table);
    for (const { relation } of await world.plans.referring(at, table.view.name)) open.push(await liveTable(world, pending, relation.id));
  }
  for (const table of [...found.values()])
    for (const reference of table.view.table.references) {
      const parent = await liveTable(world, pending, (await tableNamed(world.plans, at, reference.table)).id);
      found.set(parent.relation.id, parent);
    }
  return [...found.values()].sort((left, right) => (left.relation.id < right.relation.id ? -1 : 1));
}

/** Does something while nobody else changes some tables, which are in order. */
export function together<T>(tables: readonly LiveTable[], work: () => Promise<T>): Promise<T> {
  const within = (place: number): Promise<T> => tables[place]?.alone(() => within(place + 1)) ?? work();
  return within(0);
}
