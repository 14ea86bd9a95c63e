import { fault } from '#kernel/contract/fault.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { View } from '../engine/view.ts';
import { loadWaitMs, shareWaitMs } from '../store/limits.ts';

/** A view in memory, of which one thing is done at a time: who reads sees what was committed, and all of it. */
export class LiveView<V = View> {
  readonly view: V;
  epoch: bigint;
  /** Whether the commit that follows is under way. */
  isCommitting = false;
  readonly #close: () => Promise<void>;
  #turn: Promise<unknown> = Promise.resolve();
  #failed: unknown;

  /** `close`: what is done when it is not needed any more. */
  constructor(view: V, epoch: bigint, close = async () => {}) {
    this.view = view;
    this.epoch = epoch;
    this.#close = close;
  }

  inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const turn = this.#turn.then(() => {
      if (this.#failed !== undefined) throw fault('Unavailable', { detail: 'It was interrupted; ask again.', cause: this.#failed });
      return work();
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Ends it once nobody is at it any more: it is read no more, and what it put on disk is taken away. */
  async end(): Promise<void> {
    this.#failed ??= new Error('the view is loaded anew');
    await this.#turn;
    await this.#close();
  }

  /** What is in memory may be ahead of what was committed: nobody is to see it any more. */
  fail(error: unknown): void {
    this.#failed = error;
  }
}

type Waiting<L> = PromiseWithResolvers<L> & { isSettled: boolean; loaded?: L };

/** The views that are in memory. */
export class LiveViews<L extends Pick<LiveView<unknown>, 'end' | 'view'> = LiveView> {
  readonly #views = new Map<bigint, Waiting<L>>();

  /** Expects a view, for those who ask before it is there; one that was there is no more. */
  expect(id: bigint): Waiting<L> {
    const known = this.#views.get(id);
    if (known && !known.isSettled) return known;
    const waiting = { ...Promise.withResolvers<L>(), isSettled: false };
    waiting.promise.catch(() => undefined);
    this.#views.set(id, waiting);
    return waiting;
  }

  /** Expects a view anew, and ends what was there of it. */
  async renew(id: bigint): Promise<void> {
    const ended = this.known(id);
    this.expect(id);
    await ended?.end();
  }

  put(id: bigint, view: L): void {
    const waiting = this.expect(id);
    waiting.isSettled = true;
    waiting.loaded = view;
    waiting.resolve(view);
  }

  async forget(id: bigint): Promise<void> {
    const known = this.#views.get(id);
    known?.reject(new StatementError(sqlstates.relationMissing, 'the relation was dropped'));
    this.#views.delete(id);
    await known?.loaded?.end();
  }

  /** A view, if it is loaded. */
  known(id: bigint): L | undefined {
    return this.#views.get(id)?.loaded;
  }

  /** How many of those that are loaded are so. */
  count(isSo: (view: L) => boolean): number {
    return [...this.#views.values()].filter(({ loaded }) => loaded && isSo(loaded)).length;
  }

  /** A view that is loaded, or will be before long. */
  async soon(id: bigint): Promise<L['view'] | undefined> {
    const waiting = this.#views.get(id);
    if (!waiting) return undefined;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, shareWaitMs, undefined)));
    const loaded = await Promise.race([waiting.promise.catch(() => undefined), late]);
    clearTimeout(timer);
    return loaded?.view;
  }

  /** A view, once it is loaded. */
  async get(id: bigint): Promise<L> {
    const waiting = this.#views.get(id) ?? this.expect(id);
    if (waiting.isSettled) return waiting.promise;
    const { promise, reject } = Promise.withResolvers<never>();
    const late = setTimeout(() => reject(fault('Unavailable', 'The view is not loaded yet.')), loadWaitMs);
    try {
      return await Promise.race([waiting.promise, promise]);
    } finally {
      clearTimeout(late);
    }
  }
}
