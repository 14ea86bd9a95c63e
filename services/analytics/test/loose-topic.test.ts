import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Admin } from 'kafkajs';
import pg from 'pg';
import { onStep, type Step } from '../store/step.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { refusedWith } from './fixtures/told.ts';

let house: House;
let client: pg.Client;
let admin: Admin;
before(async () => {
  house = await openHouse();
  client = new pg.Client(house.login());
  admin = house.kafka().admin();
  await Promise.all([client.connect(), admin.connect()]);
});
after(async () => {
  onStep(undefined);
  await Promise.all([client?.end(), admin?.disconnect()]).catch(() => undefined);
  await house?.stop();
});

/** The topics of tables, as a Kafka client lists them. */
const topics = async (of = '') => (await admin.listTopics()).filter((topic) => topic.startsWith(`table.${of}`)).sort();
const gone = async (...names: string[]) => {
  const left = await house.until(topics, (all) => !names.some((name) => all.includes(name)));
  assert.deepEqual(
    names.filter((name) => left.includes(name)),
    [],
    'topics that stay',
  );
};
/** Makes a table and answers its topic. */
async function made(name: string): Promise<string> {
  await client.query(`create table ${name} (id int8 primary key, n int4); insert into ${name} values (1, 2)`);
  const [topic = ''] = await topics(`${name}.`);
  return topic;
}

test('the topic of a table goes with it, and that of a table that another took the place of', async () => {
  const [one, two] = [await made('one'), await made('two')];
  await client.query('alter table two alter column n type int8');
  await gone(two);
  const [other = ''] = await topics('two.');
  assert.match(other, /^table\.two\.[0-9a-f]{8}$/);
  await client.query('begin; drop table one; drop table two; commit');
  await gone(one, other);
});

test('what a transaction made and did not keep leaves no topic', async () => {
  const kept = await made('kept');
  await client.query(`begin; create table never (id int8); insert into never values (1); alter table kept add unique (n); rollback`);
  await house.until(topics, (all) => all.length === 1);
  assert.deepEqual(await topics(), [kept]);
  await client.query(`begin; create table first (id int8); savepoint s; create table again (id int8); drop table first;
    rollback to s; insert into first values (7)`);
  // Both are of a transaction that is open, whatever is deleted meanwhile.
  await made('short');
  await client.query('savepoint t');
  const own = new pg.Client(house.login());
  await own.connect();
  await own.query('create table beside (id int8)');
  const [beside = ''] = await topics('beside.');
  await own.query('drop table beside');
  await own.end();
  await gone(beside);
  assert.equal((await topics('first.')).length, 1);
  await client.query('commit');
  await house.until(
    () => topics('again.'),
    ({ length }) => length === 0,
  );
  assert.deepEqual((await topics()).map((topic) => topic.split('.')[1]), ['first', 'kept', 'short']);
  // It is the topic of a table as any other.
  const [first = ''] = await topics('first.');
  await client.query(`create source firsts (id int8) with (topic = '${first}', format = 'json', envelope = 'debezium');
    create materialized view seen as select count(*) as n from firsts`);
  const rows = async () => (await client.query('select n from seen')).rows;
  assert.deepEqual(await house.until(rows, ([row]) => row?.n === '1'), [{ n: '1' }]);
});

test('a topic that a source reads stays until that is dropped, and the topic of a source is not touched', async () => {
  const own = 'table.of.somebody';
  await admin.createTopics({ topics: [{ topic: own }] });
  const [first = ''] = await topics('first.');
  await client.query(`create source theirs (id int8) with (topic = '${own}', format = 'json'); drop source theirs; drop table first`);
  await gone(await made('between').then(async (topic) => (await client.query('drop table between'), topic)));
  assert.deepEqual([(await topics()).includes(first), (await topics()).includes(own)], [true, true]);
  assert.deepEqual((await client.query('select id from firsts')).rows, [{ id: '7' }]);
  await client.query('drop materialized view seen; drop source firsts');
  await gone(first);
  assert.ok((await topics()).includes(own));
});

for (const step of ['topic-loose', 'topic-deleted'] as const satisfies Step[])
  test(`what is cut off at ${step} is done by the process that comes after`, async () => {
    const topic = await made(`cut_${step.replace('-', '_')}`);
    // From here on the process does nothing more of it.
    const met = Promise.withResolvers<void>();
    onStep((now) => {
      if (now !== step) return;
      met.resolve();
      throw new Error('it ends here');
    });
    await client.query(`drop table cut_${step.replace('-', '_')}`);
    await met.promise;
    assert.equal((await topics()).includes(topic), step === 'topic-loose');
    await client.end();
    const restarted = house.platform.restart('analytics');
    await restarted;
    onStep(undefined);
    await gone(topic);
    client = new pg.Client(house.login());
    await client.connect();
  });

test('a table beyond the topics that an environment may have is refused with the reason, and can be made once there is room', async () => {
  const { body } = await house.call('POST', '/v1/platform/organizations', { name: 'full' });
  const faces = await house.credential({ role: 'owner' }, String(body.uid));
  const [own, theirs] = [house.kafka(faces).admin(), new pg.Client(house.login(faces))];
  await Promise.all([own.connect(), theirs.connect()]);
  await theirs.query('create table last (id int8)');
  await own.createTopics({ topics: [1000, 1000, 1000, 999].map((numPartitions, at) => ({ topic: `t${at}`, numPartitions })), timeout: 60_000 });
  const beyond = theirs.query('create table beyond (id int8)');
  await assert.rejects(beyond, refusedWith('53400'));
  await assert.rejects(beyond, /A scope has at most 4000 partitions/);
  await assert.rejects(theirs.query(`alter table last add unique (id)`), refusedWith('53400'));
  await theirs.query('drop table last');
  await house.until(
    () => theirs.query('create table beyond (id int8)').then(() => true, () => false),
    (isMade) => isMade,
  );
  await theirs.query('insert into beyond values (1)');
  await own.deleteTopics({ topics: ['t0', 't1', 't2', 't3'] });
  await Promise.all([own.disconnect(), theirs.end()]);
});
