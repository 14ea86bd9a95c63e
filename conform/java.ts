import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';
import { command, tryCommand } from './command.ts';
import { debianPackage, retried } from './debian.ts';
import { installMs } from './limits.ts';

const repository = join(installation, '.cache', 'conform', 'maven');

/** A library of Maven Central, `group:name:version`, as the path of its jar; with a JDK and Maven from Debian where there is none. */
export async function mavenJar(coordinates: string): Promise<{ version: string; jar: string } | { skip: string }> {
  for (const [program, name] of [
    ['javac', 'default-jdk-headless'],
    ['mvn', 'maven'],
  ] as const) {
    if ((await tryCommand(['sh', '-c', `command -v ${program}`])).code === 0) continue;
    const there = await debianPackage(name);
    if ('skip' in there) return there;
  }
  const [group = '', name = '', version = ''] = coordinates.split(':');
  const jar = join(repository, ...group.split('.'), name, version, `${name}-${version}.jar`);
  const get = ['mvn', '-q', '-B', `-Dmaven.repo.local=${repository}`, 'dependency:get', `-Dartifact=${coordinates}`, '-Dtransitive=false'];
  if (!existsSync(jar)) await retried(() => command(get, { timeoutMs: installMs }));
  return { version, jar };
}

/** The command line that runs a program of one source file with a library. */
export const javaProgram = (jar: string, source: string): string[] => ['java', '-cp', jar, source];
