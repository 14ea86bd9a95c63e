import type { Call, Handlers } from '#kernel/contract/call.ts';
import type { Caller } from '#kernel/contract/caller.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { isFollowed } from '../../domain/origin.ts';
import { commitParts, type LiveTable, unkeptTable } from '../../jobs/keep.ts';
import type { analytics } from '../../service.ts';
import { type Seen, unkept } from '../making.ts';
import { type Pending, seenBy } from '../pending.ts';
import { missing, type NewRelation, type Relation, words } from '../relation.ts';
import { overtaken } from '../state.ts';
import { forgetSource } from './forget-source.ts';
import { liveTable } from './live-table.ts';
import { around, checkAtEnd, together } from './reference.ts';
import { type World, worded } from './world.ts';

type Within = { readonly caller: Caller; readonly input: { readonly transaction?: string } };
type Commits = Pick<
  Handlers<typeof analytics>,
  'CommitTable' | 'CommitView' | 'CommitQuery' | 'CommitSource' | 'CommitSink' | 'CommitType'
>;

export const placed = ({ tenant, scope }: Caller) => ({ tenant, scope });

const pendingOf = ({ pendings }: World, { caller, input }: Within): Pending | undefined =>
  input.transaction === undefined ? undefined : pendings.get(input.transaction, caller);

/** The environment as the call's transaction sees it. */
export const seenIn = (world: World, call: Within): Caller & Seen => seenBy(call.caller, pendingOf(world, call));

/** Makes a relation at once, or with the transaction that the call is part of. */
export async function makeRelation(world: World, call: Within, spec: NewRelation): Promise<Relation> {
  const pending = pendingOf(world, call);
  if (!pending) {
    const made = await world.relations.create(call.caller, spec);
    begun(world, call.caller, made);
    return made;
  }
  const relation = unkept(await world.relations.reserve(call.caller), spec);
  const live = spec.kind === 'table' ? unkeptTable(relation, await world.plans.table(relation)) : undefined;
  pending.make({ relation, spec, live });
  return relation;
}

/** Lets a relation be kept up from now on; a source that reads a topic is read by its views. */
function begun({ maintenance }: World, caller: Caller, relation: Relation): void {
  if (relation.kind === 'type' || relation.kind === 'query') return;
  if (relation.kind !== 'source' || isFollowed(relation.origin)) maintenance.start(placed(caller), relation);
}

type Dropping = Within & Pick<Call, 'ref'>;

/** Drops a relation at once, or with the transaction that the call is part of. */
export async function dropRelation(world: World, call: Dropping, kind: Relation['kind']): Promise<void> {
  const pending = pendingOf(world, call);
  const { name } = call.ref;
  await checkKind(world, seenBy(call.caller, pending), kind, name);
  if (!pending) {
    if (kind === 'table') await checkUnreferred(world, call.caller, { name });
    return dropNow(world, call.caller, kind, name);
  }
  const seen = seenBy(call.caller, pending);
  const relation = await world.relations.find(seen, name);
  if (relation?.kind !== kind) throw missing(kind, name);
  await world.relations.checkUnneeded({ ...call.caller, unsettled: pending }, relation);
  await checkUnreferred(world, { ...call.caller, unsettled: pending }, relation);
  pending.drop(relation);
}

/** Refuses a view that is dropped as something else, and the other way round, as PostgreSQL does. */
async function checkKind({ relations }: World, at: Seen, kind: Relation['kind'], name: string): Promise<void> {
  const found = await relations.find(at, name);
  if (found && found.kind !== kind && (found.kind === 'query' || kind === 'query'))
    throw new StatementError(sqlstates.kindWrong, `"${name}" is not a ${words[kind]}`);
}

/** Refuses a table that references of other tables lead to. */
async function checkUnreferred({ plans }: World, at: Seen, { name }: Pick<Relation, 'name'>): Promise<void> {
  const other = (await plans.referring(at, name)).find(({ relation }) => relation.name !== name);
  if (other)
    throw new StatementError(
      sqlstates.dependents,
      `cannot drop table ${name} because constraint ${other.reference.name} on table ${other.relation.name} depends on it`,
    );
}

async function dropNow(world: World, caller: Caller, kind: Relation['kind'], name: string): Promise<void> {
  const { relations, maintenance } = world;
  const view = kind === 'view' ? await relations.find(caller, name) : undefined;
  if (view?.kind !== 'view') return ended(world, caller, await relations.drop(caller, kind, name));
  await relations.checkUnneeded(caller, view);
  await maintenance.dropping(placed(caller), [view], async () => void (await relations.drop(caller, kind, name)));
  await ended(world, caller, view);
}

async function ended(world: World, caller: Caller, gone: Relation): Promise<void> {
  try {
    await forgotten(world, caller, gone);
  } finally {
    world.loose.look(caller);
  }
}

async function forgotten(world: World, caller: Caller, gone: Relation): Promise<void> {
  if (gone.kind === 'type' || gone.kind === 'query') return;
  if (gone.kind !== 'source') return world.maintenance.forget(gone);
  if (!isFollowed(gone.origin)) world.outside.forget(gone.id);
  else await forgetSource(world, caller, gone, gone.origin);
}

/** Whoever changed anything commits all of it by what was changed first. */
export function transactionHandlers(world: World): Commits {
  const committed = (call: { readonly caller: Caller; readonly input: { readonly transaction: string } }) =>
    worded(async () => {
      const settled = (pending: Pending) => commit(world, call as unknown as Call<typeof analytics>, pending);
      await world.pendings.settle(call.input.transaction, call.caller, settled);
      return { output: {} };
    });
  return {
    ...{ CommitTable: committed, CommitView: committed, CommitQuery: committed },
    ...{ CommitSource: committed, CommitSink: committed, CommitType: committed },
  };
}

const making = {
  table: 'CreateTable',
  view: 'CreateView',
  query: 'CreateQuery',
  source: 'CreateSource',
  sink: 'CreateSink',
  type: 'CreateType',
} as const;

const dropping = {
  table: 'DeleteTable',
  view: 'DeleteView',
  query: 'DeleteQuery',
  source: 'DeleteSource',
  sink: 'DeleteSink',
  type: 'DeleteType',
} as const;

async function commit(world: World, call: Call<typeof analytics>, pending: Pending): Promise<void> {
  const { made, gone, statements } = pending.settling();
  const tables = new Map<bigint, LiveTable>();
  for (const id of pending.changes().keys()) tables.set(id, await liveTable(world, pending, id));
  // The rights may have gone since.
  for (const { relation } of tables.values()) await call.also('WriteTable', relation.name);
  for (const { relation } of made) await call.also(making[relation.kind], '');
  for (const { kind, name } of gone) await call.also(dropping[kind], name);
  const parts = partsOf(pending, tables);
  const within = { world, at: { ...call.caller, unsettled: pending }, pending };
  const inOrder = await around(within, tables.values());
  const settle = () => commitParts(world.kept, placed(call.caller), parts, statements);
  const whole = async () => {
    await checkAtEnd(within, tables.values());
    if (statements.length === 0) return settle();
    const names = made.map(({ relation }) => relation.name);
    return world.relations.settled(names, settle).catch((error: unknown) => {
      if (gone.length > 0 && overtaken(error))
        throw new StatementError(sqlstates.serialization, 'could not serialize access due to a relation that was dropped meanwhile');
      throw error;
    });
  };
  await world.maintenance.dropping(placed(call.caller), gone, () => together(inOrder, whole));
  for (const each of gone) await ended(world, call.caller, each);
  for (const { relation } of made) begun(world, call.caller, relation);
}

/** What a transaction changed of each table. */
export function partsOf(pending: Pending, tables: ReadonlyMap<bigint, LiveTable>) {
  return [...pending.changes()].flatMap(([id, changes]) => {
    const table = tables.get(id);
    return table && changes.length > 0 ? [{ table, changes }] : [];
  });
}
