import type { Placed } from '#kernel/contract/provider.ts';
import { fault } from '#kernel/contract/fault.ts';
import { duckIdleMs, duckProcessesMax } from './limits.ts';
import { Seat } from './seat.ts';

type Place = { readonly seat: Seat; turn: Promise<unknown>; waiting: number; idle: NodeJS.Timeout | undefined };

/** The processes of DuckDB, one for an environment: it does one thing at a time, and goes when nothing is asked for a while. */
export class DuckPool {
  readonly #places = new Map<string, Place>();
  readonly #queue: (() => void)[] = [];
  #isStopped = false;

  /** Does something with what an environment has, when it is its turn. */
  async inTurn<T>({ tenant, scope }: Placed, work: (seat: Seat) => Promise<T>): Promise<T> {
    const owner = `${tenant}/${scope}`;
    const place = this.#places.get(owner) ?? { seat: new Seat(), turn: Promise.resolve(), waiting: 0, idle: undefined };
    this.#places.set(owner, place);
    clearTimeout(place.idle);
    place.waiting += 1;
    const turn = place.turn.then(() => this.#open(place)).then(() => work(place.seat));
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

  #rest(owner: string, place: Place): void {
    this.#queue.shift()?.();
    place.idle = setTimeout(() => {
      place.seat.close();
      this.#places.delete(owner);
    }, duckIdleMs).unref();
  }

  /** Waits until there may be another process; one that rests goes for it. */
  async #open({ seat }: Place): Promise<void> {
    while (!this.#isStopped && !seat.isOpen && this.#running >= duckProcessesMax) {
      const resting = [...this.#places.values()].find((place) => place.seat.isOpen && place.waiting === 0);
      if (resting) resting.seat.close();
      else await new Promise<void>((resolve) => this.#queue.push(resolve));
    }
    if (this.#isStopped) throw fault('Unavailable', 'Questions are not answered any more.');
    void seat.process;
  }

  get #running(): number {
    return [...this.#places.values()].filter(({ seat }) => seat.isOpen).length;
  }
}
