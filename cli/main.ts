import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fault, OperationError } from '#kernel/contract/fault.ts';
import { commands } from './command.ts';
import { type Global, takeGlobal } from './global.ts';

type CommandModule = { run(argv: string[], global: Global): Promise<number> };
type VerbModule = { runVerb(argv: string[], global: Global): Promise<number> };

const ending = extname(fileURLToPath(import.meta.url));
const usageExit = 2;

/** Runs one command line and resolves with the exit code. Errors are one sentence; GAMUT_DEBUG=1 shows where they came from. */
async function main(argv: readonly string[]): Promise<number> {
  let output: Global['output'] = argv.includes('json') ? 'json' : 'text';
  try {
    const { global, rest, asked } = takeGlobal(argv);
    output = asked;
    return await dispatch(rest, global);
  } catch (error) {
    return report(error, output);
  }
}

async function dispatch(argv: string[], global: Global): Promise<number> {
  const [name = 'help', ...rest] = argv;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  const asksHelp = rest.includes('--help') || rest.includes('-h');
  if (name === '--version' || name === 'version') return version(global);
  if (name === 'help' || name === '--help' || name === '-h') {
    const known = rest[0] === undefined || Object.hasOwn(commands, rest[0]);
    return known ? help(rest[0] ?? '') : (await load<VerbModule>('cli/verb', 'help')).runVerb(['help', ...rest], global);
  }
  if (command && asksHelp) return help(name);
  if (command) return (await load<CommandModule>(command.module, name)).run(rest, global);
  return (await load<VerbModule>('cli/verb', name)).runVerb(argv, global);
}

async function help(name: string): Promise<number> {
  const { usageText } = await import('./help.ts');
  console.log(usageText(Object.hasOwn(commands, name) ? name : ''));
  return 0;
}

async function version({ output }: Global): Promise<number> {
  const { release } = await import('#kernel/volume/release.ts');
  console.log(output === 'json' ? JSON.stringify({ version: release }) : release);
  return 0;
}

/** Loads a command's module. One that this installation does not have, such as the tests in a package, is told in a sentence. */
async function load<Module>(module: string, name: string): Promise<Module> {
  const url = new URL(`../${module}${ending}`, import.meta.url);
  try {
    return (await import(url.href)) as Module;
  } catch (error) {
    const { code, url: missing } = error as { code?: string; url?: string };
    if (code !== 'ERR_MODULE_NOT_FOUND' || missing !== url.href) throw error;
    throw fault('Usage', `${JSON.stringify(name)} is not a command of this installation; \`gamut help\` lists them.`);
  }
}

function report(error: unknown, output: Global['output']): number {
  const known = error instanceof OperationError;
  const code = known ? error.code : 'Internal';
  const text = error instanceof Error ? error.message : String(error);
  console.error(output === 'json' ? JSON.stringify({ error: { code, text } }) : `gamut: ${code}: ${text}`);
  if (process.env.GAMUT_DEBUG === '1') console.error(error);
  return code === 'Usage' ? usageExit : 1;
}

// A pipe that is closed early (`gamut help | head -1`) is no failure of ours.
process.stderr.on('error', () => undefined);
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
process.exitCode = await main(process.argv.slice(2));
// What the tests of a file or a foreign client left open must not keep a finished run from ending.
if (['test', 'conform', 'bench'].includes(process.argv[2] ?? '')) process.exit();
