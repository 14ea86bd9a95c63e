import { api } from '../api.ts';
import { codec } from '../codec.ts';
import { array, bool, int16, int32, int64, list, string } from '../field.ts';

// Messages about what groups have read: field by field as the protocol's message definitions have them.

export const offsetCommit = api(
  8,
  'OffsetCommit',
  '2-9',
  codec('8+', {
    groupId: string('0+'),
    generationIdOrMemberEpoch: int32('1+', { default: -1 }),
    memberId: string('1+'),
    groupInstanceId: string('7+', { nullable: '7+', default: null }),
    retentionTimeMs: int64('2-4', { default: -1 }),
    topics: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        committedOffset: int64('0+'),
        committedLeaderEpoch: int32('6+', { default: -1 }),
        commitTimestamp: int64('1', { default: -1 }),
        committedMetadata: string('0+', { nullable: '0+' }),
      }),
    }),
  }),
  codec('8+', {
    throttleTimeMs: int32('3+'),
    topics: array('0+', { name: string('0+'), partitions: array('0+', { partitionIndex: int32('0+'), errorCode: int16('0+') }) }),
  }),
);

export const offsetFetch = api(
  9,
  'OffsetFetch',
  '1-9',
  codec('6+', {
    groupId: string('0-7'),
    topics: array('0-7', { name: string('0-7'), partitionIndexes: list('0-7', 'int32') }, { nullable: '2-7' }),
    groups: array('8+', {
      groupId: string('8+'),
      memberId: string('9+', { nullable: '9+', default: null }),
      memberEpoch: int32('9+', { default: -1 }),
      topics: array('8+', { name: string('8+'), partitionIndexes: list('8+', 'int32') }, { nullable: '8+' }),
    }),
    requireStable: bool('7+'),
  }),
  codec('6+', {
    throttleTimeMs: int32('3+'),
    topics: array('0-7', {
      name: string('0-7'),
      partitions: array('0-7', {
        partitionIndex: int32('0-7'),
        committedOffset: int64('0-7'),
        committedLeaderEpoch: int32('5-7', { default: -1 }),
        metadata: string('0-7', { nullable: '0-7' }),
        errorCode: int16('0-7'),
      }),
    }),
    errorCode: int16('2-7'),
    groups: array('8+', {
      groupId: string('8+'),
      topics: array('8+', {
        name: string('8+'),
        partitions: array('8+', {
          partitionIndex: int32('8+'),
          committedOffset: int64('8+'),
          committedLeaderEpoch: int32('8+', { default: -1 }),
          metadata: string('8+', { nullable: '8+' }),
          errorCode: int16('8+'),
        }),
      }),
      errorCode: int16('8+'),
    }),
  }),
);

export const offsetDelete = api(
  47,
  'OffsetDelete',
  '0',
  codec('none', {
    groupId: string('0+'),
    topics: array('0+', { name: string('0+'), partitions: array('0+', { partitionIndex: int32('0+') }) }),
  }),
  codec('none', {
    errorCode: int16('0+'),
    throttleTimeMs: int32('0+'),
    topics: array('0+', { name: string('0+'), partitions: array('0+', { partitionIndex: int32('0+'), errorCode: int16('0+') }) }),
  }),
);
