import { api } from '../api.ts';
import { codec } from '../codec.ts';
import { array, bool, bytes, int16, int32, int8, list, string, struct, uuid } from '../field.ts';

// Messages about membership of groups: field by field as the protocol's message definitions have them.

export const findCoordinator = api(
  10,
  'FindCoordinator',
  '0-6',
  codec('3+', { key: string('0-3'), keyType: int8('1+'), coordinatorKeys: list('4+', 'string') }),
  codec('3+', {
    throttleTimeMs: int32('1+'),
    errorCode: int16('0-3'),
    errorMessage: string('1-3', { nullable: '1-3' }),
    nodeId: int32('0-3'),
    host: string('0-3'),
    port: int32('0-3'),
    coordinators: array('4+', {
      key: string('4+'),
      nodeId: int32('4+'),
      host: string('4+'),
      port: int32('4+'),
      errorCode: int16('4+'),
      errorMessage: string('4+', { nullable: '4+' }),
    }),
  }),
);

export const joinGroup = api(
  11,
  'JoinGroup',
  '0-9',
  codec('6+', {
    groupId: string('0+'),
    sessionTimeoutMs: int32('0+'),
    rebalanceTimeoutMs: int32('1+', { default: -1 }),
    memberId: string('0+'),
    groupInstanceId: string('5+', { nullable: '5+', default: null }),
    protocolType: string('0+'),
    protocols: array('0+', { name: string('0+'), metadata: bytes('0+') }),
    reason: string('8+', { nullable: '8+', default: null }),
  }),
  codec('6+', {
    throttleTimeMs: int32('2+'),
    errorCode: int16('0+'),
    generationId: int32('0+', { default: -1 }),
    protocolType: string('7+', { nullable: '7+', default: null }),
    protocolName: string('0+', { nullable: '7+' }),
    leader: string('0+'),
    skipAssignment: bool('9+'),
    memberId: string('0+'),
    members: array('0+', {
      memberId: string('0+'),
      groupInstanceId: string('5+', { nullable: '5+', default: null }),
      metadata: bytes('0+'),
    }),
  }),
);

export const syncGroup = api(
  14,
  'SyncGroup',
  '0-5',
  codec('4+', {
    groupId: string('0+'),
    generationId: int32('0+'),
    memberId: string('0+'),
    groupInstanceId: string('3+', { nullable: '3+', default: null }),
    protocolType: string('5+', { nullable: '5+', default: null }),
    protocolName: string('5+', { nullable: '5+', default: null }),
    assignments: array('0+', { memberId: string('0+'), assignment: bytes('0+') }),
  }),
  codec('4+', {
    throttleTimeMs: int32('1+'),
    errorCode: int16('0+'),
    protocolType: string('5+', { nullable: '5+', default: null }),
    protocolName: string('5+', { nullable: '5+', default: null }),
    assignment: bytes('0+'),
  }),
);

export const heartbeat = api(
  12,
  'Heartbeat',
  '0-4',
  codec('4+', {
    groupId: string('0+'),
    generationId: int32('0+'),
    memberId: string('0+'),
    groupInstanceId: string('3+', { nullable: '3+', default: null }),
  }),
  codec('4+', { throttleTimeMs: int32('1+'), errorCode: int16('0+') }),
);

export const leaveGroup = api(
  13,
  'LeaveGroup',
  '0-5',
  codec('4+', {
    groupId: string('0+'),
    memberId: string('0-2'),
    members: array('3+', {
      memberId: string('3+'),
      groupInstanceId: string('3+', { nullable: '3+', default: null }),
      reason: string('5+', { nullable: '5+', default: null }),
    }),
  }),
  codec('4+', {
    throttleTimeMs: int32('1+'),
    errorCode: int16('0+'),
    members: array('3+', { memberId: string('3+'), groupInstanceId: string('3+', { nullable: '3+' }), errorCode: int16('3+') }),
  }),
);
const topicPartitions = { topicId: uuid('0+'), partitions: list('0+', 'int32') };

export const consumerGroupHeartbeat = api(
  68,
  'ConsumerGroupHeartbeat',
  '0-1',
  codec('0+', {
    groupId: string('0+'),
    memberId: string('0+'),
    memberEpoch: int32('0+'),
    instanceId: string('0+', { nullable: '0+', default: null }),
    rackId: string('0+', { nullable: '0+', default: null }),
    rebalanceTimeoutMs: int32('0+', { default: -1 }),
    subscribedTopicNames: list('0+', 'string', { nullable: '0+', default: null }),
    subscribedTopicRegex: string('1+', { nullable: '1+', default: null }),
    serverAssignor: string('0+', { nullable: '0+', default: null }),
    topicPartitions: array('0+', { topicId: uuid('0+'), partitions: list('0+', 'int32') }, { nullable: '0+', default: null }),
  }),
  codec('0+', {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+', default: null }),
    memberId: string('0+', { nullable: '0+', default: null }),
    memberEpoch: int32('0+'),
    heartbeatIntervalMs: int32('0+'),
    assignment: struct('0+', { topicPartitions: array('0+', topicPartitions) }, { nullable: '0+', default: null }),
  }),
);
