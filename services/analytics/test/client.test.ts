import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import postgres from 'postgres';
import { expressions, questions, rows } from './fixtures/expression.ts';
import { made as recursiveRows, recursiveQuestions } from './fixtures/recursive.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { openOracle } from './fixtures/oracle.ts';

let house: House;
let client: pg.Client;
let oracle: Awaited<ReturnType<typeof openOracle>>;
before(async () => {
  [house, oracle] = await Promise.all([openHouse(), openOracle()]);
  client = new pg.Client(house.login());
  await client.connect();
});
after(async () => {
  await client?.end().catch(() => undefined);
  await house?.stop();
  await oracle?.[Symbol.asyncDispose]();
});

const asTexts = { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig;

function addressOf(url: URL): pg.ClientConfig {
  const socket = url.searchParams.get('host');
  const login = { user: decodeURIComponent(url.username), password: decodeURIComponent(url.password), database: url.pathname.slice(1) };
  return { ...login, host: socket ?? url.hostname, port: Number(url.port) };
}

/** Names and rows of an answer, or the SQLSTATE of a refusal. */
async function told(on: pg.Client, text: string): Promise<unknown> {
  const asked = on.query({ text, rowMode: 'array', types: asTexts });
  const { fields, rows: found } = await asked.catch((error: pg.DatabaseError) => ({ fields: [], rows: error.code }));
  return { names: fields.map(({ name }) => name), rows: found };
}

test('functions, operators, casts and forms of FROM answer what PostgreSQL answers, under the same names', async () => {
  const peer = new pg.Client(addressOf(oracle.url));
  await peer.connect();
  for (const on of [client, peer]) for (const text of rows) await on.query(text);
  for (const text of [...expressions.map((each) => `select ${each} from fx order by fx.i`), ...questions])
    assert.deepEqual(await told(client, text), await told(peer, text), text);
  await peer.end();
});

const stateOf = (text: string) =>
  client.query(text).then(
    () => '',
    (error: pg.DatabaseError) => error.code,
  );
const rowsOf = async (text: string) => (await client.query({ text, rowMode: 'array' })).rows as unknown[][];

test('foreign keys are kept: rows without what they refer to are refused, and what their references say is done to rows', async () => {
  await client.query('create table author (id serial primary key, email varchar(20) unique)');
  await client.query('create table book (id int primary key, author int references author on delete cascade, title text)');
  await client.query(`create table letter (id int primary key, sender text
    references author (email) on delete set null on update cascade deferrable initially deferred)`);
  await client.query(`insert into author (email) values ('a'), ('b')`);
  await client.query(`insert into book values (1, 1, 'x'), (2, 2, 'y'), (3, null, 'z')`);
  assert.equal(await stateOf(`insert into book values (4, 99, 'w')`), '23503');
  assert.equal(await stateOf('update book set author = 99 where id = 1'), '23503');
  await client.query(`insert into letter values (1, 'a')`);
  await client.query(`update author set email = 'aa' where id = 1`);
  assert.deepEqual(await rowsOf('select sender from letter'), [['aa']]);
  await client.query('delete from author where id = 1');
  assert.deepEqual(await rowsOf('select id from book order by id'), [[2], [3]]);
  assert.deepEqual(await rowsOf('select sender from letter'), [[null]]);
  assert.equal(await stateOf('drop table author'), '2BP01');
  assert.equal(await stateOf('create table bad (a int references nowhere)'), '42P01');
  assert.equal(await stateOf('create table bad (a text references author)'), '42804');
  // What is deferred holds at the end.
  assert.equal(await stateOf(`begin; insert into letter values (2, 'zz'); insert into author (email) values ('zz'); commit`), '');
  await client.query('begin');
  await client.query(`insert into letter values (3, 'nobody')`);
  assert.equal(await stateOf('commit'), '23503');
  await client.query('rollback');
  // Of two transactions at once one alone is kept.
  const other = new pg.Client(house.login());
  await other.connect();
  await client.query('begin');
  await client.query('delete from author where id = 2');
  await other.query(`insert into book values (5, 2, 'v')`);
  assert.equal(await stateOf('commit'), '23503');
  await client.query('rollback');
  await other.end();
  assert.deepEqual(await rowsOf('select id from book order by id'), [[2], [3], [5]]);
  await client.query('drop table author cascade');
  assert.equal(await stateOf(`insert into book values (6, 77, 'u')`), '');
});

test('a table is altered within a transaction, with its rows, its numbers and what it is made of', async () => {
  await client.query('create table item (id serial primary key, name text, n int default 5)');
  await client.query(`insert into item (name) values ('a'), ('b')`);
  await client.query('begin');
  await client.query(`alter table item add column made timestamptz(3) default now() not null, add kind varchar(10) default 'k'`);
  await client.query('alter table item add constraint item_n check (n < 100), alter column n set default 7');
  await client.query('alter table item add constraint item_name unique (name)');
  await client.query('alter table item rename column kind to sort');
  await client.query('create index item_sort on item (sort)');
  await client.query(`insert into item (name) values ('c')`);
  assert.deepEqual(await rowsOf('select id, name, n, sort from item order by id'), [
    [1, 'a', 5, 'k'],
    [2, 'b', 5, 'k'],
    [3, 'c', 7, 'k'],
  ]);
  await client.query('rollback');
  assert.deepEqual(await rowsOf('select * from item order by id'), [
    [1, 'a', 5],
    [2, 'b', 5],
  ]);
  await client.query(`alter table item add constraint item_name unique (name), alter column n type text using n || '!', add code int`);
  assert.deepEqual(await rowsOf('select * from item order by id'), [
    [1, 'a', '5!', null],
    [2, 'b', '5!', null],
  ]);
  assert.equal(await stateOf(`insert into item (name) values ('a')`), '23505');
  assert.equal(await stateOf('alter table item alter column code set not null'), '23502');
  assert.equal(await stateOf('alter table item drop constraint nothing'), '42704');
  await client.query('alter table item drop constraint item_name, drop column n, rename to thing'.replace(', rename to thing', ''));
  await client.query('begin; alter table item rename to thing; commit');
  await client.query(`insert into thing (name) values ('a')`);
  assert.equal((await rowsOf('select * from thing')).length, 3);
  await client.query('create materialized view seen as select name from thing');
  assert.equal(await stateOf('alter table thing drop column code'), '2BP01');
});

test('catalogues tell constraints, indexes, usual values and sequences of tables', async () => {
  await client.query('create table told (id serial primary key, a varchar(9) unique, b int default 5 check (b > 0), c int)');
  await client.query('create index told_c on told (c)');
  await client.query('create table teller (id int primary key, told int references told on delete cascade)');
  const constraints = `select conname, contype from pg_constraint where conrelid in ('told'::regclass, 'teller'::regclass)
    and contype <> 'n' order by 1`;
  assert.deepEqual(await rowsOf(constraints), [
    ['teller_pkey', 'p'],
    ['teller_told_fkey', 'f'],
    ['told_a_key', 'u'],
    ['told_b_check', 'c'],
    ['told_pkey', 'p'],
  ]);
  assert.deepEqual(await rowsOf(`select indexname from pg_indexes where tablename = 'told' order by 1`), [
    ['told_a_key'],
    ['told_c'],
    ['told_pkey'],
  ]);
  const columns = `select column_name, column_default, data_type, character_octet_length from information_schema.columns
    where table_name = 'told' order by ordinal_position`;
  assert.deepEqual(await rowsOf(columns), [
    ['id', `nextval('told_id_seq'::regclass)`, 'integer', null],
    ['a', null, 'character varying', 36],
    ['b', '5', 'integer', null],
    ['c', null, 'integer', null],
  ]);
  const kinds = `select constraint_type from information_schema.table_constraints where table_name = 'teller' order by 1`;
  assert.deepEqual(
    (await rowsOf(kinds)).flat().filter((each) => each !== 'CHECK'),
    ['FOREIGN KEY', 'PRIMARY KEY'],
  );
  assert.deepEqual(await rowsOf(`select pg_get_serial_sequence('told', 'id')`), [['public.told_id_seq']]);
});

test('advisory locks are waited for, end with their transaction or connection, and are those of one environment', async () => {
  const other = new pg.Client(house.login());
  await other.connect();
  const tried = async (on: pg.Client) => (await on.query('select pg_try_advisory_lock(7) as got')).rows[0].got as boolean;
  await client.query('select pg_advisory_lock($1)', [7]);
  assert.equal(await tried(other), false);
  const waiting = other.query('select pg_advisory_lock(7)');
  await client.query('select pg_advisory_unlock(7)');
  await waiting;
  assert.equal(await tried(client), false);
  await other.query('begin; select pg_advisory_xact_lock(8); rollback');
  assert.deepEqual(await rowsOf('select pg_try_advisory_xact_lock(8)'), [[true]]);
  await other.end();
  await house.until(
    () => tried(client),
    (got) => got,
  );
});

const connected = async (login: pg.ClientConfig) => {
  const found = new pg.Client(login);
  await found.connect();
  return found;
};
/** What a connection is told in channels, from now on. */
const heardBy = (on: pg.Client): string[] => {
  const heard: string[] = [];
  on.on('notification', ({ channel, payload }) => heard.push(`${channel} ${payload}`));
  return heard;
};
/** What was told is heard in its order, and so all that came before this. */
async function untilHeard(heard: string[], last: string): Promise<string[]> {
  await house.until(
    async () => heard.includes(last),
    (is) => is,
  );
  return heard.splice(0);
}

test('what NOTIFY tells is heard by all that listen: of a transaction at COMMIT, once, and nothing after ROLLBACK', async () => {
  const peer = await connected(addressOf(oracle.url));
  for (const on of [client, peer]) {
    const listener = await connected(on === client ? house.login() : addressOf(oracle.url));
    const heard = heardBy(listener);
    await listener.query('listen a; listen "B"; listen gone; unlisten gone');
    const channels = (await listener.query('select pg_listening_channels() as c')).rows.map(({ c }) => c as string);
    assert.deepEqual(channels.toSorted(), ['B', 'a']);
    await on.query(`notify a; notify "B", 'x'; notify A, 'folded'; notify gone, 'y'`);
    await on.query('select pg_notify($1, $2), 7 as n', ['a', 'ål 😀']);
    await on.query(`select pg_catalog.pg_notify('a', 'row ' || i) from generate_series(1, 2) i`);
    await on.query(`select pg_notify('a', null) union all select null limit 0`).catch(() => undefined);
    await on.query(`notify a, 'end'`);
    const told = ['a ', 'B x', 'a folded', 'a ål 😀', 'a row 1', 'a row 2', 'a end'];
    assert.deepEqual(await untilHeard(heard, 'a end'), told);

    await on.query('begin');
    await on.query(`notify a, '1'; notify a, '2'; notify a, '1'`);
    await on.query(`savepoint s; notify a, 'undone'; notify a, '2'; rollback to s; notify a, '3'`);
    await on.query(`savepoint t; notify a, '4'; release t`);
    await listener.query('begin');
    await on.query('commit');
    await on.query(`begin; notify a, 'never'; rollback`);
    await on.query(`notify a, 'end'`);
    assert.deepEqual((await listener.query('select 1 as one')).rows, [{ one: 1 }]);
    assert.deepEqual(heard, [], 'within a transaction nothing is heard');
    await listener.query('unlisten *; rollback; listen a');
    assert.deepEqual(await untilHeard(heard, 'a end'), ['a 1', 'a 2', 'a 3', 'a 4', 'a end']);

    await listener.query(`begin; listen late; notify late, 'own'; commit`);
    assert.deepEqual(await untilHeard(heard, 'late own'), ['late own']);
    await on.query('begin; listen undone; rollback');
    assert.deepEqual((await on.query('select * from pg_listening_channels()')).rows, []);
    await listener.query('discard all');
    assert.deepEqual((await listener.query('select * from pg_listening_channels()')).rows, []);
    await listener.end();
  }
  const long = 'x'.repeat(8000);
  for (const text of [
    `notify a, '${long}'`,
    `select pg_notify('a', '${long}')`,
    `select pg_notify('', 'x')`,
    `select pg_notify(null, 'x')`,
    `select pg_notify('${long.slice(0, 64)}', 'x')`,
    `select pg_notify('a', '${long.slice(1)}')`,
    `select pg_notify('a', 1)`,
    'notify',
  ])
    assert.deepEqual(
      await stateOf(text),
      await peer.query(text).then(
        () => '',
        (error: pg.DatabaseError) => error.code,
      ),
      text.slice(0, 40),
    );
  assert.equal(await stateOf(`select 1 where pg_notify('a', 'x') is null`), '0A000');
  await peer.end();
});

test('a notification names the connection that told it, and is of one environment', async () => {
  const [listener, elsewhere] = await Promise.all([
    connected(house.login()),
    connected(house.login(await house.credential({ environment: 'test' }))),
  ]);
  const [heard, apart] = [heardBy(listener), heardBy(elsewhere)];
  const ids: number[] = [];
  listener.on('notification', ({ processId }) => ids.push(processId));
  for (const on of [listener, elsewhere]) await on.query('listen own');
  const [[pid] = []] = await rowsOf('select pg_backend_pid()');
  await client.query(`notify own, 'here'`);
  await elsewhere.query(`notify own, 'there'`);
  assert.deepEqual(await untilHeard(heard, 'own here'), ['own here']);
  assert.deepEqual(await untilHeard(apart, 'own there'), ['own there']);
  assert.deepEqual(ids, [pid]);
  await Promise.all([listener.end(), elsewhere.end()]);
});

test('what transactions tell is heard in the order in which their changes can be seen', { timeout: 60_000 }, async () => {
  await client.query('create table told_rows (id int4 primary key)');
  const listener = await connected(house.login());
  const heard = heardBy(listener);
  await listener.query('listen ordered');
  const writers = await Promise.all(Array.from({ length: 4 }, () => connected(house.login())));
  const tell = async (writer: pg.Client, number: number) => {
    const text = `insert into told_rows select count(*)::int4 from told_rows; select pg_notify('ordered', count(*)::text) from told_rows`;
    for (let done = 0; done < 10; ) {
      const isDone = await writer.query(`begin; ${text}; commit`).then(
        () => true,
        (error: pg.DatabaseError) => error.code !== '40001' && error.code !== '23505' && assert.fail(error),
      );
      if (isDone) done += 1;
      else await writer.query('rollback');
    }
    return number;
  };
  await Promise.all(writers.map(tell));
  const expected = Array.from({ length: 40 }, (_, at) => `ordered ${at + 1}`);
  assert.deepEqual(await untilHeard(heard, 'ordered 40'), expected);
  await Promise.all([listener, ...writers].map((each) => each.end()));
});

test('who listens and does not read is let go, with the reason, and others are told meanwhile', { timeout: 60_000 }, async () => {
  const [deaf, listener] = await Promise.all([connected(house.login()), connected(house.login())]);
  for (const on of [deaf, listener]) await on.query('listen loud');
  const { promise: end, resolve } = Promise.withResolvers<Error>();
  deaf.on('error', resolve);
  await deaf.query('begin');
  const heard = heardBy(listener);
  for (let round = 0; round < 3; round++)
    await client.query(`select pg_notify('loud', repeat('x', 7900) || i) from generate_series(${round * 600 + 1}, ${round * 600 + 600}) i`);
  assert.equal(((await end) as pg.DatabaseError).code, '53400');
  await untilHeard(heard, `loud ${'x'.repeat(7900)}1800`);
  await listener.end();
});

test('postgres.js listens, hears and stops', async () => {
  const { host = '', port = 0, user = '', password } = house.login();
  const sql = postgres({ host, port, user, password: String(password), database: user, max: 2, onnotice: () => undefined });
  try {
    const heard: string[] = [];
    const { unlisten } = await sql.listen('news', (payload) => heard.push(payload));
    await sql.notify('news', 'one');
    await sql.begin(async (inner) => {
      await inner`select pg_notify('news', ${'two'})`;
      await inner`select 1 as still`;
    });
    assert.deepEqual(await untilHeard(heard, 'two'), ['one', 'two']);
    await unlisten();
  } finally {
    await sql.end();
  }
});

test('WITH RECURSIVE answers and refuses what PostgreSQL does, over tables, views and nothing', async () => {
  const peer = await connected(addressOf(oracle.url));
  for (const on of [client, peer]) for (const text of recursiveRows) await on.query(text);
  await client.query('create materialized view heavy as select id, parent, name from part_of where weight >= 0');
  await peer.query('create materialized view heavy as select id, parent, name from part_of where weight >= 0');
  const overView = `with recursive t as (select id from heavy where parent is null
    union all select h.id from heavy h join t on h.parent = t.id) select id from t order by 1`;
  await house.until(
    () => rowsOf('select count(*)::int4 from heavy'),
    (found) => found[0]?.[0] === 7,
  );
  for (const text of [...recursiveQuestions, overView]) assert.deepEqual(await told(client, text), await told(peer, text), text);
  const asked = 'with recursive t(n) as (select $1::int4 union all select n + 1 from t where n < $2) select n from t order by n';
  const numbers = (await client.query(asked, [3, 6])).rows.map(({ n }) => n as number);
  assert.deepEqual(numbers, [3, 4, 5, 6]);
  await client.query(`create view below as ${overView.replace(' order by 1', '')}`);
  assert.deepEqual(await rowsOf('select count(*) from below where id > 3'), [['3']]);
  assert.equal(await stateOf('create materialized view kept as select * from below'), '0A000');
  const lines = (await rowsOf(`explain ${overView}`)).flat();
  assert.ok(lines.includes('Recursion t: first') && lines.includes('Recursion t: again'), lines.join('\n'));
  await peer.end();
});

test('WITH RECURSIVE without end is ended, by rows or by the client, and others are answered meanwhile', { timeout: 90_000 }, async () => {
  const other = await connected(house.login());
  const endless = 'with recursive t(n) as (select 1::int8 union all select (n + 1) % 1000 from t) select count(*) from t';
  const wide = 'with recursive t(n) as (select 1::int8 union all select n + s from t, generate_series(1, 1000) s) select count(*) from t';
  assert.equal(await stateOf(endless), '54000');
  assert.equal(await stateOf(wide), '54000');

  // One row a round goes on for a while.
  const slow =
    'with recursive t(n) as (select a from road union select (n + 1) % 1000000 from t, road where km = 1) select count(*) from t';
  const waits: number[] = [];
  let isOver = false;
  const asking = (async () => {
    while (!isOver) {
      const begun = performance.now();
      await other.query('select 1');
      waits.push(performance.now() - begun);
    }
  })();
  await client.query('set statement_timeout = 1500');
  assert.equal(await stateOf(slow), '57014');
  await client.query('reset statement_timeout');
  isOver = true;
  await asking;
  assert.ok(waits.length > 2, `${waits.length} answers meanwhile`);
  await other.end();
  const view = (what: string) => `create ${what} as with recursive t(n) as (select id from part_of union select n from t) select n from t`;
  for (const text of [view('materialized view endless'), `insert into road (a) ${view('').slice(10)}`])
    assert.equal(await stateOf(text), '0A000');
});
