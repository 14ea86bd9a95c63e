import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Account, serverAccount } from './account.ts';
import { DataDirectoryError, EmbeddedPostgresError } from './error.ts';
import { spawnGuarded } from './guard.ts';
import { initTimeoutMs } from './limits.ts';
import { prepareNative } from './native.ts';
import { checkReach, makePrivate, socketFolder } from './place.ts';

/** A cluster on disk, ready to be started. */
export type Cluster = {
  readonly name: string;
  /** PostgreSQL's own directory, 0700, of its user. */
  readonly folder: string;
  /** bin, lib and share. */
  readonly native: string;
  /** The private directory of its unix socket. */
  readonly socket: string;
  /** File with the superuser's password, 0600, ours. */
  readonly passwordFile: string;
  readonly account: Account;
};

export type ClusterOptions = {
  /** Name of the cluster below the data directory; a second one may stand beside the first. */
  readonly name?: string;
  /** A short private directory for the socket's own directory; chosen when absent. */
  readonly run?: string;
  /** Binaries that are prepared already, to share one copy. */
  readonly native?: string;
};

/** The superuser of an embedded cluster. */
export const superuser = 'gamut_admin';

/**
 * Makes the cluster below a data directory if it is not there: binaries, initdb with UTF-8, ICU collation `und` and page
 * checksums, password. Throws DataDirectoryError with one sentence when the directory cannot be used.
 */
export async function prepareCluster(data: string, options: ClusterOptions = {}): Promise<Cluster> {
  const name = options.name ?? 'postgres';
  const root = resolve(data);
  const account = serverAccount();
  await makeData(root, account);
  await checkReach(root, account);
  const cluster: Cluster = {
    name,
    folder: join(root, name),
    native: options.native ?? (await prepareNative(root)),
    socket: options.run === undefined ? socketFolder(root, name) : join(resolve(options.run), name),
    passwordFile: join(root, 'secrets', `${name}.password`),
    account,
  };
  if (!(await exists(join(cluster.folder, 'PG_VERSION')))) await initialise(cluster);
  return cluster;
}

/** The superuser's password. */
export async function readPassword(cluster: Cluster): Promise<string> {
  try {
    return (await readFile(cluster.passwordFile, 'utf8')).trim();
  } catch (cause) {
    throw new DataDirectoryError(`The file ${cluster.passwordFile} with PostgreSQL's password cannot be read.`, { cause });
  }
}

async function makeData(root: string, account: Account): Promise<void> {
  try {
    await mkdir(root, { recursive: true, mode: account.switched ? 0o711 : 0o700 });
    // Other users may pass through to what is theirs, and see no names.
    if (account.switched) await chmod(root, 0o711);
    await mkdir(join(root, 'secrets'), { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new DataDirectoryError(`The data directory ${root} cannot be written: ${(cause as NodeJS.ErrnoException).code}.`, {
      cause,
    });
  }
}

async function initialise(cluster: Cluster): Promise<void> {
  const building = `${cluster.folder}.new`;
  await rm(building, { recursive: true, force: true });
  await makePrivate(building, cluster.account);
  const password = randomBytes(24).toString('base64url');
  const given = join(building, 'password');
  await mkdir(dirname(cluster.passwordFile), { recursive: true, mode: 0o700 });
  await writeFile(cluster.passwordFile, `${password}\n`, { mode: 0o600 });
  const target = join(building, 'cluster');
  await writeFile(given, `${password}\n`, { mode: 0o600 });
  if (cluster.account.switched) await chown(given, cluster.account.uid, cluster.account.gid);
  await initdb(cluster, target, given);
  await rm(given);
  // A directory half made by initdb never bears the cluster's name.
  await rename(target, cluster.folder);
  await rm(building, { recursive: true, force: true });
}

async function initdb(cluster: Cluster, target: string, passwordFile: string): Promise<void> {
  const child = spawnGuarded({
    command: join(cluster.native, 'bin/initdb'),
    args: [
      '-D',
      target,
      '-U',
      superuser,
      `--pwfile=${passwordFile}`,
      '--auth-local=scram-sha-256',
      '--auth-host=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=icu',
      '--icu-locale=und',
      '--data-checksums',
      '--no-instructions',
    ],
    stop: 'TERM',
    kill: 'KILL',
    graceSeconds: 2,
    env: serverEnvironment,
    ...(cluster.account.switched ? { uid: cluster.account.uid, gid: cluster.account.gid } : {}),
  });
  const said: string[] = [];
  child.stdout?.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  const late = setTimeout(() => child.kill('SIGTERM'), initTimeoutMs);
  const code = await new Promise<number | null>((done) => child.once('error', () => done(-1)).once('close', done));
  clearTimeout(late);
  if (code !== 0) throw new EmbeddedPostgresError(`initdb ended with ${code}: ${said.join('').trim().split('\n').slice(-5).join(' ')}`);
}

/** PostgreSQL needs nothing of our environment, and takes PG* variables from it if it can. */
export const serverEnvironment: Readonly<Record<string, string>> = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
