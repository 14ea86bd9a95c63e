import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, prepareCluster } from '../embedded/cluster.ts';
import { type RunningPostgres, startPostgres } from '../embedded/postgres.ts';
import { openSql } from '../sql.ts';
import { givenCluster } from './template.ts';

/** A PostgreSQL of its own in a temporary directory. */
export type TestServer = AsyncDisposable & {
  readonly data: string;
  readonly cluster: Cluster;
  /** The server as it runs now; `restart` changes it. */
  running: RunningPostgres;
  readonly url: string;
  restart(settings?: Readonly<Record<string, string>>): Promise<void>;
};

/** Starts one by our own path: unix socket, no TCP. */
export async function startTestServer(settings: Readonly<Record<string, string>> = {}): Promise<TestServer> {
  const data = await mkdtemp(join(tmpdir(), 'gamut-sql-'));
  await givenCluster(data);
  const cluster = await prepareCluster(data);
  const server: TestServer = {
    data,
    cluster,
    running: await startPostgres(cluster, { settings }),
    get url() {
      return server.running.url;
    },
    async restart(changed = settings) {
      server.running = await startPostgres(cluster, { settings: changed });
    },
    async [Symbol.asyncDispose]() {
      await server.running.stop('immediate');
      await rm(data, { recursive: true, force: true });
    },
  };
  return server;
}

/**
 * Starts one as a stranger would: TCP on loopback with SCRAM, and a role that has CREATEROLE and CREATEDB and is no superuser.
 * The cluster's own address reaches it by the unix socket.
 */
export async function startStranger(
  settings: Readonly<Record<string, string>> = {},
): Promise<TestServer & { readonly strangerUrl: string }> {
  const port = await freePort();
  const server = await startTestServer({ ...settings, listen_addresses: '127.0.0.1', port: String(port) });
  await using sql = openSql(server.url, { max: 1 });
  await sql.platform().script("create role stranger login createrole createdb password 'a stranger''s'");
  const url = new URL(`postgres://stranger@127.0.0.1:${port}/postgres`);
  url.password = encodeURIComponent("a stranger's");
  return Object.assign(server, { strangerUrl: url.href });
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
