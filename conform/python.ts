import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';
import type { Check } from './client.ts';
import { command, tryCommand } from './command.ts';
import { debianPackage, retried } from './debian.ts';
import { installMs } from './limits.ts';

/** Packages that are installed together: where they are pinned, and the virtual environment they are installed into. */
export type PythonSet = { readonly requirements: string; readonly environment: string };

const inCache = (name: string): string => join(installation, '.cache', 'conform', name);
const shared: PythonSet = { requirements: join(installation, 'conform', 'requirements.txt'), environment: inCache('venv') };

/** A client's own packages, pinned beside it because they cannot stand beside those that the others share. */
export const pythonSet = (client: string): PythonSet => ({
  requirements: join(installation, 'conform', client, 'requirements.txt'),
  environment: inCache(`venv-${client}`),
});

const made = new Map<string, Promise<{ skip?: string }>>();

/** The version of a Python package of a set, by default of the one that most Python clients share. */
export async function pythonPackage(name: string, set = shared): Promise<{ version: string } | { skip: string }> {
  const making = made.get(set.environment) ?? makeEnvironment(set);
  made.set(set.environment, making);
  const { skip } = await making;
  if (skip !== undefined) return { skip };
  const line = readFileSync(set.requirements, 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${name}==`));
  if (line === undefined) throw new Error(`${name} is not among ${set.requirements}`);
  return { version: line.slice(name.length + 2) };
}

/** The path of a program of the virtual environment. */
export const pythonProgram = (name: string, { environment } = shared): string => join(environment, 'bin', name);

/** Runs a script that prints a check per line, as JSON; one that ends early adds a failed check. */
export async function pythonChecks(script: string, argv: readonly string[], input: unknown, set = shared): Promise<Check[]> {
  const { code, out, err } = await tryCommand([pythonProgram('python', set), '-W', 'error::SyntaxWarning', script, ...argv], {
    input: JSON.stringify(input),
    env: {
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
      PYTHONDONTWRITEBYTECODE: '1',
    },
  });
  const checks = out
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Check);
  if (code !== 0) checks.push({ title: 'the script ran to its end', ok: false, detail: `exit ${code}: ${err.slice(-1500)}` });
  return checks;
}

async function makeEnvironment(set: PythonSet): Promise<{ skip?: string }> {
  const { requirements, environment } = set;
  const wanted = readFileSync(requirements, 'utf8');
  const stamp = join(environment, 'requirements.txt');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return {};
  rmSync(environment, { recursive: true, force: true });
  const make = ['python3', '-m', 'venv', environment];
  if ((await tryCommand(['sh', '-c', make.join(' ')])).code !== 0) {
    rmSync(environment, { recursive: true, force: true });
    const there = await debianPackage('python3-venv');
    if ('skip' in there) return there;
    await command(make);
  }
  const install = [pythonProgram('pip', set), 'install', '--quiet', '--disable-pip-version-check', '--no-input', '-r', requirements];
  await retried(() => command(install, { timeoutMs: installMs }));
  writeFileSync(stamp, wanted);
  return {};
}
