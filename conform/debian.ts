import { command, tryCommand } from './command.ts';
import { installMs, installTries } from './limits.ts';

let updated: Promise<void> | undefined;

/** The version of a Debian package, installed first when it is not there; or why it cannot be. */
export async function debianPackage(name: string): Promise<{ version: string } | { skip: string }> {
  const there = await installedVersion(name);
  if (there !== undefined) return { version: there };
  if (process.getuid?.() !== 0) return { skip: `${name} is not installed, and only root may install it` };
  if (!(await runs('apt-get'))) return { skip: `${name} is not installed, and this is no Debian` };
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  updated ??= retried(() => command(['apt-get', 'update', '-q'], { timeoutMs: installMs })).then(() => undefined);
  await updated;
  await retried(() => command(['apt-get', 'install', '-q', '-y', '--no-install-recommends', name], { env, timeoutMs: installMs }));
  const version = await installedVersion(name);
  if (version === undefined) throw new Error(`${name} was installed, and is not there`);
  return { version };
}

async function installedVersion(name: string): Promise<string | undefined> {
  if (!(await runs('dpkg-query'))) return undefined;
  const { code, out } = await tryCommand(['dpkg-query', '-W', '-f', '${db:Status-Status} ${Version}', name]);
  return code === 0 && out.startsWith('installed ') ? out.slice('installed '.length).trim() : undefined;
}

async function runs(name: string): Promise<boolean> {
  return (await tryCommand(['sh', '-c', `command -v ${name}`])).code === 0;
}

/** Registries fail now and then; what fails every time is told. */
export async function retried<T>(step: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await step();
    } catch (error) {
      if (tries >= installTries) throw error;
    }
  }
}
