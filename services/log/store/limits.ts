import { limit } from '#kernel/contract/limit.ts';

const kib = 1024;
const mib = 1024 * kib;

export const indexIntervalBytes = limit(32 * kib, 'byte', 'Bytes of a segment between two entries of its offset index.');
export const scanChunkBytes = limit(mib, 'byte', 'Bytes read at once while a segment is scanned.');
export const repackedBytesMax = limit(
  32 * mib,
  'byte',
  "Records of a batch, unpacked, that a topic's compression.type has packed anew; more where its batches may be larger.",
);
export const timerMaxMs = limit(2 ** 31 - 1, 'ms', 'Longest time that a timer can be set for.');
export const batchMaxBytes = limit(100 * mib, 'byte', 'Largest batch a segment can hold.');
export const checkpointBytes = limit(4 * mib, 'byte', 'Bytes appended to a segment from which on it is noted how far it has come.');
export const checkpointMs = limit(2000, 'ms', 'Time between two looks at how far segments have come.');
export const hotBytes = limit(32 * mib, 'byte', 'End of a segment that is read at once, because the system still holds it in memory.');
export const producerBatchesMax = limit(5, 'batch', 'Last batches of a producer that are recognised when they come again.');
export const producersMax = limit(50_000, 'producer', 'Producers one partition remembers; beyond it the longest known is forgotten.');
export const stateSegmentBytes = limit(
  8 * mib,
  'byte',
  'Size at which a segment of the log about topics, groups or transactions is sealed.',
);
export const blockBytes = limit(mib, 'byte', 'Part of a tiered segment that is sealed, read and cached as one.');
export const tagBytes = limit(16, 'byte', 'What sealing adds to a block of a tiered segment.');
export const tierCacheBytes = limit(64 * mib, 'byte', 'Tiered segments that are kept in memory after they were read.');
export const tierReadBytes = limit(4 * mib, 'byte', 'Most that one fetch reads of a tiered segment, unless a batch is larger.');
export const tierMs = limit(5000, 'ms', 'Time between two looks at what is to be tiered.');
export const collectMs = limit(3_600_000, 'ms', 'Time between two searches of the store of blobs for what no segment speaks of.');
export const sweepMs = limit(30_000, 'ms', 'Time between two looks at retention and compaction.');
export const compactKeysMax = limit(5_000_000, 'key', 'Most keys of one pass of compaction; the rest follows in the next.');
export const topicsMax = limit(10_000, 'topic', 'Topics of one scope.');
export const partitionsMax = limit(4000, 'partition', 'Partitions of one scope.');
export const topicPartitionsMax = limit(1000, 'partition', 'Partitions of one topic.');
export const effectWindowMs = limit(1000, 'ms', 'Time in which produces of one caller to one topic are gathered into one audit record.');
export const effectsKeptMax = limit(100_000, 'record', 'Audit records of produces that wait for the journal; beyond it produces wait.');
export const rebalanceDelayMaxMs = limit(60_000, 'ms', 'Longest wait of a group without members for more than the first.');
export const idleMs = limit(600_000, 'ms', 'Silence after which a connection is closed unless the operator says, as in Apache Kafka.');
export const idleMinMs = limit(1000, 'ms', 'Least silence after which connections may be closed.');
export const groupsMax = limit(10_000, 'group', 'Groups of one scope.');
export const groupMembersMax = limit(2000, 'member', 'Members of one group.');
export const offsetExpiryMs = limit(7 * 24 * 3_600_000, 'ms', 'Time after which offsets of a group without members are forgotten.');
export const offsetMetadataMax = limit(4096, 'character', 'Longest metadata of a committed offset, as in Apache Kafka.');
export const sessionMinMs = limit(1000, 'ms', 'Shortest session of a group member.');
export const sessionMaxMs = limit(1_800_000, 'ms', 'Longest session of a group member, as in Apache Kafka.');
export const producerBlockMax = limit(1000, 'id', 'Producer ids that are reserved at once.');
export const transactionalIdsMax = limit(10_000, 'producer', 'Transactional producers of one scope.');
export const transactionTimeoutMaxMs = limit(900_000, 'ms', 'Longest transaction, as in Apache Kafka.');
export const transactionSweepMs = limit(1000, 'ms', 'Time between two looks for transactions that are open too long.');
export const consumerHeartbeatMs = limit(1000, 'ms', 'Time between heartbeats that members of a consumer group are told.');
export const consumerSessionMs = limit(45_000, 'ms', 'Silence after which a member of a consumer group is gone, as in Apache Kafka.');
export const parsedSchemasMax = limit(
  500,
  'schema',
  'Schemas of one scope that are kept as understood; beyond it the oldest is read again.',
);
export const schemaHeadBytes = limit(5, 'byte', "What stands before a record's bytes where it has a schema: a zero and the schema's id.");
export const mirroredFileBytes = limit(
  32 * mib,
  'byte',
  'Largest file that is told to the standby as a whole; for a larger one it begins anew.',
);
export const mirrorWaitingBytes = limit(256 * mib, 'byte', 'What may wait to be taken in by the standby before it counts as away.');
export const copyBytes = limit(mib, 'byte', 'Part of a file that the standby is sent at once.');
export const beatEveryMs = limit(200, 'ms', 'Time between two beats of the leader.');
export const silenceMs = limit(2000, 'ms', 'Silence after which one process of a log takes the other to be gone.');
export const patienceMs = limit(10_000, 'ms', 'Time that a standby which has just started gives a leader to start as well.');
export const finishMs = limit(4000, 'ms', 'Longest wait of a standby that ends for its leader.');
export const endPollMs = limit(20, 'ms', 'Time between two looks whether the leader has ended.');
export const seatMs = limit(500, 'ms', 'Time between two questions who leads, while PostgreSQL is away.');
export const quotasMax = limit(1000, 'entity', 'Users, clients and addresses of one scope that have client quotas.');
export const allowancesMax = limit(20_000, 'client', 'Clients of which it is kept how much of their quotas they used up.');
