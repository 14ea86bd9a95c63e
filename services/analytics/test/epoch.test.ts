import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openLog } from '#seams/log/log.ts';
import { openSql, type Sql } from '#seams/sql/sql.ts';
import { startStranger, type TestServer } from '#seams/sql/test/server.ts';
import pg from 'pg';
import { onStep } from '../store/step.ts';
import { type House, openHouse } from './fixtures/house.ts';

let house: House;
let client: pg.Client;
let server: TestServer;
/** Another PostgreSQL, into whose tables sinks write, and its address as its owner writes it. */
let target: Sql;
let address: URL;

before(async () => {
  const stranger = await startStranger({ fsync: 'off' });
  server = stranger;
  address = new URL(stranger.strangerUrl.replaceAll("'", '%27'));
  {
    await using first = openSql(address, { max: 1 });
    await first.platform().script('create database target');
  }
  address.pathname = '/target';
  target = openSql(address, { max: 2 });
  house = await openHouse({ settings: { outbound: [`127.0.0.1:${address.port}`] } });
  client = new pg.Client(house.login());
  await client.connect();
});
after(async () => {
  onStep(undefined);
  await client?.end().catch(() => undefined);
  await house?.stop();
  await target?.close();
  await server?.[Symbol.asyncDispose]();
});

const targetRows = async (text: string): Promise<string> =>
  (await target.platform().query(text)).rows.map((row) => Object.values(row).join(',')).join(';');
const arrived = (text: string, wanted: string) =>
  house.until(
    () => targetRows(text).catch((error: unknown) => String(error)),
    (found) => found === wanted,
  );

const ends = ['epoch-computed', 'epoch-committed', 'carrier-opened', 'epoch-carrying', 'epoch-carried', 'epoch-forgotten'] as const;
/** GAMUT_EPOCH_SEEDS runs more of them. */
const seeds = Number(process.env.GAMUT_EPOCH_SEEDS ?? 12);
const seedMs = 3_000;

test('whatever step of an epoch is its last, nothing is lost and nothing is twice in the log and in PostgreSQL', {
  timeout: 45_000 + seeds * seedMs,
}, async () => {
  const { username, password } = house.faces.sasl;
  const broker = (house.platform.doors['log.kafka']?.url ?? '').replace('//', `//${username}:${encodeURIComponent(password)}@`);
  await using log = openLog(broker, { clientId: 'test', loginOf: async () => house.faces.sasl });
  const own = log.at('own');
  await client.query(`create connection ended with (type = 'postgres', url = '${address.href}');
    create source ended (id int4, part int4) with (topic = 'ended', format = 'json');
    create sink ended_rows from ended with (connection = 'ended', table = 'ended_rows');
    create sink ended_sums as select part, count(*) as n, sum(id) as ids from ended group by part
      with (connection = 'ended', table = 'ended_sums', key = 'part');
    create sink ended_log from ended with (topic = 'ended.log', format = 'json')`);
  let due: { readonly step: string; left: number }[] = [];
  const met = new Map<string, number>();
  onStep((step) => {
    const [next] = due;
    if (next?.step !== step) return;
    next.left -= 1;
    if (next.left >= 0) return;
    due.shift();
    met.set(step, (met.get(step) ?? 0) + 1);
    throw new Error(`ended at ${step}`);
  });
  let written = 0;
  const write = async (count: number) => {
    await own.produce(
      'ended',
      Array.from({ length: count }, (_, at) => ({ key: null, value: `{"id":${written + at},"part":${(written + at) % 7}}` })),
    );
    written += count;
  };
  try {
    for (let seed = 1; seed <= seeds; seed += 1) {
      due = endsOf(seed);
      // Epochs come until the last end has come.
      for (let tries = 0; due.length > 0 && tries < 400; tries += 1) {
        if (tries % 20 === 0) await write(1 + ((seed * 7 + tries) % 23));
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      assert.deepEqual(due, [], `seed ${seed}`);
    }
  } finally {
    onStep(undefined);
  }
  const all = `${written},${written},${(written * (written - 1)) / 2}`;
  const rows = 'select count(*) as n, count(distinct id) as ids, sum(id) as sum from ended_rows';
  assert.equal(await arrived(rows, all), all);
  const idsOf = (part: number) => Array.from({ length: written }, (_, id) => id).filter((id) => id % 7 === part);
  const sums = Array.from({ length: 7 }, (_, part) => `${part},${idsOf(part).length},${idsOf(part).reduce((sum, id) => sum + id, 0)}`).join(
    ';',
  );
  assert.equal(await arrived('select * from ended_sums order by part', sums), sums);
  const seen = async () =>
    (await Array.fromAsync(own.read('ended.log', AbortSignal.timeout(seedMs * 10)))).map(({ value }) => String(value));
  const logged = await house.until(seen, ({ length }) => length >= written);
  assert.deepEqual(logged.sort(), Array.from({ length: written }, (_, id) => `{"id":${id},"part":${id % 7}}`).sort());
  if (seeds >= ends.length) assert.deepEqual([...met.keys()].sort(), [...ends].sort());
});

/** The steps at which a seed ends what runs, and how often each is passed before. */
function endsOf(seed: number): { readonly step: string; left: number }[] {
  let state = Math.imul(seed, 2_654_435_761) >>> 0;
  const next = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 16) % below;
  };
  const step = ends[seed % ends.length] as (typeof ends)[number];
  // A way is opened again behind another end alone.
  const first = step === 'carrier-opened' ? [{ step: 'epoch-carried', left: next(3) }] : [];
  const then = next(3) === 0 ? [{ step: ends[next(ends.length)] as string, left: 0 }] : [];
  return [...first, { step, left: step === 'carrier-opened' ? 0 : next(3) }, ...then.filter((end) => end.step !== 'carrier-opened')];
}
