import { fault } from '#kernel/contract/fault.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { View } from '../engine/view.ts';
import { loadWaitMs } from '../store/limits.ts';

/** A view in memory, of which one thing is done at a time: who reads sees what was committed, and all of it. */
export class LiveView {
  readonly view: View;
  epoch: bigint;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(view: View, epoch: bigint) {
    this.view = view;
    this.epoch = epoch;
  }

  inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

type Waiting = PromiseWithResolvers<LiveView>;

/** The views that are in memory. */
export class LiveViews {
  readonly #views = new Map<bigint, Waiting>();

  /** Expects a view, for those who ask before it is there. */
  expect(id: bigint): void {
    this.#views.get(id)?.reject(new StatementError(sqlstates.unavailable, 'the view is being loaded anew'));
    const waiting = Promise.withResolvers<LiveView>();
    waiting.promise.catch(() => undefined);
    this.#views.set(id, waiting);
  }

  put(id: bigint, view: LiveView): void {
    this.#views.get(id)?.resolve(view);
  }

  forget(id: bigint): void {
    this.#views.get(id)?.reject(new StatementError(sqlstates.relationMissing, 'the view was dropped'));
    this.#views.delete(id);
  }

  /** A view, once it is loaded. */
  async get(id: bigint): Promise<LiveView> {
    const waiting = this.#views.get(id);
    if (!waiting) throw fault('Unavailable', 'The view is not loaded yet.');
    const { promise, reject } = Promise.withResolvers<never>();
    const late = setTimeout(() => reject(fault('Unavailable', 'The view is not loaded yet.')), loadWaitMs);
    try {
      return await Promise.race([waiting.promise, promise]);
    } finally {
      clearTimeout(late);
    }
  }
}
