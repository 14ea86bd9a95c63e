import { formatId, parseId } from '#kernel/tenancy/id.ts';
import type { ErrorName } from '#wire/kafka/error.ts';
import type { Log } from '#kernel/contract/implement.ts';
import type { Committed } from '../domain/group/offset.ts';
import {
  added,
  bumped,
  completed,
  endedByFirst,
  endedBySecond,
  type Ending,
  type Outcome,
  producerFault,
  type Transaction,
} from '../domain/transaction.ts';
import type { Groups } from './group.ts';
import { producerBlockMax, transactionalIdsMax, transactionSweepMs, transactionTimeoutMaxMs } from './limits.ts';
import type { Partition } from './partition.ts';
import type { StateChange, StateKey, StateLog } from './state-log.ts';
import type { Topics } from './topic.ts';

/** A transactional producer of a scope. `marker` is the identity that its partitions know while a transaction ends. */
export type Held = {
  readonly scope: bigint;
  readonly id: string;
  at: Transaction;
  marker: { producerId: number; producerEpoch: number } | undefined;
  /** Offsets that wait for the transaction's end, by group. */
  offsets: Map<string, Map<string, Committed>>;
};
type Stored = { at: Transaction; marker?: Held['marker']; offsets: [group: string, offsets: Committed[]][] };
type Identity = { readonly producerId: number; readonly epoch: number };

const isDecided = ({ state }: Transaction): boolean => state === 'PrepareCommit' || state === 'PrepareAbort';

/**
 * The transaction coordinator. A decision is in its log before the first marker: a kill in the middle is finished at the next start.
 * Where a partition of the transaction survives a loss of power, each of these steps is on the disk before the next: the decision, the
 * markers and offsets, and that all is done. So a loss of power in the middle is finished at the next start as well.
 */
export class Transactions {
  readonly #state: StateLog;
  readonly #topics: Topics;
  readonly #groups: Groups;
  readonly #now: () => number;
  readonly #log: Log;
  readonly #held = new Map<string, Held>();
  /** Ends under way that wait for the disk; false when it refused, and it is tried again later. */
  readonly #ending = new Map<Held, Promise<boolean>>();
  #nextId = 0;
  #reserved = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(state: StateLog, over: { topics: Topics; groups: Groups; now: () => number; log: Log }) {
    this.#state = state;
    this.#topics = over.topics;
    this.#groups = over.groups;
    this.#now = over.now;
    this.#log = over.log;
  }

  /** Takes one entry of the state log, while it is opened. */
  apply([kind, scopeText, id]: StateKey, value: unknown): void {
    if (kind === 'producer') this.#nextId = this.#reserved = Number(value);
    if (kind !== 'transaction') return;
    const scope = parseId(String(scopeText));
    const key = `${scope} ${id}`;
    if (value === null) {
      this.#held.delete(key);
      return;
    }
    const { at, marker, offsets } = value as Stored;
    const byGroup = new Map(offsets.map(([group, all]) => [group, new Map(all.map((one) => [`${one.topic} ${one.partition}`, one]))]));
    this.#held.set(key, { scope, id: String(id), at, marker, offsets: byGroup });
  }

  /** Tells groups what waits, finishes what was interrupted, and watches timeouts from now on. */
  open(): void {
    this.#abortLost();
    for (const held of this.#held.values()) {
      for (const [group, offsets] of held.offsets)
        this.#groups.at(held.scope, group).offsets.pend(held.at.producerId, [...offsets.values()]);
      this.#finishOrLater(held);
    }
    this.#timer = setInterval(() => this.sweep(), transactionSweepMs);
  }

  /**
   * Aborts what is open in a partition and unknown here: a loss of power took the note of it, so nobody was told that it was
   * written. The marker's epoch fences who would go on with it.
   */
  #abortLost(): void {
    for (const { scope, partitions } of this.#topics.all())
      for (const partition of partitions)
        for (const producerId of partition.producers.open()) {
          if (this.ownerOf(scope, producerId) !== undefined) continue;
          const epoch = partition.producers.known(producerId)?.epoch ?? 0;
          try {
            partition.appendMarker('abort', { producerId, producerEpoch: epoch + 1 });
          } catch (error) {
            this.#failed(error);
          }
        }
  }

  find(scope: bigint, id: string): Held | undefined {
    return this.#held.get(`${scope} ${id}`);
  }

  list(scope: bigint): Held[] {
    return [...this.#held.values()].filter((held) => held.scope === scope).sort((left, right) => (left.id < right.id ? -1 : 1));
  }

  /** A producer id that nobody had. They are reserved in blocks, so that a kill skips some and repeats none. */
  newId(): number {
    if (this.#nextId >= this.#reserved) {
      this.#state.put([[['producer'], this.#reserved + producerBlockMax]]);
      this.#nextId = this.#reserved;
      this.#reserved += producerBlockMax;
    }
    this.#nextId += 1;
    return this.#nextId - 1;
  }

  #put(held: Held, at: Transaction, more: readonly StateChange[] = []): void {
    const offsets = [...held.offsets].map(([group, all]) => [group, [...all.values()]] as [string, Committed[]]);
    const value: Stored = { at, offsets, ...(held.marker ? { marker: held.marker } : {}) };
    this.#state.put([[['transaction', formatId(held.scope), held.id], value], ...more]);
    held.at = at;
  }

  /** Gives a transactional producer its identity, and ends what an earlier one of the same name left open: KIP-98, KIP-360. */
  async init(scope: bigint, id: string, timeoutMs: number, said: Identity): Promise<Identity | { readonly error: ErrorName }> {
    if (timeoutMs <= 0 || timeoutMs > transactionTimeoutMaxMs) return { error: 'INVALID_TRANSACTION_TIMEOUT' };
    const held = this.find(scope, id);
    if (!held) return this.#initNew(scope, id, timeoutMs, said);
    const { at } = held;
    if (said.producerId >= 0) {
      const isCurrent = said.producerId === at.producerId && said.epoch === at.epoch;
      const isRetry = said.producerId === at.endedAs?.producerId && said.epoch === at.endedAs.epoch;
      if (!isCurrent && !isRetry) return { error: 'PRODUCER_FENCED' };
    }
    if (at.state === 'Ongoing') this.#abort(held);
    if (!this.#finishOrLater(held)) return { error: 'CONCURRENT_TRANSACTIONS' };
    const { epoch } = held.at;
    await this.#ending.get(held);
    // Another of the name may have been quicker.
    if (isDecided(held.at) || held.at.epoch !== epoch) return { error: 'CONCURRENT_TRANSACTIONS' };
    const identity = bumped(held.at, () => this.newId());
    const { endedAs: _, ...kept } = held.at;
    const before = said.producerId >= 0 ? { endedAs: said } : {};
    this.#put(held, {
      ...kept,
      ...identity,
      ...before,
      state: 'Empty',
      timeoutMs,
      partitions: [],
      groups: [],
      startedAt: -1,
      updatedAt: this.#now(),
    });
    return identity;
  }

  #initNew(scope: bigint, id: string, timeoutMs: number, said: Identity): Identity | { readonly error: ErrorName } {
    if (said.producerId >= 0) return { error: 'INVALID_PRODUCER_ID_MAPPING' };
    if (this.list(scope).length >= transactionalIdsMax) return { error: 'POLICY_VIOLATION' };
    const identity = { producerId: this.newId(), epoch: 0 };
    const at: Transaction = { ...identity, timeoutMs, state: 'Empty', partitions: [], groups: [], startedAt: -1, updatedAt: this.#now() };
    const held: Held = { scope, id, at, marker: undefined, offsets: new Map() };
    this.#put(held, at);
    this.#held.set(`${scope} ${id}`, held);
    return identity;
  }

  /** Takes partitions (`topic partition`) or groups into a producer's transaction. */
  add(
    scope: bigint,
    id: string,
    { producerId, epoch }: Identity,
    what: { partitions?: readonly string[]; groups?: readonly string[] },
  ): ErrorName {
    const held = this.find(scope, id);
    const wrong = producerFault(held?.at, producerId, epoch);
    if (wrong || !held) return wrong ?? 'INVALID_PRODUCER_ID_MAPPING';
    const step = added(held.at, what, this.#now());
    if ('error' in step) return step.error;
    const { at } = held;
    const same =
      at.state === 'Ongoing' && step.next.partitions.length === at.partitions.length && step.next.groups.length === at.groups.length;
    if (!same) this.#put(held, step.next);
    return 'NONE';
  }

  /** Whether a producer may write to a partition (`topic partition`) now: it must have been added, or `adds` adds it. */
  verify(scope: bigint, id: string, { producerId, epoch }: Identity, partition: string, adds: boolean): ErrorName {
    const held = this.find(scope, id);
    const wrong = producerFault(held?.at, producerId, epoch);
    if (wrong || !held) return wrong === 'PRODUCER_FENCED' ? 'INVALID_PRODUCER_EPOCH' : (wrong ?? 'INVALID_PRODUCER_ID_MAPPING');
    if (held.at.state === 'Ongoing' && held.at.partitions.includes(partition)) return 'NONE';
    return adds ? this.add(scope, id, { producerId, epoch }, { partitions: [partition] }) : 'INVALID_TXN_STATE';
  }

  /** Offsets of a group that count when the transaction commits. `adds` takes the group in; else it must have been added. */
  pend(scope: bigint, id: string, { producerId, epoch }: Identity, group: string, offsets: readonly Committed[], adds: boolean): ErrorName {
    const held = this.find(scope, id);
    const wrong = producerFault(held?.at, producerId, epoch);
    if (wrong || !held) return wrong === 'PRODUCER_FENCED' ? 'INVALID_PRODUCER_EPOCH' : (wrong ?? 'INVALID_PRODUCER_ID_MAPPING');
    if (!(held.at.state === 'Ongoing' && held.at.groups.includes(group))) {
      if (!adds) return 'INVALID_TXN_STATE';
      const error = this.add(scope, id, { producerId, epoch }, { groups: [group] });
      if (error !== 'NONE') return error;
    }
    let waiting = held.offsets.get(group);
    if (!waiting) held.offsets.set(group, (waiting = new Map()));
    for (const one of offsets) waiting.set(`${one.topic} ${one.partition}`, one);
    this.#put(held, held.at);
    this.#groups.at(scope, group).offsets.pend(producerId, offsets);
    return 'NONE';
  }

  /** Ends a transaction; `bumps` by KIP-890. Answers the identity for the next one. */
  end(scope: bigint, id: string, said: Identity, outcome: Outcome, bumps: boolean): Identity | { readonly error: ErrorName } {
    const held = this.find(scope, id);
    if (!held) return { error: 'INVALID_PRODUCER_ID_MAPPING' };
    const wrong = bumps ? undefined : producerFault(held.at, said.producerId, said.epoch);
    if (wrong) return { error: wrong };
    const now = this.#now();
    const ending = bumps ? endedBySecond(held.at, said, outcome, now, () => this.newId()) : endedByFirst(held.at, outcome, now);
    if ('error' in ending) return ending;
    if (!('done' in ending)) this.#decide(held, ending);
    if (!this.#finishOrLater(held)) return { error: 'COORDINATOR_NOT_AVAILABLE' };
    return { producerId: held.at.producerId, epoch: held.at.epoch };
  }

  #decide(held: Held, ending: Extract<Ending, { next: Transaction }>): void {
    held.marker = { producerId: held.at.producerId, producerEpoch: ending.markerEpoch };
    this.#put(held, ending.next);
  }

  /** Aborts what is open, and fences who had opened it. */
  #abort(held: Held): void {
    const { at } = held;
    const fencing = at.epoch + 1;
    held.marker = { producerId: at.producerId, producerEpoch: fencing };
    const { endedAs: _, ...kept } = at;
    this.#put(held, { ...kept, epoch: fencing, state: 'PrepareAbort', updatedAt: this.#now() });
    this.#finishOrLater(held);
  }

  /** Aborts the transaction that a producer has open, for an operator, and fences the producer. */
  abort(held: Held): void {
    if (held.at.state === 'Ongoing') this.#abort(held);
  }

  /** The name under which a producer's open transaction will be ended; undefined when nobody will. */
  ownerOf(scope: bigint, producerId: number): string | undefined {
    for (const held of this.#held.values()) {
      const { producerId: known, state } = held.at;
      const isOpen = state === 'Ongoing' || state === 'PrepareCommit' || state === 'PrepareAbort';
      if (held.scope === scope && isOpen && (known === producerId || held.marker?.producerId === producerId)) return held.id;
    }
    return undefined;
  }

  #partitionsOf(scope: bigint, names: readonly string[]): Partition[] {
    return names.flatMap((name) => {
      const [topic = '', index = ''] = name.split(' ');
      return this.#topics.find(scope, topic)?.partitions[Number(index)] ?? [];
    });
  }

  /** Brings a decided transaction to its end, or begins to; false when the log cannot be written, and it is tried again later. */
  #finishOrLater(held: Held): boolean {
    if (!isDecided(held.at) || this.#ending.has(held)) return true;
    const partitions = this.#partitionsOf(held.scope, held.at.partitions);
    try {
      if (partitions.some(({ flushes }) => flushes)) {
        const ending = this.#finishDurably(held, partitions).finally(() => this.#ending.delete(held));
        this.#ending.set(held, ending);
      } else {
        this.#mark(held, partitions);
        this.#complete(held);
      }
      return true;
    } catch (error) {
      this.#failed(error);
      return false;
    }
  }

  #failed(error: unknown): void {
    this.#log('error', 'a transaction could not be ended; trying again', { error: String(error) });
  }

  async #finishDurably(held: Held, partitions: readonly Partition[]): Promise<boolean> {
    try {
      await this.#state.flushed();
      this.#mark(held, partitions);
      await Promise.all([this.#groups.flushed(), ...partitions.map((partition) => partition.flushed())]);
      this.#complete(held);
      // Else the marker that a start would write again could end the transaction that comes next.
      await this.#state.flushed();
      return true;
    } catch (error) {
      this.#failed(error);
      return false;
    }
  }

  #mark({ at, marker, scope, offsets: byGroup }: Held, partitions: readonly Partition[]): void {
    const outcome: Outcome = at.state === 'PrepareCommit' ? 'commit' : 'abort';
    const producer = marker ?? { producerId: at.producerId, producerEpoch: at.epoch };
    // A second marker after a kill finds no open transaction and changes nothing.
    for (const partition of partitions) partition.appendMarker(outcome, producer);
    for (const [name, offsets] of byGroup) {
      const group = this.#groups.at(scope, name);
      if (outcome === 'commit') this.#groups.commit(group, [...offsets.values()]);
      group.offsets.take(producer.producerId);
    }
  }

  #complete(held: Held): void {
    held.offsets = new Map();
    held.marker = undefined;
    this.#put(held, completed(held.at, this.#now()));
  }

  /** Waits until the end of a transaction over `partitions` is as durable as their topics promise; false when it will be tried again. */
  async ended(scope: bigint, id: string, partitions: readonly string[]): Promise<boolean> {
    const held = this.find(scope, id);
    const ending = held && this.#ending.get(held);
    if (ending) return ending;
    await Promise.all(this.#partitionsOf(scope, partitions).map((partition) => partition.flushed()));
    return true;
  }

  /** Waits until what a transaction has taken in is as durable as the strictest of its topics promises. */
  async added(scope: bigint, id: string): Promise<void> {
    const partitions = this.#partitionsOf(scope, this.find(scope, id)?.at.partitions ?? []);
    if (partitions.some(({ flushes }) => flushes)) await this.#state.flushed();
  }

  /** Waits until the identities that were given survive a loss of power: nobody gets one of them again. */
  saved(): Promise<void> {
    return this.#state.flushed();
  }

  /** Aborts transactions that are open for longer than their producer said, and tries again what could not be ended. */
  sweep(): void {
    const now = this.#now();
    for (const held of this.#held.values()) {
      const { state, startedAt, timeoutMs } = held.at;
      try {
        if (state === 'Ongoing' && startedAt + timeoutMs < now) this.#abort(held);
      } catch (error) {
        this.#log('error', 'a transaction could not be aborted; trying again', { error: String(error) });
      }
      this.#finishOrLater(held);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#ending.values());
  }
}
