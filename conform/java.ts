import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';
import { command, tryCommand } from './command.ts';
import { debianPackage, retried } from './debian.ts';
import { installMs } from './limits.ts';

const repository = join(installation, '.cache', 'conform', 'maven');

/** A library of Maven Central, `group:name:version`, as the path of its jar; with a JDK and Maven from Debian where there is none. */
export async function mavenJar(coordinates: string): Promise<{ version: string; jar: string } | { skip: string }> {
  const missing = await javaTools();
  if (missing) return missing;
  const [group = '', name = '', version = ''] = coordinates.split(':');
  const jar = join(repository, ...group.split('.'), name, version, `${name}-${version}.jar`);
  const get = ['mvn', '-q', '-B', `-Dmaven.repo.local=${repository}`, 'dependency:get', `-Dartifact=${coordinates}`, '-Dtransitive=false'];
  if (!existsSync(jar)) await retried(() => command(get, { timeoutMs: installMs }));
  return { version, jar };
}

/** The command line that runs a program of one source file with a library. */
export const javaProgram = (jar: string, source: string): string[] => ['java', '-cp', jar, source];

/** Libraries of Maven Central with everything they need, as a class path. */
export async function mavenClassPath(name: string, libraries: readonly string[]): Promise<{ classPath: string } | { skip: string }> {
  const missing = await javaTools();
  if (missing) return missing;
  const [pom, found] = [join(repository, `${name}.pom`), join(repository, `${name}.classpath`)];
  const text = pomOf(libraries);
  const isMade = existsSync(found) && existsSync(pom) && readFileSync(pom, 'utf8') === text;
  if (!isMade) {
    mkdirSync(repository, { recursive: true });
    writeFileSync(pom, text);
    const words = [`-Dmaven.repo.local=${repository}`, '-f', pom, 'dependency:build-classpath', `-Dmdep.outputFile=${found}`];
    await retried(() => command(['mvn', '-q', '-B', ...words], { timeoutMs: installMs }));
  }
  return { classPath: readFileSync(found, 'utf8').trim() };
}

function pomOf(libraries: readonly string[]): string {
  const dependencies = libraries.map((coordinates) => {
    const [group, name, version] = coordinates.split(':');
    return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
  });
  const head = '<modelVersion>4.0.0</modelVersion><groupId>gamut</groupId><artifactId>conform</artifactId><version>1</version>';
  return `<project>${head}<dependencies>${dependencies.join('')}</dependencies></project>\n`;
}

/** Sees to a JDK and Maven; answers why there is none. */
async function javaTools(): Promise<{ skip: string } | undefined> {
  for (const [program, name] of [
    ['javac', 'default-jdk-headless'],
    ['mvn', 'maven'],
  ] as const) {
    if ((await tryCommand(['sh', '-c', `command -v ${program}`])).code === 0) continue;
    const there = await debianPackage(name);
    if ('skip' in there) return there;
  }
  return undefined;
}
