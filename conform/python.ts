import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';
import type { Check } from './client.ts';
import { command, tryCommand } from './command.ts';
import { debianPackage, retried } from './debian.ts';
import { installMs } from './limits.ts';

const requirements = join(installation, 'conform', 'requirements.txt');
const environment = join(installation, '.cache', 'conform', 'venv');
const stamp = join(environment, 'requirements.txt');

let made: Promise<{ skip?: string }> | undefined;

/** The version of a Python package of requirements.txt, in a virtual environment of its own that all Python clients share. */
export async function pythonPackage(name: string): Promise<{ version: string } | { skip: string }> {
  const { skip } = await (made ??= makeEnvironment());
  if (skip !== undefined) return { skip };
  const line = readFileSync(requirements, 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${name}==`));
  if (line === undefined) throw new Error(`${name} is not among ${requirements}`);
  return { version: line.slice(name.length + 2) };
}

/** The path of a program of the virtual environment. */
export const pythonProgram = (name: string): string => join(environment, 'bin', name);

/** Runs a script that prints a check per line, as JSON; one that ends early adds a failed check. */
export async function pythonChecks(script: string, argv: readonly string[], input: unknown): Promise<Check[]> {
  const { code, out, err } = await tryCommand([pythonProgram('python'), '-W', 'error::SyntaxWarning', script, ...argv], {
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

async function makeEnvironment(): Promise<{ skip?: string }> {
  const wanted = readFileSync(requirements, 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return {};
  rmSync(environment, { recursive: true, force: true });
  const make = ['python3', '-m', 'venv', environment];
  if ((await tryCommand(['sh', '-c', make.join(' ')])).code !== 0) {
    rmSync(environment, { recursive: true, force: true });
    const there = await debianPackage('python3-venv');
    if ('skip' in there) return there;
    await command(make);
  }
  const install = [pythonProgram('pip'), 'install', '--quiet', '--disable-pip-version-check', '--no-input', '-r', requirements];
  await retried(() => command(install, { timeoutMs: installMs }));
  writeFileSync(stamp, wanted);
  return {};
}
