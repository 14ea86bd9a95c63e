import { Type } from '#kernel/contract/type.ts';
import type { Operation } from '#kernel/contract/contract.ts';
import { envelope, Labels, PageInput } from '#kernel/contract/crud.ts';
import { configsMax, configValueMax, recordsMax, recordTextMax, topicNameMax, topicPartitionsMax } from './limits.ts';

const closed = { additionalProperties: false } as const;
const everywhere = ['rest', 'cli', 'console'] as const;
const none = Type.Object({}, closed);

const Config = Type.Record(Type.String({ minLength: 1, maxLength: 100 }), Type.String({ maxLength: configValueMax }), {
  maxProperties: configsMax,
  description: 'Entries that differ from the defaults, by their names in Apache Kafka.',
});
const Partitions = Type.Integer({ minimum: 1, maximum: topicPartitionsMax, description: 'Number of partitions.' });

/** What a tenant decides about a topic. */
export const TopicSpec = Type.Object({ partitions: Partitions, config: Type.Optional(Config) }, closed);
export const TopicStatus = Type.Object({
  id: Type.String({ description: 'Identity of the topic in the protocol.' }),
  records: Type.Integer({ description: 'Offsets from the start to the end of all partitions.' }),
  sizeBytes: Type.Integer({ description: 'Bytes of all records, wherever they lie.' }),
  localBytes: Type.Integer({ description: 'Bytes on the disk of the log; less than all where segments lie in the store of blobs alone.' }),
  hanging: Type.Integer({ description: 'Transactions open in its partitions that nobody will end.' }),
});
export const Topic = envelope(TopicSpec, TopicStatus);

const TopicName = Type.String({
  minLength: 1,
  maxLength: topicNameMax,
  pattern: '^[a-zA-Z0-9._-]+$',
  description: 'Name of the topic, unique in its environment.',
});
const Offset = Type.Integer({ minimum: 0, description: 'Offset in a partition.' });
const Text = Type.Union([Type.String({ maxLength: recordTextMax }), Type.Null()]);
const Encoding = Type.Union([Type.Literal('text'), Type.Literal('base64')], {
  default: 'text',
  description: 'How keys and values are written.',
});
const Headers = Type.Record(Type.String({ maxLength: 1000 }), Text, { maxProperties: 100 });

const RecordIn = Type.Object(
  {
    key: Type.Optional(Text),
    value: Text,
    headers: Type.Optional(Headers),
    partition: Type.Optional(Type.Integer({ minimum: 0 })),
    timestamp: Type.Optional(Type.Integer({ minimum: 0, description: 'Milliseconds since 1970.' })),
  },
  closed,
);
const RecordOut = Type.Object({
  partition: Type.Integer(),
  offset: Type.Integer(),
  timestamp: Type.Integer(),
  key: Text,
  value: Text,
  headers: Headers,
});

const Writer = Type.Object({
  producerId: Type.Integer(),
  producerEpoch: Type.Integer(),
  from: Type.Integer({ description: 'First offset of the open transaction.' }),
  lastWriteAt: Type.Integer({ description: 'Time of its last record, in milliseconds since 1970.' }),
  transaction: Type.Union([Type.String(), Type.Null()], { description: 'Who will end it; null: nobody, it hangs.' }),
});
const PartitionOut = Type.Object({
  partition: Type.Integer(),
  start: Type.Integer(),
  end: Type.Integer({ description: 'The offset that the next record gets.' }),
  stable: Type.Integer({ description: 'Readers of committed records see what is before it.' }),
  sizeBytes: Type.Integer(),
  localBytes: Type.Integer(),
  open: Type.Array(Writer, { description: 'Open transactions, the longest first.' }),
});

const base = { on: 'Topic', expose: everywhere } as const;
const read = { ...base, effect: 'read', audit: 'window', repeat: 'natural' } as const;
const manage = { ...base, effect: 'write', audit: 'before-reply', repeat: 'natural' } as const;

/** The operations on topics, as the Kafka door, REST and the command line reach them. */
export const topicOperations = {
  ListTopics: {
    ...read,
    at: 'collection',
    text: 'List topics in order of name.',
    input: PageInput,
    output: Type.Object({ items: Type.Array(Topic), next: Type.Optional(Type.String()), version: Type.String() }),
  },
  GetTopic: { ...read, text: 'Read a topic.', errors: ['NoSuchTopic'], input: none, output: Topic },
  CreateTopic: {
    ...manage,
    at: 'new',
    text: 'Make a topic.',
    quota: ['topics'],
    errors: ['TopicExists', 'TopicNameInvalid', 'PartitionsInvalid', 'ConfigInvalid'],
    emits: ['TopicCreated'],
    input: Type.Object(
      { name: TopicName, partitions: Type.Optional(Partitions), config: Type.Optional(Config), labels: Type.Optional(Labels) },
      closed,
    ),
    output: Topic,
  },
  AlterTopicConfig: {
    ...manage,
    text: "Set or take back entries of a topic's configuration.",
    errors: ['NoSuchTopic', 'ConfigInvalid'],
    input: Type.Object(
      {
        set: Type.Optional(Config),
        unset: Type.Optional(Type.Array(Type.String({ maxLength: 100 }), { maxItems: configsMax })),
        replace: Type.Optional(Type.Boolean({ description: 'Take back all entries that are not set.' })),
      },
      closed,
    ),
    output: Topic,
  },
  DescribeTopicConfig: {
    ...read,
    text: "Read a topic's configuration with its defaults.",
    errors: ['NoSuchTopic'],
    input: none,
    output: Type.Object({ config: Type.Record(Type.String(), Type.String()) }),
  },
  CreatePartitions: {
    ...manage,
    text: 'Give a topic more partitions.',
    errors: ['NoSuchTopic', 'PartitionsInvalid'],
    input: Type.Object({ partitions: Partitions }, closed),
    output: Topic,
  },
  DeleteTopic: {
    ...manage,
    essential: true,
    text: 'Delete a topic with its records.',
    errors: ['NoSuchTopic'],
    emits: ['TopicDeleted'],
    input: none,
    output: Type.Object({}),
  },
  DescribePartitions: {
    ...read,
    text: "Read a topic's partitions: their ends, their sizes, and the transactions that are open in them.",
    errors: ['NoSuchTopic'],
    input: none,
    output: Type.Object({ partitions: Type.Array(PartitionOut) }),
  },
  EndTransaction: {
    ...manage,
    essential: true,
    text: 'End a transaction that hangs in a partition, because its producer is gone and nobody else will end it.',
    errors: ['NoSuchTopic', 'NoSuchTransaction', 'ProducerFenced'],
    input: Type.Object(
      {
        partition: Type.Integer({ minimum: 0 }),
        producerId: Type.Integer({ minimum: 0 }),
        producerEpoch: Type.Integer({ minimum: 0 }),
        outcome: Type.Optional(Type.Union([Type.Literal('abort'), Type.Literal('commit')], { default: 'abort' })),
      },
      closed,
    ),
    output: Type.Object({}),
  },
  DeleteRecords: {
    ...manage,
    essential: true,
    text: 'Delete the records of a partition before an offset.',
    errors: ['NoSuchTopic', 'OffsetOutOfRange'],
    input: Type.Object({ partition: Type.Integer({ minimum: 0 }), before: Offset }, closed),
    output: Type.Object({ start: Offset }),
  },
  Produce: {
    ...base,
    effect: 'write',
    audit: 'from-log',
    repeat: 'natural',
    text: 'Append records.',
    charge: ['produced', 'ingress'],
    quota: ['produce'],
    errors: ['NoSuchTopic', 'RecordInvalid', 'RecordTooLarge', 'LogFailed'],
    input: Type.Object({ records: Type.Array(RecordIn, { minItems: 1, maxItems: recordsMax }), encoding: Type.Optional(Encoding) }, closed),
    output: Type.Object({ offsets: Type.Array(Type.Object({ partition: Type.Integer(), offset: Type.Integer() })) }),
  },
  Fetch: {
    ...read,
    text: 'Read records of a partition, those of committed transactions only.',
    charge: ['fetched', 'egress'],
    quota: ['fetch'],
    errors: ['NoSuchTopic', 'OffsetOutOfRange', 'LogFailed'],
    input: Type.Object(
      {
        partition: Type.Optional(Type.Integer({ minimum: 0, default: 0 })),
        offset: Type.Optional(Type.Integer({ minimum: 0, description: 'First offset; the oldest record when absent.' })),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: recordsMax, default: 100 })),
        encoding: Type.Optional(Encoding),
      },
      closed,
    ),
    output: Type.Object({ records: Type.Array(RecordOut), next: Offset, end: Offset }),
  },
} as const satisfies Record<string, Operation>;
