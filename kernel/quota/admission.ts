import { fault, type OperationError } from '../contract/fault.ts';
import { Concurrency } from './concurrency.ts';
import { FairQueue } from './fair-queue.ts';
import {
  admissionTickMs,
  callCostMax,
  callsPerSharedTurnMax,
  callsPerTurnMax,
  fairQuantum,
  quotaWaitMaxMs,
  sharedForMs,
  waitingMax,
  waitingPerTenantMax,
} from './limits.ts';

/** A call that waits for its turn. */
type Waiting = { readonly admit: () => void; readonly refuse: (error: OperationError) => void };

/**
 * Which call of a process runs next. As long as fewer run than latency allows, and fewer begin in one turn of the event loop
 * than others can wait for, all are let in at the cost of two comparisons. Beyond that they wait, and tenants take turns.
 */
export class Admission {
  readonly concurrency = new Concurrency();
  readonly #queue = new FairQueue<Waiting>(fairQuantum);
  running = 0;
  refused = 0;
  #tenant: string | undefined;
  #sharedUntil = 0;
  #turn = 0;
  #turnEnds = false;
  #left = 0;
  #ticking: NodeJS.Timeout | undefined;
  /** Tenants that were let ahead in this turn. */
  readonly #ahead = new Set<string>();

  get waiting(): number {
    return this.#queue.size;
  }

  /** Lets a call in at once, which is undefined, or when its turn has come; throws or rejects with TooMany. `nowMs` may be coarse. */
  enter(tenant: string, operation: string, nowMs: number): Promise<void> | undefined {
    if (tenant !== this.#tenant) {
      if (this.#tenant !== undefined) this.#sharedUntil = nowMs + sharedForMs;
      this.#tenant = tenant;
    }
    if (this.#queue.size === 0 && this.#mayBegin(nowMs)) {
      this.#begin();
      return undefined;
    }
    if (this.#isBelowShare(tenant)) {
      this.#ahead.add(tenant);
      this.#begin();
      return undefined;
    }
    return this.#wait(tenant, operation);
  }

  /** Who has nothing waiting is below its share, and its one call in a turn need not wait behind what others sent. */
  #isBelowShare(tenant: string): boolean {
    if (this.running >= this.concurrency.limit || this.#ahead.size >= callsPerTurnMax) return false;
    return this.#turnEnds && !this.#ahead.has(tenant) && this.#queue.waiting(tenant) === 0;
  }

  /** A turn is short where others wait for its end, and long, which is cheaper, where one tenant is alone. */
  #mayBegin(nowMs: number): boolean {
    if (this.running >= this.concurrency.limit) return false;
    return this.#turn < callsPerSharedTurnMax || (this.#turn < callsPerTurnMax && nowMs >= this.#sharedUntil);
  }

  /** A call that was let in is over; `ms` is how long it ran. */
  leave(operation: string, ms: number, nowMs: number): void {
    this.concurrency.observe(operation, ms, this.running, nowMs);
    this.running -= 1;
    this.#left += 1;
    if (this.#queue.size > 0) this.#pump(nowMs);
  }

  stop(): void {
    clearInterval(this.#ticking);
  }

  #begin(): void {
    this.running += 1;
    this.#turn += 1;
    // The end of a turn is looked for only where many begin: few that begin in many turns are no reason to wait.
    if (this.#turn * 2 >= callsPerSharedTurnMax && !this.#turnEnds) this.#endTurn();
  }

  #endTurn(): void {
    this.#turnEnds = true;
    setImmediate(() => {
      this.#turnEnds = false;
      this.#turn = 0;
      if (this.#ahead.size > 0) this.#ahead.clear();
      if (this.#queue.size > 0) this.#pump(performance.now());
    });
  }

  #wait(tenant: string, operation: string): Promise<void> {
    if (this.#queue.size >= waitingMax || this.#queue.waiting(tenant) >= waitingPerTenantMax) throw this.#refusal();
    if (!this.#turnEnds) this.#endTurn();
    this.#ticking ??= setInterval(this.#tick, admissionTickMs);
    return new Promise((admit, refuse) => {
      const cost = Math.min(callCostMax, Math.ceil(this.concurrency.usualMs(operation)));
      this.#queue.push(tenant, { admit, refuse }, cost, performance.now());
    });
  }

  #refusal(): OperationError {
    this.refused += 1;
    return fault('TooMany', { detail: 'The service has more to do than it can; wait and repeat.', retryAfterMs: quotaWaitMaxMs });
  }

  #pump(nowMs: number): void {
    while (this.#queue.size > 0 && this.#mayBegin(nowMs)) {
      const waiting = this.#queue.next() as Waiting;
      this.#begin();
      waiting.admit();
    }
    if (this.#queue.size > 0 && !this.#turnEnds) this.#endTurn();
  }

  /** Refuses who waited too long. Where nothing ended since the last look, what runs is parked and not slow: some are let in beside it. */
  readonly #tick = (): void => {
    this.#queue.expire(performance.now() - quotaWaitMaxMs, ({ refuse }) => refuse(this.#refusal()));
    if (this.#left === 0)
      for (let more = Math.ceil(this.concurrency.limit / 8); more > 0 && this.#queue.size > 0; more -= 1) {
        this.#begin();
        this.#queue.next()?.admit();
      }
    this.#left = 0;
    if (this.#queue.size > 0) return;
    clearInterval(this.#ticking);
    this.#ticking = undefined;
  };
}
