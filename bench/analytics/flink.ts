import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Type } from '#services/analytics/domain/value.ts';
import { readsOf } from '#services/analytics/domain/wanted.ts';
import { openLog } from '#seams/log/log.ts';
import { openHouse } from '#services/analytics/test/fixtures/house.ts';
import { mavenClassPath } from '../../conform/java.ts';
import { type Forked, forked } from '../fork.ts';
import { FlinkProcess } from '../nexmark/flink-process.ts';
import { flinkFile, flinkQueries, flinkTable, flinkTopic } from '../nexmark/flink.ts';
import { nexmarkQueries, streaming } from '../nexmark/query.ts';
import { type BenchRow, compared, median } from '../result.ts';
import { numberOf, planOf } from './plan.ts';
import { fileOf, firstMs, streamTables, topicScope, writeEvents, writeTopics } from './stream.ts';

const version = '2.3.0';
const connector = 'org.apache.flink:flink-connector-kafka:5.0.0-2.2';
const names = ['clients', 'connector-base', 'connector-files', 'json', 'table-api-java-bridge', 'table-planner-loader', 'table-runtime'];
const opened = ['lang', 'math', 'net', 'nio', 'text', 'time', 'util'];
/** What Java is told: room, the collector that it has by default, and to open what Flink's own scripts have it open. */
const javaFlags = ['-Xmx2g', '-XX:+UseG1GC', ...opened.map((name) => `--add-opens=java.base/java.${name}=ALL-UNNAMED`)];
/** What is a smaller part of all that a query takes than this is not told from the reading of its source. */
const leastPart = 0.1;
const roundsMost = 3;
const goal = { mean: 8, least: 3, memory: 2, log: 5 };
/** Whose answers from the log are compared: of all relations together. */
const lookedAt = ['q3', 'q20'];
const unit = '1000 events/CPU-s';

/** What a query reads of its relations, to nowhere: on either side. */
type Source = { readonly ours: string; readonly theirs: string };
type Query = { readonly name: string; readonly types: readonly Type[]; readonly sources: readonly Source[] };
/** CPU-seconds of one piece of work, by round. */
type Taken = { readonly ours: number[]; readonly theirs: number[] };
/** `from`: the folder of files, or the address of the log. */
type Sides = { readonly from: string; readonly own: Forked; readonly flink: FlinkProcess };

async function queryOf(name: string, text: string): Promise<Query> {
  const plan = await planOf(text, streamTables);
  const reads = readsOf(plan);
  const sources = Object.entries(streamTables).flatMap(([table, columns]) => {
    const wanted = reads.get(numberOf(streamTables, table));
    const read = Object.keys(columns).filter((_, place) => wanted?.has(place));
    if (read.length === 0) return [];
    return [
      {
        ours: `select ${read.join(', ')} from ${table}`,
        theirs: `select ${read.map((each) => `\`${each}\``).join(', ')} from \`${table}\``,
      },
    ];
  });
  return { name, types: plan.columns.map(({ type }) => type), sources };
}

/** One row that says of an answer what `Fingerprint` does. */
function fingerprintOf({ name, types }: Query): string {
  const since = `timestamp '${new Date(firstMs).toISOString().slice(0, 10)} 00:00:00'`;
  const sums = types.map((type, at) => {
    const number = type === 'text' ? `char_length(c${at})` : type === 'timestamp' ? `timestampdiff(second, ${since}, c${at})` : `c${at}`;
    return `sum(cast(${number} as double))`;
  });
  return `select count(*), ${sums.join(', ')} from (${flinkQueries[name]}) as q (${types.map((_, at) => `c${at}`).join(', ')})`;
}

const isNear = (left: number, right: number): boolean => Math.abs(left - right) <= 1e-9 * Math.max(1, Math.abs(left), Math.abs(right));

/** What the answers of the incremental run, the one over all at once and Flink are, if they differ. */
async function difference({ from, own, flink }: Sides, query: Query): Promise<string | undefined> {
  const { kept, once } = await own.ask<{ kept: number[]; once: number[] }>({ what: 'answer', from, text: query.name });
  const theirs = (await flink.ask('last', fingerprintOf(query))).split('\t').map(Number);
  const isSame = kept.every((value, at) => isNear(value, once[at] as number) && isNear(value, theirs[at] as number));
  return isSame ? undefined : `${query.name}: ${JSON.stringify({ kept, once, theirs })}`;
}

async function timed({ from, own, flink }: Sides, ours: string, theirs: string, into: Taken | undefined): Promise<void> {
  const { seconds } = await own.ask<{ seconds: number }>({ what: 'time', from, text: ours });
  const [other = ''] = (await flink.ask('insert', theirs)).split('\t');
  into?.ours.push(seconds);
  into?.theirs.push(Number(other));
}

/** CPU-seconds of all queries and of the sources that they read, on both sides in turn. */
async function measured(sides: Sides, queries: readonly Query[], rounds: number): Promise<ReadonlyMap<string, Taken>> {
  const work = new Map<string, string>();
  for (const { name, sources } of queries) {
    work.set(name, flinkQueries[name] ?? '');
    for (const { ours, theirs } of sources) work.set(ours, theirs);
  }
  const taken = new Map<string, Taken>([...work.keys()].map((key) => [key, { ours: [], theirs: [] }]));
  // The first round warms both up.
  for (let round = 0; round <= rounds; round += 1)
    for (const [ours, theirs] of work) await timed(sides, ours, theirs, round === 0 ? undefined : taken.get(ours));
  return taken;
}

const meanOf = (values: readonly number[]): number => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

function rowsOf(queries: readonly Query[], taken: ReadonlyMap<string, Taken>, events: number): BenchRow[] {
  const secondsOf = (key: string, side: keyof Taken) => median(taken.get(key)?.[side] ?? []);
  const speed = (seconds: number) => events / seconds / 1000;
  const all = queries.map(({ name, sources }) => {
    const side = (of: keyof Taken) => {
      const whole = secondsOf(name, of);
      const source = sources.reduce((sum, { ours }) => sum + secondsOf(ours, of), 0);
      return { whole, source, rest: whole - source };
    };
    return { name, ours: side('ours'), theirs: side('theirs') };
  });
  const apart = all.filter(({ ours, theirs }) => [ours, theirs].every(({ whole, rest }) => rest > whole * leastPart));
  const rows = all.flatMap(({ name, ours, theirs }) => [
    compared(`Nexmark ${name} from a file to nowhere, beside Flink`, unit, 'more', speed(ours.whole), speed(theirs.whole), null),
    compared(`Nexmark ${name}, what it reads, to nowhere`, unit, 'more', speed(ours.source), speed(theirs.source), null),
  ]);
  const rest = apart.map(({ name, ours, theirs }) =>
    compared(`Nexmark ${name} without what it reads`, unit, 'more', speed(ours.rest), speed(theirs.rest), goal.least),
  );
  const mean = (of: 'whole' | 'rest', some: typeof all, side: 'ours' | 'theirs') => meanOf(some.map((each) => speed(each[side][of])));
  const means = (name: string, of: 'whole' | 'rest', some: typeof all) =>
    compared(name, unit, 'more', mean(of, some, 'ours'), mean(of, some, 'theirs'), of === 'rest' ? goal.mean : null);
  return [
    ...rows,
    ...rest,
    means('Nexmark from a file to nowhere, geometric mean, beside Flink', 'whole', all),
    ...(apart.length > 0 ? [means(`Nexmark without what is read, geometric mean of ${apart.length}, beside Flink`, 'rest', apart)] : []),
  ];
}

const notRun: readonly BenchRow[] = [
  compared('Nexmark without what is read, geometric mean, beside Flink', unit, 'more', Number.NaN, 'not run', goal.mean),
  compared('Nexmark, peak memory, beside Flink', 'MB', 'less', Number.NaN, 'not run', goal.memory),
  compared('Nexmark from JSON on the log to nowhere, geometric mean, beside Flink', unit, 'more', Number.NaN, 'not run', goal.log),
];

async function assertAlike(sides: Sides, queries: readonly Query[]): Promise<void> {
  const differ: string[] = [];
  for (const query of queries) {
    const found = await difference(sides, query);
    if (found !== undefined) differ.push(found);
  }
  if (differ.length > 0) throw new Error(`answers differ: ${differ.join('; ')}`);
}

/** The same queries, and on both sides the same process as before, over the same events in topics of our own log. */
async function fromTopics({ from: folder, own, flink }: Sides, queries: readonly Query[], events: number): Promise<BenchRow> {
  const house = await openHouse({ mode: 'processes', quiet: true });
  try {
    const broker = (house.platform.doors['log.kafka']?.url ?? '').replace('kafka://', '');
    const { username, password } = house.faces.sasl;
    const from = `kafka://${username}:${password}@${broker}`;
    const log = openLog(from, { clientId: 'bench' });
    await writeTopics(folder, log.at(topicScope));
    await log.close();
    for (const [name, columns] of Object.entries(streamTables)) {
      await flink.ask('execute', `drop table \`${name}\``);
      await flink.ask('execute', flinkTable(name, columns, flinkTopic(`${topicScope}.${name}`, broker, house.faces.sasl)));
    }
    const sides = { from, own, flink };
    await assertAlike(
      sides,
      queries.filter(({ name }) => lookedAt.includes(name)),
    );
    const taken = await measured(
      sides,
      queries.map((query) => ({ ...query, sources: [] })),
      1,
    );
    const mean = (side: keyof Taken) => meanOf([...taken.values()].map((each) => events / median(each[side]) / 1000));
    const name = 'Nexmark from JSON on the log to nowhere, geometric mean, beside Flink';
    return compared(name, unit, 'more', mean('ours'), mean('theirs'), goal.log);
  } finally {
    await house.stop();
  }
}

/** Queries of Nexmark from files of JSON to nowhere beside Apache Flink, which reads the same files. */
export async function besideFlink(count: number, rounds: number): Promise<readonly BenchRow[]> {
  const found = await mavenClassPath(
    'flink',
    [...names.map((name) => `org.apache.flink:flink-${name}:${version}`), connector],
  );
  if ('skip' in found) return notRun;
  const folder = mkdtempSync(join(tmpdir(), 'gamut-bench-flink-'));
  const own = forked(fileURLToPath(new URL('./stream.main.ts', import.meta.url)));
  const flink = new FlinkProcess(found.classPath, javaFlags);
  try {
    writeEvents(folder, count);
    for (const [name, columns] of Object.entries(streamTables))
      await flink.ask('execute', flinkTable(name, columns, flinkFile(fileOf(folder, name))));
    const queries = await Promise.all(Object.entries(nexmarkQueries(streaming)).map(([name, text]) => queryOf(name, text)));
    const sides = { from: folder, own, flink };
    const taken = await measured(sides, queries, Math.min(rounds, roundsMost));
    const { megabytes } = await own.ask<{ megabytes: number }>({ what: 'peak', from: folder, text: '' });
    const theirs = (Number(await flink.ask('peak')) * 1024) / 1e6;
    await assertAlike(sides, queries);
    return [
      ...rowsOf(queries, taken, count),
      compared('Nexmark, peak memory, beside Flink', 'MB', 'less', megabytes, theirs, goal.memory),
      await fromTopics(sides, queries, count),
    ];
  } finally {
    await Promise.allSettled([own.end(), flink.end()]);
    rmSync(folder, { recursive: true, force: true });
  }
}
