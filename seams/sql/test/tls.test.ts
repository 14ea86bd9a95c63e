import assert from 'node:assert/strict';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SqlRefused } from '../error.ts';
import { openSql } from '../sql.ts';
import { selfSigned } from './certificate.ts';
import { freePort, startTestServer, type TestServer } from './server.ts';

const one = { tenant: 1n, scope: 1n };
let server: TestServer;
let ca: string;
let port: number;

before(async () => {
  ca = await mkdtemp(join(tmpdir(), 'gamut-ca-'));
  server = await startTestServer();
  const { certificate, key } = selfSigned();
  await writeFile(join(ca, 'ca.pem'), certificate);
  await write('server.crt', certificate);
  await write('server.key', key);
  await server.running.stop();
  port = await freePort();
  await server.restart({ ssl: 'on', listen_addresses: '127.0.0.1', port: String(port) });
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await rm(ca, { recursive: true });
});

async function write(name: string, text: string): Promise<void> {
  const path = join(server.cluster.folder, name);
  await writeFile(path, text, { mode: 0o600 });
  if (server.cluster.account.switched) await chown(path, server.cluster.account.uid, server.cluster.account.gid);
}

function address(host: string, query: Readonly<Record<string, string | undefined>>): URL {
  const url = new URL(server.url);
  url.hostname = host;
  url.search = '';
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
  return url;
}

test('with the authority at hand the server is verified and the connection is encrypted', async () => {
  for (const query of [{ sslmode: 'verify-full', sslrootcert: join(ca, 'ca.pem') }, { sslmode: 'require' }, { sslmode: 'prefer' }]) {
    await using sql = openSql(address('localhost', query), { max: 2 });
    const { rows } = await sql.as(one).query('select ssl, version from pg_stat_ssl where pid = pg_backend_pid()');
    assert.deepEqual(rows, [{ ssl: true, version: 'TLSv1.3' }]);
    const aborted = sql.as(one).query('select pg_sleep(20)', [], { signal: AbortSignal.timeout(50) });
    await assert.rejects(aborted, { name: 'SqlAborted' });
  }
});

test('an unknown authority and another name are refused', async () => {
  await using unknown = openSql(address('localhost', { sslmode: 'verify-full' }), { max: 1 });
  await assert.rejects(unknown.as(one).query('select 1'), SqlRefused);
  const trusted = { sslrootcert: join(ca, 'ca.pem') };
  await using other = openSql(address('127.0.0.1', { sslmode: 'verify-full', ...trusted }), { max: 1 });
  await assert.rejects(other.as(one).query('select 1'), SqlRefused);
  await using named = openSql(address('127.0.0.1', { sslmode: 'verify-ca', ...trusted }), { max: 1 });
  assert.equal((await named.as(one).query('select 1')).count, 1);
});
