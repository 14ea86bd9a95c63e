import type { AnyService } from '#kernel/contract/contract.ts';
import { faultTable, OperationError } from '#kernel/contract/fault.ts';
import { dataPath } from '#kernel/volume/path.ts';
import { GamutError } from '../sdk/index.ts';
import type { Global } from './global.ts';
import { callVerb, readVerb } from './verb/call.ts';
import { contractNamed, contractNames } from './verb/contract.ts';
import { serviceHelp, verbHelp } from './verb/help.ts';
import { usage } from './verb/parse.ts';
import { readShort, runShort, shortHelp, shorts } from './verb/short.ts';
import { findTarget, type Target } from './verb/target.ts';
import { verbNamed } from './verb/verb.ts';

const nothingRunsExit = 3;

/**
 * Runs a verb of the platform or of a service: `tenant create acme`, `storage create-bucket photos`, or
 * `help [SERVICE [VERB]]`. Resolves with the exit code: 0, or 3 when no platform answers; refusals are thrown.
 */
export async function runVerb(argv: readonly string[], global: Global): Promise<number> {
  const [noun = '', ...rest] = argv;
  if (noun === 'help') return help(rest);
  const asksHelp = rest.includes('--help') || rest.includes('-h') || rest.length === 0 || rest[0] === 'help';
  if (asksHelp) return help([noun, ...rest.filter((word) => !['--help', '-h', 'help'].includes(word))]);
  if (Object.hasOwn(shorts, noun)) {
    const read = readShort(noun, rest);
    if (!read) throw usage(`gamut ${noun} has no ${JSON.stringify(rest[0])}; it has ${Object.keys(shorts[noun] ?? {}).join(', ')}.`);
    return reaching(global, (target) => runShort(target, read, global));
  }
  const contract = await serviceOf(noun);
  const verb = verbOf(contract, rest[0] ?? '');
  const parsed = await readVerb(verb, rest.slice(1));
  return reaching(global, (target) => callVerb(target, contract, verb, parsed, global));
}

async function serviceOf(name: string): Promise<AnyService> {
  const contract = await contractNamed(name);
  if (!contract)
    throw usage(
      `${JSON.stringify(name)} is neither a command nor a service; there are ${[...Object.keys(shorts), ...contractNames()].join(', ')}.`,
    );
  return contract;
}

function verbOf(contract: AnyService, name: string) {
  const verb = verbNamed(contract, name);
  if (!verb) throw usage(`${contract.name} has no verb ${JSON.stringify(name)}; \`gamut help ${contract.name}\` lists them.`);
  return verb;
}

async function help([noun, verb]: readonly string[]): Promise<number> {
  if (noun === undefined) {
    const services = await Promise.all(
      contractNames().map(async (name) => `  ${name.padEnd(12)}${(await contractNamed(name))?.text ?? ''}`),
    );
    console.log([...Object.keys(shorts).map(shortHelp), '', ...services, '', 'gamut help SERVICE lists its verbs.'].join('\n'));
  } else if (Object.hasOwn(shorts, noun)) {
    console.log(shortHelp(noun));
  } else {
    const contract = await serviceOf(noun);
    console.log(verb === undefined ? serviceHelp(contract) : verbHelp(contract, verbOf(contract, verb)));
  }
  return 0;
}

/** Does the work on the platform that runs; when none does, one sentence and exit code 3. */
async function reaching(global: Global, work: (target: Target) => Promise<number>): Promise<number> {
  const target = await findTarget(global);
  if (!target) return nothingRuns(`Nothing runs on ${dataPath(global.data)}; \`gamut up\` starts it.`, global);
  try {
    return await work(target);
  } catch (error) {
    if (!(error instanceof GamutError)) throw error;
    if (error.code === 'Unreachable') return nothingRuns(error.message, global);
    throw operationError(error);
  }
}

function nothingRuns(text: string, { output }: Global): number {
  console.error(output === 'json' ? JSON.stringify({ error: { code: 'NotRunning', text } }) : `gamut: ${text}`);
  return nothingRunsExit;
}

/** What the platform said, as every command reports errors. */
function operationError(error: GamutError): OperationError {
  const row = faultTable().get(error.code) ?? { status: error.status, retry: error.retryAfterMs !== undefined, text: error.message };
  const { path, detail, retryAfterMs } = error;
  const where = path?.startsWith('/') ? `${detail ?? ''} (${path})`.trim() : detail;
  return new OperationError(error.code, row, { path, retryAfterMs, cause: error, ...(where ? { detail: where } : {}) });
}
