import type { SelectStmt } from 'libpg-query';
import type { Call, Handlers } from '#kernel/contract/call.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { checkColumns, type Format } from '../../domain/format.ts';
import { readRecord, type Said, type Schemas } from '../../domain/record.ts';
import { parseStatement, type Statement } from '../../domain/statement.ts';
import { printRow, readValue, type Row, type Type, type Value } from '../../domain/value.ts';
import { scansIn } from '../../domain/plan.ts';
import { answer } from '../../engine/answer.ts';
import { type Batch, BatchBuilder } from '../../engine/batch.ts';
import type { analytics } from '../../service.ts';
import { blockRows, rowsMax, sourceRowsMax } from '../limits.ts';
import type { Relation } from '../relation.ts';
import { sinkHandlers, writable } from './sink.ts';
import { type World, worded } from './world.ts';
import { planAsked } from '../view.ts';

type All = Handlers<typeof analytics>;

const sourceOf = ({ name, topic, columns, format }: Relation) => ({
  ...{ name, topic: topic ?? '', columns: [...columns] },
  ...(format ? { format: { ...format } } : {}),
});
const viewOf = ({ name, needs, text, columns, epoch, groups, rejected, rejection }: Relation) => ({
  ...{ name, source: needs.join(', '), text: text ?? '', columns: [...columns] },
  ...{ epoch: String(epoch), groups: String(groups), rejected: String(rejected), ...(rejection === null ? {} : { rejection }) },
});

const nowhere = { topic: null, format: null, target: null } as const;

export function relationHandlers(world: World): All {
  const { relations, maintenance } = world;
  return {
    CreateSource: (call) =>
      worded(async () => {
        const { name, topic, columns, format = { kind: 'json' } } = call.input;
        checkColumns(format, columns);
        // With the caller's own rights: nobody gets to see by a view what they may not read.
        await world.logs.as(call.caller, async (log) => {
          if (!(await log.hasTopic(topic))) await log.createTopic(topic);
          await log.assertReadable(topic);
          for (const other of [format.deadLetters, format.watermark?.late]) if (other !== undefined) await writable(log, other);
        });
        const made = await relations.create(call.caller, {
          ...{ name, kind: 'source', topic, format, columns },
          text: null,
          target: null,
          needs: [],
        });
        return { output: sourceOf(made) };
      }),
    ListSources: async (call) => ({ output: { items: (await relations.list(call.caller, 'source')).map(sourceOf) } }),
    DeleteSource: (call) =>
      worded(async () => {
        await relations.drop(call.caller, 'source', call.ref.name);
        return { output: {} };
      }),
    CreateView: (call) =>
      worded(async () => {
        const { text } = call.input;
        const { plan, needs, name } = await world.plans.view(call.caller, text);
        if (name !== call.input.name) throw new StatementError(sqlstates.syntax, `the text makes the view "${name}"`);
        const { columns } = plan;
        const view = await relations.create(call.caller, { name, kind: 'view', columns, text, needs, ...nowhere });
        maintenance.start({ tenant: call.caller.tenant, scope: call.caller.scope }, view);
        return { output: viewOf(view) };
      }),
    ListViews: async (call) => ({ output: { items: (await relations.list(call.caller, 'view')).map(viewOf) } }),
    DeleteView: (call) =>
      worded(async () => {
        await maintenance.forget(await relations.drop(call.caller, 'view', call.ref.name));
        return { output: {} };
      }),
    ...sinkHandlers(world),
    ReadSource: (call) => worded(() => read(world, call as unknown as Call, call.input)),
    ReadView: (call) => worded(() => read(world, call as unknown as Call, call.input)),
    SubscribeView: (call) =>
      worded(async () => {
        const view = await viewNamed(world, call as unknown as Call);
        return { output: {}, body: follow(world, view, call.signal) };
      }),
  };
}

async function viewNamed({ relations }: World, call: Call): Promise<Relation> {
  const view = await relations.find(call.caller, call.ref.name);
  if (view?.kind !== 'view') throw new StatementError(sqlstates.relationMissing, `materialized view "${call.ref.name}" does not exist`);
  return view;
}

/** The SELECT whose rows a statement shows, in a cursor or a COPY too. */
function selectIn(statement: Statement): SelectStmt | undefined {
  if (statement.kind === 'copy') return 'select' in statement.of ? statement.of.select : undefined;
  return statement.kind === 'select' || statement.kind === 'declare' ? statement.select : undefined;
}

type Asked = { readonly text: string; readonly types?: readonly Type[]; readonly params?: readonly (string | null)[] };

/** A query: of what the call was decided about, and of others that the caller may read too. */
async function read(world: World, call: Call, { text, types = [], params = [] }: Asked) {
  const statement = await parseStatement(text);
  const select = statement && selectIn(statement);
  if (!select) throw new StatementError(sqlstates.syntax, 'the text is no SELECT');
  const named = await world.plans.named(call.caller, select);
  const own = named.get(call.ref.name);
  if (own?.kind !== call.ref.kind.toLowerCase())
    throw new StatementError(sqlstates.syntax, `the text is no SELECT from the ${call.ref.kind.toLowerCase()} "${call.ref.name}"`);
  for (const { name, kind } of named.values())
    if (name !== own.name) await (call as Call<typeof analytics>).also(kind === 'view' ? 'ReadView' : 'ReadSource', name);
  const known: (Type | undefined)[] = [...types];
  const query = planAsked(select, text, named.values(), known);
  if (params.length !== known.length) throw new StatementError(sqlstates.parameterMissing, `the query has ${known.length} parameters`);
  const given: Value[] = params.map((value, place) => (value === null ? null : readValue(known[place] ?? 'text', value)));
  const relations = new Map<bigint, Batch>();
  const read = scansIn(query.plan);
  for (const relation of named.values()) if (read.has(relation.id)) relations.set(relation.id, await batchOf(world, call, relation));
  const rows = answer(query, relations, given);
  if (rows.length > rowsMax) throw new StatementError(sqlstates.tooLarge, `an answer has at most ${rowsMax} rows; add LIMIT`);
  const fields = query.columns.map(({ name, type }) => ({ name, type }));
  return { output: { fields, rows: rows.map((row) => printRow(fields, row)) } };
}

/** A relation as it is: a view as of its last commit, a source with all records that there are now. */
async function batchOf({ live, logs, schemas }: World, { caller, signal }: Call, relation: Relation): Promise<Batch> {
  if (relation.kind === 'view') {
    const view = await live.get(relation.id);
    return view.inTurn(() => view.view.batch());
  }
  const builder = new BatchBuilder(relation.columns);
  await logs.as(caller, async (log) => {
    const format = relation.format as Format;
    for await (const { value } of log.read(relation.topic ?? '', signal)) {
      for (const { row, weight } of saidBy(relation, value, await schemas.of(caller, format, [value]))) builder.add(row, weight);
      if (builder.size > sourceRowsMax)
        throw new StatementError(sqlstates.tooLarge, `a query reads at most ${sourceRowsMax} records of a source`);
    }
  });
  return builder.finish();
}

/** What a record says; a record that does not fit is left out, as views leave it out. */
function saidBy({ format, columns }: Relation, value: Buffer | null, known: Schemas): Said {
  try {
    return readRecord(format as Format, columns, value, known);
  } catch (error) {
    if (error instanceof StatementError || error instanceof RangeError) return [];
    throw error;
  }
}

/** A view as it is, then what each commit changes: blocks of `[epoch, diff, ...values]` in JSON. */
async function* follow({ live, changes }: World, view: Relation, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const line = (epoch: bigint, diff: 1 | -1, row: Row) => [String(epoch), String(diff), ...printRow(view.columns, row)];
  const block = (lines: unknown) => Buffer.from(JSON.stringify(lines));
  const loaded = await live.get(view.id);
  // Between two commits, so that none is missed and none told twice.
  const { follower, rows, epoch } = await loaded.inTurn(() => ({
    follower: changes.follow(view.id, signal),
    rows: [...loaded.view.rows()],
    epoch: loaded.epoch,
  }));
  try {
    for (let from = 0; from < rows.length; from += blockRows)
      yield block(rows.slice(from, from + blockRows).map((row) => line(epoch, 1, row)));
    for await (const told of follower.changes()) yield block(told.map((change) => line(change.epoch, change.diff, change.row)));
  } finally {
    follower.stop();
  }
}
