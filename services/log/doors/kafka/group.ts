import { errorCode, type ErrorName } from '#wire/kafka/error.ts';
import { findCoordinator, heartbeat, joinGroup, leaveGroup, syncGroup } from '#wire/kafka/message/group.ts';
import { groupMembersMax, sessionMaxMs, sessionMinMs } from '../../store/limits.ts';
import { type Asking, granted, route } from './exchange.ts';

/** Group coordinator, transaction coordinator: this broker is both. */
const coordinatorTypes = [0, 1];

const answerCoordinator = route(findCoordinator, async (message, asking) => {
  const { host, port, version } = asking;
  const keys = version >= 4 ? message.coordinatorKeys : [message.key];
  const isKnown = coordinatorTypes.includes(message.keyType);
  const coordinators = await Promise.all(
    keys.map(async (key) => {
      const may = !isKnown || (await granted(asking, message.keyType === 0 ? 'JoinGroup' : 'WriteTransaction', key));
      const error: ErrorName = !isKnown
        ? 'INVALID_REQUEST'
        : may
          ? 'NONE'
          : message.keyType === 0
            ? 'GROUP_AUTHORIZATION_FAILED'
            : 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED';
      const there = error === 'NONE' ? { nodeId: asking.broker.nodeId, host, port } : { nodeId: -1, host: '', port: -1 };
      return { key, ...there, errorCode: errorCode[error], errorMessage: error === 'NONE' ? null : error };
    }),
  );
  const [{ key: _, ...first } = { key: '', nodeId: -1, host: '', port: -1, errorCode: errorCode.INVALID_REQUEST, errorMessage: null }] =
    coordinators;
  return version >= 4 ? { throttleTimeMs: 0, coordinators } : { throttleTimeMs: 0, ...first };
});

/** Why a caller may not be in a group, or undefined. */
async function memberFault(asking: Asking, groupId: string): Promise<ErrorName | undefined> {
  if (groupId === '') return 'INVALID_GROUP_ID';
  return (await granted(asking, 'JoinGroup', groupId)) ? undefined : 'GROUP_AUTHORIZATION_FAILED';
}

const notJoined = (name: ErrorName, memberId: string) => ({
  throttleTimeMs: 0,
  errorCode: errorCode[name],
  generationId: -1,
  protocolType: null,
  protocolName: asName(null),
  leader: '',
  skipAssignment: false,
  memberId,
  members: [],
});
/** Versions before 7 cannot say null. */
const asName = (name: string | null, version = 7) => (version < 7 ? (name ?? '') : name);

const answerJoin = route(joinGroup, async (message, asking) => {
  const { broker, session, version, clientId, clientHost } = asking;
  const { groupId, memberId, sessionTimeoutMs } = message;
  const refuse = (name: ErrorName) => ({ ...notJoined(name, memberId), protocolName: asName(null, version) });
  const wrong = await memberFault(asking, groupId);
  if (wrong) return refuse(wrong);
  if (sessionTimeoutMs < sessionMinMs || sessionTimeoutMs > sessionMaxMs) return refuse('INVALID_SESSION_TIMEOUT');
  const { scope } = session.caller;
  const known = broker.groups.find(scope, groupId);
  if (!known && memberId !== '') return refuse('UNKNOWN_MEMBER_ID');
  if (!known && !broker.groups.hasRoom(scope)) return refuse('GROUP_MAX_SIZE_REACHED');
  const group = known ?? broker.groups.at(scope, groupId);
  const machine = broker.groups.classic(group);
  if (!machine) return refuse('INCONSISTENT_GROUP_PROTOCOL');
  if (machine.members.size >= groupMembersMax && !machine.members.has(memberId)) return refuse('GROUP_MAX_SIZE_REACHED');
  const joining = machine.join(
    {
      ...{ memberId, clientId, sessionTimeoutMs },
      instanceId: message.groupInstanceId,
      host: clientHost,
      rebalanceTimeoutMs: message.rebalanceTimeoutMs < 0 ? sessionTimeoutMs : message.rebalanceTimeoutMs,
      protocolType: message.protocolType,
      // The frame goes; what a member says of itself stays.
      protocols: message.protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) })),
      knownFirst: version >= 4,
      maySkip: version >= 9,
    },
    broker.steady(),
  );
  broker.groups.watch(group);
  const joined = await asking.throttle.idle(untilGone(joining, asking.signal));
  broker.groups.watch(group);
  if (!joined) return refuse('COORDINATOR_NOT_AVAILABLE');
  const { error, generation, protocolType, protocol, leader, skipAssignment, members } = joined;
  return {
    throttleTimeMs: 0,
    errorCode: error,
    generationId: generation,
    protocolType,
    protocolName: asName(protocol, version),
    leader,
    skipAssignment,
    memberId: joined.memberId,
    members,
  };
});

/** What is waited for, or undefined when the connection closes first. */
function untilGone<T>(waiting: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const gone = () => resolve(undefined);
    signal.addEventListener('abort', gone, { once: true });
    void waiting.then((value) => {
      signal.removeEventListener('abort', gone);
      resolve(value);
    });
  });
}

const answerSync = route(syncGroup, async (message, asking) => {
  const { broker, session } = asking;
  const refuse = (name: ErrorName) => ({ throttleTimeMs: 0, errorCode: errorCode[name], assignment: Buffer.alloc(0) });
  const wrong = await memberFault(asking, message.groupId);
  if (wrong) return refuse(wrong);
  const group = broker.groups.find(session.caller.scope, message.groupId);
  if (group?.machine.type !== 'classic') return refuse('UNKNOWN_MEMBER_ID');
  const syncing = group.machine.sync(
    {
      memberId: message.memberId,
      instanceId: message.groupInstanceId,
      generation: message.generationId,
      protocolType: message.protocolType,
      protocol: message.protocolName,
    },
    new Map(message.assignments.map(({ memberId, assignment }) => [memberId, Buffer.from(assignment)])),
    broker.steady(),
  );
  broker.groups.watch(group);
  const synced = await asking.throttle.idle(untilGone(syncing, asking.signal));
  if (!synced) return refuse('COORDINATOR_NOT_AVAILABLE');
  const { error, protocolType, protocol, assignment } = synced;
  return { throttleTimeMs: 0, errorCode: error, protocolType, protocolName: protocol, assignment };
});

const answerHeartbeat = route(heartbeat, async (message, asking) => {
  const { broker, session } = asking;
  const { groupId, memberId, groupInstanceId, generationId } = message;
  const wrong = await memberFault(asking, groupId);
  if (wrong) return { throttleTimeMs: 0, errorCode: errorCode[wrong] };
  const group = broker.groups.find(session.caller.scope, groupId);
  const machine = group?.machine.type === 'classic' ? group.machine : undefined;
  const name = machine?.heartbeat(memberId, groupInstanceId, generationId, broker.steady()) ?? 'UNKNOWN_MEMBER_ID';
  if (group) broker.groups.watch(group);
  return { throttleTimeMs: 0, errorCode: errorCode[name] };
});

const answerLeave = route(leaveGroup, async (message, asking) => {
  const { broker, session, version } = asking;
  const wrong = await memberFault(asking, message.groupId);
  if (wrong) return { throttleTimeMs: 0, errorCode: errorCode[wrong], members: [] };
  const group = broker.groups.find(session.caller.scope, message.groupId);
  const machine = group?.machine.type === 'classic' ? group.machine : undefined;
  const leaving = version >= 3 ? message.members : [{ memberId: message.memberId, groupInstanceId: null, reason: null }];
  const members = leaving.map(({ memberId, groupInstanceId }) => ({
    memberId,
    groupInstanceId,
    errorCode: errorCode[machine?.leave(memberId, groupInstanceId, broker.steady()) ?? 'UNKNOWN_MEMBER_ID'],
  }));
  if (group) broker.groups.watch(group);
  return version >= 3
    ? { throttleTimeMs: 0, errorCode: 0, members }
    : { throttleTimeMs: 0, errorCode: members[0]?.errorCode ?? 0, members: [] };
});

export const groupRoutes = [answerCoordinator, answerJoin, answerSync, answerHeartbeat, answerLeave];
