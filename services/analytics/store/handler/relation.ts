import type { Call, Handlers } from '#kernel/contract/call.ts';
import { fault } from '#kernel/contract/fault.ts';
import type { Logs } from '#kernel/session/log-need.ts';
import type { Sql } from '#seams/sql/sql.ts';
import { LogError } from '#seams/log/error.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Maintenance } from '../../jobs/maintain.ts';
import { answer, emptyGroup, planSelect, resultsOf, shown } from '../../domain/plan.ts';
import { parseStatement, relationOf } from '../../domain/statement.ts';
import { printValue, readValue, type Row, type Type, type Value } from '../../domain/value.ts';
import type { analytics } from '../../service.ts';
import type { Changes } from '../change.ts';
import type { Groups } from '../group.ts';
import { blockRows, rowsMax } from '../limits.ts';
import type { Relation, Relations } from '../relation.ts';
import { type Plans, planView } from '../view.ts';

type All = Handlers<typeof analytics>;

/** What the handlers work with. */
export type World = {
  readonly sql: Sql;
  readonly relations: Relations;
  readonly groups: Groups;
  readonly plans: Plans;
  readonly changes: Changes;
  readonly logs: Logs;
  readonly maintenance: Maintenance;
};

const sourceOf = ({ name, topic, columns }: Relation) => ({ name, topic, columns: [...columns] });
const viewOf = ({ name, source, text, columns, epoch, groups, rejected, rejection }: Relation) => ({
  ...{ name, source: source ?? '', text: text ?? '', columns: [...columns] },
  ...{ epoch: String(epoch), groups: String(groups), rejected: String(rejected), ...(rejection === null ? {} : { rejection }) },
});

/** What is wrong with a statement in the contract's words; `path` is the SQLSTATE. */
async function worded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StatementError) throw fault('StatementRefused', { path: error.sqlstate, detail: error.message, cause: error });
    if (error instanceof LogError && /AUTHORIZATION/.test(error.code)) throw fault('Denied', { detail: error.message, cause: error });
    throw error;
  }
}

export function relationHandlers(world: World): All {
  const { relations, maintenance } = world;
  return {
    CreateSource: (call) =>
      worded(async () => {
        const { name, topic, columns } = call.input;
        // With the caller's own rights: nobody gets to see by a view what they may not read.
        await world.logs.as(call.caller, async (log) => {
          if (!(await log.hasTopic(topic))) await log.createTopic(topic);
          await log.assertReadable(topic);
        });
        const made = await relations.create(call.caller, { name, kind: 'source', topic, columns, source: null, text: null });
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
        const { plan, source, name } = await planView(relations, call.caller, text);
        if (name !== call.input.name) throw new StatementError(sqlstates.syntax, `the text makes the view "${name}"`);
        const { columns } = plan;
        const view = await relations.create(call.caller, { name, kind: 'view', topic: source.topic, columns, source: source.name, text });
        maintenance.start({ tenant: call.caller.tenant, scope: call.caller.scope }, view);
        return { output: viewOf(view) };
      }),
    ListViews: async (call) => ({ output: { items: (await relations.list(call.caller, 'view')).map(viewOf) } }),
    DeleteView: (call) =>
      worded(async () => {
        await maintenance.forget(await relations.drop(call.caller, 'view', call.ref.name));
        return { output: {} };
      }),
    ReadView: (call) => worded(() => read(world, call)),
    SubscribeView: (call) =>
      worded(async () => {
        const view = await viewNamed(world, call as unknown as Call);
        return { output: {}, body: follow(world, call.caller, view, call.signal) };
      }),
  };
}

async function viewNamed({ relations }: World, call: Call): Promise<Relation> {
  const view = await relations.find(call.caller, call.ref.name);
  if (view?.kind !== 'view') throw new StatementError(sqlstates.relationMissing, `materialized view "${call.ref.name}" does not exist`);
  return view;
}

type At = { readonly tenant: bigint; readonly scope: bigint };

/** The rows of a view as of one commit. */
async function rowsOf(world: World, at: At, found: Relation): Promise<{ rows: Row[]; epoch: bigint }> {
  const { sql, groups, relations } = world;
  const plan = await world.plans.of(at, found);
  return sql.as(at).begin(
    async (tx) => {
      const view = await relations.within(tx, found.id);
      if (!view) throw new StatementError(sqlstates.relationMissing, `materialized view "${found.name}" does not exist`);
      const rows: Row[] = [];
      const take = (row: Row | undefined) => row && rows.push(row);
      let any = false;
      for await (const block of groups.all(tx, at, view.id, plan.grouping))
        for (const group of block) {
          any = true;
          take(shown(plan, resultsOf(plan.grouping, group), []));
        }
      if (!any && plan.grouping.keys.length === 0) take(shown(plan, resultsOf(plan.grouping, emptyGroup(plan.grouping, [])), []));
      return { rows, epoch: view.epoch };
    },
    { isolation: 'repeatable read', readOnly: true },
  );
}

/** A query over a view: what it is of must be the view that the call was decided about. */
async function read(world: World, call: Call<typeof analytics, 'ReadView'>) {
  const view = await viewNamed(world, call as unknown as Call);
  const { text, types = [], params = [] } = call.input;
  const statement = await parseStatement(text);
  if (statement?.kind !== 'select' || relationOf(statement.select, 'A query') !== view.name)
    throw new StatementError(sqlstates.syntax, `the text is no SELECT from "${view.name}"`);
  const known: (Type | undefined)[] = [...types];
  const plan = planSelect(statement.select, text, view, known);
  if (params.length !== known.length) throw new StatementError(sqlstates.parameterMissing, `the query has ${known.length} parameters`);
  const given: Value[] = params.map((value, place) => (value === null ? null : readValue(known[place] ?? 'text', value)));
  const rows = answer(plan, (await rowsOf(world, call.caller, view)).rows, given);
  if (rows.length > rowsMax) throw new StatementError(sqlstates.tooLarge, `an answer has at most ${rowsMax} rows; add LIMIT`);
  const fields = plan.outputs.map(({ name, type }) => ({ name, type }));
  return { output: { fields, rows: rows.map((row) => row.map(printValue)) } };
}

/** A view as it is, then what each commit changes: blocks of `[epoch, diff, ...values]` in JSON. */
async function* follow(world: World, at: At, view: Relation, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const line = (epoch: bigint, diff: 1 | -1, row: Row) => [String(epoch), String(diff), ...row.map(printValue)];
  const block = (lines: unknown) => Buffer.from(JSON.stringify(lines));
  // Followed before it is read, so that no commit falls in between.
  const follower = world.changes.follow(view.id, signal);
  try {
    const { rows, epoch } = await rowsOf(world, at, view);
    for (let from = 0; from < rows.length; from += blockRows)
      yield block(rows.slice(from, from + blockRows).map((row) => line(epoch, 1, row)));
    for await (const changes of follower.changes()) {
      const fresh = changes.filter((change) => change.epoch > epoch);
      if (fresh.length > 0) yield block(fresh.map((change) => line(change.epoch, change.diff, change.row)));
    }
  } finally {
    follower.stop();
  }
}
