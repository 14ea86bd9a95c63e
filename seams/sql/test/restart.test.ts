import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PostgresError, SqlAborted, SqlUnavailable } from '../error.ts';
import { openSql } from '../sql.ts';
import { startTestServer, type TestServer } from './server.ts';

const one = { tenant: 1n, scope: 1n };
let server: TestServer;

before(async () => {
  server = await startTestServer();
});
after(() => server[Symbol.asyncDispose]());

test('PostgreSQL killed by -9 under load: callers hear that it is away, the pool recovers, nothing acknowledged is lost', async () => {
  await using sql = openSql(server.url, { max: 4 });
  await sql.platform().script('create table entry (id int primary key)');
  const acknowledged: number[] = [];
  const doubtful: number[] = [];
  const stop = performance.now() + 2500;
  let next = 0;
  let errors = 0;
  const callers = Array.from({ length: 16 }, async (_, caller) => {
    while (performance.now() < stop) {
      const id = ++next;
      try {
        if (caller % 4 === 0) await sql.as(one).begin((tx) => tx.query('insert into entry values ($1)', [id]));
        else await sql.as(one).query('insert into entry values ($1)', [id]);
        acknowledged.push(id);
      } catch (error) {
        assert.ok(error instanceof SqlUnavailable || (error instanceof PostgresError && error.retry), String(error));
        errors++;
        doubtful.push(id);
        await sleep(5);
      }
    }
  });
  await sleep(400);
  const dead = server.running;
  process.kill(dead.pid, 'SIGKILL');
  await dead.exited;
  await sleep(200);
  await server.restart();
  const before = acknowledged.length;
  await Promise.all(callers);
  assert.ok(errors > 0 && acknowledged.length > before, `${errors} errors, ${before} then ${acknowledged.length}`);
  const { rows } = await sql.as(one).query<{ id: number }>('select id from entry');
  const stored = new Set(rows.map((row) => row.id));
  assert.deepEqual(
    acknowledged.filter((id) => !stored.has(id)),
    [],
  );
  const known = new Set([...acknowledged, ...doubtful]);
  assert.deepEqual(
    [...stored].filter((id) => !known.has(id)),
    [],
  );
});

test('a statement whose connection is ended by an administrator is lost and says that it had been sent', async () => {
  await using sql = openSql(server.url, { max: 2 });
  await using other = openSql(server.url, { max: 1 });
  const slow = sql.as(one).query('select pg_sleep(20)');
  const isLost = (error: unknown) => error instanceof SqlUnavailable && error.sent && error.retry && error.reason === 'lost';
  const lost = assert.rejects(slow, isLost);
  const end = () =>
    other
      .platform()
      .query("select pg_terminate_backend(pid) from pg_stat_activity where query = 'select pg_sleep(20)' and state = 'active'");
  // The statement may not have arrived yet.
  while ((await end()).count === 0) await sleep(20);
  await lost;
  assert.equal((await sql.as(one).query('select 1')).count, 1);
});

test('a cancel meant for a neighbour that strikes while the pool closes answers that the pool is closed', async () => {
  const sql = openSql(server.url, { max: 1 });
  await using other = openSql(server.url, { max: 1 });
  const stop = new AbortController();
  const slow = sql.as(one).query('select pg_sleep(30)', [], { signal: stop.signal });
  const neighbour = sql.as(one).query('select pg_sleep(20)');
  neighbour.catch(() => undefined);
  const running = (seconds: number) => `from pg_stat_activity where query = 'select pg_sleep(${seconds})' and state = 'active'`;
  const begun = async (seconds: number) => {
    while ((await other.platform().query(`select pid ${running(seconds)}`)).count === 0) await sleep(20);
  };
  await begun(30);
  stop.abort();
  await assert.rejects(slow, SqlAborted);
  await begun(20);
  const closed = sql.close();
  await other.platform().query(`select pg_cancel_backend(pid) ${running(20)}`);
  await assert.rejects(neighbour, (error: unknown) => error instanceof SqlUnavailable && error.reason === 'closed' && !error.sent);
  await closed;
});

test('a transaction whose connection is lost before its commit says that it had no effect', async () => {
  await using sql = openSql(server.url, { max: 2 });
  await using other = openSql(server.url, { max: 1 });
  const work = sql.as(one).begin(async (tx) => {
    const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
    await other.platform().query('select pg_terminate_backend($1, 1000)', [rows[0]?.pid]);
    await tx.query('select 1');
  });
  await assert.rejects(work, (error: unknown) => error instanceof SqlUnavailable && error.reason === 'lost' && !error.sent);
});

test('calls made while PostgreSQL is away wait for it to come back', async () => {
  await using sql = openSql(server.url, { max: 2 });
  assert.equal((await sql.as(one).query('select 1')).count, 1);
  await server.running.stop();
  const waiting = [sql.as(one).query('select 2 as v'), sql.as(one).begin((tx) => tx.query('select 3 as v'))];
  await sleep(100);
  await server.restart();
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ rows }) => rows),
    [[{ v: 2 }], [{ v: 3 }]],
  );
});
