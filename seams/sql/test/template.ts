import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { prepareCluster } from '../embedded/cluster.ts';

const run = promisify(execFile);

/** A folder of `gamut test`, there for as long as that runs. */
const folder = process.env.GAMUT_TEST_TEMPLATE;

/**
 * Gives a data directory without a cluster a copy of one that was initialised once for all tests of a run: its files, and links to
 * the binaries. Outside `gamut test`, and on another file system, nothing is done, and the cluster is initialised as ever.
 */
export async function givenCluster(data: string): Promise<void> {
  if (folder === undefined || existsSync(join(data, 'postgres'))) return;
  if ((await stat(folder)).dev !== (await stat(data)).dev) return;
  const template = await templateIn(folder);
  // PostgreSQL's files belong to its own user, which cp keeps.
  await run('cp', ['-al', join(template, 'native'), data]);
  await run('cp', ['-a', join(template, 'secrets'), data]);
  await run('cp', ['-a', join(template, 'postgres'), join(data, 'postgres.given')]);
  await rename(join(data, 'postgres.given'), join(data, 'postgres'));
}

/** The template, made by whoever needs it first; where two do at once, that of either. */
async function templateIn(room: string): Promise<string> {
  const template = join(room, 'template');
  if (existsSync(template)) return template;
  const own = await mkdtemp(join(room, 'made-'));
  await prepareCluster(own);
  try {
    await rename(own, template);
  } catch (error) {
    if (!existsSync(template)) throw error;
    await rm(own, { recursive: true });
  }
  return template;
}
