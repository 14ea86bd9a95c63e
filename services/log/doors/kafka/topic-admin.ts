import type { RequestOf } from '#wire/kafka/api.ts';
import { errorCode } from '#wire/kafka/error.ts';
import { createPartitions, createTopics, deleteRecords, deleteTopics } from '#wire/kafka/message/topic.ts';
import { configValue, topicConfig } from '../../domain/config.ts';
import type { Broker } from '../../store/broker.ts';
import { wordError } from './errors.ts';
import { type Asking, route } from './exchange.ts';
import { fault } from '#kernel/contract/fault.ts';

type NewTopic = RequestOf<typeof createTopics>['topics'][number];

/** How many partitions a request asks for; assignments must name this broker, once each. */
function partitionsOf({ numPartitions, replicationFactor, assignments }: NewTopic, { nodeId, settings }: Broker): number {
  if (assignments.length === 0) {
    if (replicationFactor !== -1 && replicationFactor !== 1)
      throw fault('ReplicationInvalid', `Unable to replicate the partition ${replicationFactor} time(s): only 1 broker is registered.`);
    if (numPartitions === 0 || numPartitions < -1) throw fault('PartitionsInvalid', 'Number of partitions must be larger than 0.');
    return numPartitions === -1 ? settings.partitions : numPartitions;
  }
  const indexes = assignments.map(({ partitionIndex }) => partitionIndex).sort((left, right) => left - right);
  const isSound =
    indexes.every((index, at) => index === at) && assignments.every(({ brokerIds }) => brokerIds.length === 1 && brokerIds[0] === nodeId);
  if (!isSound || numPartitions !== -1) throw fault('BadInput', 'The assignment does not fit this cluster of one broker.');
  return assignments.length;
}

/** The first versions whose clients know that they are refused because of a quota (KIP-599). */
const strictFrom = { create: 6, delete: 5, grow: 3 } as const;

function checkMutation({ throttle }: Asking, strict: boolean): void {
  if (!throttle.mayMutate(strict)) throw fault('TooMany', 'The throttling quota has been exceeded.');
}

async function createOne(asking: Asking, wanted: NewTopic, validateOnly: boolean) {
  const { name, configs } = wanted;
  const { session, broker, throttle } = asking;
  const strict = asking.version >= strictFrom.create;
  try {
    checkMutation(asking, strict);
    const partitions = partitionsOf(wanted, broker);
    const config = Object.fromEntries(configs.filter(({ value }) => value !== null).map((entry) => [entry.name, entry.value as string]));
    if (validateOnly) broker.topics.checkNew(session.caller, name, partitions, config);
    else {
      await session.invoke('CreateTopic', '', { name, partitions, config });
      throttle.mutated(partitions, strict);
    }
    const topic = broker.topics.find(session.caller.scope, name);
    return {
      name,
      ...(topic && !validateOnly ? { topicId: topic.id } : {}),
      errorCode: 0,
      errorMessage: null,
      numPartitions: partitions,
      replicationFactor: 1,
      configs: Object.keys(topicConfig).map((key) => ({
        name: key,
        value: configValue(config, key),
        readOnly: false,
        configSource: config[key] === undefined ? 5 : 1,
        isSensitive: false,
      })),
    };
  } catch (error) {
    return { name, ...wordError(error, 'TOPIC_AUTHORIZATION_FAILED'), numPartitions: -1, replicationFactor: -1, configs: null };
  }
}

const answerCreate = route(createTopics, async (message, asking) => {
  const topics = [];
  const counts = new Map<string, number>();
  for (const { name } of message.topics) counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const wanted of message.topics) {
    if ((counts.get(wanted.name) ?? 0) > 1)
      topics.push({ name: wanted.name, errorCode: errorCode.INVALID_REQUEST, errorMessage: 'Duplicate topic name.', configs: null });
    else topics.push(await createOne(asking, wanted, message.validateOnly));
  }
  return { throttleTimeMs: 0, topics };
});

const answerDelete = route(deleteTopics, async (message, asking) => {
  const { session, broker, version, throttle } = asking;
  const { scope } = session.caller;
  const strict = version >= strictFrom.delete;
  const wanted = version >= 6 ? message.topics : message.topicNames.map((name) => ({ name, topicId: '' }));
  const responses = [];
  for (const { name, topicId } of wanted) {
    const topic = name === null ? broker.topics.byId(scope, topicId) : broker.topics.find(scope, name);
    if (!topic && name === null) {
      responses.push({
        name: null,
        topicId,
        errorCode: errorCode.UNKNOWN_TOPIC_ID,
        errorMessage: 'This server does not host this topic ID.',
      });
      continue;
    }
    try {
      checkMutation(asking, strict);
      await session.invoke('DeleteTopic', topic?.name ?? name ?? '', {});
      throttle.mutated(topic?.partitions.length ?? 0, strict);
      responses.push({ name: topic?.name ?? name, topicId: topic?.id, errorCode: 0, errorMessage: null });
    } catch (error) {
      responses.push({ name: topic?.name ?? name, topicId: topic?.id, ...wordError(error, 'TOPIC_AUTHORIZATION_FAILED') });
    }
  }
  return { throttleTimeMs: 0, responses };
});

const answerPartitions = route(createPartitions, async (message, asking) => {
  const { session, broker, throttle, version } = asking;
  const strict = version >= strictFrom.grow;
  const results = [];
  for (const { name, count, assignments } of message.topics) {
    try {
      checkMutation(asking, strict);
      const topic = broker.topics.find(session.caller.scope, name);
      const held = topic?.partitions.length ?? 0;
      if (topic && count <= held)
        throw fault('PartitionsInvalid', `The topic ${name} currently has ${held} partition(s); ${count} would not be an increase.`);
      if (
        assignments &&
        (assignments.length !== count - held ||
          assignments.some(({ brokerIds }) => brokerIds.length !== 1 || brokerIds[0] !== broker.nodeId))
      )
        throw fault('BadInput', 'The assignment does not fit this cluster of one broker.');
      if (topic && message.validateOnly) broker.topics.checkPartitions(topic, count);
      else {
        await session.invoke('CreatePartitions', name, { partitions: count });
        throttle.mutated(count - held, strict);
      }
      results.push({ name, errorCode: 0, errorMessage: null });
    } catch (error) {
      results.push({ name, ...wordError(error, 'TOPIC_AUTHORIZATION_FAILED') });
    }
  }
  return { throttleTimeMs: 0, results };
});

const answerDeleteRecords = route(deleteRecords, async (message, { session, broker }) => ({
  throttleTimeMs: 0,
  topics: await Promise.all(
    message.topics.map(async ({ name, partitions }) => ({
      name,
      partitions: await Promise.all(
        partitions.map(async ({ partitionIndex, offset }) => {
          try {
            const held = broker.topics.find(session.caller.scope, name)?.partitions[partitionIndex];
            // -1 is the end of the log as it is now.
            const before = offset === -1 ? (held?.next ?? 0) : offset;
            if (before < 0) throw fault('OffsetOutOfRange');
            const { output } = await session.invoke('DeleteRecords', name, { partition: partitionIndex, before });
            return { partitionIndex, lowWatermark: output.start, errorCode: 0 };
          } catch (error) {
            return { partitionIndex, lowWatermark: -1, errorCode: wordError(error, 'TOPIC_AUTHORIZATION_FAILED').errorCode };
          }
        }),
      ),
    })),
  ),
}));

export const topicRoutes = [answerCreate, answerDelete, answerPartitions, answerDeleteRecords];
