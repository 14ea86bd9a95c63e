import { OperationError } from '#kernel/contract/fault.ts';
import type { ResponseOf } from '#wire/kafka/api.ts';
import { errorCode } from '#wire/kafka/error.ts';
import { noUuid } from '#wire/kafka/field.ts';
import { describeCluster, describeTopicPartitions, metadata } from '#wire/kafka/message/cluster.ts';
import { topicNameFault } from '../../domain/name.ts';
import type { Topic } from '../../store/topic.ts';
import { type Asking, granted, route } from './exchange.ts';
import { wordError } from './errors.ts';

type TopicAnswer = NonNullable<NonNullable<ResponseOf<typeof metadata>['topics']>[number]>;

/** Operations were not asked for. */
const unasked = -2147483648;

/** Kafka's numbers of what may be done with a topic, by our operations (KIP-430). */
const operations = { Fetch: 3, Produce: 4, DeleteTopic: 6, GetTopic: 8, DescribeTopicConfig: 10, AlterTopicConfig: 11 } as const;

const allowed = ({ session }: Asking, name: string): number =>
  Object.entries(operations)
    .filter(([operation]) => !session.grant(operation as keyof typeof operations, name).denied)
    .reduce((bits, [, place]) => bits | (1 << place), 0);

function described(asking: Asking, topic: Topic, tellsRights = false): TopicAnswer {
  const { nodeId, paired } = asking.broker;
  const other = paired?.other();
  const replicaNodes = [nodeId, ...(other ? [other.nodeId] : [])];
  return {
    errorCode: 0,
    name: topic.name,
    topicId: topic.id,
    isInternal: false,
    partitions: topic.partitions.map(({ index }) => ({
      errorCode: 0,
      partitionIndex: index,
      leaderId: nodeId,
      leaderEpoch: 0,
      replicaNodes,
      isrNodes: other?.isInSync ? replicaNodes : [nodeId],
      offlineReplicas: [],
    })),
    topicAuthorizedOperations: tellsRights ? allowed(asking, topic.name) : unasked,
  };
}

/** A topic that a client named; it is made when the client and its rights allow that. */
async function named(asking: Asking, name: string, mayCreate: boolean, tellsRights = false): Promise<TopicAnswer> {
  const { session, broker, throttle } = asking;
  const failed = (code: number): TopicAnswer => ({ errorCode: code, name, partitions: [], topicAuthorizedOperations: unasked });
  if (topicNameFault(name)) return failed(errorCode.INVALID_TOPIC_EXCEPTION);
  if (!(await granted(asking, 'GetTopic', name))) return failed(errorCode.TOPIC_AUTHORIZATION_FAILED);
  const { scope } = session.caller;
  if (!broker.topics.find(scope, name) && mayCreate) {
    try {
      await session.invoke('CreateTopic', '', { name });
      throttle.mutated(broker.settings.partitions, false);
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      if (error.code !== 'TopicExists')
        return failed(
          error.code === 'Denied' ? errorCode.UNKNOWN_TOPIC_OR_PARTITION : wordError(error, 'TOPIC_AUTHORIZATION_FAILED').errorCode,
        );
    }
  }
  const topic = broker.topics.find(scope, name);
  return topic ? described(asking, topic, tellsRights) : failed(errorCode.UNKNOWN_TOPIC_OR_PARTITION);
}

async function ofId(asking: Asking, id: string, tellsRights: boolean): Promise<TopicAnswer> {
  const topic = asking.broker.topics.byId(asking.session.caller.scope, id);
  if (!topic || !(await granted(asking, 'GetTopic', topic.name)))
    return { errorCode: errorCode.UNKNOWN_TOPIC_ID, topicId: id, name: null, partitions: [], topicAuthorizedOperations: unasked };
  return described(asking, topic, tellsRights);
}

/** The topics that the caller may describe. */
export function seen({ session, broker }: Asking): Topic[] {
  const filter = session.visible('ListTopics', 'GetTopic');
  return broker.topics.list(session.caller.scope).filter(({ name, labels }) => filter.admits({ name, labels, spec: {} }));
}

/** One broker leads everything, at the address where the client reached it; where it has a standby, clients know of that too. */
function brokersOf({ broker, host, port }: Asking) {
  const own = { nodeId: broker.nodeId, host, port, rack: null };
  const other = broker.paired?.other();
  return other?.port === undefined ? [own] : [own, { nodeId: other.nodeId, host, port: other.port, rack: null }];
}

const answerMetadata = route(metadata, async (message, asking) => {
  const { broker, version } = asking;
  const tellsRights = message.includeTopicAuthorizedOperations;
  const all = message.topics === null || (version === 0 && message.topics.length === 0);
  const topics = all
    ? (await granted(asking, 'ListTopics', ''))
      ? seen(asking).map((topic) => described(asking, topic, tellsRights))
      : []
    : await Promise.all(
        // Who asks by id may leave the name null, or empty as Apache Kafka's consumer does.
        (message.topics ?? []).map(({ name, topicId }) =>
          name === null || topicId !== noUuid
            ? ofId(asking, topicId, tellsRights)
            : named(asking, name, version < 4 || message.allowAutoTopicCreation, tellsRights),
        ),
      );
  return {
    throttleTimeMs: 0,
    brokers: brokersOf(asking),
    clusterId: broker.clusterId,
    controllerId: broker.nodeId,
    topics,
    clusterAuthorizedOperations: unasked,
    errorCode: 0,
  };
});

const answerCluster = route(describeCluster, async (message, asking) => ({
  throttleTimeMs: 0,
  // KIP-919: this is the brokers' address; who wants controllers has the wrong one.
  ...(message.endpointType === 1
    ? { errorCode: 0, errorMessage: null }
    : { errorCode: errorCode.MISMATCHED_ENDPOINT_TYPE, errorMessage: 'This endpoint is of brokers.' }),
  endpointType: 1,
  clusterId: asking.broker.clusterId,
  controllerId: asking.broker.nodeId,
  brokers: brokersOf(asking).map(({ nodeId: brokerId, host, port, rack }) => ({ brokerId, host, port, rack })),
  clusterAuthorizedOperations: unasked,
}));

const answerPartitions = route(describeTopicPartitions, async (message, asking) => {
  const { broker, session } = asking;
  const names =
    message.topics.length > 0 ? message.topics.map(({ name }) => name) : broker.topics.list(session.caller.scope).map(({ name }) => name);
  const from = message.cursor;
  const wanted = [...new Set(names)].sort().filter((name) => !from || name >= from.topicName);
  const topics = await Promise.all(wanted.map((name) => named(asking, name, false)));
  let left = message.responsePartitionLimit;
  let nextCursor: { topicName: string; partitionIndex: number } | null = null;
  const answered = [];
  for (const topic of topics) {
    if (nextCursor) break;
    const first = from && from.topicName === topic.name ? from.partitionIndex : 0;
    const partitions = (topic.partitions ?? []).filter((partition) => (partition?.partitionIndex ?? 0) >= first);
    if (partitions.length > left) nextCursor = { topicName: topic.name ?? '', partitionIndex: first + left };
    const told = partitions.slice(0, left);
    left -= told.length;
    if (told.length > 0 || partitions.length === 0)
      answered.push({
        ...topic,
        partitions: told.map((partition) => ({ ...partition, eligibleLeaderReplicas: [], lastKnownElr: [] })),
      });
  }
  return { throttleTimeMs: 0, topics: answered, nextCursor };
});

export const clusterRoutes = [answerMetadata, answerCluster, answerPartitions];
