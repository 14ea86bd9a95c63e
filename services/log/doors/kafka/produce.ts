import { randomUUID } from 'node:crypto';
import type { Grant } from '#kernel/contract/session.ts';
import { OperationError } from '#kernel/contract/fault.ts';
import { errorCode, type ErrorName } from '#wire/kafka/error.ts';
import { produce } from '#wire/kafka/message/record-access.ts';
import { appendBatch, batchFlushed } from '../../store/append.ts';
import type { Topic } from '../../store/topic.ts';
import { admitted, type Asking, granted, route } from './exchange.ts';

type Wanted = { readonly index: number; readonly records: Buffer | null };
type Answer = {
  index: number;
  errorCode: number;
  baseOffset: number;
  logAppendTimeMs: number;
  logStartOffset: number;
  recordErrors?: { batchIndex: number; batchIndexErrorMessage: string | null }[];
  errorMessage?: string | null;
};

const failed = (index: number, name: ErrorName, errorMessage: string | null = null): Answer => ({
  index,
  errorCode: errorCode[name],
  baseOffset: -1,
  logAppendTimeMs: -1,
  logStartOffset: -1,
  errorMessage,
});

/** Appends to the partitions of one topic; answers each, and what the topic's quota made it wait. */
async function produceTopic(
  asking: Asking,
  name: string,
  wanted: readonly Wanted[],
  transactionalId: string | null,
): Promise<{ answers: Answer[]; waited: number }> {
  const all = (error: ErrorName) => ({ answers: wanted.map(({ index }) => failed(index, error)), waited: 0 });
  const grant = await granted(asking, 'Produce', name);
  if (!grant) return all('TOPIC_AUTHORIZATION_FAILED');
  const { broker, session } = asking;
  const topic = broker.topics.find(session.caller.scope, name);
  if (!topic) return all('UNKNOWN_TOPIC_OR_PARTITION');
  if (!broker.mayWrite()) return all('KAFKA_STORAGE_ERROR');
  const bytes = wanted.reduce((sum, { records }) => sum + (records?.length ?? 0), 0);
  const waited = await admission(grant, bytes, asking);
  if (waited === undefined) return all('THROTTLING_QUOTA_EXCEEDED');
  const answers = await Promise.all(wanted.map((one) => producePartition(asking, topic, one, transactionalId)));
  const appended = answers.filter(({ errorCode: code }) => code === 0).length;
  if (appended > 0) broker.effects.note(session.caller, name, appended, bytes, randomUUID());
  return { answers, waited };
}

async function admission(grant: Grant, bytes: number, asking: Asking): Promise<number | undefined> {
  try {
    return await asking.throttle.idle(admitted(grant, bytes, asking.signal));
  } catch (error) {
    if (error instanceof OperationError) return undefined;
    throw error;
  }
}

async function producePartition(
  { broker, session, version }: Asking,
  topic: Topic,
  { index, records }: Wanted,
  transactionalId: string | null,
): Promise<Answer> {
  const partition = topic.partitions[index];
  if (!partition) return failed(index, 'UNKNOWN_TOPIC_OR_PARTITION');
  const producing = { scope: session.caller.scope, transactionalId, adds: version >= 12 };
  const appended = await appendBatch(broker, topic, partition, records, producing);
  if ('error' in appended) {
    const answer = failed(index, appended.error, appended.message ?? null);
    // Clients take the answer's own message where a record has none; thousands of them would only repeat it.
    const worded = (message: string) => (message === appended.message ? null : message);
    if (appended.records)
      answer.recordErrors = appended.records.map((one) => ({ batchIndex: one.index, batchIndexErrorMessage: worded(one.message) }));
    return answer;
  }
  await batchFlushed(broker, partition, producing);
  return {
    index,
    errorCode: 0,
    baseOffset: appended.baseOffset,
    logAppendTimeMs: appended.appendTimeMs,
    logStartOffset: partition.logStart,
  };
}

const answerProduce = route(produce, async (message, asking) => {
  const { acks, topicData, transactionalId } = message;
  const refuseAll = (name: ErrorName) => ({
    responses: topicData.map((topic) => ({
      name: topic.name,
      partitionResponses: topic.partitionData.map(({ index }) => failed(index, name)),
    })),
    throttleTimeMs: 0,
  });
  // Versions before 3 carry formats that are not kept here; they are announced for the sake of clients that look at the first.
  if (asking.version < 3) return refuseAll('UNSUPPORTED_FOR_MESSAGE_FORMAT');
  if (acks < -1 || acks > 1) return refuseAll('INVALID_REQUIRED_ACKS');
  if (transactionalId !== null && !(await granted(asking, 'WriteTransaction', transactionalId)))
    return refuseAll('TRANSACTIONAL_ID_AUTHORIZATION_FAILED');
  const done = await Promise.all(topicData.map((topic) => produceTopic(asking, topic.name, topic.partitionData, transactionalId)));
  if (acks === 0) return undefined;
  return {
    responses: topicData.map(({ name }, at) => ({ name, partitionResponses: done[at]?.answers ?? [] })),
    throttleTimeMs: Math.max(0, ...done.map(({ waited }) => waited)),
  };
});

export const produceRoutes = [answerProduce];
