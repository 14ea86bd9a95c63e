import { createReadStream, createWriteStream, openAsBlob } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { AnyService } from '#kernel/contract/contract.ts';
import { parseJson } from '#kernel/listen/json.ts';
import { applyDefaults } from '#kernel/derive/default.ts';
import type { Route } from '#kernel/derive/route.ts';
import { validator } from '#kernel/derive/validate.ts';
import { createClient, type Sent } from '../../sdk/index.ts';
import type { Global } from '../global.ts';
import { flagsOf } from './flag.ts';
import { type Parsed, parseVerb, usage } from './parse.ts';
import { placeId } from './place.ts';
import { printOutput } from './print.ts';
import type { Target } from './target.ts';
import type { Verb } from './verb.ts';

type Method = (...given: unknown[]) => unknown;

/** Reads the command line of a verb before anything is looked for, so that its mistakes are told first. */
export async function readVerb({ route }: Verb, argv: readonly string[]): Promise<Parsed> {
  const parsed = parseVerb(route, argv);
  const { input: file, body } = parsed.common;
  const streamsIn = route.body === 'in' || route.body === 'both';
  if (streamsIn && body === undefined) throw usage('--body FILE is missing, or --body - for standard input.');
  if (!streamsIn && body !== undefined) throw usage('This operation takes no --body.');
  if (file === '-' && body === '-') throw usage('Standard input can be the input or the body, not both.');
  const input = { ...(file === undefined ? {} : await inputFrom(file)), ...parsed.input };
  const failure = validator(route.definition.input)(applyDefaults(route.definition.input, input));
  if (failure) throw usage(`${optionAt(route, failure.path)} ${failure.detail}.`);
  return { ...parsed, input };
}

async function inputFrom(file: string): Promise<Record<string, unknown>> {
  const value = parseJson(file === '-' ? await buffer(process.stdin) : await readable(file));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw usage('The input must be a JSON object.');
  return value as Record<string, unknown>;
}

async function readable(file: string): Promise<Buffer> {
  return readFile(file).catch((cause: Error) => {
    throw usage(`${file} cannot be read: ${cause.message}.`);
  });
}

/** How a failing field is written on the command line. */
function optionAt(route: Route, path: string): string {
  const steps = path.split('/').slice(1);
  if (route.at === 'new' && steps[0] === 'name') return 'The name';
  const flags = flagsOf(route)
    .filter(({ path: own }) => own.every((step, at) => step === steps[at]))
    .sort((one, other) => other.path.length - one.path.length);
  const [flag] = flags;
  if (!flag) return steps.length === 0 ? 'The input' : `The field ${steps.join('.')}`;
  const deeper = steps.slice(flag.path.length).join('.');
  return `--${flag.names[0]}${deeper === '' ? '' : ` (at ${deeper})`}`;
}

/** Calls the operation and prints what it answers. */
export async function callVerb(target: Target, contract: AnyService, { route }: Verb, parsed: Parsed, global: Global): Promise<number> {
  const { name, input, common } = parsed;
  const environment = await placeId(target, common);
  const client = createClient(contract, target.reach(contract.name)) as Readonly<Record<string, Method>>;
  const body = common.body === undefined ? undefined : common.body === '-' ? process.stdin : await bytesOf(common.body);
  const more = { environment, key: common['idempotency-key'], ...(body === undefined ? {} : { body }) };
  const answer = client[route.operation]?.(...(route.at === 'item' ? [name] : []), input, more);
  if (route.body === 'watch') await printChanges(answer as AsyncIterable<unknown>, global);
  else if (route.body === 'out' || route.body === 'both')
    await save((await answer) as Raw, common.save, (output) => printOutput(contract, route, output, global));
  else printOutput(contract, route, await answer, global);
  return 0;
}

/** A file with its length, or what comes out of a pipe. */
async function bytesOf(file: string): Promise<Sent> {
  try {
    const place = await stat(file);
    if (place.isDirectory()) throw new Error('it is a directory');
    return place.isFile() ? await openAsBlob(file) : createReadStream(file);
  } catch (cause) {
    throw usage(`${file} cannot be read: ${(cause as Error).message}.`);
  }
}

type Raw = { output: unknown; body: ReadableStream<Uint8Array> };

async function save({ output, body }: Raw, file: string | undefined, print: (output: unknown) => void): Promise<void> {
  const pieces = body as unknown as AsyncIterable<Uint8Array>;
  if (file === undefined) {
    await pipeline(pieces, process.stdout, { end: false });
    return;
  }
  await pipeline(pieces, createWriteStream(file)).catch((cause: NodeJS.ErrnoException) => {
    if (cause.syscall === 'open') throw usage(`${file} cannot be written: ${cause.message}.`);
    throw cause;
  });
  print(output);
}

async function printChanges(changes: AsyncIterable<unknown>, { output }: Global): Promise<void> {
  for await (const change of changes) {
    const { type, version, resource } = change as { type: string; version: string; resource?: { name: string } };
    if (output === 'json') console.log(JSON.stringify(change));
    else if (type !== 'bookmark') console.log(`${type.padEnd(8)} ${version.padEnd(12)} ${JSON.stringify(resource?.name ?? '')}`);
  }
}
