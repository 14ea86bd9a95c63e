import { fault } from '#kernel/contract/fault.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { View } from '../engine/view.ts';
import { loadWaitMs } from '../store/limits.ts';

/** A view in memory, of which one thing is done at a time: who reads sees what was committed, and all of it. */
export class LiveView {
  readonly view: View;
  epoch: bigint;
  #turn: Promise<unknown> = Promise.resolve();
  #failed: unknown;

  constructor(view: View, epoch: bigint) {
    this.view = view;
    this.epoch = epoch;
  }

  inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const turn = this.#turn.then(() => {
      if (this.#failed !== undefined) throw this.#failed;
      return work();
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** What is in memory may be ahead of what was committed: nobody is to see it any more. */
  fail(error: unknown): void {
    this.#failed = error;
  }
}

type Waiting = PromiseWithResolvers<LiveView> & { isSettled: boolean };

/** The views that are in memory. */
export class LiveViews {
  readonly #views = new Map<bigint, Waiting>();

  /** Expects a view, for those who ask before it is there; one that was there is no more. */
  expect(id: bigint): Waiting {
    const known = this.#views.get(id);
    if (known && !known.isSettled) return known;
    const waiting = { ...Promise.withResolvers<LiveView>(), isSettled: false };
    waiting.promise.catch(() => undefined);
    this.#views.set(id, waiting);
    return waiting;
  }

  put(id: bigint, view: LiveView): void {
    const waiting = this.expect(id);
    waiting.isSettled = true;
    waiting.resolve(view);
  }

  forget(id: bigint): void {
    this.#views.get(id)?.reject(new StatementError(sqlstates.relationMissing, 'the view was dropped'));
    this.#views.delete(id);
  }

  /** A view, once it is loaded. */
  async get(id: bigint): Promise<LiveView> {
    const waiting = this.#views.get(id) ?? this.expect(id);
    const { promise, reject } = Promise.withResolvers<never>();
    const late = setTimeout(() => reject(fault('Unavailable', 'The view is not loaded yet.')), loadWaitMs);
    try {
      return await Promise.race([waiting.promise, promise]);
    } finally {
      clearTimeout(late);
    }
  }
}
