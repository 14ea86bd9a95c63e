import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { installation } from '#kernel/supervise/module.ts';
import { type Check, type Client, checksOf } from '../client.ts';
import { tryCommand } from '../command.ts';
import { mavenClassPath } from '../java.ts';
import { testMs } from '../limits.ts';
import { openPlace, type Place } from '../place.ts';
import { same, until } from '../tool.ts';
import { type Broker, login, openBroker } from './broker.ts';

const version = '4.3.1';
const libraries = [`org.apache.kafka:kafka_2.13:${version}`, 'org.slf4j:slf4j-simple:1.7.36'];
/** The tests of analytics whose views read topics. */
const tests = ['live', 'watermark', 'match', 'topic', 'array', 'postgres'];

/** What only the platform's own log has: rights to single topics for each credential. */
const notThere = 'who may not (write to|read) a topic';

/** A broker of Apache Kafka in the place of the platform's own log. */
export const client: Client = {
  name: 'apache-kafka',
  async setup() {
    const found = await mavenClassPath('apache-kafka', libraries);
    return 'skip' in found ? found : { version };
  },
  async run(place) {
    const found = await mavenClassPath('apache-kafka', libraries);
    if ('skip' in found) throw new Error(found.skip);
    const broker = await openBroker(place.folder, found.classPath);
    try {
      const checks: Check[] = await checksOf(
        tests.map((name) => [`tests of analytics over its topics: ${name}`, () => tested(name, broker)] as const),
      );
      return { checks: [...checks, ...(await platformChecks(place, broker))] };
    } finally {
      await broker.end();
    }
  },
};

async function tested(name: string, { open }: Broker): Promise<void> {
  const path = join(installation, 'services', 'analytics', 'test', `${name}.test.ts`);
  const env = { GAMUT_TEST_LOG: `kafka://${open}` };
  const words = ['--test', '--test-reporter=tap', `--test-skip-pattern=${notThere}`, path];
  const { code, out } = await tryCommand([process.execPath, ...words], { env, timeoutMs: testMs });
  if (code !== 0) throw new Error(out.split('\n').filter((line) => /^not ok|^ +error:/.test(line)).join('\n') || out.slice(-1500));
}

type At = {
  readonly broker: Broker;
  readonly place: Place;
  readonly client: pg.Client;
  readonly kafka: Kafka;
  /** The environment, which names of topics begin with. */
  prefix: string;
  /** How many records were written. */
  written: number;
};

/** A platform of its own, which comes to Kafka with a login. */
async function platformChecks({ folder }: Place, broker: Broker): Promise<Check[]> {
  const url = `kafka://${login.username}:${encodeURIComponent(login.password)}@${broker.guarded}`;
  const place = await openPlace(join(folder, 'platform'), { up: ['--only', 'analytics', '--log', url] });
  const { postgres } = await place.credential('--role', 'owner');
  const client = new pg.Client({ connectionString: postgres.url });
  const kafka = new Kafka({ brokers: [broker.open], logLevel: logLevel.NOTHING, retry: { retries: 20 } });
  const at: At = { broker, place, client, kafka, prefix: '', written: 0 };
  try {
    await client.connect();
    return await checksOf([
      ['topics of sources and sinks are made there, below their environment', () => made(at)],
      ['a view counts what others write, and its sink tells it in transactions', () => counted(at)],
      ['what another environment has is not seen', () => apart(at)],
      ['a broker that is killed in the middle and comes again loses nothing, and nothing counts twice', () => killed(at)],
      ['events of the platform come into the topic gamut.events', () => told(at)],
    ]);
  } finally {
    await client.end().catch(() => undefined);
    await place.down();
  }
}

async function made(at: At): Promise<void> {
  await at.client.query(`create source clicks (page int4, ms int8) with (topic = 'clicks', format = 'json');
    create materialized view pages as select page, count(*) as n, sum(ms) as ms from clicks group by page;
    create sink changed from pages with (topic = 'changed', format = 'json', key = 'page');`);
  await until('both topics are there', async () => (await topicsOf(at)).length === 2);
  at.prefix = (await topicsOf(at))[0]?.split('.')[0] ?? '';
  if (!/^[a-z0-9]{13}$/.test(at.prefix)) throw new Error(`${at.prefix} is no environment`);
  same(await topicsOf(at), [`${at.prefix}.changed`, `${at.prefix}.clicks`]);
}

async function topicsOf({ kafka }: At): Promise<string[]> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return (await admin.listTopics()).filter((name) => /clicks|changed/.test(name)).sort();
  } finally {
    await admin.disconnect();
  }
}

/** Writes further numbers, each to one of ten pages. */
async function write(at: At, count: number): Promise<void> {
  const producer = at.kafka.producer({ idempotent: true });
  await producer.connect();
  const messages = Array.from({ length: count }, (_, index) => {
    const ms = at.written + index;
    return { key: String(ms % 10), value: JSON.stringify({ page: ms % 10, ms }) };
  });
  await producer.send({ topic: `${at.prefix}.clicks`, messages });
  await producer.disconnect();
  at.written += count;
}

const expected = ({ written }: At): string =>
  Array.from({ length: 10 }, (_, page) => {
    const all = Array.from({ length: written }, (_, ms) => ms).filter((ms) => ms % 10 === page);
    return `${page} ${all.length} ${all.reduce((sum, ms) => sum + ms, 0)}`;
  }).join('\n');

async function isShown(at: At): Promise<boolean> {
  const { rows } = await at.client.query<{ page: number; n: string; ms: string }>('select * from pages order by page');
  return rows.map(({ page, n, ms }) => `${page} ${n} ${ms}`).join('\n') === expected(at);
}

/** The last value of each key in the sink's topic, as kafkajs reads what is committed. */
async function isSunk(at: At): Promise<boolean> {
  const last = new Map<string, string>();
  const consumer = at.kafka.consumer({ groupId: `look-${Math.random()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic: `${at.prefix}.changed`, fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message: { key, value } }) => void last.set(String(key), String(value)) });
    const read = () =>
      [...last.values()]
        .map((text) => JSON.parse(text) as { page: number; n: number; ms: number })
        .sort((left, right) => left.page - right.page)
        .map(({ page, n, ms }) => `${page} ${n} ${ms}`)
        .join('\n');
    await until('the sink tells all', async () => read() === expected(at));
    return true;
  } finally {
    await consumer.disconnect();
  }
}

async function counted(at: At): Promise<void> {
  await write(at, 5000);
  await until('the view counts all', () => isShown(at));
  await isSunk(at);
}

async function apart(at: At): Promise<void> {
  const { postgres } = await at.place.credential('--role', 'owner', '--environment', 'test');
  const other = new pg.Client({ connectionString: postgres.url });
  await other.connect();
  try {
    await other.query(`create source clicks (page int4) with (topic = 'clicks', format = 'json')`);
    same((await other.query('select count(*)::int as n from clicks')).rows, [{ n: 0 }]);
    same((await topicsOf(at)).filter((name) => name.endsWith('.clicks')).length, 2);
  } finally {
    await other.end();
  }
}

async function killed(at: At): Promise<void> {
  await write(at, 3000);
  await at.broker.restart();
  await write(at, 3000);
  await until('the view counts all', () => isShown(at));
  await isSunk(at);
}

async function told(at: At): Promise<void> {
  const admin = at.kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: `${at.prefix}.gamut.events` }] });
  await admin.disconnect();
  await at.client.query(`create source events (type text) with (topic = 'gamut.events', format = 'json');
    create materialized view kinds as select type, count(*) as n from events group by type;`);
  await until('an event of the platform is counted', async () => {
    // Each credential that is made is an event.
    await at.place.credential('--role', 'reader');
    return (await at.client.query('select * from kinds')).rows.length > 0;
  });
}
