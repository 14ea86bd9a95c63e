import type { RequestOf } from '#wire/kafka/api.ts';
import { errorCode, type ErrorName } from '#wire/kafka/error.ts';
import {
  addOffsetsToTxn,
  addPartitionsToTxn,
  endTxn,
  initProducerId,
  txnOffsetCommit,
  writeTxnMarkers,
} from '#wire/kafka/message/transaction.ts';
import type { Input } from '#kernel/contract/contract.ts';
import type { log } from '../../service.ts';
import { wordError } from './errors.ts';
import { type Asking, granted, route } from './exchange.ts';
import { allFailed, sortOffsets } from './offset.ts';

/** Before version 2 of the AddPartitions family, and before 4 of InitProducerId, clients know one error for both. */
const fenced = (name: ErrorName, knows: boolean): number =>
  errorCode[name === 'PRODUCER_FENCED' && !knows ? 'INVALID_PRODUCER_EPOCH' : name];

/** KIP-679: who may do so at all, or may write to some topic. A refusal is recorded once, of the first that was asked. */
async function mayWriteIdempotently(asking: Asking): Promise<boolean> {
  const { broker, session } = asking;
  if (!session.grant('WriteIdempotently', '').denied) return true;
  if (broker.topics.list(session.caller.scope).some(({ name }) => !session.grant('Produce', name).denied)) return true;
  return (await granted(asking, 'Produce', '')) !== undefined;
}

const answerInit = route(initProducerId, async (message, asking) => {
  const { broker, session, version } = asking;
  const { transactionalId, transactionTimeoutMs, producerId, producerEpoch } = message;
  const refuse = (code: number) => ({ throttleTimeMs: 0, errorCode: code, producerId: -1, producerEpoch: -1 });
  if (transactionalId === null) {
    if (!(await mayWriteIdempotently(asking))) return refuse(errorCode.CLUSTER_AUTHORIZATION_FAILED);
    const id = broker.transactions.newId();
    await broker.transactions.saved();
    return { throttleTimeMs: 0, errorCode: 0, producerId: id, producerEpoch: 0 };
  }
  if (transactionalId === '') return refuse(errorCode.INVALID_REQUEST);
  if (!(await granted(asking, 'WriteTransaction', transactionalId))) return refuse(errorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
  const said = { producerId, epoch: producerEpoch };
  const identity = await broker.transactions.init(session.caller.scope, transactionalId, transactionTimeoutMs, said);
  if ('error' in identity) return refuse(fenced(identity.error, version >= 4));
  await broker.transactions.saved();
  return { throttleTimeMs: 0, errorCode: 0, producerId: identity.producerId, producerEpoch: identity.epoch };
});

type Wanted = RequestOf<typeof addPartitionsToTxn>['transactions'][number];

/** All partitions are added, or none: one that cannot be makes the others 'not attempted'. */
async function addPartitions(asking: Asking, wanted: Wanted) {
  const { broker, session, version } = asking;
  const { scope } = session.caller;
  const { transactionalId, producerId, producerEpoch, verifyOnly, topics } = wanted;
  const told = (of: (topic: string, partition: number) => number) =>
    topics.map(({ name, partitions }) => ({
      name,
      resultsByPartition: partitions.map((partitionIndex) => ({ partitionIndex, partitionErrorCode: of(name, partitionIndex) })),
    }));
  const answer = (of: (topic: string, partition: number) => number) => ({ transactionalId, topicResults: told(of) });
  if (!(await granted(asking, 'WriteTransaction', transactionalId))) return answer(() => errorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
  const faults = new Map<string, ErrorName>();
  for (const { name, partitions } of topics) {
    const may = await granted(asking, 'Produce', name);
    const topic = broker.topics.find(scope, name);
    for (const index of partitions) {
      if (!may) faults.set(`${name} ${index}`, 'TOPIC_AUTHORIZATION_FAILED');
      else if (!topic?.partitions[index]) faults.set(`${name} ${index}`, 'UNKNOWN_TOPIC_OR_PARTITION');
    }
  }
  if (faults.size > 0) return answer((topic, partition) => errorCode[faults.get(`${topic} ${partition}`) ?? 'OPERATION_NOT_ATTEMPTED']);
  const identity = { producerId, epoch: producerEpoch };
  if (verifyOnly)
    return answer(
      (topic, partition) => errorCode[broker.transactions.verify(scope, transactionalId, identity, `${topic} ${partition}`, false)],
    );
  const partitions = topics.flatMap(({ name, partitions: indexes }) => indexes.map((index) => `${name} ${index}`));
  const error = broker.transactions.add(scope, transactionalId, identity, { partitions });
  return answer(() => fenced(error, version >= 2));
}

const answerAddPartitions = route(addPartitionsToTxn, async (message, asking) => {
  if (asking.version >= 4) {
    const resultsByTransaction = [];
    for (const wanted of message.transactions) resultsByTransaction.push(await addPartitions(asking, wanted));
    return { throttleTimeMs: 0, errorCode: 0, resultsByTransaction };
  }
  const { topicResults } = await addPartitions(asking, {
    transactionalId: message.v3AndBelowTransactionalId,
    producerId: message.v3AndBelowProducerId,
    producerEpoch: message.v3AndBelowProducerEpoch,
    verifyOnly: false,
    topics: message.v3AndBelowTopics,
  });
  return { throttleTimeMs: 0, resultsByTopicV3AndBelow: topicResults };
});

const answerAddOffsets = route(addOffsetsToTxn, async (message, asking) => {
  const { broker, session, version } = asking;
  const { transactionalId, producerId, producerEpoch, groupId } = message;
  const refuse = (name: ErrorName) => ({ throttleTimeMs: 0, errorCode: errorCode[name] });
  if (!(await granted(asking, 'WriteTransaction', transactionalId))) return refuse('TRANSACTIONAL_ID_AUTHORIZATION_FAILED');
  if (!(await granted(asking, 'CommitOffsets', groupId))) return refuse('GROUP_AUTHORIZATION_FAILED');
  const identity = { producerId, epoch: producerEpoch };
  const error = broker.transactions.add(session.caller.scope, transactionalId, identity, { groups: [groupId] });
  return { throttleTimeMs: 0, errorCode: fenced(error, version >= 2) };
});

const answerOffsets = route(txnOffsetCommit, async (message, asking) => {
  const { broker, session, version } = asking;
  const { scope } = session.caller;
  const { transactionalId, groupId, producerId, producerEpoch, generationId, memberId, groupInstanceId } = message;
  const refuse = (name: ErrorName) => ({ throttleTimeMs: 0, topics: allFailed(message.topics, name) });
  if (!(await granted(asking, 'WriteTransaction', transactionalId))) return refuse('TRANSACTIONAL_ID_AUTHORIZATION_FAILED');
  if (!(await granted(asking, 'CommitOffsets', groupId))) return refuse('GROUP_AUTHORIZATION_FAILED');
  const group = broker.groups.find(scope, groupId);
  // KIP-447: a member that lost its place must not commit for it. Who says nothing of a membership is not asked.
  const saysMember = memberId !== '' || generationId >= 0;
  if (saysMember) {
    const wrong = group ? group.machine.commitFault(memberId, groupInstanceId, generationId, broker.steady()) : 'UNKNOWN_MEMBER_ID';
    if (wrong) return refuse(wrong);
  }
  if (!group && !broker.groups.hasRoom(scope)) return refuse('GROUP_MAX_SIZE_REACHED');
  const sorted = await Promise.all(message.topics.map((topic) => sortOffsets(asking, topic)));
  const good = sorted.flatMap((topic) => topic.good);
  const error = broker.transactions.pend(scope, transactionalId, { producerId, epoch: producerEpoch }, groupId, good, version >= 5);
  if (error !== 'NONE') return refuse(error);
  await broker.transactions.added(scope, transactionalId);
  return { throttleTimeMs: 0, topics: sorted.map(({ name, partitions }) => ({ name, partitions })) };
});

const answerEnd = route(endTxn, async (message, asking) => {
  const { broker, session, version } = asking;
  const { scope } = session.caller;
  const { transactionalId, producerId, producerEpoch, committed } = message;
  const refuse = (code: number) => ({ throttleTimeMs: 0, errorCode: code, producerId: -1, producerEpoch: -1 });
  if (!(await granted(asking, 'WriteTransaction', transactionalId))) return refuse(errorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
  const partitions = broker.transactions.find(scope, transactionalId)?.at.partitions ?? [];
  const said = { producerId, epoch: producerEpoch };
  const identity = broker.transactions.end(scope, transactionalId, said, committed ? 'commit' : 'abort', version >= 5);
  if ('error' in identity) return refuse(fenced(identity.error, version >= 2));
  if (!(await broker.transactions.ended(scope, transactionalId, partitions))) return refuse(errorCode.COORDINATOR_NOT_AVAILABLE);
  return { throttleTimeMs: 0, errorCode: 0, producerId: identity.producerId, producerEpoch: identity.epoch };
});

async function ended({ session }: Asking, topic: string, input: Input<typeof log, 'EndTransaction'>): Promise<number> {
  try {
    await session.invoke('EndTransaction', topic, input);
    return 0;
  } catch (error) {
    return wordError(error, 'CLUSTER_AUTHORIZATION_FAILED').errorCode;
  }
}

/** What an administrator sends to end a transaction that hangs in a partition: KIP-664. */
const answerMarkers = route(writeTxnMarkers, async (message, asking) => {
  const markers = [];
  for (const { producerId, producerEpoch, transactionResult, topics } of message.markers) {
    const told = [];
    for (const { name, partitionIndexes } of topics) {
      const partitions = [];
      for (const partitionIndex of partitionIndexes) {
        const input = { partition: partitionIndex, producerId, producerEpoch, outcome: transactionResult ? 'commit' : 'abort' } as const;
        partitions.push({ partitionIndex, errorCode: await ended(asking, name, input) });
      }
      told.push({ name, partitions });
    }
    markers.push({ producerId, topics: told });
  }
  return { markers };
});

export const transactionRoutes = [answerInit, answerAddPartitions, answerAddOffsets, answerOffsets, answerEnd, answerMarkers];
