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

const rowsOf = async (text: string): Promise<string[]> =>
  (await client.query({ text, rowMode: 'array' })).rows.map((row) => (row as unknown[]).join(','));
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
