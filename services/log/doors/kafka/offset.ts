import type { RequestOf } from '#wire/kafka/api.ts';
import { errorCode, type ErrorName } from '#wire/kafka/error.ts';
import { offsetCommit, offsetDelete, offsetFetch } from '#wire/kafka/message/offset.ts';
import type { txnOffsetCommit } from '#wire/kafka/message/transaction.ts';
import type { Committed } from '../../domain/group/offset.ts';
import type { Group } from '../../store/group.ts';
import { offsetMetadataMax } from '../../store/limits.ts';
import { type Asking, granted, route } from './exchange.ts';
import { wordError } from './errors.ts';

/** What OffsetCommit and TxnOffsetCommit have in common. */
type CommitTopic = RequestOf<typeof txnOffsetCommit>['topics'][number];
type Sorted = { readonly name: string; readonly partitions: { partitionIndex: number; errorCode: number }[]; readonly good: Committed[] };

/** Which offsets of a topic may be committed, and the error of the others. */
export async function sortOffsets(asking: Asking, { name, partitions }: Pick<CommitTopic, 'name' | 'partitions'>): Promise<Sorted> {
  const { broker, session } = asking;
  const may = await granted(asking, 'Fetch', name);
  const topic = broker.topics.find(session.caller.scope, name);
  const good: Committed[] = [];
  const told = partitions.map(({ partitionIndex, committedOffset, committedLeaderEpoch, committedMetadata }) => {
    const fault = (): ErrorName => {
      if (!may) return 'TOPIC_AUTHORIZATION_FAILED';
      if (!topic?.partitions[partitionIndex]) return 'UNKNOWN_TOPIC_OR_PARTITION';
      return (committedMetadata?.length ?? 0) > offsetMetadataMax ? 'OFFSET_METADATA_TOO_LARGE' : 'NONE';
    };
    const error = fault();
    if (error === 'NONE')
      good.push({
        topic: name,
        partition: partitionIndex,
        offset: committedOffset,
        leaderEpoch: committedLeaderEpoch,
        metadata: committedMetadata ?? '',
        at: broker.now(),
      });
    return { partitionIndex, errorCode: errorCode[error] };
  });
  return { name, partitions: told, good };
}

/** The same error for everything that was asked. */
export const allFailed = (topics: readonly Pick<CommitTopic, 'name' | 'partitions'>[], name: ErrorName) =>
  topics.map((topic) => ({
    name: topic.name,
    partitions: topic.partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: errorCode[name] })),
  }));

const answerCommit = route(offsetCommit, async (message, asking) => {
  const { broker, session } = asking;
  const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch } = message;
  const refuse = (name: ErrorName) => ({ throttleTimeMs: 0, topics: allFailed(message.topics, name) });
  if (!(await granted(asking, 'CommitOffsets', groupId))) return refuse('GROUP_AUTHORIZATION_FAILED');
  const { scope } = session.caller;
  const known = broker.groups.find(scope, groupId);
  if (!known && (generationIdOrMemberEpoch >= 0 || memberId !== ''))
    return refuse(generationIdOrMemberEpoch >= 0 ? 'ILLEGAL_GENERATION' : 'UNKNOWN_MEMBER_ID');
  if (!known && !broker.groups.hasRoom(scope)) return refuse('GROUP_MAX_SIZE_REACHED');
  const group = known ?? broker.groups.at(scope, groupId);
  const wrong = group.machine.commitFault(memberId, groupInstanceId, generationIdOrMemberEpoch, broker.steady());
  if (wrong) return refuse(wrong);
  const sorted = await Promise.all(message.topics.map((topic) => sortOffsets(asking, topic)));
  broker.groups.commit(
    group,
    sorted.flatMap(({ good }) => good),
  );
  return { throttleTimeMs: 0, topics: sorted.map(({ name, partitions }) => ({ name, partitions })) };
});

type Wanted = { readonly name: string; readonly partitionIndexes: readonly number[] };

function offsetsOf(group: Group | undefined, wanted: readonly Wanted[] | null, stableOnly: boolean) {
  const asked: readonly Wanted[] =
    wanted ??
    [...Map.groupBy(group?.offsets.all() ?? [], ({ topic }) => topic)].map(([name, all]) => ({
      name,
      partitionIndexes: all.map(({ partition }) => partition),
    }));
  return asked.map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partitionIndex) => {
      if (stableOnly && group?.offsets.isUnstable(name, partitionIndex))
        return { partitionIndex, committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode: errorCode.UNSTABLE_OFFSET_COMMIT };
      const found = group?.offsets.find(name, partitionIndex);
      return {
        partitionIndex,
        committedOffset: found?.offset ?? -1,
        committedLeaderEpoch: found?.leaderEpoch ?? -1,
        metadata: found?.metadata ?? '',
        errorCode: 0,
      };
    }),
  }));
}

const answerFetchOffsets = route(offsetFetch, async (message, asking) => {
  const { broker, session, version } = asking;
  const { scope } = session.caller;
  const one = { groupId: message.groupId, memberId: null, memberEpoch: -1, topics: message.topics };
  const groups = await Promise.all(
    (version >= 8 ? message.groups : [one]).map(async ({ groupId, memberId, memberEpoch, topics: wanted }) => {
      const refuse = (name: ErrorName) => ({
        groupId,
        errorCode: errorCode[name],
        topics: (wanted ?? []).map(({ name: topic, partitionIndexes }) => ({
          name: topic,
          partitions: partitionIndexes.map((partitionIndex) => ({
            partitionIndex,
            committedOffset: -1,
            committedLeaderEpoch: -1,
            metadata: '',
            errorCode: version < 2 ? errorCode[name] : 0,
          })),
        })),
      });
      if (!(await granted(asking, 'CommitOffsets', groupId))) return refuse('GROUP_AUTHORIZATION_FAILED');
      const group = broker.groups.find(scope, groupId);
      const wrong = memberId !== null && memberEpoch >= 0 ? group?.machine.fetchFault(memberId, memberEpoch) : undefined;
      if (wrong) return refuse(wrong);
      return { groupId, errorCode: 0, topics: offsetsOf(group, wanted, message.requireStable) };
    }),
  );
  return version >= 8
    ? { throttleTimeMs: 0, groups }
    : { throttleTimeMs: 0, topics: groups[0]?.topics ?? [], errorCode: groups[0]?.errorCode ?? 0 };
});

const answerDeleteOffsets = route(offsetDelete, async (message, { session, broker }) => {
  const group = broker.groups.find(session.caller.scope, message.groupId);
  const inUse = (topic: string) => group?.machine.subscribes(topic) ?? false;
  const topics = message.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex }) => ({
      partitionIndex,
      errorCode: inUse(name) ? errorCode.GROUP_SUBSCRIBED_TO_TOPIC : 0,
    })),
  }));
  try {
    const free = message.topics.filter(({ name }) => !inUse(name));
    await session.invoke('DeleteOffsets', message.groupId, {
      topics: free.map(({ name, partitions }) => ({ name, partitions: partitions.map(({ partitionIndex }) => partitionIndex) })),
    });
    return { errorCode: 0, throttleTimeMs: 0, topics };
  } catch (error) {
    return { errorCode: wordError(error, 'GROUP_AUTHORIZATION_FAILED').errorCode, throttleTimeMs: 0, topics: [] };
  }
});

export const groupOffsetRoutes = [answerCommit, answerFetchOffsets, answerDeleteOffsets];
