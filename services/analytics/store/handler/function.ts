import { createHash } from 'node:crypto';
import type { Node } from 'libpg-query';
import type { Call, Handlers } from '#kernel/contract/call.ts';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { isModel, isModule, type RoutineCall, routineIn, routineOf } from '../../domain/routine.ts';
import { inlined, type SqlFunction } from '../../domain/sql-function.ts';
import { parseStatement } from '../../domain/statement.ts';
import type { Answering } from '../../engine/routine/calls.ts';
import { bytesOf } from '../../jobs/bucket.ts';
import type { analytics } from '../../service.ts';
import { modelMaxBytes, moduleMaxBytes } from '../limits.ts';
import { direct } from '../named.ts';
import { planAsked } from '../question.ts';
import { again } from './again.ts';
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
        const routine = routineIn(made.body);
        const model = routine && (await compiled(world, call as unknown as Call<typeof analytics>, routine));
        const { tenant, scope } = call.caller;
        const others = await functions.create(call.caller, { name, text, calls, isAnew: made.isAnew, model });
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
  planAsked({ targetList: [{ ResTarget: { val } }], op: 'SETOP_NONE' }, '', direct([]), []);
}

/** Lets the process that will run it read a body in another language; answers the file of a model. */
async function compiled({ routines, connections, models, allow }: World, call: Call<typeof analytics>, { definition }: RoutineCall) {
  const routine = routineOf(definition);
  const { caller, signal } = call;
  if (!routine.file) {
    await understood(routines.of(caller), definition);
    return undefined;
  }
  const { connection, path } = routine.file;
  await call.also('UseConnection', connection);
  const { spec } = await connections.open(caller, connection);
  if (spec.kind !== 's3')
    throw new StatementError('22023', `connection "${connection}" is of the type ${spec.kind}, and files are in one of the type s3`);
  const most = isModel(routine.language) ? modelMaxBytes : moduleMaxBytes;
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of bytesOf({ spec, allow, signal }, path)) {
    pieces.push(piece);
    size += piece.length;
    if (size > most)
      throw new StatementError(sqlstates.tooLarge, `the file of a function in ${routine.language} has at most ${most} bytes`);
  }
  if (size === 0) throw new StatementError('58P01', `there is no file ${path} in what connection "${connection}" leads to`);
  const file = Buffer.concat(pieces);
  const hash = createHash('sha256').update(file).digest('hex');
  if (isModel(routine.language)) await models.read(caller, routine, hash, async () => file);
  else {
    if (!isModule(file)) throw new StatementError('42P13', `the file ${path} is no module of WebAssembly`);
    await understood(routines.of(caller), JSON.stringify({ ...routine, file: undefined, body: file.toString('base64') }));
  }
  return { hash, sealed: await models.seal(caller, hash, file) };
}

async function understood({ call }: Answering, definition: string): Promise<void> {
  const [reply] = await call(definition, []);
  if (reply) throw new StatementError(sqlstates.syntax, String(reply[1]) || 'the body is not understood');
}
