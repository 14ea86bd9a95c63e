import type { Handlers } from '#kernel/contract/call.ts';
import { fault } from '#kernel/contract/fault.ts';
import { batchOf, type LogRecord, type NewRecord } from '#wire/kafka/record/record.ts';
import { murmur2 } from '#wire/kafka/record/murmur.ts';
import type { log } from '../../service.ts';
import { appendBatch } from '../append.ts';
import type { Broker } from '../broker.ts';
import { recordsFrom } from '../offset.ts';
import type { Topic } from '../topic.ts';

type Encoding = 'text' | 'base64';
type RecordIn = {
  key?: string | null;
  value: string | null;
  headers?: Record<string, string | null>;
  partition?: number;
  timestamp?: number;
};

const bytesOf = (text: string | null | undefined, encoding: Encoding) =>
  text === null || text === undefined ? null : Buffer.from(text, encoding === 'text' ? 'utf8' : 'base64');
const textOf = (bytes: Uint8Array | null, encoding: Encoding) =>
  bytes === null ? null : Buffer.from(bytes).toString(encoding === 'text' ? 'utf8' : 'base64');

/** The partition of a record: the one named, that of its key as Kafka's clients choose it, or any. */
function partitionOf(topic: Topic, { partition, key }: RecordIn, encoding: Encoding, spread: number): number {
  const count = topic.partitions.length;
  if (partition !== undefined) return partition;
  const bytes = bytesOf(key, encoding);
  return bytes === null ? spread % count : (murmur2(bytes) & 0x7fff_ffff) % count;
}

function newRecord(record: RecordIn, encoding: Encoding, now: number): NewRecord {
  return {
    key: bytesOf(record.key, encoding),
    value: bytesOf(record.value, encoding),
    timestamp: record.timestamp ?? now,
    headers: Object.entries(record.headers ?? {}).map(([key, value]) => ({ key, value: bytesOf(value, encoding) })),
  };
}

function recordOut(partition: number, { offset, timestamp, key, value, headers }: LogRecord, encoding: Encoding) {
  const told = Object.fromEntries(headers.map((header) => [header.key, textOf(header.value, encoding)]));
  return { partition, offset, timestamp, key: textOf(key, encoding), value: textOf(value, encoding), headers: told };
}

const faults: Readonly<Record<string, string>> = {
  MESSAGE_TOO_LARGE: 'RecordTooLarge',
  KAFKA_STORAGE_ERROR: 'LogFailed',
  POLICY_VIOLATION: 'KeyRefused',
};

/** Appending and reading records in JSON, for who has no Kafka client. */
export function recordHandlers(broker: Broker): Pick<Handlers<typeof log>, 'Produce' | 'Fetch'> {
  const own = (scope: bigint, name: string, index: number) => {
    const topic = broker.topics.find(scope, name);
    const partition = topic?.partitions[index];
    if (!topic || !partition) throw fault('NoSuchTopic', `There is no partition ${index} of a topic '${name}'.`);
    return { topic, partition };
  };
  return {
    async Produce(call) {
      const { records, encoding = 'text' } = call.input;
      const { topic } = own(call.caller.scope, call.ref.name, 0);
      const spread = call.now;
      const grouped = Map.groupBy(
        records.map((record, at) => ({ at, index: partitionOf(topic, record, encoding, spread), record })),
        ({ index }) => index,
      );
      for (const index of grouped.keys()) own(call.caller.scope, call.ref.name, index);
      const offsets = new Array<{ partition: number; offset: number }>(records.length);
      for (const [index, members] of grouped) {
        const { partition } = own(call.caller.scope, call.ref.name, index);
        const batch = batchOf(members.map(({ record }) => newRecord(record, encoding, call.now)));
        call.charge('ingress', batch.length);
        call.charge('produced', 1);
        const producing = { scope: call.caller.scope, transactionalId: null, adds: false };
        const appended = await appendBatch(broker, topic, partition, batch, producing);
        if ('error' in appended) throw fault(faults[appended.error] ?? 'RecordInvalid', appended.message);
        await partition.flushed();
        broker.effects.note(call.caller, topic.name, 1, batch.length, call.requestId);
        members.forEach(({ at }, place) => {
          offsets[at] = { partition: index, offset: appended.baseOffset + place };
        });
      }
      return { output: { offsets } };
    },
    async Fetch(call) {
      const { partition: index = 0, limit = 100, encoding = 'text' } = call.input;
      const { partition } = own(call.caller.scope, call.ref.name, index);
      const from = call.input.offset ?? partition.logStart;
      if (from < partition.logStart || from > partition.next)
        throw fault('OffsetOutOfRange', `The partition holds offsets ${partition.logStart} to ${partition.next}.`);
      const below = partition.stable;
      const aborted = partition.producers.abortedWithin(from, below);
      const records = [];
      let next = below;
      for await (const { head, record } of recordsFrom(partition, from, below)) {
        if (records.length === limit) {
          next = record.offset;
          break;
        }
        if (
          aborted.some(({ producerId, first, last }) => producerId === head.producerId && record.offset >= first && record.offset <= last)
        )
          continue;
        call.charge('egress', (record.key?.length ?? 0) + (record.value?.length ?? 0));
        records.push(recordOut(index, record, encoding));
      }
      call.charge('fetched', 1);
      return { output: { records, next, end: below } };
    },
  };
}
