import { once } from 'node:events';
import { compileFunction, constants, createContext, Script } from 'node:vm';
import { encodePiece, piecesOf } from '#engine/confined/piece.ts';
import { arrayDimensionsMax, arrayItemsMax } from '../../domain/limits.ts';
import { type Routine, routineOf } from '../../domain/routine.ts';
import { routineChunkMs, routineErrorMax, routineMs, routineRealmsMax, routineTextMax } from './limits.ts';
import { moduleOf } from './module.ts';
import type { Order, Said } from './order.ts';
import { furnishing, type Port } from './realm.ts';

/**
 * The process in which functions of one environment run, each in a realm of its own: a global object that has the language and
 * nothing of Node. Besides, this process can open no file and no connection, and start no process. It ends with its input.
 */
type Realm = { readonly port: Port; go(): boolean };

/** How a realm calls its port, which its function cannot name: nobody can guess it, and it is no property. */
let count = 0;

function realmOf(routine: Routine): Realm {
  const { params, returns, language, body } = routine;
  const global = createContext(constants.DONT_CONTEXTIFY, {
    codeGeneration: { strings: false, wasm: false },
    microtaskMode: 'afterEvaluate',
  });
  count += 1;
  const name = `port_${count}_${[...crypto.getRandomValues(new Uint32Array(4))].join('_')}`;
  const spec = {
    ...{ params: params.map(({ type }) => type), returns },
    ...{ chunkMs: routineChunkMs, textMax: routineTextMax, errorMax: routineErrorMax },
    ...{ itemsMax: arrayItemsMax, depthMax: arrayDimensionsMax },
  };
  const port = new Script(`const ${name} = ${furnishing(spec)}; ${name}`).runInContext(global) as Port;
  port.run =
    language === 'wasm'
      ? moduleOf(routine)
      : (compileFunction(
          `'use strict';${body}\n`,
          params.map((param) => param.name),
          { parsingContext: global, filename: routine.name },
        ) as Port['run']);
  const script = new Script(`${name}.go()`);
  return { port, go: () => script.runInContext(global, { timeout: routineMs }) as boolean };
}

const realms = new Map<string, Realm>();

function realmFor(definition: string): Realm {
  const known = realms.get(definition) ?? realmOf(routineOf(definition));
  realms.delete(definition);
  realms.set(definition, known);
  if (realms.size > routineRealmsMax) realms.delete(realms.keys().next().value as string);
  return known;
}

async function say(said: Said): Promise<void> {
  if (!process.stdout.write(encodePiece(Buffer.from(JSON.stringify(said))))) await once(process.stdout, 'drain');
}

const replied = (port: Port): Said['replies'] => JSON.parse(port.take()) as Said['replies'];
const isLate = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';

async function carryOut({ definition, rows }: Order): Promise<void> {
  let realm: Realm;
  try {
    realm = realmFor(definition);
  } catch (error) {
    const text = `the body is not understood: ${error instanceof Error ? error.message : ''}`.slice(0, routineErrorMax);
    const failed = (): Said['replies'][number] => ['threw', text];
    return await say({ replies: [failed(), ...(JSON.parse(rows) as unknown[]).slice(1).map(failed)], isDone: true });
  }
  realm.port.input = rows;
  for (let isDone = false; !isDone; ) {
    try {
      isDone = realm.go();
      await say({ replies: replied(realm.port), isDone });
    } catch (error) {
      // What was cut off in the middle is not gone on with.
      realms.delete(definition);
      if (!isLate(error)) throw error;
      const replies = replied(realm.port);
      return await say({ replies: [...(realm.port.isCalling ? replies : replies.slice(0, -1)), ['late', '']], isDone: true });
    }
  }
}

process.stdout.on('error', () => process.exit(0));
// Whoever came here in spite of all finds no way to other processes.
for (const name of ['kill', '_kill', '_debugProcess', '_debugEnd', 'binding', 'dlopen', 'getBuiltinModule', 'abort', 'chdir'])
  Reflect.deleteProperty(process, name);

await say({ replies: [], isDone: true });
for await (const piece of piecesOf(process.stdin)) await carryOut(JSON.parse(piece.toString('utf8')) as Order);
process.exit(0);
