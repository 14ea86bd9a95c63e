import { findCoordinator } from '#wire/kafka/message/group.ts';
import { metadata } from '#wire/kafka/message/cluster.ts';
import { Connection, type Place, type Transport } from './connection.ts';
import { check, LogError } from './error.ts';
import { retriesMax, retryMs } from './limits.ts';

/** What a broker answers that was not asked what is allowed; and the place of the right to write among the others. */
const [unknownOperations, writeOperation] = [-2147483648, 4];

type Known = { readonly leaders: readonly number[] };

/** The brokers of a log: who leads what, and a connection to each that is needed. */
export class Cluster {
  readonly #seeds: readonly Place[];
  readonly #transport: () => Promise<Transport>;
  readonly #clientId: string;
  readonly #brokers = new Map<number, Place>();
  readonly #topics = new Map<string, Known>();
  readonly #connections = new Map<string, Promise<Connection>>();
  readonly #closing = new AbortController();

  constructor(seeds: readonly Place[], transport: () => Promise<Transport>, clientId: string) {
    this.#seeds = seeds;
    this.#transport = transport;
    this.#clientId = clientId;
  }

  /** Repeats a step while its error may pass, asking anew who leads what. */
  async retried<T>(step: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        return await step();
      } catch (error) {
        if (!(error instanceof LogError && error.retry) || tries >= retriesMax || this.#closing.signal.aborted || signal?.aborted)
          throw error;
        this.#topics.clear();
        await pause(retryMs * 2 ** tries * (0.5 + Math.random() / 2), this.#closing.signal);
      }
    }
  }

  /** The one connection to a broker; a new one where that is lost. */
  async #to(place: Place): Promise<Connection> {
    const key = `${place.host}:${place.port}`;
    for (;;) {
      if (this.#closing.signal.aborted) throw new LogError('Closed', 'The client of the log is closed.');
      const known = this.#connections.get(key);
      if (!known) break;
      const connection = await known.catch(() => undefined);
      if (connection && !connection.isLost) return connection;
      // Another may have begun a new one meanwhile.
      if (this.#connections.get(key) === known) this.#connections.delete(key);
    }
    const opening = this.#transport().then((transport) => Connection.open(place, transport, this.#clientId));
    this.#connections.set(key, opening);
    return opening;
  }

  /** Any broker that answers. */
  async any(): Promise<Connection> {
    let last: unknown;
    for (const place of [...this.#brokers.values(), ...this.#seeds])
      try {
        return await this.#to(place);
      } catch (error) {
        last = error;
      }
    throw last;
  }

  async #learn(topic: string): Promise<Known> {
    const told = await (await this.any()).call(metadata, 9, { topics: [{ name: topic }], allowAutoTopicCreation: false });
    for (const { nodeId, host, port } of told.brokers) this.#brokers.set(nodeId, { host, port });
    const found = told.topics[0];
    check(found?.errorCode ?? 3, `The topic ${topic}`);
    const partitions = [...(found?.partitions ?? [])].sort((left, right) => left.partitionIndex - right.partitionIndex);
    const known = { leaders: partitions.map(({ leaderId }) => leaderId) };
    this.#topics.set(topic, known);
    return known;
  }

  /** How many partitions a topic has by now. */
  async partitionsNow(topic: string): Promise<number> {
    return (await this.#learn(topic)).leaders.length;
  }

  /** How many partitions a topic has, as far as is known. */
  async partitions(topic: string): Promise<number> {
    return (this.#topics.get(topic) ?? (await this.#learn(topic))).leaders.length;
  }

  /** Whether there is a topic of this name that may be seen. */
  async hasTopic(topic: string): Promise<boolean> {
    try {
      await this.#learn(topic);
      return true;
    } catch (error) {
      if (error instanceof LogError && error.code === 'UNKNOWN_TOPIC_OR_PARTITION') return false;
      throw error;
    }
  }

  /** Asks what may be done with a topic (KIP-430); a log that does not say so says it when it is written to. */
  async assertWritable(topic: string): Promise<void> {
    await this.retried(async () => {
      const asked = { topics: [{ name: topic }], allowAutoTopicCreation: false, includeTopicAuthorizedOperations: true };
      const [found] = (await (await this.any()).call(metadata, 9, asked)).topics;
      check(found?.errorCode ?? 3, `The topic ${topic}`);
      const operations = found?.topicAuthorizedOperations ?? unknownOperations;
      if (operations !== unknownOperations && (operations & (1 << writeOperation)) === 0)
        throw new LogError('TOPIC_AUTHORIZATION_FAILED', `Writing to ${topic} is not allowed.`);
    });
  }

  async leader(topic: string, partition: number): Promise<Connection> {
    const { leaders } = this.#topics.get(topic) ?? (await this.#learn(topic));
    const place = this.#brokers.get(leaders[partition] ?? -1);
    if (!place) throw new LogError('LEADER_NOT_AVAILABLE', `Partition ${partition} of ${topic} has no leader.`);
    return this.#to(place);
  }

  /** The broker that keeps a group (0) or a transactional producer (1). */
  async coordinator(key: string, keyType: 0 | 1): Promise<Connection> {
    const told = await (await this.any()).call(findCoordinator, 3, { key, keyType });
    check(told.errorCode, `The coordinator of ${key}`, told.errorMessage);
    return this.#to({ host: told.host, port: told.port });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const opening of this.#connections.values())
      await opening.then(
        (connection) => connection.close(),
        () => undefined,
      );
  }
}

/** Waits, or less when the signal comes. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = () => resolve();
  const timer = setTimeout(done, ms);
  signal.addEventListener('abort', done, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener('abort', done);
  });
}
