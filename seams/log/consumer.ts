import { errorCode as errorCodes } from '#wire/kafka/error.ts';
import { fetch, listOffsets } from '#wire/kafka/message/record-access.ts';
import { offsetCommit, offsetFetch } from '#wire/kafka/message/offset.ts';
import type { Cluster } from './cluster.ts';
import { check, LogError } from './error.ts';
import { fetchBytes, fetchWaitMs, learnMs } from './limits.ts';
import type { Offset } from './producer.ts';
import { type Incoming, recordsIn } from './record.ts';

const outOfRange = errorCodes.OFFSET_OUT_OF_RANGE;

export type From = 'earliest' | 'latest';
export type Batch = {
  readonly records: readonly Incoming[];
  /** Where reading goes on behind this batch. */
  readonly next: Offset;
};
type Fetched = Batch & { readonly end: number };

/** What a read found in a partition: the first record, where there are some, where reading goes on, and how far committed records go. */
export type Heard = { readonly partition: number; readonly first: Incoming | undefined; readonly next: number; readonly end: number };

/** Reads all partitions of a topic in turn, committed records only. `group` remembers how far, when `commit` is called. */
export class Consumer {
  readonly #cluster: Cluster;
  readonly #topic: string;
  readonly #group: string | undefined;
  readonly #shown: string;

  /** `shown` is what records call their topic, where that is not the broker's name of it. */
  constructor(cluster: Cluster, topic: string, { group, shown = topic }: { readonly group?: string; readonly shown?: string } = {}) {
    this.#cluster = cluster;
    this.#topic = topic;
    this.#group = group;
    this.#shown = shown;
  }

  /** Batches as they come, until the signal; each partition in order, from where the group stands, or from an end of the log. */
  async *batches(
    from: From,
    signal: AbortSignal,
    at?: ReadonlyMap<number, number>,
    heard: (found: Heard) => void = () => undefined,
  ): AsyncGenerator<Batch> {
    const positions = await this.#cluster.retried(() => this.#positions(from, at), signal);
    let learnedAt = performance.now();
    while (!signal.aborted) {
      if (performance.now() - learnedAt >= learnMs) {
        await this.#cluster
          .retried(() => this.#addTo(positions), signal)
          .catch((error: unknown) => {
            if (!signal.aborted) throw error;
          });
        learnedAt = performance.now();
      }
      const found = await this.#cluster
        .retried(() => this.#fetchAll(positions, signal), signal)
        .catch((error: unknown) => {
          if (signal.aborted) return [];
          throw error;
        });
      for (const { records, next, end } of found)
        heard({ partition: next.partition, first: records[0], next: next.offset, end: Math.max(end, next.offset) });
      for (const batch of found) {
        positions[batch.next.partition] = batch.next.offset;
        if (batch.records.length > 0 && !signal.aborted) yield batch;
      }
    }
  }

  /** All records that there are when it is asked; it waits for none. */
  async *all(signal: AbortSignal, from?: ReadonlyMap<number, number>): AsyncGenerator<readonly Incoming[]> {
    const [positions, ends] = await this.#cluster.retried(
      async () => [await this.#positions('earliest', from), await this.#positions('latest')] as const,
      signal,
    );
    while (positions.some((at, partition) => at < (ends[partition] ?? 0))) {
      signal.throwIfAborted();
      for (const { records, next } of await this.#cluster.retried(() => this.#fetchAll(positions, signal, 0), signal)) {
        positions[next.partition] = Math.max(positions[next.partition] ?? 0, next.offset);
        yield records.filter(({ offset }) => offset < (ends[next.partition] ?? 0));
      }
    }
  }

  /** By partition, the offset of the oldest record that is kept, and that of the next committed one. */
  async bounds(): Promise<{ first: number; next: number }[]> {
    const [firsts, ends] = await this.#cluster.retried(
      async () => [await this.#positions('earliest'), await this.#positions('latest')] as const,
    );
    return ends.map((next, partition) => ({ first: firsts[partition] ?? 0, next }));
  }

  /** Reads once, whatever is there, so that what is not allowed shows. */
  async assertReadable(): Promise<void> {
    await this.#cluster.retried(async () => this.#fetchAll(await this.#positions('earliest'), new AbortController().signal, 0));
  }

  /** How far the group has read, by partition. */
  committed(): Promise<number[]> {
    const group = this.#group ?? '';
    return this.#cluster.retried(async () => this.#committed(group, await this.#cluster.partitions(this.#topic)));
  }

  async #positions(from: From, at?: ReadonlyMap<number, number>): Promise<number[]> {
    const count = await this.#cluster.partitions(this.#topic);
    const committed = this.#group === undefined ? [] : await this.#committed(this.#group, count);
    const positions: number[] = [];
    for (let partition = 0; partition < count; partition++) {
      const known = at?.get(partition) ?? committed[partition] ?? -1;
      positions.push(known >= 0 ? known : await this.#endOf(partition, from));
    }
    return positions;
  }

  /** Partitions that were added while we read are read from their beginning, or from where the group stands. */
  async #addTo(positions: number[]): Promise<void> {
    const count = await this.#cluster.partitionsNow(this.#topic);
    if (count <= positions.length) return;
    const committed = this.#group === undefined ? [] : await this.#committed(this.#group, count);
    for (let partition = positions.length; partition < count; partition++) {
      const known = committed[partition] ?? -1;
      positions.push(known >= 0 ? known : await this.#endOf(partition, 'earliest'));
    }
  }

  async #committed(groupId: string, count: number): Promise<number[]> {
    const partitionIndexes = Array.from({ length: count }, (_, index) => index);
    const group = await this.#cluster.coordinator(groupId, 0);
    const told = await group.call(offsetFetch, 7, { groupId, topics: [{ name: this.#topic, partitionIndexes }], requireStable: true });
    check(told.errorCode, `Offsets of ${groupId}`);
    const found: number[] = [];
    for (const { partitionIndex, committedOffset, errorCode } of told.topics[0]?.partitions ?? []) {
      check(errorCode, `Offsets of ${groupId}`);
      found[partitionIndex] = committedOffset;
    }
    return found;
  }

  /** By partition: the offset of an end of the log, or of the first record that is not before a time in milliseconds since 1970. */
  offsets(from: From | number): Promise<number[]> {
    return this.#cluster.retried(async () => {
      const count = await this.#cluster.partitions(this.#topic);
      const found: number[] = [];
      for (let partition = 0; partition < count; partition++) {
        const offset = await this.#endOf(partition, from);
        // There is none that late: what comes is the first.
        found.push(offset < 0 ? await this.#endOf(partition, 'latest') : offset);
      }
      return found;
    });
  }

  async #endOf(partition: number, from: From | number): Promise<number> {
    const leader = await this.#cluster.leader(this.#topic, partition);
    const partitions = [{ partitionIndex: partition, timestamp: from === 'earliest' ? -2 : from === 'latest' ? -1 : from }];
    const told = await leader.call(listOffsets, 5, { replicaId: -1, isolationLevel: 1, topics: [{ name: this.#topic, partitions }] });
    const answer = told.topics[0]?.partitions[0];
    check(answer?.errorCode ?? -1, `Offsets of ${this.#topic}`);
    return answer?.offset ?? 0;
  }

  /** One fetch from every leader; what waits for records waits at all of them at once. */
  async #fetchAll(positions: readonly number[], signal: AbortSignal, waitMs = fetchWaitMs): Promise<Fetched[]> {
    const byLeader = new Map<Awaited<ReturnType<Cluster['leader']>>, number[]>();
    for (const partition of positions.keys()) {
      const leader = await this.#cluster.leader(this.#topic, partition);
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), partition]);
    }
    const answers = await Promise.all(
      [...byLeader].map(async ([leader, partitions]) => {
        const wanted = partitions.map((partition) => ({
          partition,
          fetchOffset: positions[partition] ?? 0,
          partitionMaxBytes: fetchBytes,
        }));
        const body = { maxWaitMs: waitMs, minBytes: 1, maxBytes: fetchBytes, isolationLevel: 1 };
        return leader.call(fetch, 12, { replicaId: -1, ...body, topics: [{ topic: this.#topic, partitions: wanted }] }, waitMs);
      }),
    );
    if (signal.aborted) return [];
    return answers.flatMap((told) => {
      check(told.errorCode, `Reading ${this.#topic}`);
      return (told.responses[0]?.partitions ?? []).map(({ partitionIndex, errorCode, records, abortedTransactions, ...at }) => {
        const { logStartOffset, lastStableOffset: end } = at;
        const place = { topic: this.#shown, partition: partitionIndex };
        // What was there is deleted by now: reading goes on at the oldest record that is kept.
        if (errorCode === outOfRange && logStartOffset > (positions[partitionIndex] ?? 0))
          return { records: [], next: { ...place, offset: logStartOffset }, end };
        check(errorCode, `Reading ${this.#topic}`);
        const found = recordsIn(place, records ?? Buffer.alloc(0), positions[partitionIndex] ?? 0, abortedTransactions ?? []);
        return { records: found.records, next: { ...place, offset: found.next }, end };
      });
    });
  }

  /** Remembers, for the group, where reading goes on. */
  async commit(offsets: readonly Offset[]): Promise<void> {
    const groupId = this.#group;
    if (groupId === undefined) throw new LogError('INVALID_GROUP_ID', 'This consumer has no group.');
    const partitions = offsets.map(({ partition, offset }) => ({
      partitionIndex: partition,
      committedOffset: offset,
      committedMetadata: '',
    }));
    await this.#cluster.retried(async () => {
      const group = await this.#cluster.coordinator(groupId, 0);
      const told = await group.call(offsetCommit, 8, { groupId, topics: [{ name: this.#topic, partitions }] });
      for (const { errorCode } of told.topics[0]?.partitions ?? []) check(errorCode, `Offsets of ${groupId}`);
    });
  }
}
