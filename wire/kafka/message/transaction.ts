import { api } from '../api.ts';
import { codec } from '../codec.ts';
import { array, bool, int16, int32, int64, list, string } from '../field.ts';

// Messages about producers and transactions: field by field as the protocol's message definitions have them.

export const initProducerId = api(
  22,
  'InitProducerId',
  '0-5',
  codec('2+', {
    transactionalId: string('0+', { nullable: '0+' }),
    transactionTimeoutMs: int32('0+'),
    producerId: int64('3+', { default: -1 }),
    producerEpoch: int16('3+', { default: -1 }),
  }),
  codec('2+', {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    producerId: int64('0+', { default: -1 }),
    producerEpoch: int16('0+'),
  }),
);
const addPartitionsToTxnTopic = { name: string('0+'), partitions: list('0+', 'int32') };
const addPartitionsToTxnPartitionResult = { partitionIndex: int32('0+'), partitionErrorCode: int16('0+') };
const addPartitionsToTxnTopicResult = { name: string('0+'), resultsByPartition: array('0+', addPartitionsToTxnPartitionResult) };

export const addPartitionsToTxn = api(
  24,
  'AddPartitionsToTxn',
  '0-5',
  codec('3+', {
    transactions: array('4+', {
      transactionalId: string('4+'),
      producerId: int64('4+'),
      producerEpoch: int16('4+'),
      verifyOnly: bool('4+'),
      topics: array('4+', addPartitionsToTxnTopic),
    }),
    v3AndBelowTransactionalId: string('0-3'),
    v3AndBelowProducerId: int64('0-3'),
    v3AndBelowProducerEpoch: int16('0-3'),
    v3AndBelowTopics: array('0-3', addPartitionsToTxnTopic),
  }),
  codec('3+', {
    throttleTimeMs: int32('0+'),
    errorCode: int16('4+'),
    resultsByTransaction: array('4+', { transactionalId: string('4+'), topicResults: array('4+', addPartitionsToTxnTopicResult) }),
    resultsByTopicV3AndBelow: array('0-3', addPartitionsToTxnTopicResult),
  }),
);

export const addOffsetsToTxn = api(
  25,
  'AddOffsetsToTxn',
  '0-4',
  codec('3+', { transactionalId: string('0+'), producerId: int64('0+'), producerEpoch: int16('0+'), groupId: string('0+') }),
  codec('3+', { throttleTimeMs: int32('0+'), errorCode: int16('0+') }),
);

export const endTxn = api(
  26,
  'EndTxn',
  '0-5',
  codec('3+', { transactionalId: string('0+'), producerId: int64('0+'), producerEpoch: int16('0+'), committed: bool('0+') }),
  codec('3+', {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    producerId: int64('5+', { default: -1 }),
    producerEpoch: int16('5+', { default: -1 }),
  }),
);

export const txnOffsetCommit = api(
  28,
  'TxnOffsetCommit',
  '0-5',
  codec('3+', {
    transactionalId: string('0+'),
    groupId: string('0+'),
    producerId: int64('0+'),
    producerEpoch: int16('0+'),
    generationId: int32('3+', { default: -1 }),
    memberId: string('3+'),
    groupInstanceId: string('3+', { nullable: '3+', default: null }),
    topics: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        committedOffset: int64('0+'),
        committedLeaderEpoch: int32('2+', { default: -1 }),
        committedMetadata: string('0+', { nullable: '0+' }),
      }),
    }),
  }),
  codec('3+', {
    throttleTimeMs: int32('0+'),
    topics: array('0+', { name: string('0+'), partitions: array('0+', { partitionIndex: int32('0+'), errorCode: int16('0+') }) }),
  }),
);

export const writeTxnMarkers = api(
  27,
  'WriteTxnMarkers',
  '1',
  codec('1+', {
    markers: array('0+', {
      producerId: int64('0+'),
      producerEpoch: int16('0+'),
      transactionResult: bool('0+'),
      topics: array('0+', { name: string('0+'), partitionIndexes: list('0+', 'int32') }),
      coordinatorEpoch: int32('0+'),
    }),
  }),
  codec('1+', {
    markers: array('0+', {
      producerId: int64('0+'),
      topics: array('0+', { name: string('0+'), partitions: array('0+', { partitionIndex: int32('0+'), errorCode: int16('0+') }) }),
    }),
  }),
);

export const describeProducers = api(
  61,
  'DescribeProducers',
  '0',
  codec('0+', { topics: array('0+', { name: string('0+'), partitionIndexes: list('0+', 'int32') }) }),
  codec('0+', {
    throttleTimeMs: int32('0+'),
    topics: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+', default: null }),
        activeProducers: array('0+', {
          producerId: int64('0+'),
          producerEpoch: int32('0+'),
          lastSequence: int32('0+', { default: -1 }),
          lastTimestamp: int64('0+', { default: -1 }),
          coordinatorEpoch: int32('0+'),
          currentTxnStartOffset: int64('0+', { default: -1 }),
        }),
      }),
    }),
  }),
);

export const describeTransactions = api(
  65,
  'DescribeTransactions',
  '0',
  codec('0+', { transactionalIds: list('0+', 'string') }),
  codec('0+', {
    throttleTimeMs: int32('0+'),
    transactionStates: array('0+', {
      errorCode: int16('0+'),
      transactionalId: string('0+'),
      transactionState: string('0+'),
      transactionTimeoutMs: int32('0+'),
      transactionStartTimeMs: int64('0+'),
      producerId: int64('0+'),
      producerEpoch: int16('0+'),
      topics: array('0+', { topic: string('0+'), partitions: list('0+', 'int32') }),
    }),
  }),
);

export const listTransactions = api(
  66,
  'ListTransactions',
  '0-1',
  codec('0+', { stateFilters: list('0+', 'string'), producerIdFilters: list('0+', 'int64'), durationFilter: int64('1+', { default: -1 }) }),
  codec('0+', {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    unknownStateFilters: list('0+', 'string'),
    transactionStates: array('0+', { transactionalId: string('0+'), producerId: int64('0+'), transactionState: string('0+') }),
  }),
);
