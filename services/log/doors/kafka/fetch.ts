import type { RequestOf } from '#wire/kafka/api.ts';
import { errorCode, type ErrorName } from '#wire/kafka/error.ts';
import { fetch } from '#wire/kafka/message/record-access.ts';
import type { Aborted } from '../../domain/producer.ts';
import { leaderEpoch, type Partition } from '../../store/partition.ts';
import type { Topic } from '../../store/topic.ts';
import { admitted, type Asking, granted, route } from './exchange.ts';
import { readFault } from './errors.ts';
import { fetchMaxBytes, parkMaxMs } from './limits.ts';

type Message = RequestOf<typeof fetch>;
type WantedTopic = Message['topics'][number];
type Wanted = WantedTopic['partitions'][number];
type Answer = {
  partitionIndex: number;
  errorCode: number;
  highWatermark: number;
  lastStableOffset: number;
  logStartOffset: number;
  abortedTransactions: { producerId: number; firstOffset: number }[] | null;
  records: Buffer | null;
};
type Found = { readonly topic: Topic } | { readonly error: ErrorName };

const nothing = Buffer.alloc(0);
const failed = (index: number, name: ErrorName): Answer => ({
  partitionIndex: index,
  errorCode: errorCode[name],
  highWatermark: -1,
  lastStableOffset: -1,
  logStartOffset: -1,
  abortedTransactions: null,
  records: nothing,
});

async function find(asking: Asking, { topic: name, topicId }: WantedTopic): Promise<Found> {
  const { broker, session, version } = asking;
  const { scope } = session.caller;
  const topic = version >= 13 ? broker.topics.byId(scope, topicId) : broker.topics.find(scope, name);
  if (!topic) return { error: version >= 13 ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION' };
  return (await granted(asking, 'Fetch', topic.name)) ? { topic } : { error: 'TOPIC_AUTHORIZATION_FAILED' };
}

/** Why a partition cannot be read where it was asked, or the partition. */
function locate(
  found: Found,
  { partition: index, fetchOffset, currentLeaderEpoch }: Wanted,
): Partition | { error: ErrorName; at?: Partition } {
  if ('error' in found) return found;
  const partition = found.topic.partitions[index];
  if (!partition) return { error: 'UNKNOWN_TOPIC_OR_PARTITION' };
  if (currentLeaderEpoch > leaderEpoch) return { error: 'UNKNOWN_LEADER_EPOCH' };
  if (fetchOffset < partition.logStart || fetchOffset > partition.next) return { error: 'OFFSET_OUT_OF_RANGE', at: partition };
  return partition;
}

/** What an answer may still take and has taken; `held` is what reads under way may take at most. */
type Reading = { left: number; held: number; found: number; failed: boolean };
/** A partition's answer, which is told when every one before it has been. */
type Telling = () => Answer | Promise<Answer>;

/** Begins to read a partition; undefined when what the reads under way leave over must be known before. */
function beginReading(found: Found, wanted: Wanted, committed: boolean, reading: Reading): Telling | undefined {
  const partition = locate(found, wanted);
  if ('error' in partition) {
    reading.failed = true;
    const answer = failed(wanted.partition, partition.error);
    return () => (partition.at ? { ...answer, logStartOffset: partition.at.logStart, highWatermark: partition.at.next } : answer);
  }
  const below = committed ? partition.stable : partition.next;
  const answer = (records: Buffer): Answer => ({
    partitionIndex: wanted.partition,
    errorCode: 0,
    highWatermark: partition.next,
    lastStableOffset: partition.stable,
    logStartOffset: partition.logStart,
    abortedTransactions: committed ? partition.producers.abortedWithin(wanted.fetchOffset, below).map(asked) : null,
    records,
  });
  if (below <= wanted.fetchOffset) return () => answer(nothing);
  if (reading.held > 0 && reading.left - reading.held < wanted.partitionMaxBytes) return undefined;
  const most = Math.max(0, Math.min(wanted.partitionMaxBytes, reading.left));
  if (most === 0 && reading.found > 0) return () => answer(nothing);
  reading.held += most;
  const opened = readOpened(partition, wanted.fetchOffset, most, below);
  // It is told in its turn, and not at all where one before it failed.
  opened.catch(() => undefined);
  return async () => {
    const records = await opened;
    reading.held -= most;
    if (typeof records === 'string') {
      reading.failed = true;
      return failed(wanted.partition, records);
    }
    // A batch that is larger than what is left may only be the first of the answer (KIP-74).
    const told = records.length > most && reading.found > 0 ? nothing : records;
    reading.left -= told.length;
    reading.found += told.length;
    return answer(told);
  };
}

/** Batches in the clear, or why they are not: a key that is refused is a right that is lacking. */
async function readOpened(partition: Partition, offset: number, maxBytes: number, below: number): Promise<Buffer | ErrorName> {
  try {
    return (await partition.read(offset, maxBytes, below)).records;
  } catch (error) {
    const name = readFault(error);
    if (name === undefined) throw error;
    return name;
  }
}

const asked = ({ producerId, first }: Aborted) => ({ producerId, firstOffset: first });

type Read = { readonly answers: Answer[][]; readonly reading: Reading };

/** Reads partitions beside one another as far as the answer has room for all that they may bring. */
async function readAll(message: Message, found: readonly Found[], quotaBytes: number): Promise<Read> {
  const reading: Reading = { left: Math.min(message.maxBytes, fetchMaxBytes, quotaBytes), held: 0, found: 0, failed: false };
  const answers: Answer[][] = message.topics.map(() => []);
  const waiting: (readonly [Answer[], Telling])[] = [];
  const tell = async (): Promise<void> => {
    for (const [told, telling] of waiting.splice(0)) {
      const answer = telling();
      told.push(answer instanceof Promise ? await answer : answer);
    }
  };
  for (const [at, topic] of message.topics.entries()) {
    for (const wanted of topic.partitions) {
      const begin = () => beginReading(found[at] as Found, wanted, message.isolationLevel === 1, reading);
      let telling = begin();
      if (!telling) {
        await tell();
        telling = begin() as Telling;
      }
      waiting.push([answers[at] as Answer[], telling]);
    }
  }
  await tell();
  return { answers, reading };
}

/** Waits until a partition that was asked for changes, the time is over, or the caller is gone. */
function park(message: Message, found: readonly Found[], ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stops: (() => void)[] = [];
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      for (const stop of stops) stop();
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    message.topics.forEach(({ partitions }, at) => {
      const topic = found[at] as Found;
      if ('error' in topic) return;
      for (const { partition } of partitions) {
        const stop = topic.topic.partitions[partition]?.onMore(done);
        if (stop) stops.push(stop);
      }
    });
    if (signal.aborted) done();
  });
}

/** Reads until there is enough, or the client's patience is over. */
async function readEnough(message: Message, asking: Asking): Promise<Read> {
  const until = performance.now() + Math.min(message.maxWaitMs, parkMaxMs);
  for (;;) {
    const found = await Promise.all(message.topics.map((topic) => find(asking, topic)));
    const read = await readAll(message, found, asking.throttle.fetchBytesMax);
    const left = until - performance.now();
    const { reading } = read;
    if (reading.failed || reading.found >= message.minBytes || left <= 0 || asking.signal.aborted || message.topics.length === 0)
      return read;
    await asking.throttle.idle(park(message, found, left, asking.signal));
  }
}

const answerFetch = route(fetch, async (said, asking) => {
  const { broker, session, fetches } = asking;
  const entered = fetches.enter(said, asking.version);
  if ('error' in entered) return { throttleTimeMs: 0, errorCode: errorCode[entered.error], sessionId: 0, responses: [] };
  const message = { ...said, topics: entered.topics };
  const { answers } = await readEnough(message, asking);
  let waited = 0;
  for (const [at, topic] of message.topics.entries()) {
    const bytes = (answers[at] ?? []).reduce((sum, { records }) => sum + (records?.length ?? 0), 0);
    const name = asking.version >= 13 ? broker.topics.byId(session.caller.scope, topic.topicId)?.name : topic.topic;
    if (bytes === 0 || name === undefined) continue;
    // The right may have gone while the fetch was parked; then nothing is told.
    const grant = await granted(asking, 'Fetch', name);
    if (grant) waited = Math.max(waited, await asking.throttle.idle(admitted(grant, bytes, asking.signal)));
    else answers[at] = topic.partitions.map(({ partition }) => failed(partition, 'TOPIC_AUTHORIZATION_FAILED'));
  }
  return {
    throttleTimeMs: waited,
    errorCode: 0,
    sessionId: entered.sessionId,
    responses: message.topics.flatMap((asked, at) => {
      const partitions = fetches.told(entered, asked, answers[at] ?? []);
      return partitions.length === 0 && entered.kind === 'goes on' ? [] : [{ topic: asked.topic, topicId: asked.topicId, partitions }];
    }),
  };
});

export const fetchRoutes = [answerFetch];
