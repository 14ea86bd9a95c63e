/** What waits for one key, in order of arrival. */
type Lane<T> = {
  readonly key: string;
  readonly waiting: { readonly item: T; readonly cost: number; readonly since: number }[];
  head: number;
  deficit: number;
};

/**
 * Deficit round robin (Shreedhar and Varghese, 1995): every key that waits gets its turn, and in a turn as much as the
 * quantum allows; what an item costs beyond it, its key waits for. One key with thousands of items delays another by one turn.
 */
export class FairQueue<T> {
  readonly #quantum: number;
  readonly #lanes = new Map<string, Lane<T>>();
  /** Lanes with something in them, the one whose turn it is first. */
  #turns: Lane<T>[] = [];
  #at = 0;
  size = 0;

  constructor(quantum: number) {
    this.#quantum = quantum;
  }

  /** How many wait for a key. */
  waiting(key: string): number {
    const lane = this.#lanes.get(key);
    return lane ? lane.waiting.length - lane.head : 0;
  }

  push(key: string, item: T, cost: number, since: number): void {
    let lane = this.#lanes.get(key);
    if (!lane) {
      lane = { key, waiting: [], head: 0, deficit: this.#quantum };
      this.#lanes.set(key, lane);
      this.#turns.push(lane);
    }
    lane.waiting.push({ item, cost, since });
    this.size += 1;
  }

  /** Takes the next in turn. */
  next(): T | undefined {
    while (this.size > 0) {
      const lane = this.#turns[this.#at] as Lane<T>;
      const entry = lane.waiting[lane.head];
      if (entry === undefined) {
        this.#leave(lane);
        continue;
      }
      if (entry.cost > lane.deficit) {
        this.#passOn(lane);
        continue;
      }
      lane.deficit -= entry.cost;
      this.#drop(lane);
      return entry.item;
    }
    return undefined;
  }

  /** Takes out what has waited since before `since`. */
  expire(since: number, visit: (item: T) => void): void {
    for (const lane of this.#lanes.values())
      for (let entry = lane.waiting[lane.head]; entry !== undefined && entry.since < since; entry = lane.waiting[lane.head]) {
        this.#drop(lane);
        visit(entry.item);
      }
  }

  #drop(lane: Lane<T>): void {
    lane.head += 1;
    this.size -= 1;
    if (lane.head === lane.waiting.length) this.#leave(lane);
    else if (lane.head > 1024 && lane.head * 2 > lane.waiting.length) {
      lane.waiting.splice(0, lane.head);
      lane.head = 0;
    }
  }

  /** A key that waits for nothing keeps no deficit: it starts anew when it comes back. */
  #leave(lane: Lane<T>): void {
    this.#lanes.delete(lane.key);
    const index = this.#turns.indexOf(lane);
    this.#turns.splice(index, 1);
    if (index < this.#at) this.#at -= 1;
    if (this.#at >= this.#turns.length) this.#at = 0;
  }

  #passOn(lane: Lane<T>): void {
    lane.deficit += this.#quantum;
    this.#at = (this.#at + 1) % this.#turns.length;
  }
}
