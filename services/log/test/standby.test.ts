import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import type { Kafka, Producer } from 'kafkajs';
import { openLog } from '#seams/log/log.ts';
import { type House, openHouse } from './fixtures/house.ts';

type Name = 'log' | 'log-standby';
const otherOf = (name: Name): Name => (name === 'log' ? 'log-standby' : 'log');

let house: House;
let kafka: Kafka;
let brokers: string[];
before(async () => {
  house = await openHouse(['log'], { mode: 'processes', quiet: true, samples: false, settings: { standby: ['log'] } });
  brokers = ['log', 'log-standby'].map((name) => new URL(house.platform.doors[`${name}.kafka`]?.url ?? '').host);
  const retry = { retries: 60, initialRetryTime: 50, maxRetryTime: 300 };
  kafka = house.client(house.owner, { brokers, retry, connectionTimeout: 2000, requestTimeout: 8000 });
});
after(() => house?.stop());

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 900; tries += 1) {
    if (await holds()) return;
    await pause(50);
  }
  assert.fail(`never: ${what}`);
}

const pidOf = (name: Name) => house.platform.status().processes.find((each) => each.name === name)?.pid ?? 0;
/** How often a process has said something. */
const said = (name: Name, text: string) => readFileSync(join(house.data, 'log', `${name}.log`), 'utf8').split(text).length - 1;
const inSync = (name: Name) => said(name, 'the standby is in sync');
const isInSync = (name: Name) => {
  const text = readFileSync(join(house.data, 'log', `${name}.log`), 'utf8');
  const since = Math.max(...['kept by one process alone', 'another process has taken'].map((over) => text.lastIndexOf(over)));
  return text.lastIndexOf('the standby is in sync') > since;
};
const led = (name: Name) => said(name, 'this process leads the log');

function resume(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    // On a busy machine the supervisor has ended it, because it was silent for too long.
  }
}

/** Sends one record after the other; `stop` answers the values that were acknowledged. */
function load(producer: Producer, topic: string) {
  const acknowledged: string[] = [];
  let isOver = false;
  const sending = (async () => {
    for (let at = 0; !isOver; at++) {
      const value = `${topic} ${at}`;
      // What was refused may come again under another number; only what was acknowledged counts.
      await producer.send({ topic, acks: -1, messages: [{ key: `${at % 7}`, value }] }).then(
        () => acknowledged.push(value),
        () => pause(50),
      );
    }
  })();
  return {
    acknowledged,
    async more(count: number) {
      const before = acknowledged.length;
      await until(`${count} more are acknowledged`, () => acknowledged.length >= before + count);
    },
    async stop() {
      isOver = true;
      await sending;
    },
  };
}

/** Fails unless a topic has all the values. */
async function assertKept(topic: string, values: readonly string[]): Promise<void> {
  await using log = openLog(`kafka://${brokers.join(',')}`, { clientId: 'test', loginOf: async () => ({ bearer: house.owner.bearer }) });
  const found = new Set<string>();
  const stop = AbortSignal.timeout(20_000);
  for await (const { records } of log.at('own').consume(topic, { signal: stop })) {
    for (const { value } of records) found.add(String(value));
    if (values.every((value) => found.has(value))) return;
  }
  assert.fail(`of ${topic} is lost: ${values.filter((value) => !found.has(value)).slice(0, 5)}`);
}

test('whoever of the two is killed or paused, the other goes on, and nothing acknowledged is lost', async () => {
  await until('in sync', () => inSync('log') > 0);
  const admin = kafka.admin();
  await admin.connect();
  const configEntries = [{ name: 'segment.bytes', value: '20000' }];
  await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 2, configEntries }] });
  const told = (await admin.describeCluster()).brokers.map(({ nodeId, host, port }) => [nodeId, `${host}:${port}`]);
  assert.deepEqual(told, [
    [1, brokers[0]],
    [2, brokers[1]],
  ]);
  const producer = kafka.producer();
  await producer.connect();
  const running = load(producer, 'kept');
  let leader: Name = 'log';
  for (const blow of ['SIGKILL', 'SIGSTOP'] as const) {
    const fallen: Name = leader;
    const next: Name = otherOf(fallen);
    const [before, syncs, pid] = [led(next), inSync(next), pidOf(fallen)];
    await running.more(50);
    process.kill(pid, blow);
    await until('the other leads', () => led(next) > before);
    if (blow === 'SIGSTOP') resume(pid);
    await until('it ends and starts anew', () => pidOf(fallen) !== pid && pidOf(fallen) !== 0);
    await running.more(20);
    await until('the fallen one stands by', () => inSync(next) > syncs);
    leader = next;
  }
  await running.more(20);
  await running.stop();
  await assertKept('kept', running.acknowledged);
  for (const door of ['log.rest', 'log-standby.rest']) {
    const { status, body } = await house.call('GET', '/v1/log/topics/kept', undefined, { door });
    assert.deepEqual([status, (body.spec as { partitions: number }).partitions], [200, 2]);
  }
  await producer.disconnect();
  await admin.disconnect();
});

test('with the standby away the leader goes on alone, and a standby that is out of sync never leads', async () => {
  const leader: Name = isInSync('log') ? 'log' : 'log-standby';
  const standby = otherOf(leader);
  await until('in sync', () => isInSync(leader));
  const producer = kafka.producer();
  await producer.connect();
  const running = load(producer, 'alone');
  await running.more(5);
  const [alone, leads, pid] = [said(leader, 'kept by one process alone'), led(standby), pidOf(standby)];
  process.kill(pid, 'SIGSTOP');
  await until('it is alone', () => said(leader, 'kept by one process alone') > alone);
  await running.more(20);
  const again = led(leader);
  process.kill(pidOf(leader), 'SIGKILL');
  resume(pid);
  await until('the leader leads again', () => led(leader) > again);
  await running.more(20);
  await running.stop();
  assert.equal(led(standby), leads, 'a standby that was out of sync has led');
  await assertKept('alone', running.acknowledged);
  await producer.disconnect();
});
