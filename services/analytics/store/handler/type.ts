import type { Handlers } from '#kernel/contract/call.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { checkedColumns } from '../../domain/column.ts';
import { checkedName } from '../../domain/name.ts';
import type { analytics } from '../../service.ts';
import type { Relation } from '../relation.ts';
import { rowTypesOf, typeOfRows } from '../row-type.ts';
import { dropRelation, makeRelation, seenIn } from './transaction.ts';
import { type World, worded } from './world.ts';

type Own = Pick<Handlers<typeof analytics>, 'CreateType' | 'ListTypes' | 'DeleteType'>;

const shown = (type: Relation) => ({ name: type.name, fields: [...type.columns], type: typeOfRows(type) });

export function typeHandlers(world: World): Own {
  const { relations } = world;
  return {
    CreateType: (call) =>
      worded(async () => {
        const name = checkedName(call.input.name);
        const columns = checkedColumns([...call.input.fields], 'type of rows');
        const seen = seenIn(world, call);
        const there = await relations.find(seen, name);
        if (there) throw new StatementError(sqlstates.typeThere, `${there.kind === 'type' ? 'type' : 'relation'} "${name}" already exists`);
        const needs = await rowTypesOf(relations, seen, columns);
        const none = { topic: null, format: null, text: null, target: null } as const;
        return { output: shown(await makeRelation(world, call, { name, kind: 'type', columns, needs, ...none })) };
      }),
    ListTypes: async (call) => ({ output: { items: (await relations.list(call.caller, 'type')).map(shown) } }),
    DeleteType: (call) =>
      worded(async () => {
        await dropRelation(world, call, 'type');
        return { output: {} };
      }),
  };
}
