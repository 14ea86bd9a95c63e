import type { Call, Handlers } from '#kernel/contract/call.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { type Index, placesNamed } from '../../domain/constraint.ts';
import { unkeptTable } from '../../jobs/keep.ts';
import { Draft, TableRows } from '../../engine/table.ts';
import type { analytics } from '../../service.ts';
import { indexesMax } from '../limits.ts';
import { type Pending, seenBy } from '../pending.ts';
import type { Relation } from '../relation.ts';
import { tableNamed } from '../table.ts';
import { placed } from './transaction.ts';
import { alone, type World, worded } from './world.ts';

type Own = Pick<Handlers<typeof analytics>, 'CreateIndex' | 'DeleteIndex'>;

export function indexHandlers(world: World): Own {
  const { relations, plans, pendings } = world;
  return {
    CreateIndex: (call) =>
      worded(async () => {
        const { name, columns, unique = false, transaction } = call.input;
        const pending = transaction === undefined ? undefined : pendings.get(transaction, call.caller);
        const seen = seenBy(call.caller, pending);
        const relation = await tableNamed(plans, seen, call.ref.name);
        const table = await plans.table(relation);
        if (
          (await relations.find(seen, name)) ??
          (await relations.withIndex(seen, name)) ??
          table.indexes.find((each) => each.name === name)
        )
          throw new StatementError(sqlstates.relationThere, `relation "${name}" already exists`);
        if (table.indexes.length >= indexesMax) throw new StatementError('54000', `a table has at most ${indexesMax} indexes`);
        const index = { name, places: placesNamed(relation.columns, columns, 'an index'), isUnique: unique };
        const indexes = [...(relation.indexes ?? []), index];
        if (pending) await within(world, pending, relation, indexes);
        else await atOnce(world, call as unknown as Call, relation, indexes);
        return { output: {} };
      }),
    DeleteIndex: (call) =>
      worded(async () => {
        const relation = await tableNamed(plans, call.caller, call.ref.name);
        const left = (relation.indexes ?? []).filter(({ name }) => name !== call.input.name);
        if (left.length === relation.indexes?.length) throw new StatementError('42704', `index "${call.input.name}" does not exist`);
        await atOnce(world, call as unknown as Call, relation, left);
        return { output: {} };
      }),
  };
}

/** A table of the same transaction gets an index with it. */
async function within({ plans }: World, pending: Pending, relation: Relation, indexes: readonly Index[]): Promise<void> {
  const made = pending.madeAs(relation.id);
  if (!made) throw alone('CREATE INDEX on a table that was there before');
  const other = { ...relation, indexes };
  const live = unkeptTable(other, await plans.table(other));
  if (made.live) live.view.goOn(made.live.view);
  try {
    pending.draft(live);
  } catch (error) {
    pending.spoil();
    throw error;
  }
  pending.remake({ relation: other, spec: { ...made.spec, indexes }, live });
}

async function atOnce({ tables, relations, plans, maintenance }: World, { caller }: Call, relation: Relation, indexes: readonly Index[]) {
  const live = await tables.get(relation.id);
  await live.alone(async () => {
    // What is there must fit, too.
    const rows = new TableRows(relation.name, await plans.table({ ...relation, indexes }));
    new Draft(rows).take([...live.view.rows()].map((row) => ({ row, weight: 1 })));
    await relations.alter(caller, relation, { indexes });
    plans.forget(relation.id);
    const now = await relations.byId(caller, relation.id);
    if (now) await maintenance.again(placed(caller), now);
  });
}
