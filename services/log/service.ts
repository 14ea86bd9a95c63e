import { Type } from '#kernel/contract/type.ts';
import { defineService } from '#kernel/contract/contract.ts';
import { errors } from './contract/error.ts';
import { GroupSpec, GroupStatus, groupOperations, TransactionSpec, TransactionStatus } from './contract/group.ts';
import { fetchBurst, fetchPerSecond, produceBurst, producePerSecond, topicsMax } from './contract/limits.ts';
import { TopicSpec, TopicStatus, topicOperations } from './contract/topic.ts';

/** The log: what Kafka clients take for Kafka. */
export const log = defineService({
  name: 'log',
  title: 'Log',
  text: 'Topics of records, groups and transactions, behind the Kafka protocol.',
  version: 1,
  resources: {
    Topic: {
      of: 'scope',
      text: 'Records in partitions, in order of offset.',
      spec: TopicSpec,
      status: TopicStatus,
      owner: 'service',
      columns: ['partitions'],
    },
    Group: {
      of: 'scope',
      text: 'Consumers that share topics, and how far they have read.',
      spec: GroupSpec,
      status: GroupStatus,
      owner: 'service',
    },
    Transaction: {
      of: 'scope',
      text: 'A producer that writes in transactions.',
      spec: TransactionSpec,
      status: TransactionStatus,
      owner: 'service',
    },
  },
  meters: {
    produced: { unit: 'call', kind: 'sum', text: 'Batches appended.' },
    fetched: { unit: 'call', kind: 'sum', text: 'Partitions read from.' },
    ingress: { unit: 'byte', kind: 'sum', text: 'Bytes of batches received.' },
    egress: { unit: 'byte', kind: 'sum', text: 'Bytes of batches sent.' },
  },
  quotas: {
    topics: { kind: 'count', of: 'Topic', limit: topicsMax, text: 'Topics of one scope.' },
    produce: { kind: 'rate', unit: 'byte', perSecond: producePerSecond, burst: produceBurst, text: 'Bytes produced by one scope.' },
    fetch: { kind: 'rate', unit: 'byte', perSecond: fetchPerSecond, burst: fetchBurst, text: 'Bytes read by one scope.' },
  },
  events: {
    TopicCreated: { data: Type.Object({ topic: Type.String() }), text: 'A topic was made.' },
    TopicDeleted: { data: Type.Object({ topic: Type.String() }), text: 'A topic was deleted.' },
  },
  errors,
  needs: {},
  doors: {
    kafka: {
      protocol: 'kafka',
      port: 9092,
      faces: ['sasl', 'bearer', 'certificate', 'open'],
      anonymous: 'never',
      text: 'The Kafka protocol: SASL PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER, plain or TLS on one port.',
    },
  },
  operations: { ...topicOperations, ...groupOperations },
  roles: {
    auditor: ['ListTopics', 'GetTopic', 'DescribeTopicConfig', 'ListGroups', 'GetGroup', 'ListTransactions', 'GetTransaction'],
    reader: ['auditor', 'Fetch', 'JoinGroup', 'CommitOffsets'],
    editor: ['reader', 'Produce', 'WriteTransaction', 'DeleteRecords', 'DeleteOffsets', 'DeleteGroup'],
    admin: ['editor', 'CreateTopic', 'AlterTopicConfig', 'CreatePartitions', 'DeleteTopic'],
    owner: ['admin'],
  },
});
export default log;
