import { api } from '../api.ts';
import { codec } from '../codec.ts';
import { array, bool, int16, int32, int64, int8, list, string, struct, uuid } from '../field.ts';

// Messages about the cluster and its topics as clients see them: field by field as the protocol's message definitions have them.

export const apiVersions = api(
  18,
  'ApiVersions',
  '0-4',
  codec('3+', { clientSoftwareName: string('3+'), clientSoftwareVersion: string('3+') }),
  codec('3+', {
    errorCode: int16('0+'),
    apiKeys: array('0+', { apiKey: int16('0+'), minVersion: int16('0+'), maxVersion: int16('0+') }),
    throttleTimeMs: int32('1+'),
    supportedFeatures: array('3+', { name: string('3+'), minVersion: int16('3+'), maxVersion: int16('3+') }, { tag: 0 }),
    finalizedFeaturesEpoch: int64('3+', { tag: 1, default: -1 }),
    finalizedFeatures: array('3+', { name: string('3+'), maxVersionLevel: int16('3+'), minVersionLevel: int16('3+') }, { tag: 2 }),
    zkMigrationReady: bool('3+', { tag: 3 }),
  }),
);

export const metadata = api(
  3,
  'Metadata',
  '0-13',
  codec('9+', {
    topics: array('0+', { topicId: uuid('10+'), name: string('0+', { nullable: '10+' }) }, { nullable: '1+' }),
    allowAutoTopicCreation: bool('4+', { default: true }),
    includeClusterAuthorizedOperations: bool('8-10'),
    includeTopicAuthorizedOperations: bool('8+'),
  }),
  codec('9+', {
    throttleTimeMs: int32('3+'),
    brokers: array('0+', {
      nodeId: int32('0+'),
      host: string('0+'),
      port: int32('0+'),
      rack: string('1+', { nullable: '1+', default: null }),
    }),
    clusterId: string('2+', { nullable: '2+', default: null }),
    controllerId: int32('1+', { default: -1 }),
    topics: array('0+', {
      errorCode: int16('0+'),
      name: string('0+', { nullable: '12+' }),
      topicId: uuid('10+'),
      isInternal: bool('1+'),
      partitions: array('0+', {
        errorCode: int16('0+'),
        partitionIndex: int32('0+'),
        leaderId: int32('0+'),
        leaderEpoch: int32('7+', { default: -1 }),
        replicaNodes: list('0+', 'int32'),
        isrNodes: list('0+', 'int32'),
        offlineReplicas: list('5+', 'int32'),
      }),
      topicAuthorizedOperations: int32('8+', { default: -2147483648 }),
    }),
    clusterAuthorizedOperations: int32('8-10', { default: -2147483648 }),
    errorCode: int16('13+'),
  }),
);

export const describeCluster = api(
  60,
  'DescribeCluster',
  '0-1',
  codec('0+', { includeClusterAuthorizedOperations: bool('0+'), endpointType: int8('1+', { default: 1 }) }),
  codec('0+', {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+', default: null }),
    endpointType: int8('1+', { default: 1 }),
    clusterId: string('0+'),
    controllerId: int32('0+', { default: -1 }),
    brokers: array('0+', {
      brokerId: int32('0+'),
      host: string('0+'),
      port: int32('0+'),
      rack: string('0+', { nullable: '0+', default: null }),
    }),
    clusterAuthorizedOperations: int32('0+', { default: -2147483648 }),
  }),
);

export const describeTopicPartitions = api(
  75,
  'DescribeTopicPartitions',
  '0',
  codec('0+', {
    topics: array('0+', { name: string('0+') }),
    responsePartitionLimit: int32('0+', { default: 2000 }),
    cursor: struct('0+', { topicName: string('0+'), partitionIndex: int32('0+') }, { nullable: '0+', default: null }),
  }),
  codec('0+', {
    throttleTimeMs: int32('0+'),
    topics: array('0+', {
      errorCode: int16('0+'),
      name: string('0+', { nullable: '0+' }),
      topicId: uuid('0+'),
      isInternal: bool('0+'),
      partitions: array('0+', {
        errorCode: int16('0+'),
        partitionIndex: int32('0+'),
        leaderId: int32('0+'),
        leaderEpoch: int32('0+', { default: -1 }),
        replicaNodes: list('0+', 'int32'),
        isrNodes: list('0+', 'int32'),
        eligibleLeaderReplicas: list('0+', 'int32', { nullable: '0+', default: null }),
        lastKnownElr: list('0+', 'int32', { nullable: '0+', default: null }),
        offlineReplicas: list('0+', 'int32'),
      }),
      topicAuthorizedOperations: int32('0+', { default: -2147483648 }),
    }),
    nextCursor: struct('0+', { topicName: string('0+'), partitionIndex: int32('0+') }, { nullable: '0+', default: null }),
  }),
);
