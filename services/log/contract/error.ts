import type { Fault } from '#kernel/contract/fault.ts';

const no = (status: number, text: string): Fault => ({ status, retry: false, text });
const again = (status: number, text: string): Fault => ({ status, retry: true, text });

/** The operating errors of the log that the kernel's table lacks. */
export const errors = {
  NoSuchTopic: no(404, 'There is no such topic or partition.'),
  NoSuchGroup: no(404, 'There is no such group.'),
  NoSuchTransaction: no(404, 'There is no such transactional producer.'),
  ProducerFenced: no(409, 'A later epoch of the producer has written there.'),
  TopicExists: no(409, 'The topic exists already.'),
  TopicNameInvalid: no(400, 'The name is none that a topic may have.'),
  PartitionsInvalid: no(400, 'The number of partitions is not possible.'),
  ReplicationInvalid: no(400, 'There is one broker, so that there is one replica.'),
  ConfigInvalid: no(400, 'The configuration is not possible.'),
  OffsetOutOfRange: no(416, 'The partition has no such offset.'),
  RecordInvalid: no(400, 'A record is not acceptable to the topic.'),
  RecordTooLarge: no(413, 'The batch is larger than the topic allows.'),
  GroupNotEmpty: no(409, 'The group has members.'),
  NoSuchSubject: no(404, 'There is no such subject.'),
  NoSuchVersion: no(404, 'The subject has no such version.'),
  NoSuchSchema: no(404, 'There is no such schema.'),
  SubjectSoftDeleted: no(404, 'The subject is deleted already; delete it with permanent=true.'),
  SubjectNotSoftDeleted: no(404, 'A subject is deleted for good only after it was deleted.'),
  VersionSoftDeleted: no(404, 'The version is deleted already; delete it with permanent=true.'),
  VersionNotSoftDeleted: no(404, 'A version is deleted for good only after it was deleted.'),
  SubjectInvalid: no(422, 'The name is none that a subject may have.'),
  VersionInvalid: no(422, 'A version is a number from 1 on, or latest.'),
  SchemaInvalid: no(422, 'The text is no schema of its language.'),
  SchemaIncompatible: no(409, 'The schema is not compatible with what the subject has.'),
  SchemaIdTaken: no(422, 'The id or version belongs to another schema.'),
  ModeForbids: no(422, 'The mode of the registry or subject does not allow this.'),
  ReferenceExists: no(422, 'Other schemas name this version.'),
  LogFailed: again(503, 'The log could not be written; it is read-only until it can.'),
} as const satisfies Record<string, Fault>;
