import type { Fault } from '#kernel/contract/fault.ts';

const no = (status: number, text: string): Fault => ({ status, retry: false, text });
const again = (status: number, text: string): Fault => ({ status, retry: true, text });

/** The operating errors of the log that the kernel's table lacks. */
export const errors = {
  NoSuchTopic: no(404, 'There is no such topic or partition.'),
  NoSuchGroup: no(404, 'There is no such group.'),
  NoSuchTransaction: no(404, 'There is no such transactional producer.'),
  TopicExists: no(409, 'The topic exists already.'),
  TopicNameInvalid: no(400, 'The name is none that a topic may have.'),
  PartitionsInvalid: no(400, 'The number of partitions is not possible.'),
  ReplicationInvalid: no(400, 'There is one broker, so that there is one replica.'),
  ConfigInvalid: no(400, 'The configuration is not possible.'),
  OffsetOutOfRange: no(416, 'The partition has no such offset.'),
  RecordInvalid: no(400, 'A record is not acceptable to the topic.'),
  RecordTooLarge: no(413, 'The batch is larger than the topic allows.'),
  GroupNotEmpty: no(409, 'The group has members.'),
  LogFailed: again(503, 'The log could not be written; it is read-only until it can.'),
} as const satisfies Record<string, Fault>;
