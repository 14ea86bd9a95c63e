/** What one owner has at work: a process, which may be over or not begun. */
export type Seat = { readonly isOpen: boolean; close(): void };

export type PoolSpec<T extends Seat> = {
  readonly make: () => T;
  /** Most seats that are open at once; who needs another waits. */
  readonly most: number;
  /** Time for which a seat waits for more to do. */
  readonly idleMs: number;
  /** What is thrown to those who still wait when all ends. */
  readonly stopped: () => Error;
};

type Place<T> = { readonly seat: T; turn: Promise<unknown>; waiting: number; idle: NodeJS.Timeout | undefined };

/**
 * Confined processes, a seat for each owner: an owner's work is done one after the other, and what one does to its own is nothing
 * to the others. A seat goes when it has nothing to do for a while, or when another needs its room.
 */
export class Pool<T extends Seat> {
  readonly #spec: PoolSpec<T>;
  readonly #places = new Map<string, Place<T>>();
  readonly #queue: (() => void)[] = [];
  #isStopped = false;

  constructor(spec: PoolSpec<T>) {
    this.#spec = spec;
  }

  /** Does something with an owner's seat when it is its turn; `room` is awaited before the seat is opened. */
  async inTurn<R>(owner: string, work: (seat: T, room: () => Promise<void>) => Promise<R>): Promise<R> {
    const place = this.#places.get(owner) ?? { seat: this.#spec.make(), turn: Promise.resolve(), waiting: 0, idle: undefined };
    this.#places.set(owner, place);
    clearTimeout(place.idle);
    place.waiting += 1;
    const turn = place.turn.then(() => work(place.seat, () => this.#room(place.seat)));
    place.turn = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      place.waiting -= 1;
      if (place.waiting === 0) this.#rest(owner, place);
    }
  }

  stop(): void {
    this.#isStopped = true;
    for (const { seat, idle } of this.#places.values()) {
      clearTimeout(idle);
      seat.close();
    }
    for (const next of this.#queue.splice(0)) next();
  }

  #rest(owner: string, place: Place<T>): void {
    this.#queue.shift()?.();
    place.idle = setTimeout(() => {
      place.seat.close();
      this.#places.delete(owner);
    }, this.#spec.idleMs).unref();
  }

  /** Waits until the seat may be opened; one that rests goes for it. */
  async #room(seat: T): Promise<void> {
    while (!this.#isStopped && !seat.isOpen && this.#open >= this.#spec.most) {
      const resting = [...this.#places.values()].find((place) => place.seat.isOpen && place.waiting === 0);
      if (resting) resting.seat.close();
      else await new Promise<void>((resolve) => this.#queue.push(resolve));
    }
    if (this.#isStopped) throw this.#spec.stopped();
  }

  get #open(): number {
    return [...this.#places.values()].filter(({ seat }) => seat.isOpen).length;
  }
}
