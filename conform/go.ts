import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';
import { command, tryCommand } from './command.ts';
import { retried } from './debian.ts';
import { installMs } from './limits.ts';

const programs = join(installation, '.cache', 'conform', 'go');

/** The path of a program that `goProgram` installed. */
export const goPath = (name: string): string => join(programs, name);

/** Builds a program of a Go module, `module/path/of/program@version`, by the machine's Go; kept from one run to the next. */
export async function goProgram(name: string, source: string): Promise<{ version: string } | { skip: string }> {
  if ((await tryCommand(['sh', '-c', 'command -v go'])).code !== 0) return { skip: 'go is not installed' };
  mkdirSync(programs, { recursive: true });
  const version = source.slice(source.indexOf('@') + 1);
  const { out } = await tryCommand(['go', 'version', '-m', goPath(name)]);
  if (!out.includes(version)) {
    const env = { GOBIN: programs, GOTOOLCHAIN: 'local' };
    await retried(() => command(['go', 'install', source], { env, timeoutMs: installMs }));
  }
  return { version };
}

/** Builds the program in a folder with a go.mod and go.sum; answers its path. */
export async function goBuild(folder: string, name: string): Promise<string> {
  const env = { GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly' };
  await retried(() => command(['go', 'build', '-o', goPath(name), '.'], { cwd: folder, env, timeoutMs: installMs }));
  return goPath(name);
}
