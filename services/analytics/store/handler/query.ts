import type { Call, Handlers } from '#kernel/contract/call.ts';
import type { Caller } from '#kernel/contract/caller.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { withName } from '../../domain/alter-statement.ts';
import { checkReplaces } from '../../domain/query-statement.ts';
import type { analytics } from '../../service.ts';
import { type Seen, unkept } from '../making.ts';
import type { Meaning } from '../named.ts';
import type { Pending } from '../pending.ts';
import { queryMade } from '../query.ts';
import { missing, type NewRelation, type Relation } from '../relation.ts';
import { inlinedOf } from '../select.ts';
import { again } from './again.ts';
import { dropRelation, makeRelation, placed, seenIn } from './transaction.ts';
import { alone, type World, worded } from './world.ts';

type Own = Pick<Handlers<typeof analytics>, 'CreateQuery' | 'ListQueries' | 'DeleteQuery'>;
type Creating = Call<typeof analytics, 'CreateQuery'>;

const shown = ({ name, needs, text, columns }: Relation) => ({ name, source: needs.join(', '), text: text ?? '', columns: [...columns] });

export function queryHandlers(world: World): Own {
  const { relations, plans } = world;
  return {
    CreateQuery: (call) =>
      worded(async () => {
        const { name, text } = call.input;
        const seen = seenIn(world, call);
        const { isAnew, named, ...made } = await queryMade(plans, seen, text);
        if (made.name !== name) throw new StatementError(sqlstates.syntax, `the text makes the view "${made.name}"`);
        const spec = { ...made, kind: 'query', text, topic: null, format: null, target: null } as const;
        const there = await relations.find(seen, name);
        if (!there) return { output: shown(await makeRelation(world, call, spec)) };
        if (!isAnew) throw new StatementError(sqlstates.relationThere, `relation "${name}" already exists`);
        if (there.kind !== 'query') throw new StatementError(sqlstates.kindWrong, `"${name}" is not a view`);
        checkReplaces(there.columns, made.columns);
        if (reaches(named.meanings, there.id))
          throw new StatementError('42P17', `infinite recursion: the view "${name}" would be a part of itself`);
        await (call as unknown as Call<typeof analytics>).also('UpdateQuery', name);
        return { output: shown(await replaced(world, call, there, spec)) };
      }),
    ListQueries: async (call) => ({ output: { items: (await relations.list(call.caller, 'query')).map(shown) } }),
    DeleteQuery: (call) =>
      worded(async () => {
        await dropRelation(world, call, 'query');
        return { output: {} };
      }),
  };
}

const reaches = (meanings: ReadonlyMap<string, Meaning>, id: bigint): boolean =>
  [...meanings.values()].some(({ relation, within }) => relation.id === id || (within !== undefined && reaches(within.meanings, id)));

/** Puts a view in the place of one, at once or with the transaction. */
async function replaced(world: World, call: Creating, there: Relation, spec: NewRelation): Promise<Relation> {
  const { relations, plans, pendings } = world;
  const { transaction } = call.input;
  if (transaction === undefined) {
    for (const name of await relations.replace(call.caller, there, spec)) await again(world, placed(call.caller), name);
    plans.forget(there.id);
    return (await relations.byId(call.caller, there.id)) ?? there;
  }
  return takesPlace(world, call, { pending: pendings.get(transaction, call.caller), there, spec });
}

type Taking = { readonly pending: Pending; readonly there: Relation; readonly spec: NewRelation };

/** Within a transaction another view takes the place of one; other plain views go over to it. */
async function takesPlace({ relations }: World, { caller }: { readonly caller: Caller }, { pending, there, spec }: Taking) {
  if ((await relations.standing({ ...caller, unsettled: pending }, there)).some(({ kind }) => kind !== 'query'))
    throw alone('A change of a view that materialized views or sinks read');
  const relation = unkept(await relations.reserve(caller), spec);
  pending.replace(there, { relation, spec, live: undefined });
  return relation;
}

/** Gives a view another name within a transaction. */
export async function renameWithin(world: World, call: Call<typeof analytics, 'UpdateQuery'>, pending: Pending): Promise<void> {
  const { relations, plans } = world;
  const { name } = call.input;
  const seen: Seen = { ...call.caller, unsettled: pending };
  const there = await relations.find(seen, call.ref.name);
  if (there?.kind !== 'query') throw missing('query', call.ref.name);
  if (await relations.find(seen, name)) throw new StatementError(sqlstates.relationThere, `relation "${name}" already exists`);
  const text = await withName(there.text ?? '', name);
  const needed = await relations.neededAs(seen, there.id);
  const types = (await relations.rowTypes(seen)).filter(({ id }) => there.types.some((type) => type.id === String(id)));
  const { calls } = await inlinedOf(plans.functions, seen, there);
  const spec = {
    ...{ name, columns: there.columns, text, calls, topic: null, format: null, target: null },
    kind: 'query',
    needs: [...needed.map(({ relation }) => relation), ...types],
    known: new Map(needed.map(({ relation, said, width }) => [relation.id, { said, width }])),
  } as const;
  await takesPlace(world, call, { pending, there, spec });
}
