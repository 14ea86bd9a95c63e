import type { Handlers } from '#kernel/contract/call.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { inlined } from '../../domain/sql-function.ts';
import { parseStatement } from '../../domain/statement.ts';
import type { analytics } from '../../service.ts';
import { planAsked } from '../view.ts';
import { type World, worded } from './world.ts';

type Own = Pick<Handlers<typeof analytics>, 'CreateFunction' | 'ListFunctions' | 'DeleteFunction'>;

export function functionHandlers({ plans: { functions } }: World): Own {
  return {
    CreateFunction: (call) =>
      worded(async () => {
        const { name, text } = call.input;
        const statement = await parseStatement(text);
        if (statement?.kind !== 'createFunction' || statement.made.name !== name)
          throw new StatementError(sqlstates.syntax, `the text does not make the function "${name}"`);
        const { tree: body, calls } = await functions.inlined(call.caller, statement.made.body);
        // It is tried here, so that it does not fail for the first time in a question.
        const nothing = statement.made.params.map(() => ({ A_Const: { isnull: true } }));
        const val = inlined(
          { FuncCall: { funcname: [{ String: { sval: name } }], args: nothing } },
          new Map([[name, { ...statement.made, body }]]),
        );
        planAsked({ targetList: [{ ResTarget: { val } }], op: 'SETOP_NONE' }, '', [], []);
        await functions.create(call.caller, name, text, calls);
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
