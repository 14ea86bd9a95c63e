import { Type } from '#kernel/contract/type.ts';
import { defineService } from '#kernel/contract/contract.ts';
import { subjectOperations, subjectResources } from '#kernel/privacy/subject.ts';
import { errors } from './contract/error.ts';
import { GroupSpec, GroupStatus, groupOperations, TransactionSpec, TransactionStatus } from './contract/group.ts';
import { quotaOperations } from './contract/quota.ts';
import { registryOperations, SchemaSpec, SchemaStatus, SubjectSpec, SubjectStatus } from './contract/registry.ts';
import { fetchBurst, fetchPerSecond, produceBurst, producePerSecond, subjectsMax, topicsMax } from './contract/limits.ts';
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
    Subject: {
      of: 'scope',
      text: 'What records of one kind look like, version by version.',
      spec: SubjectSpec,
      status: SubjectStatus,
      owner: 'service',
      columns: ['compatibility'],
    },
    Schema: {
      of: 'scope',
      text: 'A schema in Avro, JSON Schema or Protobuf, by its number.',
      spec: SchemaSpec,
      status: SchemaStatus,
      owner: 'service',
      columns: ['schemaType'],
    },
    ...subjectResources,
  },
  meters: {
    produced: { unit: 'call', kind: 'sum', text: 'Batches appended.', by: ['resource'] },
    fetched: { unit: 'call', kind: 'sum', text: 'Partitions read from.', by: ['resource'] },
    ingress: { unit: 'byte', kind: 'sum', text: 'Bytes of batches received.', by: ['resource'] },
    egress: { unit: 'byte', kind: 'sum', text: 'Bytes of batches sent.', by: ['resource'] },
  },
  quotas: {
    topics: { kind: 'count', of: 'Topic', limit: topicsMax, text: 'Topics of one scope.' },
    subjects: { kind: 'count', of: 'Subject', limit: subjectsMax, text: 'Subjects of one scope.' },
    produce: { kind: 'rate', unit: 'byte', perSecond: producePerSecond, burst: produceBurst, text: 'Bytes produced by one scope.' },
    fetch: { kind: 'rate', unit: 'byte', perSecond: fetchPerSecond, burst: fetchBurst, text: 'Bytes read by one scope.' },
  },
  events: {
    TopicCreated: { data: Type.Object({ topic: Type.String() }), text: 'A topic was made.' },
    TopicDeleted: { data: Type.Object({ topic: Type.String() }), text: 'A topic was deleted.' },
    SchemaRegistered: {
      data: Type.Object({ subject: Type.String(), version: Type.Integer(), id: Type.Integer() }),
      text: 'A subject has a new version.',
    },
  },
  errors,
  needs: {
    directory: { seam: 'directory', scope: 'caller', optional: false },
    sql: { seam: 'sql', scope: 'service', optional: true },
    blobs: { seam: 'blobs', scope: 'service', optional: true },
  },
  doors: {
    kafka: {
      protocol: 'kafka',
      port: 9092,
      faces: ['sasl', 'bearer', 'certificate', 'service', 'open'],
      anonymous: 'never',
      text: 'The Kafka protocol: SASL PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER, plain or TLS on one port.',
    },
    http: {
      protocol: 'http',
      port: 8082,
      faces: ['bearer', 'basic', 'session', 'open'],
      anonymous: 'never',
      text: 'Records in and out of topics in JSON, NDJSON and CSV, and a topic as server-sent events for browsers.',
    },
    registry: {
      protocol: 'http',
      port: 8081,
      faces: ['basic', 'bearer', 'session', 'service', 'open'],
      anonymous: 'never',
      text: 'The REST interface of Confluent Schema Registry, for its serialisers: Avro, JSON Schema, Protobuf.',
    },
  },
  operations: { ...topicOperations, ...groupOperations, ...quotaOperations, ...registryOperations, ...subjectOperations },
  roles: {
    publisher: ['Produce', 'GetTopic', 'WriteIdempotently'],
    streamer: ['publisher', 'Fetch', 'GetSchema', 'GetSubjectVersion', 'WriteTransaction', 'JoinGroup', 'CommitOffsets'],
    steward: ['streamer', 'DeleteTopic'],
    auditor: [
      'ListTopics',
      'GetTopic',
      'DescribeTopicConfig',
      'DescribeClientQuotas',
      'DescribePartitions',
      'ListGroups',
      'GetGroup',
      'ListTransactions',
      'GetTransaction',
      'ListSubjects',
      'GetSubject',
      'DescribeRegistry',
      'DescribeSubjectSettings',
    ],
    reader: [
      'auditor',
      'RevealPersonal',
      'Fetch',
      'JoinGroup',
      'CommitOffsets',
      'GetSubjectVersion',
      'ListReferrers',
      'LookupSchema',
      'CheckCompatibility',
      'ListSchemas',
      'GetSchema',
    ],
    editor: [
      'reader',
      'Produce',
      'WriteIdempotently',
      'WriteTransaction',
      'AbortTransaction',
      'EndTransaction',
      'DeleteRecords',
      'DeleteOffsets',
      'DeleteGroup',
      'RegisterSchema',
    ],
    admin: [
      'editor',
      'ExportDataSubject',
      'CreateTopic',
      'AlterTopicConfig',
      'AlterClientQuotas',
      'CreatePartitions',
      'DeleteTopic',
      'DeleteSubject',
      'DeleteSubjectVersion',
      'ConfigureRegistry',
      'ConfigureSubject',
    ],
    owner: ['admin', 'EraseDataSubject'],
  },
});
export default log;
