import { errorCode, type ErrorName } from '#wire/kafka/error.ts';
import { deleteGroups, describeGroups, listGroups } from '#wire/kafka/message/group-admin.ts';
import { describeProducers, describeTransactions, listTransactions } from '#wire/kafka/message/transaction.ts';
import type { ClassicGroup } from '../../domain/group/classic.ts';
import type { Held } from '../../store/transaction.ts';
import { type Asking, granted, route } from './exchange.ts';
import { wordError } from './errors.ts';

const unasked = -2147483648;

function classicMembers(machine: ClassicGroup) {
  return [...machine.members.values()].map(({ id, instanceId, clientId, host, protocols, assignment }) => ({
    memberId: id,
    groupInstanceId: instanceId,
    clientId,
    clientHost: host,
    memberMetadata: protocols.find(({ name }) => name === machine.protocol)?.metadata ?? Buffer.alloc(0),
    memberAssignment: assignment,
  }));
}

const answerDescribe = route(describeGroups, async (message, asking) => ({
  throttleTimeMs: 0,
  groups: await Promise.all(
    message.groups.map(async (groupId) => {
      const nobody = { groupId, protocolType: '', protocolData: '', members: [], authorizedOperations: unasked };
      if (!(await granted(asking, 'GetGroup', groupId)))
        return { ...nobody, errorCode: errorCode.GROUP_AUTHORIZATION_FAILED, groupState: '' };
      const group = asking.broker.groups.find(asking.session.caller.scope, groupId);
      if (!group) {
        // KIP-1043: newer clients are told that there is no such group; older ones know it as dead.
        const absent =
          asking.version >= 6 ? { errorCode: errorCode.GROUP_ID_NOT_FOUND, errorMessage: `Group ${groupId} not found.` } : { errorCode: 0 };
        return { ...nobody, ...absent, groupState: 'Dead' };
      }
      const { machine } = group;
      // KIP-848: this API speaks of classic groups.
      if (machine.type !== 'classic')
        return { ...nobody, errorCode: asking.version >= 6 ? errorCode.GROUP_ID_NOT_FOUND : 0, groupState: 'Dead' };
      return {
        ...nobody,
        errorCode: 0,
        groupState: machine.state,
        protocolType: machine.protocolType,
        protocolData: machine.protocol ?? '',
        members: classicMembers(machine),
      };
    }),
  ),
}));

const answerList = route(listGroups, async (message, asking) => {
  const { broker, session } = asking;
  if (!(await granted(asking, 'ListGroups', '')))
    return { throttleTimeMs: 0, errorCode: errorCode.CLUSTER_AUTHORIZATION_FAILED, groups: [] };
  const chosen = (filter: readonly string[] | undefined, value: string) =>
    !filter || filter.length === 0 || filter.some((one) => one.toLowerCase() === value.toLowerCase());
  const filter = session.visible('ListGroups', 'GetGroup');
  const groups = broker.groups
    .list(session.caller.scope)
    .filter(({ name }) => filter.admits({ name, labels: {}, spec: {} }))
    .filter(({ machine }) => chosen(message.statesFilter, machine.state) && chosen(message.typesFilter, machine.type))
    .map(({ name, machine }) => ({
      groupId: name,
      protocolType: machine.protocolType,
      groupState: machine.state,
      groupType: machine.type,
    }));
  return { throttleTimeMs: 0, errorCode: 0, groups };
});

const answerDelete = route(deleteGroups, async (message, { session }) => {
  const results = [];
  for (const groupId of message.groupsNames) {
    try {
      await session.invoke('DeleteGroup', groupId, {});
      results.push({ groupId, errorCode: 0 });
    } catch (error) {
      results.push({ groupId, errorCode: wordError(error, 'GROUP_AUTHORIZATION_FAILED').errorCode });
    }
  }
  return { throttleTimeMs: 0, results };
});

const answerProducers = route(describeProducers, async (message, asking) => ({
  throttleTimeMs: 0,
  topics: await Promise.all(
    message.topics.map(async ({ name, partitionIndexes }) => {
      const may = await granted(asking, 'Fetch', name);
      const topic = asking.broker.topics.find(asking.session.caller.scope, name);
      return {
        name,
        partitions: partitionIndexes.map((partitionIndex) => {
          const partition = topic?.partitions[partitionIndex];
          const error: ErrorName = !may ? 'TOPIC_AUTHORIZATION_FAILED' : !partition ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'NONE';
          const activeProducers = [...(error === 'NONE' && partition ? partition.producers.entries() : [])].map(
            ([producerId, producer]) => ({
              producerId,
              producerEpoch: producer.epoch,
              lastSequence: producer.batches.at(-1)?.last ?? -1,
              lastTimestamp: producer.lastTimestamp,
              coordinatorEpoch: 0,
              currentTxnStartOffset: producer.from,
            }),
          );
          return { partitionIndex, errorCode: errorCode[error], errorMessage: null, activeProducers };
        }),
      };
    }),
  ),
}));

/** Partitions of a transaction, by topic. */
function topicsOf({ at }: Held) {
  const places = at.partitions.map((name) => name.split(' ') as [string, string]);
  return [...Map.groupBy(places, ([topic]) => topic)].map(([topic, all]) => ({ topic, partitions: all.map(([, index]) => Number(index)) }));
}

async function describeTransaction(asking: Asking, transactionalId: string) {
  const nothing = {
    transactionalId,
    transactionState: '',
    transactionTimeoutMs: 0,
    transactionStartTimeMs: -1,
    producerId: -1,
    producerEpoch: -1,
    topics: [],
  };
  if (!(await granted(asking, 'GetTransaction', transactionalId)))
    return { ...nothing, errorCode: errorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED };
  const held = asking.broker.transactions.find(asking.session.caller.scope, transactionalId);
  if (!held) return { ...nothing, errorCode: errorCode.TRANSACTIONAL_ID_NOT_FOUND };
  const { state, timeoutMs, startedAt, producerId, epoch } = held.at;
  return {
    errorCode: 0,
    transactionalId,
    transactionState: state,
    transactionTimeoutMs: timeoutMs,
    transactionStartTimeMs: startedAt,
    producerId,
    producerEpoch: epoch,
    topics: topicsOf(held),
  };
}

const answerTransactions = route(describeTransactions, async (message, asking) => ({
  throttleTimeMs: 0,
  transactionStates: await Promise.all(message.transactionalIds.map((id) => describeTransaction(asking, id))),
}));

const states = ['Empty', 'Ongoing', 'PrepareCommit', 'PrepareAbort', 'CompleteCommit', 'CompleteAbort'];

const answerListTransactions = route(listTransactions, async (message, asking) => {
  const { broker, session } = asking;
  if (!(await granted(asking, 'ListTransactions', '')))
    return { throttleTimeMs: 0, errorCode: errorCode.CLUSTER_AUTHORIZATION_FAILED, unknownStateFilters: [], transactionStates: [] };
  const { stateFilters, producerIdFilters, durationFilter } = message;
  const now = broker.now();
  const transactionStates = broker.transactions
    .list(session.caller.scope)
    .filter(({ at }) => stateFilters.length === 0 || stateFilters.includes(at.state))
    .filter(({ at }) => producerIdFilters.length === 0 || producerIdFilters.includes(at.producerId))
    .filter(({ at }) => durationFilter < 0 || (at.startedAt >= 0 && now - at.startedAt > durationFilter))
    .map(({ id, at }) => ({ transactionalId: id, producerId: at.producerId, transactionState: at.state }));
  return {
    throttleTimeMs: 0,
    errorCode: 0,
    unknownStateFilters: stateFilters.filter((state) => !states.includes(state)),
    transactionStates,
  };
});

export const adminRoutes = [answerDescribe, answerList, answerDelete, answerProducers, answerTransactions, answerListTransactions];
