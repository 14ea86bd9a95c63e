import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, chown, lstat, mkdir, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Account } from './account.ts';
import { DataDirectoryError } from './error.ts';
import { socketPathBytesMax } from './limits.ts';

const run = promisify(execFile);

/** Fails with one sentence when PostgreSQL's user cannot enter the data directory. */
export async function checkReach(data: string, account: Account): Promise<void> {
  if (!account.switched) return;
  const steps: string[] = [];
  for (let at = await realpath(resolve(data)); ; at = dirname(at)) {
    steps.unshift(at);
    if (at === dirname(at)) break;
  }
  // Asked of the kernel, as that user: modes alone do not tell of access lists or of mounts.
  const probe = 'for d in "$@"; do cd "$d" 2>/dev/null || { printf %s "$d"; exit 0; }; done';
  const { stdout } = await run('/bin/sh', ['-c', probe, 'probe', ...steps], {
    uid: account.uid,
    gid: account.gid,
    cwd: '/',
    env: {},
  });
  if (stdout === '') return;
  throw new DataDirectoryError(
    `PostgreSQL runs as user ${account.name} (${account.uid}), who cannot enter ${stdout}: ` +
      `choose another data directory, or allow it by chmod o+x ${stdout}.`,
  );
}

/** Makes a directory that belongs to PostgreSQL's user alone; one that somebody else made is refused. */
export async function makePrivate(path: string, account: Account): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return;
    throw new DataDirectoryError(`The directory ${path} cannot be made: ${error.code}.`, { cause: error });
  });
  const found = await lstat(path);
  const ours = found.uid === (process.getuid?.() ?? found.uid) || found.uid === account.uid;
  if (!found.isDirectory() || !ours)
    throw new DataDirectoryError(`${path} belongs to somebody else (user ${found.uid}): remove it, or choose another data directory.`);
  if (account.switched && found.uid !== account.uid) await chown(path, account.uid, account.gid);
  if ((found.mode & 0o777) !== 0o700) await chmod(path, 0o700);
}

/** Where the server's socket goes: below the data directory when its path is short enough, else below the temporary directory. */
export function socketFolder(data: string, name: string): string {
  const near = join(resolve(data), 'run', name);
  if (socketPath(near).length <= socketPathBytesMax) return near;
  const hash = createHash('sha256')
    .update(`${resolve(data)}\0${name}`)
    .digest('hex')
    .slice(0, 12);
  const far = join(tmpdir(), `gamut-${hash}`);
  return socketPath(far).length <= socketPathBytesMax ? far : join('/tmp', `gamut-${hash}`);
}

/** The socket's file in a folder, and the bytes that its name takes. */
export function socketPath(folder: string): Buffer {
  return Buffer.from(join(folder, '.s.PGSQL.5432'));
}
