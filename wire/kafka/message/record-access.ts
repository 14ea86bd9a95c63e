import { api } from '../api.ts';
import { codec } from '../codec.ts';
import { array, int16, int32, int64, int8, list, records, string, struct, uuid } from '../field.ts';

// Messages about data moved: produce, fetch and the offsets between: field by field as the protocol's message definitions have them.

export const produce = api(
  0,
  'Produce',
  '0-12',
  codec('9+', {
    transactionalId: string('3+', { nullable: '3+', default: null }),
    acks: int16('0+'),
    timeoutMs: int32('0+'),
    topicData: array('0+', {
      name: string('0+'),
      partitionData: array('0+', { index: int32('0+'), records: records('0+', { nullable: '0+' }) }),
    }),
  }),
  codec('9+', {
    responses: array('0+', {
      name: string('0+'),
      partitionResponses: array('0+', {
        index: int32('0+'),
        errorCode: int16('0+'),
        baseOffset: int64('0+'),
        logAppendTimeMs: int64('2+', { default: -1 }),
        logStartOffset: int64('5+', { default: -1 }),
        recordErrors: array('8+', { batchIndex: int32('8+'), batchIndexErrorMessage: string('8+', { nullable: '8+', default: null }) }),
        errorMessage: string('8+', { nullable: '8+', default: null }),
        currentLeader: struct('10+', { leaderId: int32('10+', { default: -1 }), leaderEpoch: int32('10+', { default: -1 }) }, { tag: 0 }),
      }),
    }),
    throttleTimeMs: int32('1+'),
    nodeEndpoints: array(
      '10+',
      { nodeId: int32('10+'), host: string('10+'), port: int32('10+'), rack: string('10+', { nullable: '10+', default: null }) },
      { tag: 0 },
    ),
  }),
);

export const fetch = api(
  1,
  'Fetch',
  '4-17',
  codec('12+', {
    clusterId: string('12+', { nullable: '12+', tag: 0, default: null }),
    replicaId: int32('0-14', { default: -1 }),
    replicaState: struct('15+', { replicaId: int32('15+', { default: -1 }), replicaEpoch: int64('15+', { default: -1 }) }, { tag: 1 }),
    maxWaitMs: int32('0+'),
    minBytes: int32('0+'),
    maxBytes: int32('3+', { default: 2147483647 }),
    isolationLevel: int8('4+'),
    sessionId: int32('7+'),
    sessionEpoch: int32('7+', { default: -1 }),
    topics: array('0+', {
      topic: string('0-12'),
      topicId: uuid('13+'),
      partitions: array('0+', {
        partition: int32('0+'),
        currentLeaderEpoch: int32('9+', { default: -1 }),
        fetchOffset: int64('0+'),
        lastFetchedEpoch: int32('12+', { default: -1 }),
        logStartOffset: int64('5+', { default: -1 }),
        partitionMaxBytes: int32('0+'),
        replicaDirectoryId: uuid('17+', { tag: 0 }),
      }),
    }),
    forgottenTopicsData: array('7+', { topic: string('7-12'), topicId: uuid('13+'), partitions: list('7+', 'int32') }),
    rackId: string('11+'),
  }),
  codec('12+', {
    throttleTimeMs: int32('1+'),
    errorCode: int16('7+'),
    sessionId: int32('7+'),
    responses: array('0+', {
      topic: string('0-12'),
      topicId: uuid('13+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
        highWatermark: int64('0+'),
        lastStableOffset: int64('4+', { default: -1 }),
        logStartOffset: int64('5+', { default: -1 }),
        divergingEpoch: struct('12+', { epoch: int32('12+', { default: -1 }), endOffset: int64('12+', { default: -1 }) }, { tag: 0 }),
        currentLeader: struct('12+', { leaderId: int32('12+', { default: -1 }), leaderEpoch: int32('12+', { default: -1 }) }, { tag: 1 }),
        snapshotId: struct('12+', { endOffset: int64('0+', { default: -1 }), epoch: int32('0+', { default: -1 }) }, { tag: 2 }),
        abortedTransactions: array('4+', { producerId: int64('4+'), firstOffset: int64('4+') }, { nullable: '4+' }),
        preferredReadReplica: int32('11+', { default: -1 }),
        records: records('0+', { nullable: '0+' }),
      }),
    }),
    nodeEndpoints: array(
      '16+',
      { nodeId: int32('16+'), host: string('16+'), port: int32('16+'), rack: string('16+', { nullable: '16+', default: null }) },
      { tag: 0 },
    ),
  }),
);

export const listOffsets = api(
  2,
  'ListOffsets',
  '1-10',
  codec('6+', {
    replicaId: int32('0+'),
    isolationLevel: int8('2+'),
    topics: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        currentLeaderEpoch: int32('4+', { default: -1 }),
        timestamp: int64('0+'),
        maxNumOffsets: int32('0', { default: 1 }),
      }),
    }),
    timeoutMs: int32('10+'),
  }),
  codec('6+', {
    throttleTimeMs: int32('2+'),
    topics: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
        oldStyleOffsets: list('0', 'int64'),
        timestamp: int64('1+', { default: -1 }),
        offset: int64('1+', { default: -1 }),
        leaderEpoch: int32('4+', { default: -1 }),
      }),
    }),
  }),
);

export const offsetForLeaderEpoch = api(
  23,
  'OffsetForLeaderEpoch',
  '2-4',
  codec('4+', {
    replicaId: int32('3+', { default: -2 }),
    topics: array('0+', {
      topic: string('0+'),
      partitions: array('0+', { partition: int32('0+'), currentLeaderEpoch: int32('2+', { default: -1 }), leaderEpoch: int32('0+') }),
    }),
  }),
  codec('4+', {
    throttleTimeMs: int32('2+'),
    topics: array('0+', {
      topic: string('0+'),
      partitions: array('0+', {
        errorCode: int16('0+'),
        partition: int32('0+'),
        leaderEpoch: int32('1+', { default: -1 }),
        endOffset: int64('0+', { default: -1 }),
      }),
    }),
  }),
);
