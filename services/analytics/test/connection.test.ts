import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { openSql, type Sql } from '#seams/sql/sql.ts';
import { startStranger, type TestServer } from '#seams/sql/test/server.ts';
import pg from 'pg';
import { type House as Platform, openHouse as openPlatform } from '#kernel/session/test/fixture/house.ts';
import { onStep } from '../store/step.ts';
import { type House, openHouse } from './fixtures/house.ts';

type Asked = { readonly headers: IncomingHttpHeaders; readonly body: unknown[] };

let house: House;
let client: pg.Client;
let server: TestServer;
let target: Sql;
/** The target's address, as its owner writes it. */
let address: URL;
let receiver: Server;
/** A storage of its own, as somebody else's S3. */
let store: Platform;
let bucket: S3Client;
let keys: { accessKeyId: string; secretAccessKey: string; region: string };
const asked: Asked[] = [];
/** What the receiver answers next; then 204. */
const answers: number[] = [];

before(async () => {
  const [stranger] = await Promise.all([
    startStranger({ fsync: 'off' }).then((started) => (server = started)),
    openPlatform({ services: ['storage'], samples: false }).then((opened) => (store = opened)),
  ]);
  address = new URL(stranger.strangerUrl.replaceAll("'", '%27'));
  await using first = openSql(address, { max: 1 });
  await first.platform().script('create database target');
  address.pathname = '/target';
  target = openSql(address, { max: 2 });
  receiver = createServer(async (request, response) => {
    const pieces = await Array.fromAsync(request as AsyncIterable<Buffer>);
    if (request.method === 'POST')
      asked.push({ headers: request.headers, body: JSON.parse(Buffer.concat(pieces).toString()) as unknown[] });
    response.statusCode = answers.shift() ?? 204;
    response.end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  keys = (await store.credential()).s3;
  bucket = new S3Client({ endpoint: s3().href, region: keys.region, credentials: keys, forcePathStyle: true });
  const hosts = [`127.0.0.1:${address.port}`, `127.0.0.1:${port()}`, s3().host];
  house = await openHouse({ settings: { outbound: hosts } });
  client = new pg.Client(house.login());
  await client.connect();
});
after(async () => {
  await client?.end().catch(() => undefined);
  await house?.stop();
  bucket?.destroy();
  await store?.stop();
  receiver?.closeAllConnections();
  receiver?.close();
  await target?.close();
  await server?.[Symbol.asyncDispose]();
});

const s3 = () => new URL(store.platform.doors['storage.s3']?.url ?? '');
const port = () => (receiver.address() as AddressInfo).port;
const rowsOf = async (text: string): Promise<unknown[][]> => (await client.query({ text, rowMode: 'array' })).rows as unknown[][];
/** The SQLSTATE with which a statement is refused. */
const told = (text: string, by = client): Promise<string> =>
  by.query(text).then(
    () => 'done',
    (error: pg.DatabaseError) => error.code ?? String(error),
  );
const targetRows = async (text: string): Promise<string> =>
  (await target.platform().query(text)).rows.map((row) => Object.values(row).join(',')).join(';');
const arrived = (text: string, wanted: string) =>
  house.until(
    () => targetRows(text).catch((error: unknown) => String(error)),
    (found) => found === wanted,
  );

/** Writes texts with an unmodified kafkajs. */
async function produce(topic: string, values: readonly string[]): Promise<void> {
  const producer = house.kafka().producer();
  await producer.connect();
  await producer.send({ topic, messages: values.map((value) => ({ value })) });
  await producer.disconnect();
}

/** What another engine reads of the files whose names begin so; nothing where there are none. */
async function lake(prefix: string, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gamut-lake-'));
  const engine = await (await DuckDBInstance.create(':memory:')).connect();
  try {
    const { Contents = [] } = await bucket.send(new ListObjectsV2Command({ Bucket: 'lake', Prefix: prefix }));
    for (const [at, { Key }] of Contents.entries()) {
      const { Body } = await bucket.send(new GetObjectCommand({ Bucket: 'lake', Key }));
      await writeFile(join(folder, `${at}.parquet`), (await Body?.transformToByteArray()) ?? '');
    }
    if (Contents.length === 0) return '';
    return String((await engine.runAndReadAll(text.replace('files', `read_parquet('${folder}/*.parquet')`))).getRows());
  } finally {
    engine.closeSync();
    await rm(folder, { recursive: true, force: true });
  }
}

test('connections show where they lead and nothing of how to come in; addresses that are private are refused', async () => {
  await client.query(`create connection warehouse with (type = 'postgres', url = '${address.href}');
    create connection if not exists warehouse with (type = 'postgres', url = '${address.href}');
    create connection hook with (type = 'http', url = 'http://127.0.0.1:${port()}/secret/path', authorization = 'Bearer abc')`);
  assert.deepEqual(await rowsOf('show connections'), [
    ['hook', 'http', `http://127.0.0.1:${port()}`],
    ['warehouse', 'postgres', `postgres://127.0.0.1:${address.port}/target`],
  ]);
  for (const [options, code] of [
    [`type = 'postgres', url = 'postgres://u:p@10.0.0.1/x'`, '22023'],
    [`type = 'postgres', url = 'postgres://u:p@127.0.0.1:1/x'`, '22023'],
    [`type = 'postgres', url = 'postgres://u:p@%2Ftmp/x'`, '22023'],
    [`type = 'postgres', url = 'postgres://u:p@db.example/x?host=/tmp'`, '0A000'],
    [`type = 'postgres', url = 'postgres://u:p@db.example/x?sslrootcert=/etc/passwd'`, '0A000'],
    [`type = 'postgres', url = 'https://db.example/x'`, '22023'],
    [`type = 'http', url = 'http://169.254.169.254/'`, '22023'],
    [`type = 'http', url = 'ftp://db.example/'`, '22023'],
    [`type = 'http', url = 'https://db.example/', bucket = 'b'`, '22023'],
    [`type = 's3', url = 'https://s3.example/', bucket = 'b-1'`, '22023'],
    [`type = 'mysql', url = 'mysql://db.example/'`, '0A000'],
    [`url = 'https://db.example/'`, '22023'],
  ] as const)
    assert.equal(await told(`create connection other with (${options})`), code, options);
  assert.equal(await told(`create connection hook with (type = 'http', url = 'https://db.example/')`), '42710');
  assert.equal(await told('drop connection none'), '42704');
  assert.equal(await told('drop connection if exists none'), 'done');
  await client.query(`create source words (a text) with (topic = 'words', format = 'json')`);
  // Whoever edits makes sinks over connections and no connections; whoever reads makes neither.
  for (const [role, made, used] of [
    ['editor', '42501', 'done'],
    ['reader', '42501', '42501'],
  ] as const) {
    const other = new pg.Client(house.login(await house.credential({ role })));
    await other.connect();
    assert.equal(await told(`create connection other with (type = 'http', url = 'https://db.example/')`, other), made);
    assert.equal(await told(`create sink ${role} as select a from words with (connection = 'hook', format = 'json')`, other), used);
    await other.end();
  }
  await client.query('drop sink editor');
});

test('changes go into a table of another PostgreSQL, each once, whatever is away meanwhile', { timeout: 55_000 }, async () => {
  await client.query(`create table stock (id int4 primary key, what text, n int8, at timestamptz, part numeric);
    create materialized view totals as select what, sum(n) as n, max(at) as at from stock group by what;
    create sink totals_out from totals with (connection = 'warehouse', table = 'totals', key = 'what')`);
  await target
    .platform()
    .script(`create schema other; create table other.moves (id bigint primary key, what varchar(20), extra int default 7);
    create table bare (what text, n int8); create table narrow (what text)`);
  await client.query(`create source raws (id int4, what text) with (topic = 'raws', format = 'json')`);
  await client.query(`insert into stock values (1, 'tea', 5, '2024-05-06 07:08:09.123456+00', 1.5), (2, 'milk', 1, null, null),
    (3, null, 2, null, null)`);
  const all = (rows: readonly string[]) => rows.join(';');
  const shown = `select concat_ws('/', coalesce(what, '-'), n, at at time zone 'UTC') as row from totals order by what nulls last`;
  const first = all(['milk/1', 'tea/5/2024-05-06 07:08:09.123456', '-/2']);
  assert.equal(await arrived(shown, first), first);
  await client.query(`update stock set n = 6 where id = 1; delete from stock where id in (2, 3);
    insert into stock values (4, 'o''clock "x", {y}', 9, null, 0)`);
  const later = all([`o'clock "x", {y}/9`, 'tea/6/2024-05-06 07:08:09.123456']);
  assert.equal(await arrived(shown, later), later);
  await client.query(`create table feed (id int4, what text); insert into feed values (1, 'a'), (2, null)`);
  await client.query(
    `create sink moves as select id, max(what) as what from feed group by id with (connection = 'warehouse', table = 'other.moves', key = 'id')`,
  );
  const moves = `select concat_ws('/', id, what, extra) as row from other.moves order by id`;
  assert.equal(await arrived(moves, '1/a/7;2/7'), '1/a/7;2/7');
  // The other side refuses for a while: the sink says so, waits, and goes on.
  await target.platform().script('alter table totals rename to away');
  await client.query('update stock set n = n + 1');
  const failure = async () => (await rowsOf('show sinks')).find(([name]) => name === 'totals_out')?.at(-1);
  assert.match(String(await house.until(failure, (reason) => reason !== null)), /totals/);
  await client.query(`alter connection warehouse with (type = 'postgres', url = '${address.href.replace('stranger:', 'nobody:')}')`);
  await target.platform().script('alter table away rename to totals');
  assert.match(String(await house.until(failure, (reason) => /nobody/.test(String(reason)))), /nobody/);
  await client.query(`alter connection warehouse with (type = 'postgres', url = '${address.href}')`);
  const last = all([`o'clock "x", {y}/10`, 'tea/7/2024-05-06 07:08:09.123456']);
  assert.equal(await arrived(shown, last), last);
  assert.equal(await house.until(failure, (reason) => reason === null), null);
  await client.query('truncate stock');
  assert.equal(await arrived(shown, ''), '');
  for (const [text, code] of [
    [`create sink s from totals with (connection = 'warehouse', table = 'bare', key = 'what')`, '42703'],
    [`create sink s as select what, n from totals with (connection = 'warehouse', table = 'bare', key = 'what')`, '42P10'],
    [`create sink s as select what, n from totals with (connection = 'warehouse', table = 'bare')`, '0A000'],
    [`create sink s from raws with (connection = 'warehouse', format = 'json')`, '22023'],
    [`create sink s from raws with (connection = 'hook', table = 't')`, '22023'],
    [`create sink s from raws with (connection = 'none', format = 'json')`, '42704'],
    [`create sink s from raws with (connection = 'hook', topic = 't', format = 'json')`, '22023'],
    [`create sink s from raws with (connection = 'hook', format = 'avro')`, '0A000'],
    [`alter connection warehouse with (type = 'http', url = 'https://db.example/')`, '22023'],
    [`alter connection none with (type = 'http', url = 'https://db.example/')`, '42704'],
    ['drop connection warehouse', '2BP01'],
    ['truncate stock, totals', '42809'],
  ] as const)
    assert.equal(await told(text), code, text);
  await client.query('drop sink totals_out; drop sink moves; drop connection warehouse');
});

test('changes go to an HTTP server at least once, and a request that comes again has the same key', async () => {
  asked.length = 0;
  answers.push(500, 302, 429);
  await client.query(`create table lines (id int4 primary key, what text);
    create sink hooked as select id, what from lines with (connection = 'hook', format = 'json', envelope = 'debezium')`);
  await client.query(`insert into lines values (1, 'w1'), (2, 'w2'), (3, 'w3')`);
  const wanted = [1, 2, 3].map((id) => ({ before: null, after: { id, what: `w${id}` }, op: 'c' }));
  const failure = async () => (await rowsOf('show sinks')).find(([name]) => name === 'hooked')?.at(-1);
  assert.match(String(await house.until(failure, (reason) => reason !== null)), /answered (500|302|429)/);
  await house.until(
    async () => asked.length,
    (count) => count >= 4,
  );
  assert.equal(await house.until(failure, (reason) => reason === null), null);
  const keys = asked.map(({ headers }) => String(headers['idempotency-key']));
  assert.match(keys[0] ?? '', /^[0-9a-f-]{36}-\d+-0$/);
  assert.equal(new Set(keys).size, 1);
  assert.equal(asked[0]?.headers.authorization, 'Bearer abc');
  for (const { body } of asked) assert.deepEqual(body, wanted);
  await client.query('delete from lines where id = 2');
  await house.until(
    async () => asked.length,
    (count) => count >= 5,
  );
  assert.deepEqual(asked.at(-1)?.body, [{ before: { id: 2, what: 'w2' }, after: null, op: 'd' }]);
  assert.notEqual(asked.at(-1)?.headers['idempotency-key'], keys[0]);
  await client.query('drop sink hooked; drop connection hook');
});

test('rows go into files of Parquet in a bucket, each once, and another engine reads them', { timeout: 55_000 }, async () => {
  await bucket.send(new CreateBucketCommand({ Bucket: 'lake' }));
  const login = `access_key_id = '${keys.accessKeyId}', secret_access_key = '${keys.secretAccessKey}', region = '${keys.region}'`;
  await client.query(`create connection lake with (type = 's3', url = '${s3().href}', bucket = 'lake', ${login});
    create connection nowhere with (type = 's3', url = '${s3().href}', bucket = 'nowhere', ${login});
    create source readings (id int8, what text, n int4, part float8, d date, at timestamp, isOn bool, price numeric)
      with (topic = 'readings', format = 'json');
    create sink files from readings with (connection = 'lake', path = 'readings/day=1/', format = 'parquet')`);
  const count = 500;
  for (let from = 0; from < count; from += 100) {
    const values = Array.from({ length: 100 }, (_, at) => {
      const id = from + at;
      const rest = id % 7 === 0 ? '' : `,"what":"w${id}","n":${id},"part":${id / 4},"d":"2024-02-29","at":"2024-02-29 01:02:03.123456"`;
      return `{"id":${9_007_199_254_740_993n + BigInt(id)},"ison":${id % 2 === 0},"price":${id}.50${rest}}`;
    });
    await produce('readings', values);
  }
  const sums = `select count(*), count(distinct id), min(id), max(id), count(what), sum(n), sum(part), min(d)::text, max("at")::text,
    count(*) filter (ison), max(price) from files`;
  const there = Array.from({ length: count }, (_, id) => id).filter((id) => id % 7 !== 0);
  const sum = there.reduce((all, id) => all + id, 0);
  const wanted = `500,500,9007199254740993,9007199254741492,${there.length},${sum},${sum / 4},2024-02-29,2024-02-29 01:02:03.123456,250,99.50`;
  assert.equal(
    await house.until(
      () => lake('readings/day=1/', sums),
      (found) => found.startsWith('500,'),
    ),
    wanted,
  );
  // They are a source as well, beside files that another engine wrote.
  const folder = await mkdtemp(join(tmpdir(), 'gamut-lake-'));
  const engine = await (await DuckDBInstance.create(':memory:')).connect();
  const body = async (text: string): Promise<Buffer> => {
    await engine.run(`copy (${text}) to '${folder}/x.parquet' (format parquet)`);
    return readFile(join(folder, 'x.parquet'));
  };
  const put = async (Key: string, Body: Buffer | string) => void (await bucket.send(new PutObjectCommand({ Bucket: 'lake', Key, Body })));
  await put(
    'readings/day=1/other',
    await body(`select -1::bigint as id, null::varchar as what, 1.25::decimal(9,2) as price, [1, 2] as list, [3, null, 5] as own, {'a': 'x'} as made,
      'ab'::blob as bytes, uuid '00000000-0000-0000-0000-00000000000f' as key, timestamptz '2024-02-29 01:02:03+00' as zoned, time '12:30' as clock`),
  );
  await client.query(`create source back (id int8, what text, n int4, part float8, d date, at timestamp, ison bool, price numeric,
      list jsonb, own int4[], made jsonb, bytes bytea, key uuid, zoned timestamptz, clock time)
      with (connection = 'lake', path = 'readings/day=1/', format = 'parquet', every = '200 ms');
    create materialized view again as select * from back`);
  const ours = `select count(*), count(distinct id), min(id), max(id), count(what), sum(n), sum(part), min(d)::text, max(at)::text,
    count(*) filter (where ison), max(price) from again where id > 0`;
  const known = await house.until(
    async () => String((await rowsOf(ours))[0]),
    (found) => found.startsWith('500,'),
  );
  assert.equal(known, wanted.replace('99.50', '499.50'));
  const others = () =>
    rowsOf(
      'select price::text, list::text, own::text, made::text, bytes::text, key::text, zoned::text, clock::text from again where id < 0',
    );
  assert.deepEqual(await house.until(others, (rows) => rows.length > 0), [
    ['1.25', '[1, 2]', '{3,NULL,5}', '{"a": "x"}', '\\x6162', '00000000-0000-0000-0000-00000000000f', '2024-02-29 01:02:03+00', '12:30:00'],
  ]);
  // What is no Parquet is told of, and read when it is written anew.
  await put('readings/day=1/wrong', 'no parquet');
  const failure = async () => (await rowsOf('show sources')).find(([name]) => name === 'back')?.at(-1);
  assert.match(String(await house.until(failure, (reason) => reason !== null)), /wrong is no Parquet/);
  await put('readings/day=1/wrong', await body('select -2::bigint as id'));
  assert.equal(await house.until(failure, (reason) => reason === null), null);
  assert.deepEqual(
    await house.until(
      () => rowsOf('select count(*) from again where id < 0'),
      (rows) => rows[0]?.[0] === '2',
    ),
    [['2']],
  );
  engine.closeSync();
  await rm(folder, { recursive: true, force: true });
  for (const [text, code] of [
    [`create sink s from readings with (connection = 'lake', format = 'json')`, '22023'],
    [`create sink s from readings with (connection = 'lake', format = 'parquet', envelope = 'debezium')`, '0A000'],
    [`create sink s as select what, count(*) n from readings group by what with (connection = 'lake', format = 'parquet')`, '0A000'],
    [`create sink s from readings with (connection = 'lake', format = 'parquet', path = '../x?')`, '22023'],
    [`create sink s from readings with (connection = 'nowhere', format = 'parquet')`, '08006'],
  ] as const)
    assert.equal(await told(text), code, text);
});

test('a sink that falls at any step of its epochs has each row once, wherever it writes', { timeout: 58_000 }, async () => {
  await client.query(`create connection fallen with (type = 'postgres', url = '${address.href}');
    create connection told with (type = 'http', url = 'http://127.0.0.1:${port()}/fallen');
    create source falls (id int4, part int4) with (topic = 'falls', format = 'json')`);
  const fallen = new Map<string, number>();
  const seed = Date.now() % 2 ** 31;
  let state = seed;
  const due = new Map<string, number>();
  onStep((step) => {
    const left = due.get(step) ?? 0;
    due.set(step, left - 1);
    const times = fallen.get(step) ?? 0;
    // So few that what falls does not wait for long.
    if (left > 0 || times >= 5 || step.startsWith('intake')) return;
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    due.set(step, (state >> 16) % 3);
    fallen.set(step, times + 1);
    throw new Error(`fell at ${step}`);
  });
  asked.length = 0;
  try {
    await client.query(`create sink rows_out from falls with (connection = 'fallen', table = 'fallen_rows');
      create sink sums_out as select part, count(*) as n, sum(id) as ids from falls group by part
        with (connection = 'fallen', table = 'fallen_sums', key = 'part');
      create sink files_out from falls with (connection = 'lake', path = 'falls/', format = 'parquet');
      create sink told_out as select id from falls with (connection = 'told', format = 'json')`);
    const [rounds, size] = [12, 50];
    for (let round = 0; round < rounds; round += 1)
      await produce(
        'falls',
        Array.from({ length: size }, (_, at) => `{"id":${round * size + at},"part":${at % 5}}`),
      );
    const count = rounds * size;
    const all = `${count},${count},${(count * (count - 1)) / 2}`;
    const text = 'select count(*) as n, count(distinct id) as ids, sum(id) as sum from';
    assert.equal(await arrived(`${text} fallen_rows`, all), all, `seed ${seed}`);
    const own = size / 5;
    const ids = (part: number) => (rounds * (rounds - 1) * size * own) / 2 + rounds * ((5 * own * (own - 1)) / 2 + own * part);
    const sums = Array.from({ length: 5 }, (_, part) => `${part},${count / 5},${ids(part)}`).join(';');
    assert.equal(await arrived('select * from fallen_sums order by part', sums), sums, `seed ${seed}`);
    const files = () => lake('falls/', `${text} files`);
    const whole = (found: string) => Number(found.split(',')[0]) >= count;
    assert.equal(await house.until(files, whole), all, `seed ${seed}`);
    // What may come again is known by its key.
    const told = async () => new Map(asked.map(({ headers, body }) => [headers['idempotency-key'], body]));
    const once = await house.until(told, (requests) => [...requests.values()].flat().length >= count);
    const seen = [...once.values()].flat().map((row) => (row as { id: number }).id);
    assert.deepEqual(
      seen.sort((a, b) => a - b),
      Array.from({ length: count }, (_, id) => id),
      `seed ${seed}`,
    );
    assert.deepEqual([...fallen.keys()].sort(), [
      'carrier-opened',
      'epoch-carried',
      'epoch-carrying',
      'epoch-committed',
      'epoch-computed',
      'epoch-forgotten',
    ]);
  } finally {
    onStep(undefined);
  }
});
