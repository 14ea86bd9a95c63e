import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Check, type Client, checksOf } from '../client.ts';
import { mavenClassPath } from '../java.ts';
import type { Place } from '../place.ts';
import { same, until } from '../tool.ts';
import { openWorker, type Worker } from './worker.ts';

const version = '4.3.1';
const libraries = [
  `org.apache.kafka:connect-runtime:${version}`,
  `org.apache.kafka:connect-file:${version}`,
  'org.slf4j:slf4j-simple:1.7.36',
];

/** A worker of Kafka Connect with a source and sinks of files; the source writes in transactions. */
export const client: Client = {
  name: 'kafka-connect',
  async setup() {
    const found = await mavenClassPath('kafka-connect', libraries);
    return 'skip' in found ? found : { version };
  },
  async run(place) {
    const found = await mavenClassPath('kafka-connect', libraries);
    if ('skip' in found) throw new Error(found.skip);
    const { sasl } = await place.credential('--role', 'owner');
    const kafka = place.doors['log.kafka']?.url.replace('kafka://', '') ?? '';
    const start = () => openWorker({ folder: place.folder, classPath: found.classPath, kafka, sasl });
    const at: At = { place, start, worker: await start(), lines: [] };
    try {
      return { checks: await checks(at) };
    } finally {
      await at.worker.end('SIGKILL');
    }
  },
};

type At = { readonly place: Place; readonly start: () => Promise<Worker>; worker: Worker; readonly lines: string[] };

const checks = (at: At): Promise<Check[]> =>
  checksOf([
    ['a distributed worker makes its topics, compacted, and a source that writes exactly once', () => begin(at)],
    ['every line of a file arrives in another, once and in order', () => arrives(at)],
    ['a worker that was stopped goes on where it was', () => stopped(at)],
    ['a worker that was killed while it wrote leaves every line in the topic once', () => killed(at)],
    ['a sink is paused, told how far it is, reset and read again', () => reset(at)],
    ['a source whose offsets are taken away reads its file again', () => again(at)],
    ['a connector is deleted, and the worker leaves its group', () => gone(at)],
  ]);

const fileOf = ({ place }: At, name: string) => join(place.folder, name);

const linesOf = (path: string): string[] => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []);

function write(at: At, count: number): void {
  const more = Array.from({ length: count }, (_, index) => `line ${at.lines.length + index}`);
  at.lines.push(...more);
  appendFileSync(fileOf(at, 'in.txt'), more.map((line) => `${line}\n`).join(''));
}

const sinkOf = (at: At, file: string) => ({
  'connector.class': 'FileStreamSink',
  topics: 'connect-lines',
  file: fileOf(at, file),
  'consumer.override.isolation.level': 'read_committed',
});

async function isRunning(at: At, name: string): Promise<boolean> {
  type Status = { connector: { state: string }; tasks: { state: string; trace?: string }[] };
  const status = (await at.worker.ask('GET', `/connectors/${name}/status`).catch(() => undefined)) as Status | undefined;
  const failed = status?.tasks.find(({ state }) => state === 'FAILED');
  if (failed) throw new Error(`${name} failed: ${failed.trace?.slice(0, 1500)}`);
  return status?.connector.state === 'RUNNING' && status.tasks.length === 1 && status.tasks[0]?.state === 'RUNNING';
}

/** Right after a worker began or ended its group is in motion: what it answers 409 or 500 then is asked again. */
async function put(at: At, path: string, body?: object): Promise<void> {
  let last: unknown;
  try {
    await until('the worker takes it', async () =>
      at.worker.ask('PUT', path, body).then(
        () => true,
        (error: unknown) => {
          last = error;
          return false;
        },
      ),
    );
  } catch (error) {
    throw new Error(`${String(error)}: ${String(last)}`);
  }
}

async function begin(at: At): Promise<void> {
  write(at, 500);
  const source = { 'connector.class': 'FileStreamSource', file: fileOf(at, 'in.txt'), topic: 'connect-lines' };
  await put(at, '/connectors/source/config', { ...source, 'exactly.once.support': 'required' });
  await until('the source runs', () => isRunning(at, 'source'));
  for (const name of ['connect-configs', 'connect-offsets', 'connect-status']) {
    const topic = JSON.parse(await at.place.gamut('log', 'get-topic', name)) as { spec: { config: Record<string, string> } };
    same(topic.spec.config['cleanup.policy'], 'compact');
  }
}

/** Waits until a file has as many lines as were written, and fails unless they are the same. */
async function whole(at: At, file: string): Promise<void> {
  const path = fileOf(at, file);
  await until(`${file} has ${at.lines.length} lines, not ${linesOf(path).length}`, async () => linesOf(path).length >= at.lines.length);
  same(differing(linesOf(path), at.lines), undefined);
}

const differing = (got: readonly string[], wanted: readonly string[]) => {
  const place = wanted.findIndex((line, index) => got[index] !== line);
  return got.length === wanted.length && place < 0 ? undefined : { lines: got.length, place, got: got.slice(place, place + 3) };
};

async function arrives(at: At): Promise<void> {
  await put(at, '/connectors/sink/config', sinkOf(at, 'out.txt'));
  await whole(at, 'out.txt');
}

async function stopped(at: At): Promise<void> {
  await at.worker.end('SIGTERM');
  write(at, 300);
  at.worker = await at.start();
  await whole(at, 'out.txt');
  write(at, 1);
  await whole(at, 'out.txt');
}

async function killed(at: At): Promise<void> {
  const before = at.lines.length;
  write(at, 20_000);
  await until('the sink is on its way', async () => linesOf(fileOf(at, 'out.txt')).length > before + 100);
  write(at, 20_000);
  await at.worker.end('SIGKILL');
  at.worker = await at.start();
  // A sink that was killed may write again what it had not committed; one that begins now reads the topic as it is.
  await put(at, '/connectors/second/config', sinkOf(at, 'second.txt'));
  await whole(at, 'second.txt');
}

async function reset(at: At): Promise<void> {
  type Place = { readonly kafka_topic: string; readonly kafka_partition: number };
  type Offsets = { readonly offsets: readonly { readonly partition: Place }[] };
  await put(at, '/connectors/second/pause');
  const told = (await at.worker.ask('GET', '/connectors/second/offsets')) as Offsets;
  const places = told.offsets.map(({ partition }) => [partition.kafka_topic, partition.kafka_partition]);
  same(places, [['connect-lines', 0]]);
  await put(at, '/connectors/second/stop');
  writeFileSync(fileOf(at, 'second.txt'), '');
  await until('the offsets are gone', () => takenAway(at, 'second'));
  await put(at, '/connectors/second/resume');
  await whole(at, 'second.txt');
}

const takenAway = (at: At, name: string): Promise<boolean> =>
  at.worker.ask('DELETE', `/connectors/${name}/offsets`).then(
    () => true,
    () => false,
  );

async function again(at: At): Promise<void> {
  await put(at, '/connectors/source/stop');
  await until('the offsets are gone', () => takenAway(at, 'source'));
  same(await at.worker.ask('GET', '/connectors/source/offsets'), { offsets: [] });
  at.lines.push(...at.lines);
  await put(at, '/connectors/source/resume');
  await whole(at, 'second.txt');
}

async function gone(at: At): Promise<void> {
  for (const name of ['source', 'sink', 'second']) await at.worker.ask('DELETE', `/connectors/${name}`);
  same(await at.worker.ask('GET', '/connectors'), []);
  await at.worker.end('SIGTERM');
  type Group = { status: { members: unknown[] } };
  const group = JSON.parse(await at.place.gamut('log', 'get-group', 'connect')) as Group;
  same(group.status.members.length, 0);
}
