import type { Call, Handlers } from '#kernel/contract/call.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { checksOf } from '../../domain/check.ts';
import { fittedRow } from '../../domain/fit.ts';
import { parseStatement } from '../../domain/statement.ts';
import { tableOf } from '../../domain/table.ts';
import { printRow, readValue, type Row } from '../../domain/value.ts';
import { type Reads, readsOf } from '../../domain/wanted.ts';
import { atMoment } from '../../domain/moment.ts';
import { planWrite } from '../../domain/write.ts';
import type { Batch } from '../../engine/batch.ts';
import { withRoutines } from '../../engine/routine/calls.ts';
import { drawn, returned, valuesIn, write } from '../../engine/write.ts';
import { commitParts, type LiveTable } from '../../jobs/keep.ts';
import type { analytics } from '../../service.ts';
import { Pending, seenBy } from '../pending.ts';
import { isRead, type Relation } from '../relation.ts';
import { type Change, changeAsked, tableNamed } from '../table.ts';
import { contextOf } from '../view.ts';
import { follow } from './follow.ts';
import { liveTable } from './live-table.ts';
import { batchOf, read, reading, toldColumns, typesSaid } from './read.ts';
import { around, checkAtEnd, keepReferences, together } from './reference.ts';
import { checkKeys, topicFor } from './reshape.ts';
import { writable } from './sink.ts';
import { dropRelation, makeRelation, partsOf, placed, seenIn } from './transaction.ts';
import { type World, worded } from './world.ts';

type Own = Pick<
  Handlers<typeof analytics>,
  'CreateTable' | 'ListTables' | 'DeleteTable' | 'ReadTable' | 'WriteTable' | 'LoadTable' | 'SubscribeTable'
>;

export function tableHandlers(world: World): Own {
  const { relations, plans, pendings } = world;
  const shown = async (relation: Relation) => {
    const { key, required } = await plans.table(relation);
    const { name, topic, text, columns, epoch, groups } = relation;
    return {
      ...{ name, topic: topic ?? '', text: text ?? '', columns: [...columns], key: key.map((place) => columns[place]?.name ?? '') },
      ...{ required: columns.flatMap((column, place) => (required[place] ? [column.name] : [])) },
      ...{ epoch: String(epoch), rows: String(groups) },
    };
  };
  return {
    CreateTable: (call) =>
      worded(async () => {
        const { name, text } = call.input;
        const seen = seenIn(world, call);
        const types = new Set<Relation>();
        const statement = await parseStatement(text, plans.types(seen, types));
        if (statement?.kind !== 'createTable' || statement.name !== name)
          throw new StatementError(sqlstates.syntax, `the text does not make the table "${name}"`);
        const { columns, defaults, ...table } = tableOf(statement.made);
        // Defaults are tried here, so that none fails for the first time in a row.
        const fresh = { ...table, columns, defaults: defaults.map((node) => node && atMoment(node, call.now * 1000)) };
        planWrite({ insert: { relation: { relname: name } } }, fresh, contextOf(text, new Map(), []));
        checksOf(fresh, name);
        await checkKeys(world, seen, undefined, tableOf(statement.made), name);
        if ((await relations.find(seen, name)) !== undefined)
          throw new StatementError(sqlstates.relationThere, `relation "${name}" already exists`);
        const topic = topicFor(name);
        const format = { kind: 'json', envelope: 'debezium' } as const;
        const spec = { name, kind: 'table', columns, topic, format, text, target: null, needs: [...types] } as const;
        const made = await world.loose.making(placed(call.caller), topic, async () => {
          await world.logs.as(call.caller, (log) => writable(log, topic));
          return makeRelation(world, call, spec);
        });
        return { output: await shown(made) };
      }),
    ListTables: (call) =>
      worded(async () => ({ output: { items: await Promise.all((await relations.list(call.caller, 'table')).map(shown)) } })),
    DeleteTable: (call) =>
      worded(async () => {
        await dropRelation(world, call, 'table');
        return { output: {} };
      }),
    ReadTable: (call) => worded(() => read(world, call as unknown as Call, call.input)),
    SubscribeTable: (call) =>
      worded(async () => {
        const relation = await tableNamed(plans, call.caller, call.ref.name);
        const loaded = await world.tables.get(relation.id);
        const followed = { relation, loaded, rows: () => [...loaded.view.rows()] };
        return { output: {}, body: follow(world, followed, { committed: call.input.committed ?? false, signal: call.signal }) };
      }),
    WriteTable: (call) => worded(() => written(world, call)),
    LoadTable: (call) =>
      worded(async () => {
        const { columns, rows, transaction } = call.input;
        await loaded(world, call, pendings.get(transaction, call.caller), columns, rows);
        return { output: {} };
      }),
  };
}

type Writing = Call<typeof analytics, 'WriteTable'>;

async function written(world: World, call: Writing) {
  const { text, types = [], params = [], transaction } = call.input;
  const open = transaction === undefined ? undefined : world.pendings.get(transaction, call.caller);
  const seen = seenBy(call.caller, open);
  const statement = await parseStatement(text, world.plans.types(seen));
  if (statement?.kind !== 'write' || statement.name !== call.ref.name)
    throw new StatementError(sqlstates.syntax, `the text does not change the table "${call.ref.name}"`);
  const known = typesSaid(types);
  const change = await changeAsked(world.plans, seen, { statement, params: known, now: open?.begun ?? call.now });
  for (const { kind, name } of change.reads.filter(isRead)) await (call as unknown as Call<typeof analytics>).also(reading[kind], name);
  if (params.length !== known.length) throw new StatementError(sqlstates.parameterMissing, `the statement has ${known.length} parameters`);
  const given: Row = params.map((value, place) => (value === null ? null : readValue(known[place] ?? 'text', value)));
  const table = await liveTable(world, open, change.relation.id);
  const work = (pending: Pending) => changed(world, call, { change, table, given, pending });
  if (open) return { output: await work(open) };
  const pending = new Pending(call.now);
  const within = { world, at: call.caller, pending };
  // From what it reads to what it writes nobody else changes the table, nor those that references lead to and come from.
  const tables = await around(within, [table]);
  return together(tables, async () => {
    const output = await work(pending);
    const changed = new Map(tables.map((each) => [each.relation.id, each]));
    await checkAtEnd(
      within,
      [...pending.changes().keys()].flatMap((id) => changed.get(id) ?? []),
    );
    await commitParts(world.kept, placed(call.caller), partsOf(pending, changed));
    return { output };
  });
}

type Doing = { readonly change: Change; readonly table: LiveTable; readonly given: Row; readonly pending: Pending };

/** Carries out a change in a transaction. */
async function changed(world: World, call: Writing, { change, table, given, pending }: Doing) {
  const { write: of, reads, relation, key } = change;
  const inputs = new Map<bigint, Batch>();
  const read: Reads = 'query' in of ? readsOf(of.query.plan) : new Map();
  const [values] = key ? valuesIn([key.exprs], given) : [];
  if (key && values) inputs.set(relation.id, pending.draft(table).batchAt({ index: key.index, values }));
  for (const each of [relation, ...reads])
    if (read.has(each.id) && !inputs.has(each.id))
      inputs.set(each.id, await batchOf(world, call as unknown as Call, { relation: each, pending, used: read.get(each.id) }));
  try {
    const { returning } = of;
    const work = () => {
      const done = write(of, pending.draft(table), { relations: inputs, params: given });
      return { done, told: returning ? returned(returning, done.rows, given) : [] };
    };
    const { done, told } = await withRoutines(world.routines.of(call.caller), work, () => pending.spoil());
    pending.note(table, done.changes);
    const kind =
      of.kind === 'insertQuery' || (of.kind === 'insert' && of.conflict === 'error')
        ? 'insert'
        : of.kind === 'delete'
          ? 'delete'
          : 'update';
    await keepReferences({ world, at: seenBy(call.caller, pending), pending }, { table, changes: done.changes, kind });
    const rows = told.map((row) => printRow(returning?.columns ?? [], row));
    return { count: done.rows.length, fields: toldColumns(returning?.columns ?? []), rows };
  } catch (error) {
    pending.spoil();
    throw error;
  }
}

type Cells = readonly (readonly (string | null)[])[];

/** Adds rows of texts to a table in a transaction. */
async function loaded(
  world: World,
  call: Call<typeof analytics, 'LoadTable'>,
  pending: Pending,
  names: readonly string[] | undefined,
  cells: Cells,
) {
  const relation = await tableNamed(world.plans, seenBy(call.caller, pending), call.ref.name);
  const table = await liveTable(world, pending, relation.id);
  const { columns } = relation;
  const places = (names ?? columns.map(({ name }) => name)).map((name) => columns.findIndex((column) => column.name === name));
  if (places.includes(-1)) throw new StatementError(sqlstates.columnMissing, `COPY names a column that "${relation.name}" does not have`);
  const blank = await blankOf(world, relation, pending.begun);
  const draft = pending.draft(table);
  const counted = table.view.table.counters.flatMap((counter, place) => (counter && !places.includes(place) ? [place] : []));
  const changes = cells.map((line) => {
    if (line.length !== places.length)
      throw new StatementError(
        '22P04',
        line.length < places.length
          ? `missing data for column "${columns[places[line.length] ?? 0]?.name}"`
          : 'extra data after last expected column',
      );
    const row = [...blank];
    for (const [at, place] of places.entries()) {
      const text = line[at] ?? null;
      row[place] = text === null ? null : readValue(columns[place]?.type ?? 'text', text);
    }
    return { row: fittedRow(table.view.table.fits, drawn(row, counted, draft)), weight: 1 };
  });
  try {
    draft.take(changes);
    pending.note(table, changes);
    await keepReferences({ world, at: seenBy(call.caller, pending), pending }, { table, changes, kind: 'insert' });
  } catch (error) {
    pending.spoil();
    throw error;
  }
}

/** A row of which nothing is said. */
async function blankOf({ plans }: World, relation: Relation, now: number): Promise<Row> {
  const table = await plans.table(relation);
  const defaults = table.defaults.map((node) => node && atMoment(node, now * 1000));
  const of = planWrite({ insert: { relation: { relname: relation.name } } }, { ...table, defaults }, contextOf('', new Map(), []));
  return of.kind === 'insert' ? (valuesIn(of.rows)[0] ?? []) : [];
}
