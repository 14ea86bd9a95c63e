import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fault, OperationError } from '#kernel/contract/fault.ts';
import type { RepeatEntry, RepeatStore } from '#kernel/contract/repeat.ts';
import { deployDatabase, serviceUrl } from '#kernel/migrate/database.ts';
import { deploySchema } from '#kernel/migrate/deploy.ts';
import { openSql, type Sql } from '#seams/sql/sql.ts';
import { startTestServer, type TestServer } from '#seams/sql/test/server.ts';
import { Commits, type Joint } from '../store/commit.ts';
import { Objects } from '../store/object.ts';
import { KeyTaken, type Repetition } from '../store/claim.ts';
import { repeatsOver } from '../store/repeat.ts';
import { Secrets } from '../store/secret.ts';
import { sealer } from './fixtures/sealer.ts';

const deployment = 'repeat1';
let server: TestServer;
const open: Sql[] = [];

before(async () => {
  server = await startTestServer();
  const admin = openSql(await deployDatabase(server.url, deployment), { max: 1 });
  const folder = fileURLToPath(new URL('../store/migration', import.meta.url));
  await deploySchema({ admin, deployment, service: 'payments', folder, password: 'pw' });
  await admin.close();
});
after(async () => {
  for (const sql of open) await sql.close();
  await server?.[Symbol.asyncDispose]();
});

/** The keys as one process sees them: with connections of its own, and nothing remembered. */
function begin(boot: string): { repeats: RepeatStore; sql: Sql } {
  const sql = openSql(serviceUrl(server.url, deployment, 'payments', 'pw'), { max: 2 });
  open.push(sql);
  return { repeats: repeatsOver({ sql, commits: new Commits(sql), sealer, secrets: new Secrets(sql, sealer), boot }), sql };
}

const asked = (name: string, body = 'body'): RepeatEntry => ({
  ...{ tenant: 1n, scope: 1n, operation: 'CreateRefund', key: name, hash: Buffer.from(body) },
});
const reply = (text: string) => ({ status: 200, headers: {}, bytes: Buffer.from(text) });

// Both wait for longer than a process may be silent.
suite('of processes that are silent', { concurrency: 2 }, () => {
  test('a key that one process works under is in use for another, and then both have the one answer', async () => {
    const [one, other] = [begin('one').repeats, begin('other').repeats];
    const began = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const first = one.run(asked('slow'), async () => {
      began.resolve();
      await end.promise;
      return reply('made');
    });
    await began.promise;
    const never = () => Promise.reject(new Error('it was done twice'));
    // For longer than a process may be silent.
    for (let tries = 0; tries < 12; tries += 1) {
      assert.equal((await other.run(asked('slow'), never)).kind, 'in-flight');
      await pause(500);
    }
    assert.equal((await other.run(asked('slow', 'another'), never)).kind, 'conflict');
    end.resolve();
    assert.equal((await first).kind, 'fresh');
    for (const process of [one, other, begin('after a restart').repeats]) {
      const again = await process.run(asked('slow'), never);
      assert.equal(again.kind === 'replay' && Buffer.from(again.reply.bytes).toString(), 'made');
      assert.equal((await process.run(asked('slow', 'another'), never)).kind, 'conflict');
    }
  });

  test('what a process left when it died is begun again by another under the same seed, once it has been silent', async () => {
    const dead = begin('dead');
    let seed = '';
    const began = Promise.withResolvers<void>();
    void dead.repeats
      .run(asked('left'), (given) => {
        seed = (given as Repetition).seed;
        began.resolve();
        return new Promise(() => undefined);
      })
      .catch(() => undefined);
    await began.promise;
    // Without its connections it can say nothing any more, as if it were killed.
    await dead.sql.close();
    const next = begin('next').repeats;
    const work = (given: unknown) => {
      assert.deepEqual(given, { seed, again: true });
      return Promise.resolve(reply('finished'));
    };
    const kinds = new Set<string>();
    for (let tries = 0; tries < 200 && !kinds.has('fresh'); tries += 1) {
      kinds.add((await next.run(asked('left'), work)).kind);
      await pause(100);
    }
    assert.deepEqual(kinds, new Set(['in-flight', 'fresh']));
  });
});

test('a hundred that ask at once by four processes do the work once', async () => {
  const processes = ['a', 'b', 'c', 'd'].map((boot) => begin(boot).repeats);
  let done = 0;
  const outcomes = await Promise.all(
    Array.from({ length: 100 }, (_, at) =>
      processes[at % processes.length]?.run(asked('many'), async () => {
        done += 1;
        await pause(50);
        return reply(`${done}`);
      }),
    ),
  );
  assert.equal(done, 1);
  assert.equal(outcomes.filter((each) => each?.kind === 'fresh').length, 1);
  assert.ok(outcomes.every((each) => ['fresh', 'replay', 'in-flight'].includes(each?.kind ?? '')));
});

test('a key that is taken with the first transaction of its work is taken once, and whoever had it before has what was begun undone', async () => {
  const processes = ['e', 'f', 'g', 'h'].map((boot) => begin(boot));
  const paying = { ...asked('paid'), operation: 'CreatePaymentIntent' };
  let done = 0;
  const run = async ({ repeats, sql }: (typeof processes)[number], n: number) =>
    repeats.run(paying, async (given) => {
      const { claim, seed } = given as Repetition;
      assert.ok(claim, 'the key is not taken yet');
      const objects = new Objects(sql, sealer, new Commits(sql));
      const made = await objects.insertion(paying, { id: `pi_${n}`, object: 'payment_intent', created: n, seed });
      const taking = claim.taking();
      assert.ok(taking);
      await objects.commit(paying, [taking, made]).catch(() => {
        throw new KeyTaken();
      });
      claim.taken();
      done += 1;
      await pause(20);
      const output = { id: `pi_${n}` };
      await objects.commit(paying, [await claim.keeping(output)]);
      claim.kept();
      return reply(JSON.stringify(output));
    });
  const outcomes = await Promise.all(Array.from({ length: 60 }, (_, n) => run(processes[n % 4] as (typeof processes)[number], n)));
  assert.equal(done, 1);
  assert.equal(outcomes.filter(({ kind }) => kind === 'fresh').length, 1);
  assert.ok(outcomes.every(({ kind }) => ['fresh', 'replay', 'in-flight'].includes(kind)));
  const [one] = processes;
  assert.ok(one);
  const { rows } = await one.sql.as(paying).query<{ id: string }>(`select id from object where kind = 'payment_intent'`);
  const again = await run(one, 99);
  assert.equal(again.kind === 'replay' && Buffer.from(again.reply.bytes).toString(), JSON.stringify({ id: rows[0]?.id }));
  assert.equal(rows.length, 1, 'of all the others nothing is left');
  const refused = await one.repeats
    .run({ ...paying, key: 'wrong' }, () => Promise.reject(fault('BadInput', 'no')))
    .catch((error: unknown) => error);
  assert.ok(refused instanceof OperationError, 'what is refused before anything was done takes no key');
  const { rows: keys } = await one.sql.as(paying).query(`select 1 from reply where key = 'wrong'`);
  assert.equal(keys.length, 0);
  const other = await one.repeats.run({ ...paying, hash: Buffer.from('another') }, () => Promise.reject(new KeyTaken()));
  assert.equal(other.kind, 'conflict');
});

test('what many requests write goes into few transactions, and one that is refused takes no other with it', async () => {
  const { sql } = begin('writer');
  const objects = new Objects(sql, sealer, new Commits(sql));
  const at = { tenant: 1n, scope: 2n };
  const things = Array.from({ length: 60 }, (_, n) => ({ id: `prod_${n}`, object: 'product', created: n, name: 'new' }));
  await Promise.all(things.map(async (thing) => objects.commit(at, [await objects.insertion(at, thing)])));
  const { rows } = await sql.as(at).query<{ id: string; by: string }>('select id, xmin::text as by from object order by seq');
  assert.deepEqual(
    rows.map(({ id }) => id),
    things.map(({ id }) => id),
  );
  assert.ok(new Set(rows.map(({ by }) => by)).size < 10);

  const kept = await Promise.all(things.map(({ id }) => objects.get(at, 'product', id)));
  const renamed = async (n: number, name: string) => {
    const before = kept[n];
    assert.ok(before);
    return objects.commit(at, [await objects.change(at, before, { ...before.thing, name })]);
  };
  await renamed(7, 'changed meanwhile');
  // PostgreSQL keeps no text with a zero character.
  const outcomes = await Promise.allSettled(things.map((_, n) => renamed(n, n === 30 ? 'zero \0' : 'changed')));
  const failed = outcomes.flatMap(({ status }, n) => (status === 'rejected' ? [n] : []));
  assert.deepEqual(failed, [7, 30]);
  assert.equal(outcomes[7]?.status === 'rejected' && (outcomes[7].reason as { code?: string }).code, 'Conflict');
  const names = await Promise.all(things.map(async ({ id }) => (await objects.get(at, 'product', id))?.thing.name));
  assert.deepEqual(
    names,
    things.map((_, n) => (n === 7 ? 'changed meanwhile' : n === 30 ? 'new' : 'changed')),
  );
});

test('transactions of two lanes run beside each other, and both are done when each waits for the other', async () => {
  const { sql } = begin('lanes');
  const at = { tenant: 1n, scope: 1n };
  const alone = (text: string, params: readonly unknown[] = []): Joint => ({ text, params, joint: 'alone' });
  const longer = (id: string) => alone(`update content set sealed = sealed || '\\x01'::bytea where id = $1`, [id]);
  const gate = 7_001;
  const passing = alone('select pg_advisory_xact_lock_shared($1)', [gate]);
  await sql.as(at).query(`insert into content (id, sealed) values ('one', ''), ('other', '')`);
  // Connections are made when one is busy.
  await Promise.all(Array.from({ length: 4 }, () => sql.as(at).query('select pg_sleep(0.2)')));
  let transactions = 0;
  const counting: Sql = {
    ...sql,
    as(scope) {
      const handle = sql.as(scope);
      return { ...handle, group: (...given) => ((transactions += 1), handle.group(...given)) };
    },
  };
  const commits = new Commits(counting);
  // Each has one of the rows when it asks for that of the other: PostgreSQL ends one of them.
  const [one, other] = [longer('one'), longer('other')];
  const beside = begin('gate').sql;
  const both = await beside.as(at).begin(async (within) => {
    await within.query('select pg_advisory_xact_lock($1)', [gate]);
    const begun = [commits.commit(at, [one, passing, other], 'intentions'), commits.commit(at, [other, passing, one], 'objects')];
    const waiting = `select count(*)::int4 as n from pg_locks where locktype = 'advisory' and objid = $1 and not granted`;
    for (let n = 0; n < 2; ) n = (await within.query<{ n: number }>(waiting, [gate])).rows[0]?.n ?? 0;
    return begun;
  });
  await Promise.all(both);
  assert.equal(transactions, 3);
  const { rows } = await sql.as(at).query('select id, length(sealed) as length from content order by id');
  assert.deepEqual(rows, [
    { id: 'one', length: 2 },
    { id: 'other', length: 2 },
  ]);
});
