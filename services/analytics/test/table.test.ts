import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { once } from 'node:events';
import pg from 'pg';
import postgres from 'postgres';
import { startTestServer } from '#seams/sql/test/server.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { asText, refusedWith, sortedTold, told } from './fixtures/told.ts';

let house: House;
let client: pg.Client;
let other: pg.Client;
before(async () => {
  house = await openHouse();
  client = new pg.Client(house.login());
  other = new pg.Client(house.login());
  await Promise.all([client.connect(), other.connect()]);
});
after(async () => {
  await Promise.all([client?.end(), other?.end()]).catch(() => undefined);
  await house?.stop();
});

const rowsOf = async (own: pg.Client, text: string): Promise<unknown[][]> => {
  const answer = await told(own, text);
  assert.ok(typeof answer === 'object', `${text}: ${String(answer)}`);
  return answer.rows;
};

/** Statements with their parameters; each is asked of both. */
const statements: readonly (readonly [string, ...unknown[]])[] = [
  [
    `create table items (id int8 primary key, name text not null, price numeric default 1.50, n int4 default 2 * 3,
      f float8, on_sale bool)`,
  ],
  ['create table items (id int8)'],
  ['create table if not exists items (id int8)'],
  ['create table lines (item int8, at int4, what text, constraint k primary key (at, item))'],
  ['create table loose (a int4, b text)'],
  ['create table twice (a int4 primary key, b int4 primary key)'],
  ['create table twice (a int4, a int4)'],
  ['create table twice (a int4, primary key (b))'],
  [`insert into items values (1, 'tea'), (2, 'salt', 0.25)`],
  [`insert into items values (1, 'tea', default, default), (2, 'salt', 0.25, 7), (3, 'oil', default, null)`],
  [
    'insert into items (name, id) values ($1, $2), ($3, $4) returning id, upper(name) as loud, price * 2, items.*',
    'rye',
    4,
    'fig',
    '9223372036854775807',
  ],
  [`insert into items values (5, 'new'), (1, 'again')`],
  [`insert into items (id, name) select g, 'row ' || g from generate_series(20, 24, 2) as g`],
  ['insert into items (id, name) select g, $1 from generate_series($2::int8, 19) as g', 'again', 19],
  [`insert into items (id) values (6)`],
  [`insert into items values (null, 'x')`],
  [`insert into items (id, name, id) values (6, 'x', 7)`],
  [`insert into items (id, none) values (6, 'x')`],
  [`insert into items values (6, 'x', 1, 1, 1, true, 8)`],
  [`insert into items (id, name) values (6)`],
  [`insert into items (id, name) values (6, 7, 8)`],
  [`insert into items (id, name, n) values ('abc', 'x', 1)`],
  [`insert into items (id, name, n) values (6, 'x', 'a' || 'b')`],
  [`insert into items (id, name, n) values (6, 'x', true)`],
  [`insert into items (id, name, n) values (6, 7, 2.5) returning *`],
  [`insert into items (id, name, n) values (7, 'x', 3000000000)`],
  ['insert into items default values'],
  ['insert into none values (1)'],
  [`insert into items (id, name) values (1, 'T'), (8, 'egg'), (8, 'twice') on conflict do nothing returning id`],
  [`insert into items (id, name) values (1, 'T'), (9, 'ham') on conflict (id) do nothing`],
  [
    `insert into items (id, name, n) values (1, 'Tea', 5), (10, 'jam', 1) on conflict (id)
      do update set name = excluded.name, n = items.n + excluded.n returning *`,
  ],
  [`insert into items as i (id, name) values (2, 'no') on conflict (id) do update set name = 'changed' where i.price > 1 returning id`],
  [`insert into items (id, name) values (2, 'a'), (2, 'b') on conflict (id) do update set name = excluded.name`],
  [`insert into items (id, name) values (2, 'a') on conflict (name) do nothing`],
  [`insert into items (id, name) values (2, null) on conflict (id) do update set name = excluded.name`],
  ['insert into lines select id, n, name from items where n is not null'],
  [`insert into lines (at, item, what) select $1, id, 'x' from items where id < 4 order by id limit 2`, 77],
  [`insert into lines select 1, 2, '3', 4`],
  [`insert into lines select id, 0, null from items on conflict do nothing`],
  [`with few as (select id from items where id between 2 and 3) insert into lines select id, 100, 'few' from few`],
  ['update items set price = price + 1, n = default where id <= 2 returning id, price, n'],
  ['update items set name = null where id = 2'],
  ['update items set id = id + 1 where id < 4'],
  ['update items set id = 100 where id < 5'],
  [`update items set n = $1 where name = $2 returning n`, 41, 'oil'],
  ['update items as i set f = l.at from lines l where l.item = i.id and l.at > 50 returning i.id, i.f'],
  ['update items set none = 1'],
  ['update items set n = 1, n = 2'],
  [`update items set n = 'x' || 'y'`],
  ['update items set on_sale = price > 1, f = n'],
  [`update items set price = 9 where id in (select item from lines where what = 'few')`],
  [`insert into loose values (1, 'a'), (1, 'a'), (2, null), (null, 'z')`],
  ['update loose set a = a + 1 where a = 1 returning a, b'],
  [`delete from loose where a = 2 and b is null returning *`],
  ['delete from lines using items where lines.item = items.id and items.price = 9'],
  ['delete from items where price is null or id = $1 returning name', 8],
  ['delete from none'],
  ['delete from loose'],
];

test('statements change tables as PostgreSQL itself has them changed', { timeout: 55_000 }, async () => {
  await using server = await startTestServer({ fsync: 'off' });
  const real = new pg.Client(server.url);
  await real.connect();
  try {
    for (const [text, ...values] of statements) {
      assert.deepEqual(await sortedTold(client, text, values), await sortedTold(real, text, values), text);
      for (const table of ['items', 'lines', 'loose'] as const) {
        const all = `select * from ${table}`;
        assert.deepEqual(await sortedTold(client, all), await sortedTold(real, all), `${table} after: ${text}`);
      }
    }
  } finally {
    await real.end();
  }
  for (const [text, code] of [
    ['create table x (a int4 references items on delete set default)', '0A000'],
    ['create table x (a int4 generated always as (1) stored)', '0A000'],
    ['create index on items (lower(name))', '0A000'],
    ['create index on items (name) where n > 1', '0A000'],
    ['create temp table x (a int4)', '0A000'],
    [`create table x (a int4 default 'x' || 'y')`, '42804'],
    ['update items set (n, f) = (1, 2)', '0A000'],
    ['truncate items restart identity', '0A000'],
  ] as const)
    await assert.rejects(client.query(text), refusedWith(code), text);
});

test('views follow tables, and so does who subscribes; what is needed is not dropped', { timeout: 55_000 }, async () => {
  await client.query(`create table stock (city text, item text, n int8, since timestamptz default now(), primary key (city, item));
    create materialized view totals as select city, count(*) as items, sum(n) as n from stock group by city`);
  await client.query(`insert into stock values ('Oslo', 'tea', 1), ('Oslo', 'salt', 9007199254740993), ('Bergen', 'tea', 3)`);
  await client.query(`update stock set n = n + 1 where item = 'tea'; delete from stock where city = 'Bergen'`);
  await client.query(`insert into stock values ('Bergen', 'oil', 5)`);
  const wanted = [
    ['Bergen', '1', '5'],
    ['Oslo', '2', '9007199254740995'],
  ];
  const totals = () => rowsOf(client, 'select city, items, n from totals order by city');
  assert.deepEqual(await house.until(totals, (rows) => rows.join() === wanted.join()), wanted);
  const [[isNow] = []] = await rowsOf(client, `select bool_and(since > '2020-01-01') from stock`);
  assert.equal(isNow, 't');
  // A view that begins later reads all that there was.
  await client.query('create materialized view late as select item, n from stock where n > 2');
  await house.until(
    () => rowsOf(client, 'select item from late'),
    (rows) => rows.length === 2,
  );
  const follower = new pg.Client(house.login());
  await follower.connect();
  const lines: unknown[][] = [];
  const query = new pg.Query({ text: 'subscribe to stock with (committed)', rowMode: 'array', types: asText } as never);
  query.on('row', (row: unknown) => lines.push((row as unknown[]).slice(1, 5)));
  query.on('error', () => undefined);
  follower.on('error', () => undefined);
  follower.query(query);
  await house.until(
    async () => lines.length,
    (count) => count === 3,
  );
  await client.query(`update stock set n = 6 where city = 'Bergen'`);
  await house.until(
    async () => lines.length,
    (count) => count === 5,
  );
  assert.deepEqual(lines.slice(3), [
    ['-1', 'Bergen', 'oil', '5'],
    ['1', 'Bergen', 'oil', '6'],
  ]);
  await follower.end();
  assert.deepEqual(
    (await rowsOf(client, 'show tables')).filter(([name]) => name === 'stock').map(([, , key, epoch, count]) => [key, epoch, count]),
    [['city, item', '5', '3']],
  );
  assert.deepEqual(await rowsOf(client, `select table_type from information_schema.tables where table_name = 'stock'`), [['BASE TABLE']]);
  await assert.rejects(client.query('drop table stock'), refusedWith('2BP01'));
  await assert.rejects(client.query('drop source stock'), refusedWith('42P01'));
  await assert.rejects(client.query('insert into totals values (1)'), refusedWith('42809'));
  await client.query('drop materialized view totals, late; drop table stock; drop table if exists stock');
  assert.equal(await told(client, 'select * from stock'), '42P01');
  await client.query('create table stock (a int4)');
  assert.deepEqual(await rowsOf(client, 'select * from stock'), []);
});

test('a view or table that remembers is asked as it was, as far back as it remembers', { timeout: 55_000 }, async () => {
  await client.query(`create table seats (id int4 primary key, room text, taken bool) with (history = '1 hour');
    create table plain (a int4);
    create materialized view rooms with (history = '1 hour') as select room, count(*) filter (where taken) as taken
      from seats group by room;
    create materialized view brief with (history = '10 milliseconds') as select room from seats;
    create materialized view mute as select room from seats`);
  const shown = (of = '') => rowsOf(client, `select room, taken from rooms ${of} order by room`);
  const moments: string[] = [];
  const states = [
    { change: `insert into seats values (1, 'a', true), (2, 'a', false), (3, 'b', true)`, rows: 'a,1;b,1', seats: '1,t;2,f;3,t' },
    { change: 'update seats set taken = true where id = 2', rows: 'a,2;b,1', seats: '1,t;2,t;3,t' },
    { change: `delete from seats where room = 'b'`, rows: 'a,2', seats: '1,t;2,t' },
  ];
  const held = (of: string) => rowsOf(client, `select id, taken from seats ${of} order by id`);
  const before = new Date(Date.now() - 60_000).toISOString();
  for (const { change, rows } of states) {
    await client.query(change);
    assert.equal((await house.until(shown, (found) => found.join(';') === rows)).join(';'), rows);
    const at = Date.now();
    moments.push(new Date(at).toISOString());
    // What comes next comes after that.
    await house.until(
      async () => Date.now(),
      (now) => now > at,
    );
  }
  // A column that is added was NULL before.
  await client.query('alter table seats add column price int4; update seats set price = 7');
  for (const [at, { rows, seats }] of states.entries()) {
    assert.equal((await held(`for system_time as of '${moments[at]}'`)).join(';'), seats);
    assert.equal((await shown(`for system_time as of '${moments[at]}'`)).join(';'), rows);
    assert.equal((await shown(`for system_time as of timestamp '${moments[at]}' as r`)).join(';'), rows);
  }
  // Two moments of one view in one question.
  const both = `select n.room, o.taken, n.taken from rooms for system_time as of '${moments[1]}' n
    join rooms for system_time as of '${moments[0]}' o on n.room = o.room order by 1`;
  assert.deepEqual(await rowsOf(client, both), [
    ['a', '1', '2'],
    ['b', '1', '1'],
  ]);
  // A table, a view and the table as it is now, each of its own time.
  const mixed = `select n.id, o.taken, n.price, o.price, r.taken from seats n join seats for system_time as of '${moments[0]}' o on n.id = o.id
    join rooms for system_time as of '${moments[1]}' r on r.room = n.room order by n.id`;
  assert.deepEqual(await rowsOf(client, mixed), [
    ['1', 't', '7', null, '2'],
    ['2', 'f', '7', null, '2'],
  ]);
  // What one transaction changed of two tables was so at one moment.
  await client.query(`create table pairs (id int4, n int4) with (history = '1 hour'); create table sums (n int4) with (history = '1 hour')`);
  const times: number[] = [];
  for (let n = 1; n <= 4; n += 1) {
    await client.query(`begin; insert into pairs values (${n}, ${n}); delete from sums; insert into sums select sum(n) from pairs; commit`);
    const at = Date.now();
    times.push(at);
    await house.until(
      async () => Date.now(),
      (now) => now > at,
    );
  }
  const [begun = 0, ended = 0] = [times[0], times[3]];
  for (let ms = begun; ms <= ended; ms += Math.ceil((ended - begun) / 30)) {
    const as = `for system_time as of '${new Date(ms).toISOString()}'`;
    const [row] = await rowsOf(client, `select (select sum(n) from pairs ${as} p), (select n from sums ${as} s)`);
    assert.equal(row?.[0], row?.[1], as);
  }
  assert.match(String(await rowsOf(client, 'show create table seats')), /with \(history = '1 hour'\)$/);
  await client.query(`alter table plain set (history = '1 hour'); insert into plain values (1)`);
  assert.match(String(await rowsOf(client, 'show create table plain')), /alter table "plain" set \(history = '3600000 milliseconds'\)$/);
  assert.equal(await told(client, `select * from plain for system_time as of '${moments[2]}'`), '22023');
  assert.deepEqual(await rowsOf(client, `select * from plain for system_time as of '${new Date().toISOString()}'`), [['1']]);
  // One that is made otherwise goes on to remember, from then on.
  const unlike = new Date().toISOString();
  await client.query('alter table plain alter column a type text');
  assert.equal(await told(client, `select * from plain for system_time as of '${unlike}'`), '22023');
  await client.query(`insert into plain values ('2')`);
  const later = new Date().toISOString();
  assert.deepEqual(await rowsOf(client, `select * from plain for system_time as of '${later}' order by a`), [['1'], ['2']]);
  await client.query('alter table plain reset (history)');
  for (const [text, code] of [
    [`select * from rooms for system_time as of '${before}'`, '22023'],
    [`select * from seats for system_time as of '${before}'`, '22023'],
    [`create table later (a int4) with (retention = '1 hour')`, '0A000'],
    [`create table later (a int4) with (history = 'x')`, '22007'],
    [`select * from brief for system_time as of '${moments[0]}'`, '22023'],
    [`select * from rooms for system_time as of '2200-01-01'`, '22023'],
    [`select * from rooms for system_time as of 'x'`, '22007'],
    [`select * from mute for system_time as of '${moments[2]}'`, '0A000'],
    [`select * from plain for system_time as of '${moments[2]}'`, '0A000'],
    [`create materialized view earlier as select * from rooms for system_time as of '${moments[2]}'`, '0A000'],
    [`create materialized view earlier with (history = 'x') as select room from seats`, '22007'],
  ] as const)
    assert.equal(await told(client, text), code, text);
});

test('a transaction is seen when it is committed, all of it or nothing', { timeout: 55_000 }, async () => {
  await client.query('create table accounts (id int4 primary key, n int8 not null); create table moves (a int4, b int4, n int8)');
  await client.query('insert into accounts values (1, 100), (2, 0)');
  const accounts = (own: pg.Client) => rowsOf(own, 'select id, n from accounts order by id');
  await client.query('begin');
  await client.query('update accounts set n = n - 30 where id = 1');
  await client.query('update accounts set n = n + 30 where id = 2');
  await client.query('insert into moves values (1, 2, 30)');
  assert.deepEqual(await accounts(client), [
    ['1', '70'],
    ['2', '30'],
  ]);
  assert.deepEqual(await accounts(other), [
    ['1', '100'],
    ['2', '0'],
  ]);
  await client.query('savepoint one');
  await assert.rejects(client.query('insert into accounts values (3, 1), (1, 1)'), refusedWith('23505'));
  assert.equal(await told(client, 'select * from accounts'), '25P02');
  await client.query('rollback to one');
  await client.query('insert into accounts values (4, 4); release one');
  await client.query('commit');
  const moved = [
    ['1', '70'],
    ['2', '30'],
    ['4', '4'],
  ];
  assert.deepEqual([await accounts(other), await rowsOf(other, 'select * from moves')], [moved, [['1', '2', '30']]]);
  await client.query('begin; delete from accounts; insert into moves values (0, 0, 0); rollback');
  assert.deepEqual([await accounts(client), (await rowsOf(client, 'select * from moves')).length], [moved, 1]);
  // Who changes what another changed meanwhile is told, and has changed nothing.
  await client.query('begin; update accounts set n = n + 1; insert into moves values (9, 9, 9)');
  await other.query('update accounts set n = n + 10 where id = 4');
  assert.equal(await told(client, 'commit'), '40001');
  await client.query('begin; insert into accounts values (5, 5)');
  await other.query('insert into accounts values (5, 6)');
  assert.equal(await told(client, 'commit'), '23505');
  assert.deepEqual(await told(client, 'rollback'), { command: 'ROLLBACK', count: null, rows: [] });
  assert.deepEqual(await accounts(client), [...moved.slice(0, 2), ['4', '14'], ['5', '6']]);
  assert.equal((await rowsOf(client, 'select * from moves')).length, 1);
  // Statements outside of transactions wait for each other instead.
  await Promise.all(
    [client, other].flatMap((own) => Array.from({ length: 20 }, () => own.query('update accounts set n = n + 1 where id = 1'))),
  );
  assert.deepEqual((await accounts(client))[0], ['1', '110']);
});

test('postgres.js inserts, begins and copies as it is used to', { timeout: 55_000 }, async () => {
  const { host = '', port = 0, user = '', password } = house.login();
  const sql = postgres({ host, port, user, password: String(password), database: user, max: 1, onnotice: () => undefined });
  try {
    await sql`create table people (id int4 primary key, name text, born date, score float8)`;
    const people = [
      { id: 1, name: 'Ada', born: '1815-12-10', score: 1.5 },
      { id: 2, name: null, born: null, score: null },
    ];
    const made = await sql`insert into people ${sql(people)} returning id, name`;
    assert.deepEqual(
      [...made],
      [
        { id: 1, name: 'Ada' },
        { id: 2, name: null },
      ],
    );
    await sql`update people set ${sql({ name: 'Bob', score: 2 })} where id = ${2}`;
    await sql.begin(async (tx) => {
      await tx`insert into people ${tx({ id: 3, name: 'Cy' })}`;
      await tx.savepoint(async (inner) => inner`insert into people ${inner({ id: 1 })}`).catch(() => undefined);
      await tx`update people set score = coalesce(score, 0) + 1`;
    });
    await assert.rejects(
      sql.begin(async (tx) => {
        await tx`delete from people`;
        throw new Error('no');
      }),
      /no/,
    );
    const copied = async (text: string, parts: readonly string[]) => {
      const stream = await sql.unsafe(text).writable();
      for (const part of parts) stream.write(part);
      stream.end();
      await once(stream, 'finish');
    };
    await copied('copy people (id, name, score) from stdin', ['10\ta\\tb\\\\\t1.5\n1', '1\t\\N\t\\N\r\n12\tå', 'b\t3\n\\.\n']);
    await copied('copy people from stdin (format csv, header)', ['id,name,born,score\n20,"x, ""y""\nz",2024-01-02,\n21,"",,4\n']);
    // Its streams hear of nothing that comes behind their end, so rows are refused before it.
    const refused = async (text: string, line: string) => {
      const stream = await sql.unsafe(text).writable();
      stream.write(line.repeat(600));
      const [error] = (await once(stream, 'error')) as [Error & { code?: string }];
      return error.code;
    };
    assert.equal(await refused('copy people from stdin', '30\ta\t\\N\t\\N\n'), '23505');
    assert.equal(await refused('copy people from stdin', '30\ta\n'), '22P04');
    assert.equal(await refused('copy people (id, score) from stdin', '30\tx\n'), '22P02');
    await assert.rejects(copied('copy people (none) from stdin', ['30\n']), refusedWith('42703'));
    await copied(
      'copy people (id) from stdin',
      Array.from({ length: 1500 }, (_, at) => `${at + 1000}\n`),
    );
    assert.deepEqual(
      [...(await sql`select id, name, born::text as born, score from people where id < 1000 order by id`)].map((row) => Object.values(row)),
      [
        [1, 'Ada', '1815-12-10', 2.5],
        [2, 'Bob', null, 3],
        [3, 'Cy', null, 1],
        [10, 'a\tb\\', null, 1.5],
        [11, null, null, null],
        [12, 'åb', null, 3],
        [20, 'x, "y"\nz', '2024-01-02', null],
        [21, '', null, 4],
      ],
    );
    assert.deepEqual([...(await sql`select count(*)::int4 as n from people`)], [{ n: 1508 }]);
  } finally {
    await sql.end();
  }
});
