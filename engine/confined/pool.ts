/** A process, which may be over or not begun. */
export type Seat = { readonly isOpen: boolean; close(): void };

export type PoolSpec<T extends Seat> = {
  readonly make: () => T;
  /** Most seats that are open at once; who needs another waits. */
  readonly most: number;
  /** Time for which a seat waits for more to do. */
  readonly idleMs: number;
  /** What is thrown to those who still wait when all ends. */
  readonly stopped: () => Error;
  /** Where an owner may have a second seat: how long the first is at work until those behind it get one. */
  readonly besideMs?: number;
  /** Where nobody waits for ever: how long, and what is thrown then. */
  readonly wait?: { readonly ms: number; readonly late: () => Error };
};

type Place<T> = { readonly seat: T; begun: number | undefined; idle: NodeJS.Timeout | undefined };
type Owner<T> = { readonly places: Place<T>[]; readonly queue: ((place: Place<T>) => void)[]; look: NodeJS.Timeout | undefined };

/**
 * Confined processes, a seat for each owner: an owner's work is done one after the other, in the order in which it came, and what
 * one does to its own is nothing to the others. A seat goes when it has nothing to do for a while, or when another needs its room.
 */
export class Pool<T extends Seat> {
  readonly #spec: PoolSpec<T>;
  readonly #owners = new Map<string, Owner<T>>();
  /** Who waits for room. */
  readonly #queue: (() => void)[] = [];
  #isStopped = false;

  constructor(spec: PoolSpec<T>) {
    this.#spec = spec;
  }

  /** Does something with an owner's seat when it is its turn; `room` is awaited before the seat is opened. */
  async inTurn<R>(owner: string, work: (seat: T, room: () => Promise<void>) => Promise<R>): Promise<R> {
    const own = this.#owners.get(owner) ?? { places: [], queue: [], look: undefined };
    this.#owners.set(owner, own);
    const place = await this.#placeOf(own);
    try {
      return await work(place.seat, () => this.#room(place.seat));
    } finally {
      place.begun = undefined;
      this.#deal(own);
      if (place.begun === undefined) this.#rest(owner, own, place);
    }
  }

  stop(): void {
    this.#isStopped = true;
    for (const { places, look } of this.#owners.values()) {
      clearTimeout(look);
      for (const { seat, idle } of places) {
        clearTimeout(idle);
        seat.close();
      }
    }
    for (const next of this.#queue.splice(0)) next();
  }

  /** A place of an owner, once it is its turn. */
  #placeOf(own: Owner<T>): Promise<Place<T>> {
    const { wait } = this.#spec;
    return new Promise((resolve, reject) => {
      const take = (place: Place<T>) => {
        clearTimeout(late);
        resolve(place);
      };
      const late =
        wait &&
        setTimeout(() => {
          own.queue.splice(own.queue.indexOf(take), 1);
          reject(wait.late());
        }, wait.ms).unref();
      own.queue.push(take);
      this.#deal(own);
    });
  }

  /** Gives places to who came first. */
  #deal(own: Owner<T>): void {
    clearTimeout(own.look);
    while (own.queue.length > 0) {
      const place = own.places.find(({ begun }) => begun === undefined) ?? this.#another(own);
      if (!place) return;
      clearTimeout(place.idle);
      place.begun = Date.now();
      own.queue.shift()?.(place);
    }
  }

  /** Another place, where the owner may have one; where it is too early it is looked for again. */
  #another(own: Owner<T>): Place<T> | undefined {
    const [first, ...more] = own.places;
    if (first) {
      const { besideMs, most } = this.#spec;
      if (besideMs === undefined || more.length > 0) return undefined;
      const leftMs = (first.begun ?? 0) + besideMs - Date.now();
      if (leftMs > 0) own.look = setTimeout(() => this.#deal(own), leftMs).unref();
      // Another's first is before anybody's second.
      if (leftMs > 0 || this.#open >= most) return undefined;
    }
    const made = { seat: this.#spec.make(), begun: undefined, idle: undefined };
    own.places.push(made);
    return made;
  }

  #rest(owner: string, own: Owner<T>, place: Place<T>): void {
    this.#queue.shift()?.();
    place.idle = setTimeout(() => {
      place.seat.close();
      own.places.splice(own.places.indexOf(place), 1);
      if (own.places.length === 0 && own.queue.length === 0) this.#owners.delete(owner);
    }, this.#spec.idleMs).unref();
  }

  /** Waits until the seat may be opened; one that rests goes for it. */
  async #room(seat: T): Promise<void> {
    while (!this.#isStopped && !seat.isOpen && this.#open >= this.#spec.most) {
      const resting = this.#places.find((place) => place.seat.isOpen && place.begun === undefined);
      if (resting) resting.seat.close();
      else await new Promise<void>((resolve) => this.#queue.push(resolve));
    }
    if (this.#isStopped) throw this.#spec.stopped();
  }

  get #places(): Place<T>[] {
    return [...this.#owners.values()].flatMap(({ places }) => places);
  }

  get #open(): number {
    return this.#places.filter(({ seat }) => seat.isOpen).length;
  }
}
