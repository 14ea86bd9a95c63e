import type { ErrorName } from '#wire/kafka/error.ts';
import type { BatchHead } from '#wire/kafka/record/batch.ts';

/** A batch of a producer as it may come again: its sequence numbers and where it stands. */
type Known = { readonly first: number; readonly last: number; readonly offset: number; readonly timestamp: number };

/** What a partition knows of one producer. `from` is the first offset of its open transaction, or -1. */
export type Producer = { epoch: number; batches: Known[]; from: number; lastTimestamp: number };

/** A transaction that was aborted: consumers that read committed records pass over its offsets. */
export type Aborted = { readonly producerId: number; readonly first: number; readonly last: number; readonly stable: number };

export type ProducersSnapshot = { readonly producers: readonly (readonly [number, Producer])[]; readonly aborted: readonly Aborted[] };

const sequences = 2 ** 31;

/** Sequence numbers and open transactions of one partition's producers: KIP-98. Pure; the log calls it in order of offset. */
export class Producers {
  readonly #known = new Map<number, Producer>();
  readonly #open = new Map<number, number>();
  readonly #batchesMax: number;
  aborted: Aborted[] = [];

  constructor(batchesMax: number) {
    this.#batchesMax = batchesMax;
  }

  get size(): number {
    return this.#known.size;
  }

  known(producerId: number): Producer | undefined {
    return this.#known.get(producerId);
  }

  entries(): IterableIterator<[number, Producer]> {
    return this.#known.entries();
  }

  /** The first offset that belongs to an open transaction, or `next` when there is none. */
  stable(next: number): number {
    let least = next;
    for (const from of this.#open.values()) if (from < least) least = from;
    return least;
  }

  /** The producers that have a transaction open. */
  open(): number[] {
    return [...this.#open.keys()];
  }

  hasOpen(producerId: number): boolean {
    return this.#open.has(producerId);
  }

  /** Whether a batch may be appended: an error, the offset it already has, or nothing to object. */
  check(head: BatchHead): { error: ErrorName } | { duplicate: Known } | undefined {
    if (head.producerId < 0) return undefined;
    const known = this.#known.get(head.producerId);
    if (!known) return undefined;
    if (head.producerEpoch < known.epoch) return { error: 'INVALID_PRODUCER_EPOCH' };
    if (head.baseSequence < 0) return undefined;
    if (head.producerEpoch > known.epoch) return head.baseSequence === 0 ? undefined : { error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' };
    const last = (head.baseSequence + head.lastOffsetDelta) % sequences;
    const duplicate = known.batches.find((batch) => batch.first === head.baseSequence && batch.last === last);
    if (duplicate) return { duplicate };
    const before = known.batches.at(-1);
    if (before && head.baseSequence !== (before.last + 1) % sequences) return { error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' };
    if (!before && head.baseSequence !== 0 && known.epoch === head.producerEpoch && known.lastTimestamp < 0)
      return { error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' };
    return undefined;
  }

  /** Takes an appended data batch into account. */
  note(head: BatchHead, transactional: boolean): void {
    if (head.producerId < 0) return;
    const producer = this.#at(head.producerId, head.producerEpoch);
    producer.lastTimestamp = head.maxTimestamp;
    if (head.baseSequence >= 0) {
      const last = (head.baseSequence + head.lastOffsetDelta) % sequences;
      producer.batches.push({ first: head.baseSequence, last, offset: head.baseOffset, timestamp: head.maxTimestamp });
      if (producer.batches.length > this.#batchesMax) producer.batches.shift();
    }
    if (transactional && producer.from < 0) {
      producer.from = head.baseOffset;
      this.#open.set(head.producerId, head.baseOffset);
    }
  }

  /** Takes an appended marker into account: the transaction of its producer has ended. */
  noteMarker(head: BatchHead, kind: 'commit' | 'abort'): void {
    const producer = this.#at(head.producerId, head.producerEpoch);
    producer.lastTimestamp = head.maxTimestamp;
    const first = producer.from;
    if (first < 0) return;
    producer.from = -1;
    this.#open.delete(head.producerId);
    if (kind === 'abort')
      this.aborted.push({ producerId: head.producerId, first, last: head.baseOffset, stable: this.stable(head.baseOffset + 1) });
  }

  #at(producerId: number, epoch: number): Producer {
    let producer = this.#known.get(producerId);
    if (!producer) this.#known.set(producerId, (producer = { epoch, batches: [], from: -1, lastTimestamp: -1 }));
    if (epoch > producer.epoch) {
      producer.epoch = epoch;
      producer.batches = [];
    }
    return producer;
  }

  /** Aborted transactions that reach into offsets from `from` up to `below`. */
  abortedWithin(from: number, below: number): Aborted[] {
    return this.aborted.filter(({ first, last }) => last >= from && first < below);
  }

  /** Forgets what lies before the log's start, and, beyond `keep`, the producers that are known longest and have nothing open. */
  forget(logStart: number, keep: number): void {
    this.aborted = this.aborted.filter(({ last }) => last >= logStart);
    for (const [id, producer] of this.#known) {
      if (this.#known.size <= keep) return;
      if (producer.from < 0) this.#known.delete(id);
    }
  }

  snapshot(): ProducersSnapshot {
    return { producers: [...this.#known], aborted: this.aborted };
  }

  restore(snapshot: ProducersSnapshot): void {
    this.#known.clear();
    this.#open.clear();
    for (const [id, producer] of snapshot.producers) {
      this.#known.set(id, { ...producer, batches: [...producer.batches] });
      if (producer.from >= 0) this.#open.set(id, producer.from);
    }
    this.aborted = [...snapshot.aborted];
  }
}
