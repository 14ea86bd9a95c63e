import { limit } from '#kernel/contract/limit.ts';

const kib = 1024;
const mib = 1024 * kib;

export const inlineMaxBytes = limit(kib, 'byte', 'Largest object or part that lies in the index record itself; larger ones lie on drives.');
export const packedMaxBytes = limit(
  mib,
  'byte',
  'Largest object or part that is packed with others; larger ones have shards of their own.',
);
export const digestHereMaxBytes = limit(64 * kib, 'byte', 'Largest body whose digests are made on the event loop, when it ends.');
export const digestAheadBytes = limit(4 * mib, 'byte', 'Bytes of one body that may wait for their digests before more of it are read.');
export const digestPostBytes = limit(512 * kib, 'byte', 'Bytes of one body that are handed to the thread of digests at once.');
export const heapGrowthPercent = limit(
  300,
  'percent',
  'Growth of the heap, and of the buffers outside it, after which the collector looks through all of it.',
);
export const bucketsReadMax = limit(1024, 'bucket', 'Records of buckets that are kept unpacked in memory.');
export const blockBytes = limit(mib, 'byte', 'Bytes of a file of the first format that share one checksum; the last block may be shorter.');
export const recordHeadBytes = limit(64, 'byte', 'Header before every packed object; what follows is padded to a multiple of as many.');
export const extentBytes = limit(48 * mib, 'byte', 'Size at which an extent of packed objects is full and is sealed into 12+4.');
export const extentAgeMaxMs = limit(
  600_000,
  'ms',
  'Age at which an extent is sealed though it is not full: three copies bear the loss of two drives, 12+4 that of four.',
);
export const appendBytes = limit(8 * mib, 'byte', 'Most bytes of packed objects that one sync makes durable.');
export const appendWaitingBytes = limit(64 * mib, 'byte', 'Most bytes of packed objects that wait for their sync before more are refused.');
export const appendTriesMax = limit(4, 'extent', 'Extents that are tried for packed objects while drives fail.');
export const relaxedSyncMs = limit(
  1000,
  'ms',
  'Time after which what buckets of relaxed durability acknowledged is synced, if nothing before it was.',
);
export const relaxedRunsMax = limit(16, 'run', 'Runs of shards, acknowledged and not synced yet, beyond which writes wait for the oldest.');
export const copiesOfExtent = limit(3, 'drive', 'Drives that hold an extent until it is sealed.');
export const copiesMin = limit(2, 'drive', 'Fewest drives in use with which packed objects are still taken.');
export const shardsWrittenMin = limit(
  13,
  'shard',
  'Fewest of sixteen shards with which large objects are still taken: one drive more may fail.',
);
export const drivesMax = limit(255, 'drive', 'Drives of a store; a shard says in one byte on which of them it lies.');
export const keyFileMaxBytes = limit(256, 'byte', 'Largest file of the key that storage and a node share.');
export const nodeFilesMax = limit(8192, 'file', 'Files that a node keeps open for one connection.');
export const rebuildsMax = limit(4, 'run', 'Runs of shards that are rebuilt at once for a new drive.');
export const quickReadMaxBytes = limit(
  64 * kib,
  'byte',
  'Largest read that is not handed to another thread while the drive answers at once.',
);
export const quickReadMs = limit(1, 'ms', 'Time above which such a read waited for its disk.');
export const quickPauseMs = limit(250, 'ms', 'Time for which reads of a drive are handed to another thread after one waited.');
export const driveWaitMs = limit(
  10_000,
  'ms',
  'Wait before work for which there are too few drives, or no room, is tried again; a drive that comes ends it.',
);
export const scanTurnBytes = limit(mib, 'byte', 'Bytes of an extent that are looked through before others have a turn.');
export const readPatienceMinMs = limit(50, 'ms', 'Shortest wait for a shard before the others are asked instead.');
export const readPatienceMaxMs = limit(2000, 'ms', 'Longest wait for a shard before the others are asked instead.');
export const readsRemembered = limit(256, 'read', 'Reads of shards of which the slowest twentieth says what is slow.');
export const latePauseMs = limit(5000, 'ms', 'Time for which others are asked before a drive that was late.');
export const movesMax = limit(4, 'time', 'Times a packed object is looked up again because it was moved while it was being read.');
export const moveBatchMax = limit(64, 'object', 'Objects of an extent that are moved at once.');
export const readPieceBytes = limit(4 * mib, 'byte', 'Bytes of an extent that are read at once when it is sealed.');
export const upkeepWaitMs = limit(1000, 'ms', 'Wait before work on an extent or a drive that failed is tried again.');
export const turnRowsMax = limit(1000, 'row', 'Rows of the index that upkeep reads before it lets others have a turn.');
export const repairsMax = limit(10_000, 'run', 'Runs of shards that wait for repair; more are found again by the next scrub.');
export const driveCheckMs = limit(1000, 'ms', 'Time between two looks at whether every drive is still there.');
export const driveGraceMs = limit(
  15_000,
  'ms',
  'Time for which a drive directory of our own must be gone before it is made again and rebuilt.',
);
export const scrubDays = limit(
  14,
  'day',
  'Days within which every byte on every drive is read and compared with its checksum, unless the operator names others.',
);
export const scrubBytesPerSecondMin = limit(4 * mib, 'byte per second', 'Slowest pace at which stored bytes are read again.');
export const filesOpenMax = limit(512, 'file', 'Files of extents that stay open between reads, of each partition.');
export const deadShareMax = limit(
  0.4,
  'share',
  'Share of an extent that is deleted objects above which the rest is moved and it is dropped.',
);
export const partitionsMax = limit(16, 'partition', 'Partitions of the index; each has a log and extents of its own.');
export const changeLockWaitMs = limit(10_000, 'ms', 'Longest wait of a change of a bucket for one that another process makes.');
export const changeLockLookMs = limit(2, 'ms', 'Time between two looks whether another process still changes a bucket.');
export const workerFrameHeadBytes = limit(4, 'byte', 'What says how long a piece is that processes of storage send each other.');
export const workerFrameMaxBytes = limit(4 * mib, 'byte', 'Longest piece that processes of storage send each other at once.');
export const workerLookMs = limit(25, 'ms', 'Time between two attempts to reach a process of storage that is away.');
export const changeGapMs = limit(1000, 'ms', 'Longest wait for a change of a bucket by another process, of which a later one is known.');
export const workerKnownMs = limit(5000, 'ms', 'Longest wait for a process of storage that has not been there yet.');
export const workerLineMaxBytes = limit(mib, 'byte', 'Longest line that processes of storage tell each other on.');
export const copiesOfIndex = limit(3, 'drive', 'Drives that hold the log of the index.');
export const indexHeadBytes = limit(32, 'byte', 'Header before every frame of the log of the index.');
export const indexFrameMaxBytes = limit(1024 * mib, 'byte', 'Longest frame of the log of the index: what one commit changes.');
export const indexLogMinBytes = limit(16 * mib, 'byte', 'Length of the log of the index up to which no new base is written.');
export const indexCheckedMaxBytes = limit(
  256 * mib,
  'byte',
  'Longest log of the index whose changes are held in memory to look at every row.',
);
export const indexLogsMax = limit(8, 'file', 'Files of the log of the index, one for each start, up to which no new base is written.');
export const indexCheckMaxBytes = limit(64 * mib, 'byte', 'Largest log of the index against which all of it is held at every start.');
export const indexCheckMs = limit(3_600_000, 'ms', 'Time after which every row of the index is held against its log again.');
export const batchMax = limit(1000, 'change', 'Most changes of the index that one commit carries.');
export const waitingMax = limit(50_000, 'change', 'Most changes of the index that wait for their commit before more are refused.');
export const effectsReadMax = limit(1000, 'record', 'Most audit records read from the effects log at once.');
export const effectsForgetMax = limit(5000, 'record', 'Most audit records dropped from the effects log in one commit.');
export const openReadersMax = limit(256, 'reader', 'Most threads and processes that may read the index at once.');
export const sweepMax = limit(1000, 'file', 'Most freed files unlinked before their rows are dropped in one commit.');
export const bucketChangesMax = limit(1000, 'change', 'Changes of buckets remembered for watches; older ones are answered Gone.');
export const effectDetailMaxBytes = limit(32 * kib, 'byte', 'Keys that the audit record of one DeleteObjects names; the rest are counted.');
export const gatherRuns = limit(16, 'run', 'Small runs of an object that was appended to that are made one.');
export const gatheredMinBytes = limit(kib, 'byte', 'Size of runs up to which they are of the smallest kind that is gathered.');
export const gatheredMaxBytes = limit(4 * mib, 'byte', 'Size of runs from which they are not gathered any more.');
export const tokenKeptMs = limit(3_600_000, 'ms', 'Time for which the client token of a rename is kept; after it a repeat is done.');
export const tokensForgetMax = limit(1000, 'token', 'Tokens of renames that are looked at, and dropped, in one turn.');
export const tokenRoundMs = limit(600_000, 'ms', 'Wait before tokens of renames are looked through for those that are old.');
export const copyTriesMax = limit(3, 'try', 'Times a copy reads its source again because it was replaced meanwhile.');
export const startMaxBytes = limit(1200, 'byte', 'Most bytes of the place at which a list begins; every key of the index is shorter.');
export const parsedPoliciesMax = limit(10_000, 'policy', 'Policies of buckets kept parsed.');
export const dayDefaultMs = limit(
  86_400_000,
  'millisecond',
  'Length of a day of lifecycles, retentions and restores, unless a trial sets another.',
);

export const lifecyclePageMax = limit(1000, 'version', 'Versions that a round of lifecycles looks at before others have their turn.');
export const lifecycleRoundsPerDay = limit(24, 'round', 'How often a day the lifecycles of buckets are looked at.');
export const lifecycleWaitMaxMs = limit(3_600_000, 'millisecond', 'Longest wait between two rounds of lifecycles.');
export const lifecycleWaitMinMs = limit(250, 'millisecond', 'Shortest wait between two rounds of lifecycles.');

export const inventoryPageMax = limit(1000, 'version', 'Versions that an inventory reads before others have their turn.');
export const inventoriesListedMax = limit(100, 'inventory', 'Inventories of a bucket that one list tells, as in S3.');
export const inventoryRoundsPerDay = limit(1440, 'round', 'How often a day it is looked whether an inventory is due.');
export const inventoryWaitMaxMs = limit(60_000, 'millisecond', 'Longest wait between two such looks.');
export const inventoryWaitMinMs = limit(250, 'millisecond', 'Shortest wait between two such looks.');

/** The length of a day that a trial sets, in milliseconds. */
export function dayOf(text: string | undefined): number {
  return text !== undefined && /^[1-9]\d{2,8}$/.test(text) ? Number(text) : dayDefaultMs;
}
export const subjectPageMax = limit(1000, 'item', 'Buckets, versions or uploads looked at in one turn for what is about a subject.');
export const accessLogWaitMaxMs = limit(300_000, 'millisecond', 'Longest that a line of the log of a bucket waits before it is written.');
export const accessLogWaitMinMs = limit(250, 'millisecond', 'Shortest time between two logs of a bucket, in trials with a shorter day.');
export const accessLogDayParts = limit(288, 'log', 'Most logs of one bucket in a day, but for those of many requests.');
export const accessLogMaxBytes = limit(8 * 1024 * 1024, 'byte', 'Lines of logs that wait; more are written at once.');
export const heatBucketsMax = limit(256, 'bucket', 'Buckets of which is remembered what is asked for most.');
export const heatCountersMax = limit(64, 'name', 'Prefixes and keys of a bucket that are counted, by requests and by bytes.');
export const heatDepthMax = limit(3, 'slash', 'Slashes of a key up to which its prefixes are counted.');
export const heatHalfLifeMs = limit(300_000, 'millisecond', 'Age at which a request counts half in what is asked for most.');
export const remoteRequestsMax = limit(
  12,
  'piece',
  "Pieces of 3 MiB that go to the operator's store or come from it at once, for each partition; more wait.",
);
export const remoteSilenceMs = limit(10_000, 'ms', "Time for which a silent operator's store is asked nothing.");
export const remoteRemovalsMax = limit(4, 'blob', "Blobs that are removed from the operator's store at once.");
export const remoteWaitMs = limit(10_000, 'ms', "Wait before what the operator's store did not remove is tried again.");
export const remoteSweepMs = limit(
  86_400_000,
  'ms',
  "Time between two searches of the operator's store for what the index knows nothing of.",
);
export const remoteMarkBytes = limit(13, 'byte', "What is written down of bytes that are to be removed from the operator's store.");
export const failuresPlayedMax = limit(300, 'failure', 'Failures of drives and domains in a life that is played out, on average.');
export const livesAtOnce = limit(20, 'life', 'Lives of a stripe that are played out before others have a turn.');
export const compressHereMaxBytes = limit(16 * kib, 'byte', 'Largest frame compressed on the event loop, and with a dictionary.');
export const compressThreadsMax = limit(4, 'thread', 'Threads that compress and decompress larger frames.');
export const compressAheadMax = limit(4, 'frame', 'Frames of one body or one read that are compressed or decompressed at once.');
export const compressedShareMax = limit(0.95, 'share', 'What a frame may at most have left of itself for its compression to pay.');
export const framesListedMax = limit(
  64,
  'frame',
  'Frames of a compressed run whose lengths lie in its record; those of longer runs lie behind its bytes.',
);
export const frameListBytes = limit(
  65_520,
  'byte',
  'Bytes of such a list that are sealed together: where 10,920 frames begin, six bytes for each.',
);
export const sampleBytesMax = limit(mib, 'byte', 'Bytes of samples of a bucket that are held; half of it makes a dictionary.');
export const samplesMin = limit(64, 'object', 'Fewest samples from which a dictionary is made.');
export const samplesMax = limit(2048, 'object', 'Most samples from which a dictionary is made.');
export const sampledBucketsMax = limit(16, 'bucket', 'Buckets of which samples are held at once.');
export const dictionaryGainMin = limit(0.05, 'share', 'What a new dictionary must save of what is stored without it to be kept.');
export const dictionariesMax = limit(8, 'version', 'Versions of the dictionary of one bucket.');
export const dictionariesOpenMax = limit(64, 'dictionary', 'Dictionaries that stay in memory.');
export const trainAgainFactor = limit(16, 'time', 'How many times more objects must come before a dictionary is tried again.');
