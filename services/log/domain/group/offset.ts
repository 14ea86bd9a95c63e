/** How far a group has read a partition. `leaderEpoch` is -1 when the consumer did not say. */
export type Committed = {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string;
  readonly at: number;
};

const keyOf = (topic: string, partition: number) => `${topic} ${partition}`;

/** The offsets of one group: those that count, and those of transactions that are still open. Topic names have no spaces. */
export class Offsets {
  readonly #committed = new Map<string, Committed>();
  readonly #pending = new Map<number, Map<string, Committed>>();

  get size(): number {
    return this.#committed.size;
  }

  put(committed: Committed): void {
    this.#committed.set(keyOf(committed.topic, committed.partition), committed);
  }

  remove(topic: string, partition: number): boolean {
    return this.#committed.delete(keyOf(topic, partition));
  }

  find(topic: string, partition: number): Committed | undefined {
    return this.#committed.get(keyOf(topic, partition));
  }

  all(): Committed[] {
    return [...this.#committed.values()];
  }

  /** Offsets that count when their producer's transaction commits. */
  pend(producerId: number, offsets: readonly Committed[]): void {
    let waiting = this.#pending.get(producerId);
    if (!waiting) this.#pending.set(producerId, (waiting = new Map()));
    for (const committed of offsets) waiting.set(keyOf(committed.topic, committed.partition), committed);
  }

  /** Whether an open transaction is about to change a partition's offset: KIP-447. */
  isUnstable(topic: string, partition: number): boolean {
    const key = keyOf(topic, partition);
    for (const waiting of this.#pending.values()) if (waiting.has(key)) return true;
    return false;
  }

  /** What a producer's open transaction would change; it is no longer waiting. */
  take(producerId: number): Committed[] {
    const waiting = this.#pending.get(producerId);
    this.#pending.delete(producerId);
    return [...(waiting?.values() ?? [])];
  }
}
