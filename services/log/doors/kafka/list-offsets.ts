import type { RequestOf } from '#wire/kafka/api.ts';
import { errorCode, type ErrorName } from '#wire/kafka/error.ts';
import { listOffsets, offsetForLeaderEpoch } from '#wire/kafka/message/record-access.ts';
import { latestRecord, offsetOfTime } from '../../store/offset.ts';
import { leaderEpoch, type Partition } from '../../store/partition.ts';
import { readFault } from './errors.ts';
import { type Asking, granted, route } from './exchange.ts';

/** Times with a meaning of their own: KIP-79, KIP-734, KIP-405, KIP-1005. */
const special = { latest: -1, earliest: -2, maxTimestamp: -3, earliestLocal: -4, latestTiered: -5 } as const;

type Place = { readonly offset: number; readonly timestamp: number };
const nowhere: Place = { offset: -1, timestamp: -1 };

async function place(partition: Partition, timestamp: number, committed: boolean): Promise<Place> {
  switch (timestamp) {
    case special.latest:
      return { offset: committed ? partition.stable : partition.next, timestamp: -1 };
    case special.earliest:
      return { offset: partition.logStart, timestamp: -1 };
    case special.earliestLocal:
      return { offset: partition.localStart, timestamp: -1 };
    case special.maxTimestamp:
      return (await latestRecord(partition)) ?? nowhere;
    case special.latestTiered:
      return { offset: partition.lastTiered, timestamp: -1 };
    default:
      return (await offsetOfTime(partition, timestamp)) ?? nowhere;
  }
}

type Topic = RequestOf<typeof listOffsets>['topics'][number];

async function answerTopic(asking: Asking, { name, partitions }: Topic, committed: boolean) {
  const { broker, session } = asking;
  const may = await granted(asking, 'GetTopic', name);
  const topic = broker.topics.find(session.caller.scope, name);
  const failed = (partitionIndex: number, error: ErrorName) => ({
    partitionIndex,
    errorCode: errorCode[error],
    timestamp: -1,
    offset: -1,
    leaderEpoch: -1,
  });
  const told = await Promise.all(
    partitions.map(async ({ partitionIndex, timestamp, currentLeaderEpoch }) => {
      if (!may) return failed(partitionIndex, 'TOPIC_AUTHORIZATION_FAILED');
      const partition = topic?.partitions[partitionIndex];
      if (!partition) return failed(partitionIndex, 'UNKNOWN_TOPIC_OR_PARTITION');
      if (currentLeaderEpoch > leaderEpoch) return failed(partitionIndex, 'UNKNOWN_LEADER_EPOCH');
      const found = await place(partition, timestamp, committed).catch((error: unknown) => {
        const name = readFault(error);
        if (name === undefined) throw error;
        return name;
      });
      if (typeof found === 'string') return failed(partitionIndex, found);
      return { partitionIndex, errorCode: 0, ...found, leaderEpoch: found.offset < 0 ? -1 : leaderEpoch };
    }),
  );
  return { name, partitions: told };
}

const answerListOffsets = route(listOffsets, async (message, asking) => ({
  throttleTimeMs: 0,
  topics: await Promise.all(message.topics.map((topic) => answerTopic(asking, topic, message.isolationLevel === 1))),
}));

const answerEpochs = route(offsetForLeaderEpoch, async (message, asking) => ({
  throttleTimeMs: 0,
  topics: await Promise.all(
    message.topics.map(async ({ topic: name, partitions }) => {
      const may = await granted(asking, 'GetTopic', name);
      const topic = asking.broker.topics.find(asking.session.caller.scope, name);
      return {
        topic: name,
        partitions: partitions.map(({ partition: index, currentLeaderEpoch, leaderEpoch: asked }) => {
          const partition = topic?.partitions[index];
          const error: ErrorName = !may ? 'TOPIC_AUTHORIZATION_FAILED' : !partition ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'NONE';
          if (!partition || error !== 'NONE') return { errorCode: errorCode[error], partition: index };
          if (currentLeaderEpoch > leaderEpoch) return { errorCode: errorCode.UNKNOWN_LEADER_EPOCH, partition: index };
          // There was one term only: an epoch after it is unknown, one before it never was.
          return asked === leaderEpoch
            ? { errorCode: 0, partition: index, leaderEpoch, endOffset: partition.next }
            : { errorCode: 0, partition: index };
        }),
      };
    }),
  ),
}));

export const offsetRoutes = [answerListOffsets, answerEpochs];
