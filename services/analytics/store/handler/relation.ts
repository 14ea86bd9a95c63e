import type { Call, Handlers } from '#kernel/contract/call.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { headOf } from '../../domain/explain.ts';
import type { dashboardOperations } from '../../contract/dashboard.ts';
import type { viewAlertOperations } from '../../contract/alert.ts';
import type { analytics } from '../../service.ts';
import type { LiveView } from '../../jobs/live.ts';
import type { Relation } from '../relation.ts';
import { alterHandlers } from './alter.ts';
import { functionHandlers } from './function.ts';
import { follow, followedView, watch } from './follow.ts';
import { behindOf } from './lag.ts';
import { queryHandlers } from './query.ts';
import { findRows, read } from './read.ts';
import { connectionHandlers } from './connection.ts';
import { indexHandlers } from './index.ts';
import { scan } from './scan.ts';
import { sinkHandlers } from './sink.ts';
import { sourceHandlers } from './source.ts';
import { tableHandlers } from './table.ts';
import { dropRelation, makeRelation, seenIn, transactionHandlers } from './transaction.ts';
import { typeHandlers } from './type.ts';
import { understood } from './understand.ts';
import { type World, worded } from './world.ts';

type All = Omit<Handlers<typeof analytics>, keyof typeof viewAlertOperations | keyof typeof dashboardOperations>;

const viewOf = (
  { id, name, needs, text, columns, epoch, groups, rejected, rejection, shares }: Relation,
  world: Pick<World, 'failures' | 'live' | 'lags'>,
  all: readonly Relation[],
) => ({
  ...{ name, source: needs.join(', '), text: text ?? '', columns: [...columns] },
  ...{ epoch: String(epoch), groups: String(groups), rejected: String(rejected), ...(rejection === null ? {} : { rejection }) },
  ...failureOf(world.failures.get(id) ?? world.failures.get(shares ?? id)),
  ...sharedOf(all.find((view) => view.id === shares)),
  readers: all.filter((view) => view.shares === id).length,
  ...keptOf(world.live.known(id)),
  ...behindOf(world, id),
});

const failureOf = (failure: string | undefined) => (failure === undefined ? {} : { failure });
const sharedOf = (owner: Relation | undefined) => (owner ? { shared: owner.name } : {});

function keptOf(loaded: LiveView | undefined) {
  const kept = loaded?.view.kept;
  return kept && { kept };
}

const nowhere = { topic: null, format: null, target: null } as const;

export function relationHandlers(world: World): All {
  const { relations } = world;
  return {
    ...sourceHandlers(world),
    ...alterHandlers(world),
    ...queryHandlers(world),
    CreateView: (call) =>
      worded(async () => {
        const { text } = call.input;
        const { plan, needs: named, types, name, calls, orders, share, part } = await world.plans.view(seenIn(world, call), text);
        if (name !== call.input.name) throw new StatementError(sqlstates.syntax, `the text makes the view "${name}"`);
        const { columns } = plan;
        const needs = [...named, ...types];
        const shared = { shares: share?.owner.id ?? null, part };
        const spec = { name, kind: 'view', columns, text, needs, calls, orders, ...nowhere, ...shared } as const;
        const made = await makeRelation(world, call, spec);
        return { output: viewOf(made, world, share ? [made, share.owner] : [made]) };
      }),
    ListViews: async (call) => {
      const all = await relations.list(call.caller, 'view');
      return { output: { items: all.map((view) => viewOf(view, world, all)) } };
    },
    DeleteView: (call) =>
      worded(async () => {
        await dropRelation(world, call, 'view');
        return { output: {} };
      }),
    ...sinkHandlers(world),
    ...tableHandlers(world),
    ...transactionHandlers(world),
    ...indexHandlers(world),
    ...connectionHandlers(world),
    ...functionHandlers(world),
    ...typeHandlers(world),
    ReadSource: (call) => worded(() => read(world, call as unknown as Call, call.input)),
    ReadView: (call) => worded(() => read(world, call as unknown as Call, call.input)),
    ScanView: (call) => worded(async () => ({ output: {}, body: await scan(world, call as unknown as Call, call.input) })),
    SubscribeView: (call) =>
      worded(async () => {
        const followed = await followedNamed(world, call as unknown as Call);
        return { output: {}, body: follow(world, followed, { committed: call.input.committed ?? false, signal: call.signal }) };
      }),
    WatchView: (call) =>
      worded(async () => {
        const followed = await followedNamed(world, call as unknown as Call);
        return { output: {}, body: watch(world, followed, call.signal, call.input.from) };
      }),
    GetView: (call) =>
      worded(async () => {
        const view = await viewNamed(world, call as unknown as Call);
        const all = await relations.list(call.caller, 'view');
        return { output: { ...viewOf(view, world, all), ...(await atWork(world, view)) } };
      }),
    UnderstandStatement: (call) => worded(async () => ({ output: await understood(world, call as unknown as Call, call.input.text) })),
    FindRows: (call) =>
      worded(async () => {
        const view = await viewNamed(world, call as unknown as Call);
        return { output: await findRows(world, view, call.input.where) };
      }),
  };
}

async function followedNamed(world: World, call: Call) {
  const view = await viewNamed(world, call);
  return followedView(world, view, await world.live.get(view.id));
}

async function viewNamed({ relations }: World, call: Call): Promise<Relation> {
  const view = await relations.find(call.caller, call.ref.name);
  if (view?.kind !== 'view') throw new StatementError(sqlstates.relationMissing, `materialized view "${call.ref.name}" does not exist`);
  return view;
}

/** What the operators of a view did so far. */
async function atWork({ live }: World, { id }: Relation) {
  const loaded = await live.get(id);
  return loaded.inTurn(() => {
    const clocks = loaded.view.watermarks.clocks();
    const marks: (number | undefined)[] = [];
    const operators = loaded.view.operators().map(({ plan, inputs, rows, entries }, at) => {
      const below = inputs.flatMap((input) => marks[input] ?? []);
      const mark = plan.kind === 'scan' ? clocks.get(plan.relation) : below.length > 0 ? Math.min(...below) : undefined;
      marks[at] = mark;
      return {
        ...{ lines: headOf(plan), inputs: [...inputs] },
        ...(rows === undefined ? {} : { rows }),
        ...(entries === undefined ? {} : { entries }),
        ...(mark === undefined ? {} : { watermark: Math.floor(mark / 1000) }),
      };
    });
    return { operators, code: loaded.view.code() };
  });
}
