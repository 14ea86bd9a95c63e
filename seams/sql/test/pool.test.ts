import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { readBinary, writeBinary } from '#wire/pgwire/binary.ts';
import { oids } from '#wire/pgwire/oid.ts';
import { PostgresError, SqlAborted, SqlMisuse, SqlRefused, SqlUnavailable } from '../error.ts';
import { withLogin } from '../address.ts';
import { json, openSql, type Sql } from '../sql.ts';
import { startTestServer, type TestServer } from './server.ts';

const one = { tenant: 1n, scope: 10n };
const two = { tenant: 2n, scope: 20n };
const setting = "select current_setting('gamut.tenant') as tenant, current_setting('gamut.scope') as scope";
let server: TestServer;
let sql: Sql;

before(async () => {
  server = await startTestServer();
  sql = openSql(server.url, { max: 4, applicationName: 'pool-test' });
  await sql.platform().script("create table thing (id int primary key, body text not null check (body <> 'bad'))");
});
after(async () => {
  await sql.close();
  await server[Symbol.asyncDispose]();
});

test('a statement sees the scope of its handle, and the platform sees none', async () => {
  const [a, b, p] = await Promise.all([sql.as(one).query(setting), sql.as(two).query(setting), sql.platform().query(setting)]);
  assert.deepEqual([a.rows, b.rows, p.rows], [[{ tenant: '1', scope: '10' }], [{ tenant: '2', scope: '20' }], [{ tenant: '', scope: '' }]]);
});

test('a handle without a tenant or a scope is refused', () => {
  const missing = [
    {},
    { tenant: 1n },
    { tenant: 1n, scope: 0n },
    { tenant: 1, scope: 1n },
    { tenant: 1n, scope: 2n ** 63n },
    { tenant: '', scope: '' },
  ];
  for (const scope of missing) assert.throws(() => sql.as(scope as unknown as typeof one), SqlMisuse);
});

test('values of every kind go to the server and come back the same', async () => {
  const at = new Date('2024-02-29T12:34:56.789Z');
  const { rows } = await sql.as(one).query(
    `select $1::bool b, $2::int2 i2, $3::int4 i4, $4::int8 i8, $5::float4 f4, $6::float8 f8, $7::numeric n, $8::text t, $9::bytea y,
       $10::jsonb j,
       $11::uuid u, $12::timestamptz z, $13::int8[] a, $14::text[] ta, $15::timestamptz[] za, $16::bytea[] ya,
       $17::jsonb[] ja, $18::json js, $19::text e`,
    [
      true,
      -2,
      4,
      2n ** 63n - 1n,
      1.5,
      0.1,
      '123456789012345678901234567890.5',
      'ä"\\\'\n',
      Buffer.from([0, 1, 255]),
      json([1, { a: null }]),
      '6e8bc430-9c3a-11d9-9669-0800200c9a66',
      at,
      [1n, null, -1n],
      ['a,b', '{}', 'NULL', null, ''],
      [at],
      [Buffer.from([0])],
      [{ a: 1 }],
      json('x'),
      null,
    ],
  );
  assert.deepEqual(rows[0], {
    b: true,
    i2: -2,
    i4: 4,
    i8: 2n ** 63n - 1n,
    f4: 1.5,
    f8: 0.1,
    n: '123456789012345678901234567890.5',
    t: 'ä"\\\'\n',
    y: Buffer.from([0, 1, 255]),
    j: [1, { a: null }],
    u: '6e8bc430-9c3a-11d9-9669-0800200c9a66',
    z: at,
    a: [1n, null, -1n],
    ta: ['a,b', '{}', 'NULL', null, ''],
    za: [at],
    ya: [Buffer.from([0])],
    ja: [{ a: 1 }],
    js: 'x',
    e: null,
  });
});

test('arrays of texts, JSON and bytes come back the same from the first use of a statement on', async () => {
  await using single = openSql(server.url, { max: 1 });
  const text = fc.string({ unit: 'binary' }).filter((each) => each.isWellFormed() && !each.includes('\0'));
  const array = <T>(of: fc.Arbitrary<T>) => fc.array(fc.option(of, { nil: null }), { maxLength: 8 });
  const value = fc.record({ a: text, b: fc.option(fc.integer(), { nil: null }) }, { noNullPrototype: true });
  const bytes = fc.uint8Array({ maxLength: 40 }).map((each) => Buffer.from(each));
  const number = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  // The first goes in text, because nobody knows the types yet, and the others in binary.
  const given = fc.tuple(array(text), array(text), array(value), array(bytes), array(number));
  for (const params of fc.sample(given, { seed: 8, numRuns: 60 })) {
    const { rows } = await single.as(one).query(
      `select $1::text[] t, $2::varchar[] v, $3::jsonb[] j, $4::bytea[] y, $5::int8[] n,
         (select json_agg(octet_length(e)) from unnest($1::text[]) e) as lengths`,
      params,
    );
    const [t, v, j, y, n] = params;
    const lengths = t.length === 0 ? null : t.map((each) => (each === null ? null : Buffer.byteLength(each)));
    assert.deepEqual(rows[0], { t, v, j, y, n, lengths });
  }
});

test('the binary codec agrees with the server', async () => {
  const cases: [number, string, string, unknown][] = [
    [oids.bool, 'bool', 'true', true],
    [oids.int2, 'int2', '-2', -2],
    [oids.int4, 'int4', '70000', 70_000],
    [oids.int8, 'int8', '-9223372036854775808', -(2n ** 63n)],
    [oids.float4, 'float4', '1.5', 1.5],
    [oids.float8, 'float8', '-0.1', -0.1],
    [oids.text, 'text', 'ä€', 'ä€'],
    [oids.jsonb, 'jsonb_', '{"a": [1, null]}', { a: [1, null] }],
    [oids.bytea, 'bytea', '\\x00ff', Buffer.from([0, 255])],
    [oids.uuid, 'uuid_', '6e8bc430-9c3a-11d9-9669-0800200c9a66', '6e8bc430-9c3a-11d9-9669-0800200c9a66'],
    [oids.timestamptz, 'timestamptz_', '1999-12-31 23:59:59.999+00', new Date('1999-12-31T23:59:59.999Z')],
    [oids.timestamptz, 'timestamptz_', '-infinity', Number.NEGATIVE_INFINITY],
  ];
  for (const [oid, name, shown, value] of cases) {
    const type = name.replace('_', '');
    const { rows } = await sql.as(one).query<{ sent: Buffer }>(`select ${name}send($1::${type}) as sent`, [shown]);
    assert.deepEqual(readBinary(oid, rows[0]?.sent ?? Buffer.alloc(0)), value, type);
    assert.deepEqual(writeBinary(oid, value), oid === oids.jsonb ? Buffer.from('\x01{"a":[1,null]}') : rows[0]?.sent, type);
  }
});

test('a group is atomic: an error in its last statement undoes the first', async () => {
  const group = sql.as(one).group([
    { text: 'insert into thing values ($1, $2)', params: [1, 'good'] },
    { text: 'insert into thing values ($1, $2)', params: [2, 'bad'] },
  ]);
  await assert.rejects(group, (error: unknown) => {
    assert.ok(error instanceof PostgresError);
    assert.deepEqual([error.sqlstate, error.constraint, error.table, error.retry], ['23514', 'thing_body_check', 'thing', false]);
    return true;
  });
  const { count } = await sql.as(one).query('select 1 from thing');
  assert.equal(count, 0);
});

test('a group answers rows and counts of each statement', async () => {
  const results = await sql
    .as(one)
    .group([
      { text: "insert into thing select g, 'x' from generate_series($1::int, $2::int) g", params: [100, 109] },
      { text: "update thing set body = 'y' where id >= $1 returning id", params: [108] },
      { text: 'delete from thing where id >= 100' },
      { text: 'select 1 as a where false' },
    ]);
  assert.deepEqual(
    results.map(({ count, command }) => [command, count]),
    [
      ['INSERT', 10],
      ['UPDATE', 2],
      ['DELETE', 10],
      ['SELECT', 0],
    ],
  );
  assert.deepEqual(results[1]?.rows, [{ id: 108 }, { id: 109 }]);
});

test('an error of one caller leaves the pipelined statements of others alone', async () => {
  const calls = Array.from({ length: 500 }, (_, i) => {
    const handle = sql.as({ tenant: BigInt(i + 1), scope: 7n });
    return i % 5 === 0
      ? handle.query('select 1 / $1::int as v', [0])
      : handle.query("select current_setting('gamut.tenant')::int as v, $1::int as i", [i]);
  });
  const settled = await Promise.allSettled(calls);
  settled.forEach((outcome, i) => {
    if (i % 5 === 0) assert.equal(outcome.status === 'rejected' && (outcome.reason as PostgresError).sqlstate, '22012');
    else assert.deepEqual(outcome.status === 'fulfilled' && outcome.value.rows, [{ v: i + 1, i }]);
  });
});

test('a text that fails to parse does not spoil the cache for the same text later', async () => {
  const text = 'select late from late_table';
  const both = await Promise.allSettled([sql.as(one).query(text), sql.as(one).query(text), sql.as(one).query(text)]);
  assert.ok(both.every((each) => each.status === 'rejected' && (each.reason as PostgresError).sqlstate === '42P01'));
  await sql.platform().script("create table late_table as select 'here' as late");
  assert.deepEqual((await sql.as(one).query(text)).rows, [{ late: 'here' }]);
});

test('a changed table does not fail statements that were prepared before', async () => {
  await sql.platform().script('create table wide as select 1 as a');
  const read = () => Promise.all(Array.from({ length: 40 }, () => sql.as(one).query('select * from wide')));
  await read();
  await sql.platform().script('alter table wide add column b int default 2');
  for (const { rows } of await read()) assert.deepEqual(rows, [{ a: 1, b: 2 }]);
});

test('more texts than the cache holds are all answered', async () => {
  for (let round = 0; round < 2; round++) {
    const calls = Array.from({ length: 700 }, (_, i) => sql.as(one).query(`select ${i} as v${i % 3}`));
    (await Promise.all(calls)).forEach(({ rows }, i) => assert.deepEqual(rows, [{ [`v${i % 3}`]: i }]));
  }
  const { rows } = await sql.as(one).query<{ n: number }>('select count(*)::int as n from pg_prepared_statements');
  assert.ok((rows[0]?.n ?? 0) <= 260);
});

test('transaction control, session settings and COPY are refused as statements', async () => {
  const refused = [
    'commit',
    ' -- x\n/* y */ ROLLBACK',
    'begin',
    'savepoint a',
    'set gamut.tenant = 1',
    'reset all',
    'discard all',
    'copy thing from stdin',
    "select set_config('gamut.tenant', '9', false)",
    "prepare transaction 'x'",
    "select '\0'",
    `select ${' '.repeat(2_000_000)}`,
  ];
  for (const text of refused) await assert.rejects(sql.as(one).query(text), SqlMisuse, text.slice(0, 40));
  await assert.rejects(sql.as(one).query('select 1; select 2'), (error: PostgresError) => error.sqlstate === '42601');
});

test('an abort while waiting or running ends in SqlAborted, and the neighbours in the pipeline are answered', async () => {
  const stop = new AbortController();
  const reason = new Error('enough');
  const slow = sql.as(one).query('select pg_sleep(20)', [], { signal: stop.signal });
  const neighbours = Array.from({ length: 100 }, (_, i) => sql.as(two).query('select $1::int as v', [i]));
  setTimeout(() => stop.abort(reason), 50);
  await assert.rejects(slow, (error: unknown) => error instanceof SqlAborted && error.cause === reason);
  (await Promise.all(neighbours)).forEach(({ rows }, i) => assert.deepEqual(rows, [{ v: i }]));
  await assert.rejects(sql.as(one).query('select 1', [], { signal: AbortSignal.abort() }), SqlAborted);
});

test('a transaction commits, and rolls back on a throw, on a failed statement that was ignored, and on abort', async () => {
  const handle = sql.as(one);
  const insert = 'insert into thing values ($1, $2)';
  assert.equal(
    await handle.begin(async (tx) => {
      await tx.query(insert, [1, 'kept']);
      assert.deepEqual((await tx.query(setting)).rows, [{ tenant: '1', scope: '10' }]);
      return (await tx.query('select body from thing where id = 1')).rows[0]?.body;
    }),
    'kept',
  );
  await assert.rejects(
    handle.begin(async (tx) => {
      await tx.query(insert, [2, 'x']);
      throw new Error('changed my mind');
    }),
    /changed my mind/,
  );
  await assert.rejects(
    handle.begin(async (tx) => {
      await tx.query(insert, [3, 'x']);
      await tx.query(insert, [3, 'x']).catch(() => undefined);
    }),
    SqlMisuse,
  );
  const stop = new AbortController();
  await assert.rejects(
    handle.begin(
      async (tx) => {
        await tx.query(insert, [4, 'x']);
        setTimeout(() => stop.abort(), 30);
        await tx.query('select pg_sleep(20)');
      },
      { signal: stop.signal },
    ),
    SqlAborted,
  );
  await assert.rejects(
    handle.begin(() => new Promise(() => undefined), { signal: AbortSignal.timeout(20) }),
    SqlAborted,
  );
  assert.deepEqual((await handle.query('select id from thing')).rows, [{ id: 1 }]);
  await handle.query('delete from thing');
});

test('an abort that comes while a transaction commits cancels nothing that its connection runs later', async () => {
  await using single = openSql(server.url, { max: 1 });
  let committed = 0;
  for (let id = 1000; id < 1200 && committed < 3; id++) {
    const abort = new AbortController();
    const work = single.as(one).begin(
      async (tx) => {
        await tx.query('insert into thing values ($1, $2)', [id, 'good']);
        setImmediate(() => abort.abort());
      },
      { signal: abort.signal },
    );
    await work.then(
      () => abort.signal.aborted && committed++,
      (error: unknown) => assert.ok(error instanceof SqlAborted, String(error)),
    );
  }
  assert.ok(committed > 0);
  for (let round = 0; round < 3; round++)
    assert.equal(await single.as(one).begin(async (tx) => (await tx.query('select pg_sleep(0.6)')).count), 1);
});

test('statements after the end of a transaction are refused', async () => {
  const tx = await sql.as(one).begin(async (open) => open);
  await assert.rejects(tx.query('select 1'), SqlMisuse);
});

test('a script that ends its transaction is found out', async () => {
  await assert.rejects(
    sql.platform().begin(async (tx) => {
      await tx.query('select 1');
      await tx.script('commit');
      await tx.query('select 1');
    }),
    SqlMisuse,
  );
  assert.equal((await sql.as(one).query('select 1')).count, 1);
});

test('a cursor reads in batches', async () => {
  const sizes = await sql.as(one).begin(async (tx) => {
    const seen: number[] = [];
    for await (const rows of tx.cursor('select g from generate_series(1, $1::int) g', [1050], 500)) seen.push(rows.length);
    return seen;
  });
  assert.deepEqual(sizes, [500, 500, 50]);
});

test('transactions on all connections but one leave groups running, and wait for each other', async () => {
  let open = 0;
  let most = 0;
  const transactions = Array.from({ length: 12 }, () =>
    sql.as(one).begin(async (tx) => {
      most = Math.max(most, ++open);
      await tx.query('select pg_sleep(0.02)');
      assert.equal((await sql.as(two).query('select 1')).count, 1);
      open--;
    }),
  );
  await Promise.all(transactions);
  assert.equal(most, 3);
});

test('isolation and read only hold', async () => {
  const readOnly = sql.as(one).begin((tx) => tx.query("insert into thing values (9, 'x')"), { readOnly: true });
  await assert.rejects(readOnly, (error: PostgresError) => error.sqlstate === '25006');
  const level = await sql.as(one).begin((tx) => tx.query('show transaction_isolation'), { isolation: 'serializable' });
  assert.deepEqual(level.rows, [{ transaction_isolation: 'serializable' }]);
});

test('a result larger than its limit fails its group only', async () => {
  const huge = sql.as(one).query("select repeat('x', 10000000) as x from generate_series(1, 8)");
  const [first, second] = await Promise.allSettled([huge, sql.as(two).query('select 1')]);
  assert.ok(first.status === 'rejected' && first.reason instanceof SqlMisuse);
  assert.equal(second.status, 'fulfilled');
});

test('JSON nested deeper than this process reads fails its group, not the process', async () => {
  const { rows } = await sql.platform().query<{ ok: boolean }>("select repeat('[', 6000) || repeat(']', 6000) is not null as ok");
  assert.equal(rows[0]?.ok, true);
  await sql
    .as(one)
    .query("select (repeat('[', 6000) || repeat(']', 6000))::json as deep")
    .catch((error: unknown) => assert.ok(error instanceof Error));
  assert.equal((await sql.as(one).query('select 1')).count, 1);
});

test('a statement that outlasts its time is cancelled by the server', async () => {
  await using quick = openSql(server.url, { max: 1, statementTimeoutMs: 50 });
  await assert.rejects(quick.as(one).query('select pg_sleep(10)'), (error: PostgresError) => error.sqlstate === '57014');
  assert.equal((await quick.as(one).query('select 1')).count, 1);
});

test('a role is taken at login', async () => {
  await sql.platform().script('create role plain nologin');
  await using limited = openSql(server.url, { max: 1, role: 'plain' });
  assert.deepEqual((await limited.as(one).query('select current_user::text as role')).rows, [{ role: 'plain' }]);
});

test('a wrong password, a missing database and a server that is away are told apart', async () => {
  for (const login of [{ password: 'wrong' }, { password: '' }, { database: 'nowhere' }, { user: 'nobody' }]) {
    await using refused = openSql(withLogin(server.url, login), { max: 1 });
    await assert.rejects(refused.as(one).query('select 1'), SqlRefused);
  }
  const away = new URL(server.url);
  away.searchParams.set('host', '/tmp/there-is-no-such-directory');
  await using absent = openSql(away, { max: 1 });
  const call = absent.as(one).query('select 1', [], { signal: AbortSignal.timeout(200) });
  await assert.rejects(call, SqlAborted);
});

test('a closed pool lets what runs finish and refuses what comes', async () => {
  const closing = openSql(server.url, { max: 2 });
  const begun = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const transaction = closing.as(one).begin(async (tx) => {
    begun.resolve();
    await goOn.promise;
    return tx.query('select 1');
  });
  await begun.promise;
  // The pool has room for one more connection; once it has answered, what is asked of it is sent at once.
  await closing.as(one).query('select 1');
  const running = [closing.as(one).query('select pg_sleep(0.1)'), transaction];
  const closed = closing.close();
  await assert.rejects(closing.as(one).query('select 1'), (error: unknown) => error instanceof SqlUnavailable && error.reason === 'closed');
  goOn.resolve();
  assert.equal((await Promise.all(running)).length, 2);
  await closed;
});
