import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type House, openHouse } from '#kernel/session/test/fixture/house.ts';
import { cpuSeconds, pssMb } from '../process.ts';
import { type BenchResult, type BenchRow, bounded, compared, least, median } from '../result.ts';
import { decoded } from './decode.ts';
import { KafkaPeer, kafkaJars } from './kafka.ts';
import { Tools } from './tool.ts';

const rounds = Number(process.env.GAMUT_BENCH_ROUNDS ?? 3);
/** How many times the usual amount of records is sent; a look in passing takes 0.1, a long one 4. */
const scale = Number(process.env.GAMUT_BENCH_SCALE ?? 1);
const amount = (records: number) => Math.ceil(records * scale);
const [partitions, manyPartitions] = [4, 1000];
/** 20 MB/s of records of 1 KiB. */
const steady = 20_480;
const [startTries, lookMs] = [6000, 10];

/** A broker, the tools that speak to it, and how its process is measured and started anew. */
type Side = { readonly name: string; readonly tools: Tools; readonly pid: () => number; readonly restart: () => Promise<number> };
type Figures = Record<string, number>;
type Row = { readonly name: string; readonly measure: (tools: Tools, topic: string) => Promise<Figures> };

/** Each row has a topic of its own on each side in each round; figures are named `unit`, or what else they are. */
const rows: readonly Row[] = [
  ...(['1', 'all'] as const).map(
    (acks): Row => ({
      name: `1 KB, acks=${acks}`,
      async measure(tools, topic) {
        await tools.create(topic, partitions);
        const records = amount(200_000);
        const { mbPerSecond } = await tools.produce({ topic, records, sizeBytes: 1024, acks });
        return { produce: mbPerSecond, consume: await tools.consume(topic, records) };
      },
    }),
  ),
  {
    name: '100 B, acks=1',
    async measure(tools, topic) {
      await tools.create(topic, partitions);
      const records = amount(1_000_000);
      const { mbPerSecond } = await tools.produce({ topic, records, sizeBytes: 100, acks: '1' });
      return { produce: mbPerSecond, consume: await tools.consume(topic, records) };
    },
  },
  {
    name: `1 KB, ${manyPartitions} partitions, acks=1`,
    async measure(tools, topic) {
      await tools.create(topic, manyPartitions);
      const records = amount(150_000);
      const { mbPerSecond } = await tools.produce({ topic, records, sizeBytes: 1024, acks: '1' });
      return { produce: mbPerSecond, consume: await tools.consume(topic, records) };
    },
  },
  ...(['1', 'all'] as const).map(
    (acks): Row => ({
      name: `1 KB at 20 MB/s, acks=${acks}`,
      async measure(tools, topic) {
        await tools.create(topic, partitions);
        return { p99: (await tools.produce({ topic, records: amount(150_000), sizeBytes: 1024, acks, perSecond: steady })).p99Ms };
      },
    }),
  ),
  {
    name: '1 KB one at a time, sent until read',
    async measure(tools, topic) {
      await tools.create(topic, 1);
      return { p99: await tools.endToEnd(topic, amount(4000)) };
    },
  },
  {
    name: 'transactions of 100 records',
    async measure(tools, topic) {
      await tools.create(topic, partitions);
      return { transactions: await tools.transact(topic, amount(1000)) };
    },
  },
];

async function ours(house: House, jars: string, folder: string): Promise<Side> {
  const { sasl } = await house.credential({ role: 'owner' });
  const config = join(folder, 'ours.properties');
  const login = `org.apache.kafka.common.security.plain.PlainLoginModule required username="${sasl.username}" password="${sasl.password}";`;
  writeFileSync(config, `security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.jaas.config=${login}\n`);
  const process_ = () => house.platform.status().processes.find(({ name }) => name === 'log');
  const pid = () => process_()?.pid ?? 0;
  const address = (house.platform.doors['log.kafka']?.url ?? '').replace('kafka://', '');
  return {
    name: 'ours',
    tools: new Tools(jars, { address, config, sasl }),
    pid,
    async restart() {
      const [killed, began] = [pid(), performance.now()];
      process.kill(killed, 'SIGKILL');
      for (let tried = 0; tried < startTries; tried += 1) {
        if (process_()?.state === 'ready' && pid() !== killed) return performance.now() - began;
        await sleep(lookMs);
      }
      throw new Error('the broker did not come back');
    },
  };
}

function theirs(kafka: KafkaPeer, jars: string, folder: string): Side {
  const config = join(folder, 'theirs.properties');
  writeFileSync(config, 'security.protocol=PLAINTEXT\n');
  return {
    name: 'theirs',
    tools: new Tools(jars, { address: kafka.address, config }),
    pid: () => kafka.pid,
    async restart() {
      await kafka.kill();
      return kafka.start();
    },
  };
}

/** Every figure of a side, over the rounds, by row and name. */
type Found = Map<string, number[]>;
const note = (found: Found, key: string, value: number) => void found.set(key, [...(found.get(key) ?? []), value]);

/** A row on one side: its figures, and the CPU-seconds that the server took for them. */
async function measured({ name, measure }: Row, { tools, pid }: Side, round: number, found: Found): Promise<void> {
  const before = cpuSeconds(pid());
  const figures = await measure(tools, `bench-${rows.findIndex((row) => row.name === name)}-${round}`);
  for (const [figure, value] of Object.entries(figures)) note(found, `${name}: ${figure}`, value);
  note(found, `${name}: CPU`, cpuSeconds(pid()) - before);
}

async function compare(sides: readonly [Side, Side]): Promise<readonly [Found, Found]> {
  const found: [Found, Found] = [new Map(), new Map()];
  const chosen = process.env.GAMUT_BENCH_ROW;
  for (let round = 0; round < rounds; round += 1)
    // Whoever is first in one round is second in the next.
    for (const row of rows.filter(({ name }) => chosen === undefined || name.includes(chosen)))
      for (const at of round % 2 === 0 ? [0, 1] : [1, 0]) await measured(row, sides[at] as Side, round, found[at] as Found);
  for (const [at, side] of sides.entries()) note(found[at] as Found, 'memory', pssMb(side.pid()));
  for (const [at, side] of sides.entries()) note(found[at] as Found, 'start', await side.restart());
  return found;
}

const shapes: Record<string, readonly [unit: string, better: 'more' | 'less', goal: number | null]> = {
  produce: ['MB/s', 'more', 1],
  consume: ['MB/s', 'more', 1],
  p99: ['ms', 'less', 1],
  transactions: ['1/s', 'more', 1],
  CPU: ['CPU-s', 'less', null],
  memory: ['MB', 'less', 1 / 0.35],
  start: ['ms', 'less', 10],
};

const rowOf = (name: string, ourValue: number, theirValue: number | 'not run'): BenchRow => {
  const [unit, better, goal] = shapes[name.split(': ').at(-1) ?? ''] ?? ['', 'more', null];
  return compared(name, unit, better, ourValue, theirValue, goal);
};

const decoding = () => least('batches of 1,000 records of 100 bytes decoded to columns', 'M/CPU-s', decoded() / 1e6, 30);

/** The broker in its own process beside Apache Kafka in KRaft mode, by Kafka's own perf tools, in turn. */
export async function run(): Promise<BenchResult> {
  const jars = await kafkaJars();
  if (jars === undefined) {
    const missing = { ...bounded('all rows beside Apache Kafka', '', 0, null), ours: Number.NaN, peer: 'not run' as const, met: false };
    return { name: 'log', rows: [missing, decoding()] };
  }
  const folder = mkdtempSync(join(tmpdir(), 'gamut-bench-log-'));
  const house = await openHouse({ mode: 'processes', services: ['log'], samples: false, quiet: true });
  let kafka: KafkaPeer | undefined;
  try {
    kafka = await KafkaPeer.open(jars);
    const [own, other] = await compare([await ours(house, jars, folder), theirs(kafka, jars, folder)]);
    const beside = [...own].map(([name, values]) => rowOf(name, median(values), median(other.get(name) ?? [])));
    return { name: 'log', rows: [...beside, decoding()] };
  } finally {
    await kafka?.stop();
    await house.stop();
    rmSync(house.data, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  }
}
