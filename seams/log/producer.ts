import { addOffsetsToTxn, addPartitionsToTxn, endTxn, initProducerId, txnOffsetCommit } from '#wire/kafka/message/transaction.ts';
import { produce } from '#wire/kafka/message/record-access.ts';
import { batchOf, type NewRecord } from '#wire/kafka/record/record.ts';
import type { Cluster } from './cluster.ts';
import { check, LogError } from './error.ts';
import { batchBytes, produceMs, transactionMs } from './limits.ts';
import { batched, newRecord, type Outgoing, partitionOf } from './record.ts';

export type Written = { readonly partition: number; readonly offset: number };
export type Offset = { readonly topic: string; readonly partition: number; readonly offset: number };
type Identity = { readonly producerId: number; readonly producerEpoch: number };

/** Writes records once each, in order of each partition: an idempotent producer, and with an id a transactional one. */
export class Producer {
  readonly #cluster: Cluster;
  readonly #transactionalId: string | null;
  readonly #openMs: number;
  readonly #sequences = new Map<string, number>();
  readonly #turns = new Map<string, Promise<unknown>>();
  #identity: Promise<Identity> | undefined;
  #spread = 0;
  /** Partitions of the open transaction; undefined while none is open. */
  #added: Set<string> | undefined;

  constructor(cluster: Cluster, transactionalId: string | null = null, openMs: number = transactionMs) {
    this.#openMs = openMs;
    this.#cluster = cluster;
    this.#transactionalId = transactionalId;
  }

  #begin(): Promise<Identity> {
    this.#identity ??= this.#cluster.retried(async () => {
      const id = this.#transactionalId;
      const to = await (id === null ? this.#cluster.any() : this.#cluster.coordinator(id, 1));
      const told = await to.call(initProducerId, 4, { transactionalId: id, transactionTimeoutMs: this.#openMs });
      check(told.errorCode, 'A producer');
      return { producerId: told.producerId, producerEpoch: told.producerEpoch };
    });
    this.#identity.catch(() => this.#forget());
    return this.#identity;
  }

  #forget(): void {
    this.#identity = undefined;
    this.#sequences.clear();
  }

  /** Fences what came before under this id, and ends its open transaction. */
  async open(): Promise<void> {
    await this.#begin();
  }

  /** Appends records; resolves when all are acknowledged by all replicas, with their places in order. */
  async produce(topic: string, records: readonly Outgoing[]): Promise<Written[]> {
    if (records.length === 0) return [];
    const count = await this.#cluster.retried(() => this.#cluster.partitions(topic));
    this.#spread += 1;
    const grouped = Map.groupBy(records.keys(), (at) => partitionOf(records[at] as Outgoing, count, this.#spread));
    const written = new Array<Written>(records.length);
    await Promise.all(
      [...grouped].map(async ([partition, places]) => {
        if (partition < 0 || partition >= count)
          throw new LogError('UNKNOWN_TOPIC_OR_PARTITION', `${topic} has no partition ${partition}.`);
        const made = places.map((at) => newRecord(records[at] as Outgoing));
        const offsets = await this.#inTurn(`${topic} ${partition}`, () => this.#write(topic, partition, made));
        places.forEach((at, index) => {
          written[at] = { partition, offset: offsets[index] as number };
        });
      }),
    );
    return written;
  }

  /** Batches of one partition go one after the other: their sequence numbers must. */
  #inTurn<T>(key: string, step: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(key) ?? Promise.resolve();
    const turn = before.then(step, step);
    this.#turns.set(key, turn);
    const done = () => {
      if (this.#turns.get(key) === turn) this.#turns.delete(key);
    };
    turn.then(done, done);
    return turn;
  }

  /** Writes records of a partition as batches, one after the other; answers their offsets. */
  async #write(topic: string, partition: number, records: readonly NewRecord[]): Promise<number[]> {
    const offsets: number[] = [];
    for (const batch of batched(records, batchBytes)) {
      const base = await this.#append(topic, partition, batch);
      for (const at of batch.keys()) offsets.push(base + at);
    }
    return offsets;
  }

  async #append(topic: string, partition: number, records: readonly NewRecord[]): Promise<number> {
    const identity = await this.#begin();
    const key = `${topic} ${partition}`;
    if (this.#transactionalId !== null) await this.#add(identity, topic, partition);
    const baseSequence = this.#sequences.get(key) ?? 0;
    const transactional = this.#transactionalId !== null;
    const made = batchOf(records, { ...identity, baseSequence, transactional });
    try {
      const base = await this.#cluster.retried(() => this.#send(topic, partition, Buffer.from(made)));
      this.#sequences.set(key, (baseSequence + records.length) % 2 ** 31);
      return base;
    } catch (error) {
      // Whether the batch was taken is not known: only a new identity may go on. A transaction must be given up.
      if (!transactional) this.#forget();
      throw error;
    }
  }

  async #send(topic: string, index: number, records: Buffer): Promise<number> {
    const leader = await this.#cluster.leader(topic, index);
    const told = await leader.call(produce, 9, {
      transactionalId: this.#transactionalId,
      acks: -1,
      timeoutMs: produceMs,
      topicData: [{ name: topic, partitionData: [{ index, records }] }],
    });
    const answer = told.responses[0]?.partitionResponses[0];
    if (!answer) throw new LogError('UNKNOWN_SERVER_ERROR', 'The log answered for no partition.');
    check(answer.errorCode, `Writing to ${topic}`, answer.errorMessage);
    return answer.baseOffset;
  }

  #coordinator() {
    return this.#cluster.coordinator(this.#transactionalId ?? '', 1);
  }

  async #add(identity: Identity, topic: string, partition: number): Promise<void> {
    const key = `${topic} ${partition}`;
    if (!this.#added) throw new LogError('INVALID_TXN_STATE', 'No transaction is open.');
    if (this.#added.has(key)) return;
    await this.#cluster.retried(async () => {
      const told = await (await this.#coordinator()).call(addPartitionsToTxn, 3, {
        v3AndBelowTransactionalId: this.#transactionalId ?? '',
        v3AndBelowProducerId: identity.producerId,
        v3AndBelowProducerEpoch: identity.producerEpoch,
        v3AndBelowTopics: [{ name: topic, partitions: [partition] }],
      });
      check(told.resultsByTopicV3AndBelow[0]?.resultsByPartition[0]?.partitionErrorCode ?? -1, `The transaction with ${topic}`);
    });
    this.#added.add(key);
  }

  /** Runs `work` in a transaction: what it writes, and the offsets it sends, count together or not at all. */
  async transact<T>(work: (within: Within) => Promise<T>): Promise<T> {
    if (this.#transactionalId === null) throw new LogError('INVALID_TXN_STATE', 'This producer has no transactional id.');
    if (this.#added) throw new LogError('CONCURRENT_TRANSACTIONS', 'A transaction is open already.');
    const identity = await this.#begin();
    this.#added = new Set();
    try {
      const result = await work({
        produce: (topic, records) => this.produce(topic, records),
        sendOffsets: (group, offsets) => this.#sendOffsets(identity, group, offsets),
      });
      await this.#end(identity, true);
      return result;
    } catch (error) {
      await this.#end(identity, false).catch(() => undefined);
      // The next transaction fences whatever this one left behind.
      this.#forget();
      throw error;
    } finally {
      this.#added = undefined;
    }
  }

  async #sendOffsets(identity: Identity, groupId: string, offsets: readonly Offset[]): Promise<void> {
    const transactionalId = this.#transactionalId ?? '';
    await this.#cluster.retried(async () => {
      const told = await (await this.#coordinator()).call(addOffsetsToTxn, 3, { transactionalId, ...identity, groupId });
      check(told.errorCode, `The transaction with ${groupId}`);
    });
    const topics = [...Map.groupBy(offsets, ({ topic }) => topic)].map(([name, places]) => ({
      name,
      partitions: places.map(({ partition, offset }) => ({ partitionIndex: partition, committedOffset: offset, committedMetadata: '' })),
    }));
    await this.#cluster.retried(async () => {
      const group = await this.#cluster.coordinator(groupId, 0);
      const told = await group.call(txnOffsetCommit, 3, { transactionalId, groupId, ...identity, topics });
      for (const { name, partitions } of told.topics) for (const { errorCode } of partitions) check(errorCode, `Offsets of ${name}`);
    });
    this.#added?.add(`group ${groupId}`);
  }

  async #end(identity: Identity, committed: boolean): Promise<void> {
    if (this.#added?.size === 0) return;
    await this.#cluster.retried(async () => {
      const told = await (await this.#coordinator()).call(endTxn, 3, {
        transactionalId: this.#transactionalId ?? '',
        ...identity,
        committed,
      });
      check(told.errorCode, committed ? 'The commit' : 'The abort');
    });
  }
}

/** What may be done in a transaction. */
export type Within = {
  produce(topic: string, records: readonly Outgoing[]): Promise<Written[]>;
  /** Makes a group's progress a part of the transaction; offsets are those of the next records to read. */
  sendOffsets(group: string, offsets: readonly Offset[]): Promise<void>;
};
