import { OperationError } from '#kernel/contract/fault.ts';
import type { ErrorName } from '#wire/kafka/error.ts';
import { batchHeadBytes } from '#wire/kafka/limits.ts';
import { compressionOf, isControl, isIntact, isTransactional, readHead } from '#wire/kafka/record/batch.ts';
import { readRecords, repackBatch } from '#wire/kafka/record/record.ts';
import { KafkaViolation } from '#wire/kafka/violation.ts';
import { configNumber, isCompacted, packingOf } from '../domain/config.ts';
import type { Broker } from './broker.ts';
import { repackedBytesMax } from './limits.ts';
import type { Appended, Partition } from './partition.ts';
import { demandsSchema, schemaFault } from './schema-check.ts';
import { type BatchKey, isSealed } from './sealed-batch.ts';
import type { Topic } from './topic.ts';

/** A record of a refused batch that is the reason, or one of them. */
export type Faulty = { readonly index: number; readonly message: string };
export type Refused = { readonly error: ErrorName; readonly message?: string; readonly records?: readonly Faulty[] };
/** `adds`: the partition joins the transaction by being written to (KIP-890). */
export type Producing = { readonly scope: bigint; readonly transactionalId: string | null; readonly adds: boolean };

/** Checks a batch as a client sent it, and appends it. Its bytes are changed in place. */
export async function appendBatch(
  broker: Broker,
  topic: Topic,
  partition: Partition,
  records: Buffer | null,
  producing: Producing,
): Promise<Appended | Refused> {
  try {
    const wrong = batchFault(broker, topic, records, producing);
    if (wrong) return wrong;
    const batch = records as Buffer;
    const packing = packingOf(topic.config);
    const packed = packing && packing.compression !== compressionOf(readHead(batch).attributes) ? await repacked(topic, batch) : batch;
    if ('error' in packed) return packed;
    // From here to the append nothing waits.
    return appendSealed(broker, topic, partition, packed, producing, await partition.writing());
  } catch (error) {
    if (!(error instanceof OperationError && ['KeyRefused', 'KeyUnavailable'].includes(error.code))) throw error;
    const isRefused = error.code === 'KeyRefused';
    return { error: isRefused ? 'POLICY_VIOLATION' : 'KAFKA_STORAGE_ERROR', message: error.detail ?? error.message };
  }
}

/** Resolves when what was appended is as durable as its topic promises, and with it that it belongs to its transaction. */
export async function batchFlushed({ transactions }: Broker, partition: Partition, { scope, transactionalId }: Producing): Promise<void> {
  await Promise.all([partition.flushed(), transactionalId !== null && partition.flushes && transactions.added(scope, transactionalId)]);
}

/** The batch packed as its topic has it; so it may be larger than it came, and than the topic takes. */
async function repacked({ config }: Topic, batch: Buffer): Promise<Buffer | Refused> {
  const { compression, level } = packingOf(config) ?? { compression: 'none', level: 0 };
  const largest = configNumber(config, 'max.message.bytes');
  try {
    const packed = await repackBatch(batch, compression, level, Math.max(largest, repackedBytesMax));
    if (packed.length <= largest) return packed;
    return { error: 'MESSAGE_TOO_LARGE', message: `Packed as the topic demands the batch has ${packed.length} bytes.` };
  } catch (error) {
    if (!(error instanceof KafkaViolation)) throw error;
    return { error: 'INVALID_RECORD', message: 'The records of the batch cannot be read, or are too large when unpacked.' };
  }
}

function appendSealed(
  broker: Broker,
  topic: Topic,
  partition: Partition,
  batch: Buffer,
  producing: Producing,
  key: BatchKey | undefined,
): Appended | Refused {
  const { producerId, producerEpoch, attributes } = readHead(batch);
  if (producing.transactionalId !== null && isTransactional(attributes)) {
    const name = `${topic.name} ${partition.index}`;
    const identity = { producerId, epoch: producerEpoch };
    const error = broker.transactions.verify(producing.scope, producing.transactionalId, identity, name, producing.adds);
    if (error !== 'NONE') return { error };
  }
  try {
    return partition.append(batch, key);
  } catch (error) {
    broker.log('error', 'a batch could not be appended', { topic: topic.id, partition: partition.index, error: String(error) });
    return { error: 'KAFKA_STORAGE_ERROR', message: 'The log could not be written.' };
  }
}

const keyless = 'Compacted topic cannot accept message without key in topic partition.';

/** Why a batch is refused, or undefined: the rules of Apache Kafka's LogValidator for batches of magic 2. */
function batchFault(broker: Broker, topic: Topic, batch: Buffer | null, { transactionalId }: Producing): Refused | undefined {
  if (!batch || batch.length < batchHeadBytes) return { error: 'INVALID_RECORD', message: 'There is no batch.' };
  const head = readHead(batch);
  if (head.magic !== 2) return { error: 'UNSUPPORTED_FOR_MESSAGE_FORMAT', message: `Batches of magic ${head.magic} are not taken.` };
  if (head.sizeBytes < batchHeadBytes || head.sizeBytes > batch.length) return { error: 'CORRUPT_MESSAGE', message: 'The batch is cut.' };
  if (head.sizeBytes !== batch.length) return { error: 'INVALID_RECORD', message: 'A request carries one batch for a partition.' };
  if (batch.length > configNumber(topic.config, 'max.message.bytes'))
    return { error: 'MESSAGE_TOO_LARGE', message: `The batch has ${batch.length} bytes, more than max.message.bytes.` };
  if (!isIntact(batch)) return { error: 'CORRUPT_MESSAGE', message: 'The checksum of the batch does not match.' };
  if (head.count < 1 || head.lastOffsetDelta !== head.count - 1)
    return { error: 'INVALID_RECORD', message: 'The number of records is wrong.' };
  if (isControl(head.attributes)) return { error: 'INVALID_RECORD', message: 'Clients may not write control records.' };
  // Free in the protocol, and spoken for on the disk.
  if (isSealed(head.attributes)) return { error: 'INVALID_RECORD', message: 'The batch has an attribute that is not defined.' };
  if (compressionOf(head.attributes) === undefined) return { error: 'UNSUPPORTED_COMPRESSION_TYPE' };
  if (isTransactional(head.attributes) && (transactionalId === null || head.producerId < 0))
    return { error: 'INVALID_RECORD', message: 'A transactional batch without a transactional producer.' };
  if (head.producerId >= 0 && (head.producerEpoch < 0 || head.baseSequence < 0))
    return { error: 'INVALID_RECORD', message: 'A batch of an idempotent producer has an epoch and a sequence number.' };
  return isCompacted(topic.config) || demandsSchema(topic.config) ? recordFault(broker, topic, batch) : undefined;
}

/** A record without key could never be compacted; what a topic's subjects demand holds of every record. All that are wrong are named. */
function recordFault({ registry }: Broker, topic: Topic, batch: Buffer): Refused | undefined {
  const [compacts, demands] = [isCompacted(topic.config), demandsSchema(topic.config)];
  try {
    const records: Faulty[] = [];
    for (const [index, read] of readRecords(batch).entries()) {
      const isKeyless = compacts && read.key === null;
      const message = isKeyless ? keyless : demands ? schemaFault(registry, topic, read) : undefined;
      if (message !== undefined) records.push({ index, message });
    }
    const [first] = records;
    return first && { error: 'INVALID_RECORD', records, message: first.message };
  } catch (error) {
    if (error instanceof KafkaViolation) return { error: 'CORRUPT_MESSAGE', message: 'The records of the batch cannot be read.' };
    throw error;
  }
}
