import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Consumer, Kafka as Client } from 'kafkajs';
import { installation } from '#kernel/supervise/module.ts';
import { killAndAwait } from './kill.ts';
import type { Faces, Stage } from './stage.ts';

const text = 'README.md';
const partitions = 3;

/** Lines of this repository through the unmodified kafkajs: written once, and read once by a group, across a kill of the broker. */
export async function logScene(stage: Stage): Promise<void> {
  const { owner, reader } = stage.cast;
  if (!owner || !reader) throw new Error('The tour has no credentials.');
  const { Kafka, logLevel } = await import('kafkajs');
  const { host } = new URL(stage.doors['log.kafka']?.url ?? '');
  const clientOf = ({ sasl }: Faces): Client =>
    new Kafka({ brokers: [host], clientId: 'tour', sasl: { mechanism: 'scram-sha-256', ...sasl }, logLevel: logLevel.NOTHING });
  const [mine, theirs] = [clientOf(owner), clientOf(reader)];
  const topic = `tour-${stage.startedAt.toString(36)}`;
  stage.scene(`The log at ${host}, by the unmodified kafkajs over SCRAM-SHA-256`);

  let began = performance.now();
  const admin = mine.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions }] });
  await admin.disconnect();
  const lines = readFileSync(join(installation, text), 'utf8').split('\n');
  const messages = lines.map((value, at) => ({ key: String(at), value }));
  const half = messages.length >> 1;
  const producer = mine.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  await producer.send({ topic, messages: messages.slice(0, half), acks: -1 });
  stage.done(`wrote ${half} lines of ${text} to a topic of ${partitions} partitions`, began);

  began = performance.now();
  const seen = new Map<string, number>();
  const group = await follow(mine.consumer({ groupId: topic, sessionTimeout: 10_000, heartbeatInterval: 500 }), topic, seen);
  await group.until(half);
  stage.done('a group of one reads them', began);

  began = performance.now();
  await group.stop();
  await killAndAwait(stage.data, 'log');
  await producer.send({ topic, messages: messages.slice(half), acks: -1 });
  await producer.disconnect();
  const again = await follow(mine.consumer({ groupId: topic, sessionTimeout: 10_000, heartbeatInterval: 500 }), topic, seen);
  await again.until(messages.length);
  await again.stop();
  const twice = [...seen.values()].filter((times) => times !== 1).length;
  stage.assert(seen.size === messages.length && twice === 0, `${messages.length - seen.size} lines are missing and ${twice} came twice`);
  stage.done('the broker is killed; the rest is written, and the group goes on: every line once', began);

  began = performance.now();
  const other = theirs.producer({ retry: { retries: 0 } });
  await other.connect();
  const refused = await other.send({ topic, messages: [{ value: 'no' }] }).then(
    () => undefined,
    (error: { type?: string; message: string }) => error.type ?? error.message,
  );
  await other.disconnect();
  stage.assert(refused !== undefined, 'the reader was not refused');
  stage.done(`the reader's produce is refused: ${refused}`, began);
}

/** Reads a topic on behalf of its group, counting how often each key came; offsets are committed when it stops. */
async function follow(consumer: Consumer, topic: string, seen: Map<string, number>) {
  let enough = (): void => undefined;
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => {
      const key = String(message.key);
      seen.set(key, (seen.get(key) ?? 0) + 1);
      enough();
    },
  });
  return {
    until: (count: number) =>
      new Promise<void>((resolve) => {
        enough = () => seen.size >= count && resolve();
        enough();
      }),
    async stop() {
      await consumer.stop();
      await consumer.disconnect();
    },
  };
}
