import type { Node } from 'libpg-query';
import type { Placed } from '#kernel/contract/provider.ts';
import type { Handlers } from '#kernel/contract/call.ts';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { routineIn } from '../../domain/routine.ts';
import { inlined, type SqlFunction } from '../../domain/sql-function.ts';
import { parseStatement } from '../../domain/statement.ts';
import type { analytics } from '../../service.ts';
import { planAsked } from '../view.ts';
import { type World, worded } from './world.ts';

type Own = Pick<Handlers<typeof analytics>, 'CreateFunction' | 'ListFunctions' | 'DeleteFunction'>;

export function functionHandlers(world: World): Own {
  const { functions } = world.plans;
  return {
    CreateFunction: (call) =>
      worded(async () => {
        const { name, text } = call.input;
        const statement = await parseStatement(text);
        if (statement?.kind !== 'createFunction' || statement.made.name !== name)
          throw new StatementError(sqlstates.syntax, `the text does not make the function "${name}"`);
        const { made } = statement;
        const { tree: body, calls, reached } = await functions.inlined(call.caller, made.body);
        if (reached.has(name)) throw notBuilt('A function that calls itself');
        tried(made, body);
        await compiled(world, call.caller, made.body);
        const { tenant, scope } = call.caller;
        const others = await functions.create(call.caller, { name, text, calls, isAnew: made.isAnew });
        for (const other of others) await again(world, { tenant, scope }, other);
        return { output: { name, text } };
      }),
    ListFunctions: async (call) => ({
      output: { items: (await functions.list(call.caller)).map(({ name, text }) => ({ name, text })) },
    }),
    DeleteFunction: (call) =>
      worded(async () => {
        await functions.drop(call.caller, call.ref.name);
        return { output: {} };
      }),
  };
}

/** Plans a call of a function, so that it does not fail for the first time in a question. */
function tried(made: SqlFunction, body: Node): void {
  const args = made.params.map(() => ({ A_Const: { isnull: true } }));
  const node = { FuncCall: { funcname: [{ String: { sval: made.name } }], args } };
  const val = inlined(node, new Map([[made.name, { ...made, body }]]));
  planAsked({ targetList: [{ ResTarget: { val } }], op: 'SETOP_NONE' }, '', [], []);
}

/** Lets the process that will run it read a body in another language. */
async function compiled({ routines }: World, at: Placed, body: Node): Promise<void> {
  const routine = routineIn(body);
  if (!routine) return;
  const [reply] = await routines.of(at)(routine.definition, []);
  if (reply) throw new StatementError(sqlstates.syntax, String(reply[1]) || 'the body is not understood');
}

/** Lets a view be computed by what its function is now. */
async function again({ relations, plans, maintenance }: World, at: Placed, name: string): Promise<void> {
  const view = await relations.find(at, name);
  if (!view) return;
  plans.forget(view.id);
  await maintenance.again(at, view);
}
