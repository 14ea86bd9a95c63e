import { FairQueue } from '../quota/fair-queue.ts';
import { requestsPerTurnMax } from './limits.ts';

/** What waits until its request is read. */
type Waiting = { begin(): void };

/**
 * How many requests are read in one turn of the event loop. One tenant may send hundreds at one moment, and reading all of them
 * before anything else would keep another tenant's waiting; beyond a few they are read in the turns after, tenant by tenant.
 */
export class ReadTurns {
  readonly #held = new FairQueue<Waiting>(1);
  /** Lanes that were let ahead in this turn. */
  readonly #ahead = new Set<string>();
  #begun = 0;
  #turnEnds = false;

  /** Whether a request is read now; otherwise `begin` is called in its turn. */
  mayBegin(lane: string, connection: Waiting): boolean {
    this.#endTurn();
    if (this.#held.size === 0 && this.#begun < requestsPerTurnMax) {
      this.#begun += 1;
      return true;
    }
    // Who has nothing waiting is below its share, and its one request need not wait behind what others sent.
    if (this.#ahead.size < requestsPerTurnMax && !this.#ahead.has(lane) && this.#held.waiting(lane) === 0) {
      this.#ahead.add(lane);
      return true;
    }
    this.#held.push(lane, connection, 1, 0);
    return false;
  }

  #endTurn(): void {
    if (this.#turnEnds) return;
    this.#turnEnds = true;
    setImmediate(() => {
      this.#turnEnds = false;
      this.#begun = 0;
      this.#ahead.clear();
      while (this.#held.size > 0 && this.#begun < requestsPerTurnMax) {
        this.#begun += 1;
        this.#held.next()?.begin();
      }
      if (this.#held.size > 0) this.#endTurn();
    });
  }
}
