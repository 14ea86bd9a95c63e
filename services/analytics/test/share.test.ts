import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openLog, type ScopedLog } from '#seams/log/log.ts';
import pg from 'pg';
import { type House, openHouse } from './fixtures/house.ts';

let house: House;
let client: pg.Client;
let log: ReturnType<typeof openLog>;
let own: ScopedLog;

before(async () => {
  house = await openHouse();
  client = new pg.Client(house.login());
  await client.connect();
  const { username, password } = house.faces.sasl;
  const broker = (house.platform.doors['log.kafka']?.url ?? '').replace('//', `//${username}:${encodeURIComponent(password)}@`);
  log = openLog(broker, { clientId: 'test', loginOf: async () => house.faces.sasl });
  own = log.at('own');
});
after(async () => {
  await client?.end().catch(() => undefined);
  await log?.close();
  await house?.stop();
});

/** Rows of an answer; while a view begins again it cannot be asked. */
const rowsOf = (text: string): Promise<string[]> =>
  client.query({ text, rowMode: 'array' }).then(
    ({ rows }) => rows.map((row) => (row as unknown[]).join(',')),
    (error: pg.DatabaseError) => [`${error.code}`],
  );
const settles = async (text: string, wanted: readonly string[]) =>
  assert.deepEqual(
    await house.until(
      () => rowsOf(text),
      (found) => String(found) === String(wanted),
    ),
    wanted,
    text,
  );
const produce = (topic: string, values: readonly string[]) =>
  own.produce(
    topic,
    values.map((value) => ({ key: null, value })),
  );
const shown = async (what: string, name: string) =>
  (await client.query<Record<string, string>>(`show ${what}`)).rows.find((row) => row.name === name) ?? {};

test('a record is decoded once for all views that stand together, with the fields of all of them', async () => {
  await own.createTopic('sold', { partitions: 2 });
  await client.query(`create source sold (id int8, city text, paid int8, note text) with (topic = 'sold', format = 'json');
    create materialized view sold_paid as select sum(paid) as paid from sold;
    create materialized view sold_cities as select city, count(*) as n from sold group by city;
    create materialized view sold_least as select min(id) as id from sold`);
  await Promise.all(['sold_paid', 'sold_cities', 'sold_least'].map((name) => settles(`select count(*) < 2 from ${name}`, ['true'])));
  const value = (id: number) => `{"id":${id},"city":"c${id % 3}","paid":${id * 2},"note":"none"}`;
  for (let round = 0; round < 3; round += 1) {
    await produce(
      'sold',
      Array.from({ length: 1000 }, (_, at) => value(round * 1000 + at)),
    );
    await settles('select paid from sold_paid', [String((round + 1) * 1000 * ((round + 1) * 1000 - 1))]);
    await settles(
      'select city, n from sold_cities order by city',
      ['c0', 'c1', 'c2'].map((city, at) => `${city},${Array.from({ length: (round + 1) * 1000 }, (_, id) => id).filter((id) => id % 3 === at).length}`),
    );
    await settles('select id from sold_least', ['0']);
  }
  // 3 of 4 fields, each once, whoever asks first.
  const { decoded_records: records, decoded_fields: fields } = await shown('sources', 'sold');
  assert.deepEqual([records, fields], ['3000', '9000']);
});

test('a record that one view refuses for a field which it alone reads is taken by the others', async () => {
  await client.query(`create source mixed (id int4, size int4, late int4) with (topic = 'mixed', format = 'json');
    create materialized view mixed_sizes as select sum(size) as n from mixed;
    create materialized view mixed_ids as select count(id) as n from mixed`);
  await produce('mixed', ['{"id":1,"size":1}', '{"id":2,"size":"much"}', '{"id":"x","size":4}', 'no json', '{"id":5,"size":8}']);
  await settles('select n from mixed_sizes', ['13']);
  await settles('select n from mixed_ids', ['3']);
  assert.equal((await shown('materialized views', 'mixed_sizes')).rejected, '2');
  assert.equal((await shown('materialized views', 'mixed_ids')).rejected, '2');
});

test('a view that is made later reads what was before by itself, and what comes then with the others', async () => {
  const value = (id: number) => `{"id":${id},"size":1,"late":1}`;
  const before_ = Number((await shown('sources', 'mixed')).decoded_records);
  await client.query('create materialized view mixed_late as select sum(late) as n from mixed');
  await produce('mixed', [value(6)]);
  await settles('select n from mixed_late', ['1']);
  await settles('select n from mixed_ids', ['4']);
  await settles('select n from mixed_sizes', ['14']);
  const between = Number((await shown('sources', 'mixed')).decoded_records);
  // Those that were there once more for all and, as some do not fit, for it alone; and what came while it came in.
  assert.ok(between - before_ <= 2 * 5 + 2, `${between - before_} records`);
  await produce('mixed', [value(7), value(8)]);
  await settles('select n from mixed_late', ['3']);
  await settles('select n from mixed_ids', ['6']);
  await settles('select n from mixed_sizes', ['16']);
  assert.equal(Number((await shown('sources', 'mixed')).decoded_records), between + 2);
});

const explained = (text: string) => rowsOf(`explain create materialized view explained as ${text}`);

test('a view has of another what that computes already, from its current state on', async () => {
  await client.query(`create source visits (city text, page int4, ms int8) with (topic = 'visits', format = 'json');
    create materialized view busy as select city, n from (select city, count(*) as n, sum(ms) as ms from visits group by city) c where n > 2`);
  const value = (id: number) => `{"city":"c${id % 4}","page":${id},"ms":${id * 3}}`;
  await produce('visits', Array.from({ length: 11 }, (_, id) => value(id)));
  await settles('select city, n from busy order by city', ['c0,3', 'c1,3', 'c2,3']);
  const slow = 'select city, ms / n as mean from (select city, count(*) as n, sum(ms) as ms from visits group by city) as d where n > 0';
  assert.ok((await explained(slow)).some((line) => /Shared with busy, with all below/.test(line)), (await explained(slow)).join('\n'));
  const { decoded_records: read } = await shown('sources', 'visits');
  await client.query(`create materialized view slow as ${slow}`);
  await settles('select city, round(mean) from slow order by city', ['c0,12', 'c1,15', 'c2,18', 'c3,15']);
  assert.equal((await shown('sources', 'visits')).decoded_records, read, 'nothing is read again');
  assert.deepEqual([(await shown('materialized views', 'slow')).shared_with, (await shown('materialized views', 'busy')).readers], ['busy', '1']);
  await produce('visits', [value(11), value(12)]);
  await settles('select city, n from busy order by city', ['c0,4', 'c1,3', 'c2,3', 'c3,3']);
  await settles('select city, round(mean) from slow order by city', ['c0,18', 'c1,15', 'c2,18', 'c3,21']);
  assert.equal(Number((await shown('sources', 'visits')).decoded_records), Number(read) + 2);
});

test('a view over a view reads its rows, and goes on with the part when the other is dropped', async () => {
  await client.query(`create materialized view rich as select max(n) as most, count(*) as cities from busy`);
  await settles('select most, cities from rich', ['4,4']);
  assert.equal((await shown('materialized views', 'rich')).shared_with, 'busy');
  assert.equal((await shown('materialized views', 'busy')).readers, '2');
  await assert.rejects(client.query('drop materialized view busy'), { code: '2BP01' });
  await client.query('drop materialized view rich');
  await client.query('create materialized view fast as select city, n * 2 as twice from (select city, count(*) as n, sum(ms) as ms from visits group by city) e');
  await settles('select city, twice from fast order by city', ['c0,8', 'c1,6', 'c2,6', 'c3,6']);
  assert.equal((await shown('materialized views', 'busy')).readers, '2');
  const { decoded_records: read } = await shown('sources', 'visits');
  await client.query('drop materialized view busy');
  assert.deepEqual(
    [(await shown('materialized views', 'slow')).readers, (await shown('materialized views', 'fast')).shared_with],
    ['1', 'slow'],
  );
  const value = (id: number) => `{"city":"c${id % 4}","page":${id},"ms":${id * 3}}`;
  await produce('visits', [value(13), value(14), value(15)]);
  await settles('select city, twice from fast order by city', ['c0,8', 'c1,8', 'c2,8', 'c3,8']);
  await settles('select city, round(mean) from slow order by city', ['c0,18', 'c1,21', 'c2,24', 'c3,27']);
  assert.equal(Number((await shown('sources', 'visits')).decoded_records), Number(read) + 3);
  await client.query('drop materialized view slow');
  await produce('visits', [value(16)]);
  await settles('select city, twice from fast order by city', ['c0,10', 'c1,8', 'c2,8', 'c3,8']);
  assert.equal(Number((await shown('sources', 'visits')).decoded_records), Number(read) + 4);
});

test('what one view alone cannot take parts it from the others, and each has what it would have by itself', async () => {
  await client.query(`create source parts (k int4, v int4) with (topic = 'parts', format = 'json');
    create materialized view parts_sum as select k, n, v from (select k, count(*) as n, sum(v) as v from parts group by k) a;
    create materialized view parts_quotient as select k, 12 / (n - 3) as q from (select k, count(*) as n, sum(v) as v from parts group by k) b`);
  assert.equal((await shown('materialized views', 'parts_quotient')).shared_with, 'parts_sum');
  await produce('parts', ['{"k":1,"v":5}', '{"k":1,"v":6}', '{"k":2,"v":1}']);
  await settles('select k, q from parts_quotient order by k', ['1,-12', '2,-6']);
  // The third of a key is a division by zero there, and none elsewhere.
  await produce('parts', ['{"k":1,"v":7}', '{"k":2,"v":2}']);
  await settles('select k, n, v from parts_sum order by k', ['1,3,18', '2,2,3']);
  await settles('select k, q from parts_quotient order by k', ['1,-12', '2,-12']);
  assert.equal((await shown('materialized views', 'parts_quotient')).shared_with, null);
  assert.equal((await shown('materialized views', 'parts_quotient')).rejected, '1');
  assert.equal((await shown('materialized views', 'parts_sum')).rejected, '0');
});

test('another environment has nothing of it, and who may only read neither makes such a view nor sees more by one', async () => {
  const text = 'select k, n, v from (select k, count(*) as n, sum(v) as v from parts group by k) a';
  const other = new pg.Client(house.login(await house.credential({ environment: 'test' })));
  await other.connect();
  await other.query(`create source parts (k int4, v int4) with (topic = 'parts', format = 'json'); create materialized view mine as ${text}`);
  const rows = (await other.query('show materialized views')).rows as Record<string, string>[];
  assert.deepEqual(
    rows.map(({ name, shared_with: owner, groups }) => [name, owner, groups]),
    [['mine', null, '0']],
  );
  await other.end();
  const reader = new pg.Client(house.login(await house.credential({ role: 'reader' })));
  await reader.connect();
  await assert.rejects(reader.query(`create materialized view theirs as ${text}`), { code: '42501' });
  await reader.end();
});

test('joins and ranks are shared too, in transactions and beside other names, until a text says otherwise', async () => {
  const joined = 'select p.k, p.v, q.v as w from parts p join parts q on p.k = q.k';
  await client.query(`create source pairs (k int4, v int4) with (topic = 'pairs', format = 'json')`);
  const of = joined.replaceAll('parts', 'pairs');
  await client.query(`create materialized view pairs_most as select k, max(w) as most from (${of}) as j group by k`);
  await produce('pairs', ['{"k":1,"v":2}', '{"k":1,"v":3}', '{"k":2,"v":4}']);
  await settles('select k, most from pairs_most order by k', ['1,3', '2,4']);
  await client.query('begin');
  await client.query(`create materialized view pairs_count as select count(*) as n from (${of}) as j where v < w`);
  await client.query(`create materialized view pairs_over as select k, most from pairs_most where most > 3`);
  await client.query('commit');
  await settles('select n from pairs_count', ['1']);
  await settles('select k, most from pairs_over', ['2,4']);
  assert.equal((await shown('materialized views', 'pairs_over')).shared_with, 'pairs_most');
  await client.query('alter materialized view pairs_most rename to pairs_best');
  await produce('pairs', ['{"k":1,"v":9}']);
  await settles('select n from pairs_count', ['3']);
  await settles('select k, most from pairs_over order by k', ['1,9', '2,4']);
  assert.equal((await shown('materialized views', 'pairs_over')).shared_with, 'pairs_best');
  for (const text of ['begin', 'drop materialized view pairs_over', 'drop materialized view pairs_best', 'commit']) await client.query(text);
  await produce('pairs', ['{"k":1,"v":1}']);
  await settles('select n from pairs_count', ['6']);
});
