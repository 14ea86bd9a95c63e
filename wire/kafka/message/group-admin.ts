import { api } from '../api.ts';
import { codec } from '../codec.ts';
import { array, bool, bytes, int16, int32, list, string, struct, uuid } from '../field.ts';

// Messages about groups seen from outside: field by field as the protocol's message definitions have them.

export const describeGroups = api(
  15,
  'DescribeGroups',
  '0-6',
  codec('5+', { groups: list('0+', 'string'), includeAuthorizedOperations: bool('3+') }),
  codec('5+', {
    throttleTimeMs: int32('1+'),
    groups: array('0+', {
      errorCode: int16('0+'),
      errorMessage: string('6+', { nullable: '6+', default: null }),
      groupId: string('0+'),
      groupState: string('0+'),
      protocolType: string('0+'),
      protocolData: string('0+'),
      members: array('0+', {
        memberId: string('0+'),
        groupInstanceId: string('4+', { nullable: '4+', default: null }),
        clientId: string('0+'),
        clientHost: string('0+'),
        memberMetadata: bytes('0+'),
        memberAssignment: bytes('0+'),
      }),
      authorizedOperations: int32('3+', { default: -2147483648 }),
    }),
  }),
);

export const listGroups = api(
  16,
  'ListGroups',
  '0-5',
  codec('3+', { statesFilter: list('4+', 'string'), typesFilter: list('5+', 'string') }),
  codec('3+', {
    throttleTimeMs: int32('1+'),
    errorCode: int16('0+'),
    groups: array('0+', { groupId: string('0+'), protocolType: string('0+'), groupState: string('4+'), groupType: string('5+') }),
  }),
);

export const deleteGroups = api(
  42,
  'DeleteGroups',
  '0-2',
  codec('2+', { groupsNames: list('0+', 'string') }),
  codec('2+', { throttleTimeMs: int32('0+'), results: array('0+', { groupId: string('0+'), errorCode: int16('0+') }) }),
);
const topicPartitions = { topicId: uuid('0+'), topicName: string('0+'), partitions: list('0+', 'int32') };
const assignment = { topicPartitions: array('0+', topicPartitions) };

export const consumerGroupDescribe = api(
  69,
  'ConsumerGroupDescribe',
  '0-1',
  codec('0+', { groupIds: list('0+', 'string'), includeAuthorizedOperations: bool('0+') }),
  codec('0+', {
    throttleTimeMs: int32('0+'),
    groups: array('0+', {
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+', default: null }),
      groupId: string('0+'),
      groupState: string('0+'),
      groupEpoch: int32('0+'),
      assignmentEpoch: int32('0+'),
      assignorName: string('0+'),
      members: array('0+', {
        memberId: string('0+'),
        instanceId: string('0+', { nullable: '0+', default: null }),
        rackId: string('0+', { nullable: '0+', default: null }),
        memberEpoch: int32('0+'),
        clientId: string('0+'),
        clientHost: string('0+'),
        subscribedTopicNames: list('0+', 'string'),
        subscribedTopicRegex: string('0+', { nullable: '0+', default: null }),
        assignment: struct('0+', assignment),
        targetAssignment: struct('0+', assignment),
      }),
      authorizedOperations: int32('0+', { default: -2147483648 }),
    }),
  }),
);
