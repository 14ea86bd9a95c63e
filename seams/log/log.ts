import { errorCode } from '#wire/kafka/error.ts';
import { createTopics, deleteTopics } from '#wire/kafka/message/topic.ts';
import { readAddress } from './address.ts';
import { Cluster } from './cluster.ts';
import type { Login, Place } from './connection.ts';
import { Consumer, type From, type Heard } from './consumer.ts';
import { check, LogError } from './error.ts';
import { createMs, deleteMs } from './limits.ts';
import { type Offset, Producer, type Within, type Written } from './producer.ts';
import type { Incoming, Outgoing } from './record.ts';

export type { Heard, Incoming, Offset, Outgoing, Within, Written };

export type LogOptions = {
  /** What brokers see as the client's name. */
  readonly clientId: string;
  /** The authority of the brokers' certificates, in PEM, where the system does not know it. */
  readonly ca?: string;
  /**
   * Who comes for a scope. With it each scope has topics of its own behind its credential, as our own log has them. Without
   * it the address says who comes, for all scopes, and names of topics, groups and transactions begin with its prefix, or `<scope>.`.
   */
  readonly loginOf?: (scope: string) => Promise<Login | undefined>;
  /** The address at which a broker is connected to, where not every one may be; the brokers' own word on each other included. */
  readonly locate?: (place: Place) => Promise<string>;
};

/** The log as one scope sees it: names are its own. */
export interface ScopedLog {
  /** Makes a topic unless there is one; answers whether it was made. */
  createTopic(topic: string, made?: { partitions?: number; config?: Readonly<Record<string, string>> }): Promise<boolean>;
  /** Deletes a topic with all its records; answers whether there was one. */
  deleteTopic(topic: string): Promise<boolean>;
  hasTopic(topic: string): Promise<boolean>;
  /** How many partitions a topic has now. */
  partitions(topic: string): Promise<number>;
  /** Appends records once each, in order; resolves when they are acknowledged, with their places. */
  produce(topic: string, records: readonly Outgoing[]): Promise<Written[]>;
  /**
   * Committed records as they come, partition by partition in order, until the signal. With a group, reading begins where
   * `done` was last called; without, at an end of the log.
   */
  consume(topic: string, more: Reading): AsyncIterable<Delivery>;
  /** All committed records that there are now, in portions of one partition in order, from some offsets on where they are said. */
  read(topic: string, signal: AbortSignal, at?: ReadonlyMap<number, number>): AsyncIterable<readonly Incoming[]>;
  /** By partition, the offset of the oldest record that is kept, and that of the next committed one. */
  bounds(topic: string): Promise<readonly { readonly first: number; readonly next: number }[]>;
  /** By partition: the offset of an end, or of the first record that is not before a time in milliseconds since 1970. */
  offsets(topic: string, from: From | number): Promise<number[]>;
  /** Whether the login may read a topic that is there: throws the log's own error where it may not. */
  assertReadable(topic: string): Promise<void>;
  /** Whether the login may write to a topic that is there: throws the log's own error where it may not. */
  assertWritable(topic: string): Promise<void>;
  /** How far a group has read a topic, by partition, once no transaction is open on it; -1 where it has not. */
  committed(group: string, topic: string): Promise<number[]>;
  /**
   * A producer whose writes and offsets count together or not at all; one of an id fences those before it. `openMs` is how long
   * a transaction may be open.
   */
  transactions(id: string, more?: { openMs?: number }): Promise<{ transact<T>(work: (within: Within) => Promise<T>): Promise<T> }>;
}

/** `at` says where partitions are begun, for who keeps that itself; the others begin as `from` says. */
export type Reading = {
  readonly group?: string;
  readonly from?: From;
  readonly at?: ReadonlyMap<number, number>;
  /** Is told what each read found, before that comes. */
  readonly heard?: (found: Heard) => void;
  readonly signal: AbortSignal;
};

export type Delivery = { readonly records: readonly Incoming[]; readonly next: Offset; done(): Promise<void> };

/** A log by URL: our own, Apache Kafka, Redpanda or another that speaks its protocol. */
export interface Log extends AsyncDisposable {
  /** The log of a scope, by its id. Each `lane` has connections of its own, where reading waits for no other. */
  at(scope: string, lane?: string): ScopedLog;
  close(): Promise<void>;
}

/** `kafka://user:password@host:9092,host:9092`, or `kafkas://` over TLS. Connections are made when they are first needed. */
export function openLog(url: string, options: LogOptions): Log {
  const { brokers, tls, login, prefix } = readAddress(url);
  const { clientId, ca, loginOf, locate } = options;
  const common = { tls, ...(ca ? { ca } : {}), ...(locate ? { locate } : {}) };
  const scopes = new Map<string, { cluster: Cluster; log: ScopedLog }>();
  let isClosed = false;
  const close = async () => {
    isClosed = true;
    await Promise.all([...scopes.values()].map(({ cluster }) => cluster.close()));
  };
  return {
    at(scope, lane = '') {
      const key = `${scope} ${lane}`;
      let known = scopes.get(key);
      if (!known) {
        if (!loginOf && !/^[A-Za-z0-9_-]+$/.test(scope))
          throw new LogError('Unsupported', 'A scope that is a prefix of names is one word.');
        const transport = async () => {
          const shown = loginOf ? await loginOf(scope) : login;
          return { ...common, ...(shown ? { login: shown } : {}) };
        };
        const cluster = new Cluster(brokers, transport, clientId);
        if (isClosed) void cluster.close();
        scopes.set(key, (known = { cluster, log: scopedLog(cluster, loginOf ? '' : (prefix ?? `${scope}.`)) }));
      }
      return known.log;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function scopedLog(cluster: Cluster, prefix: string): ScopedLog {
  const producer = new Producer(cluster);
  const named = (name: string) => `${prefix}${name}`;
  const all = (offsets: readonly Offset[]) => offsets.map((offset) => ({ ...offset, topic: named(offset.topic) }));
  return {
    createTopic: (topic, { partitions = 1, config = {} } = {}) => createTopic(cluster, named(topic), partitions, config),
    deleteTopic: (topic) => deleteTopic(cluster, named(topic)),
    hasTopic: (topic) => cluster.hasTopic(named(topic)),
    partitions: (topic) => cluster.partitionsNow(named(topic)),
    produce: (topic, records) => producer.produce(named(topic), records),
    assertReadable: (topic) => new Consumer(cluster, named(topic)).assertReadable(),
    assertWritable: (topic) => cluster.assertWritable(named(topic)),
    committed: (group, topic) => new Consumer(cluster, named(topic), { group: named(group) }).committed(),
    async *consume(topic, { group, from = 'earliest', at, heard, signal }) {
      const consumer = new Consumer(cluster, named(topic), { shown: topic, ...(group === undefined ? {} : { group: named(group) }) });
      for await (const { records, next } of consumer.batches(from, signal, at, heard))
        yield { records, next, done: () => consumer.commit([next]) };
    },
    read: (topic, signal, at) => new Consumer(cluster, named(topic), { shown: topic }).all(signal, at),
    bounds: (topic) => new Consumer(cluster, named(topic)).bounds(),
    offsets: (topic, from) => new Consumer(cluster, named(topic)).offsets(from),
    async transactions(id, { openMs } = {}) {
      const transactional = new Producer(cluster, named(id), openMs);
      await transactional.open();
      return {
        transact: (work) =>
          transactional.transact((within) =>
            work({
              produce: (topic, records) => within.produce(named(topic), records),
              sendOffsets: (group, offsets) => within.sendOffsets(named(group), all(offsets)),
            }),
          ),
      };
    },
  };
}

async function createTopic(
  cluster: Cluster,
  name: string,
  numPartitions: number,
  config: Readonly<Record<string, string>>,
): Promise<boolean> {
  const configs = Object.entries(config).map(([key, value]) => ({ name: key, value }));
  try {
    await cluster.retried(async () => {
      const topics = [{ name, numPartitions, replicationFactor: -1, assignments: [], configs }];
      const told = await (await cluster.any()).call(createTopics, 5, { topics, timeoutMs: createMs, validateOnly: false });
      const [answer] = told.topics;
      check(answer?.errorCode ?? -1, `The topic ${name}`, answer?.errorMessage);
    });
    return true;
  } catch (error) {
    if (error instanceof LogError && error.code === 'TOPIC_ALREADY_EXISTS') return false;
    throw error;
  }
}

async function deleteTopic(cluster: Cluster, name: string): Promise<boolean> {
  // That there is none is an answer here, and no reason to ask again.
  return cluster.retried(async () => {
    const told = await (await cluster.any()).call(deleteTopics, 5, { topicNames: [name], timeoutMs: deleteMs });
    const [answer] = told.responses;
    if (answer?.errorCode === errorCode.UNKNOWN_TOPIC_OR_PARTITION) return false;
    check(answer?.errorCode ?? -1, `The topic ${name}`, answer?.errorMessage);
    return true;
  });
}
