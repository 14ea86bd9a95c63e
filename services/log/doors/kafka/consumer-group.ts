import { randomUUID } from 'node:crypto';
import { errorCode, type ErrorName } from '#wire/kafka/error.ts';
import { consumerGroupHeartbeat } from '#wire/kafka/message/group.ts';
import { consumerGroupDescribe } from '#wire/kafka/message/group-admin.ts';
import type { ConsumerGroup } from '../../domain/group/consumer.ts';
import { TopicPattern } from '../../domain/group/pattern.ts';
import { consumerHeartbeatMs, groupMembersMax } from '../../store/limits.ts';
import { type Asking, granted, route } from './exchange.ts';
import { seen } from './cluster.ts';

type Placed = { readonly topicId: string; readonly partitions: readonly number[] };

/** Partitions named `topic index` as the protocol writes them. */
function placed({ broker, session }: Asking, places: readonly string[]): (Placed & { readonly topicName: string })[] {
  const grouped = Map.groupBy(
    places.map((place) => place.split(' ') as [string, string]),
    ([topic]) => topic,
  );
  return [...grouped].flatMap(([name, all]) => {
    const topic = broker.topics.find(session.caller.scope, name);
    return topic ? [{ topicId: topic.id, topicName: name, partitions: all.map(([, index]) => Number(index)) }] : [];
  });
}

/** What a member says it holds, as `topic index`. */
const named = ({ broker, session }: Asking, owned: readonly Placed[] | null) =>
  owned?.flatMap(({ topicId, partitions }) => {
    const topic = broker.topics.byId(session.caller.scope, topicId);
    return topic ? partitions.map((index) => `${topic.name} ${index}`) : [];
  });

/** What a heartbeat says of a pattern: undefined is 'as before', an empty one 'none any more', a sentence what is wrong with it. */
function patternOf(text: string | null): TopicPattern | null | undefined | string {
  if (text === null) return undefined;
  try {
    return text === '' ? null : new TopicPattern(text);
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}

const answerHeartbeat = route(consumerGroupHeartbeat, async (message, asking) => {
  const { broker, session, clientId, clientHost } = asking;
  const { scope } = session.caller;
  const memberId = message.memberId === '' ? randomUUID() : message.memberId;
  const refuse = (name: ErrorName, errorMessage: string | null = null) => ({
    ...{ throttleTimeMs: 0, errorCode: errorCode[name], errorMessage, memberId, memberEpoch: 0, heartbeatIntervalMs: 0, assignment: null },
  });
  if (message.groupId === '') return refuse('INVALID_REQUEST', 'A group has a name.');
  if (!(await granted(asking, 'JoinGroup', message.groupId))) return refuse('GROUP_AUTHORIZATION_FAILED');
  for (const topic of message.subscribedTopicNames ?? [])
    if (!(await granted(asking, 'Fetch', topic))) return refuse('TOPIC_AUTHORIZATION_FAILED');
  const known = broker.groups.find(scope, message.groupId);
  if (!known && message.memberEpoch !== 0) return refuse('UNKNOWN_MEMBER_ID');
  if (!known && !broker.groups.hasRoom(scope)) return refuse('GROUP_MAX_SIZE_REACHED');
  const group = known ?? broker.groups.at(scope, message.groupId);
  const machine = broker.groups.consumer(group);
  if (!machine) return refuse('GROUP_ID_NOT_FOUND', 'The group has members of the classic protocol.');
  const pattern = patternOf(message.subscribedTopicRegex);
  if (typeof pattern === 'string') return refuse('INVALID_REGULAR_EXPRESSION', pattern);
  const counting = pattern === undefined ? machine.members.get(memberId)?.pattern : pattern;
  const matched = (await counting?.among(seen(asking).map(({ name }) => name))) ?? [];
  if (machine.members.size >= groupMembersMax && !machine.members.has(memberId)) return refuse('GROUP_MAX_SIZE_REACHED');
  const told = machine.heartbeat(
    {
      ...{
        memberId,
        clientId,
        memberEpoch: message.memberEpoch,
        instanceId: message.instanceId,
        rebalanceTimeoutMs: message.rebalanceTimeoutMs,
      },
      host: clientHost,
      topics: message.subscribedTopicNames ?? undefined,
      pattern,
      matched,
      assignor: message.serverAssignor,
      owned: named(asking, message.topicPartitions),
    },
    broker.steady(),
    broker.groups.sizes(scope),
  );
  broker.groups.watch(group);
  if ('error' in told) return refuse(told.error);
  const assignment = told.assignment && {
    topicPartitions: placed(asking, told.assignment).map(({ topicId, partitions }) => ({ topicId, partitions })),
  };
  return {
    throttleTimeMs: 0,
    errorCode: 0,
    errorMessage: null,
    memberId,
    memberEpoch: told.epoch,
    heartbeatIntervalMs: consumerHeartbeatMs,
    assignment: assignment ?? null,
  };
});

const answerDescribe = route(consumerGroupDescribe, async (message, asking) => ({
  throttleTimeMs: 0,
  groups: await Promise.all(
    message.groupIds.map(async (groupId) => {
      const nothing = {
        groupId,
        groupState: '',
        groupEpoch: 0,
        assignmentEpoch: 0,
        assignorName: '',
        members: [],
        authorizedOperations: -2147483648,
      };
      if (!(await granted(asking, 'GetGroup', groupId))) return { ...nothing, errorCode: errorCode.GROUP_AUTHORIZATION_FAILED };
      const machine = asking.broker.groups.find(asking.session.caller.scope, groupId)?.machine;
      if (machine?.type !== 'consumer')
        return { ...nothing, errorCode: errorCode.GROUP_ID_NOT_FOUND, errorMessage: `Group ${groupId} is not a consumer group.` };
      return { ...nothing, errorCode: 0, errorMessage: null, ...described(asking, machine) };
    }),
  ),
}));

function described(asking: Asking, machine: ConsumerGroup) {
  const members = [...machine.members.values()].map((member) => ({
    memberId: member.id,
    instanceId: member.instanceId,
    rackId: null,
    memberEpoch: member.epoch,
    clientId: member.clientId,
    clientHost: member.host,
    subscribedTopicNames: member.named,
    subscribedTopicRegex: member.pattern?.text ?? '',
    assignment: { topicPartitions: placed(asking, [...member.assigned]) },
    targetAssignment: { topicPartitions: placed(asking, machine.targetOf(member.id)) },
    memberType: 1,
  }));
  return { groupState: machine.state, groupEpoch: machine.epoch, assignmentEpoch: machine.epoch, assignorName: machine.assignor, members };
}

export const consumerGroupRoutes = [answerHeartbeat, answerDescribe];
