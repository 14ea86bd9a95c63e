import { portionsMax } from '../engine/worker/limits.ts';
import type { LiveView } from './live.ts';

const done = () => undefined;

/**
 * How what a view takes becomes part of it: it is computed in the order in which it came, and while one thing is computed
 * elsewhere what was computed before it is told to the view. Once something failed nothing behind it is told.
 */
export class Passage {
  readonly #loaded: LiveView;
  readonly #signal: AbortSignal;
  /** Rejects with the first error of what passes, and resolves with the signal. */
  readonly failing: Promise<void>;
  readonly #fail: (error: unknown) => void;
  /** What nothing may begin before the end of. */
  #gate: Promise<unknown> | undefined;
  #computed: Promise<unknown> = Promise.resolve();
  #told: Promise<unknown> = Promise.resolve();
  /** What was begun and is not told yet, the oldest first. */
  readonly #under: Promise<unknown>[] = [];

  constructor(loaded: LiveView, signal: AbortSignal) {
    this.#loaded = loaded;
    this.#signal = signal;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(done);
    this.failing = promise;
    this.#fail = reject;
    // What is ended while it is being loaded has no end to wait for.
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  }

  /** Whether nothing is to begin any more. */
  get isOver(): boolean {
    return this.#signal.aborted;
  }

  /** Undefined while something may begin; else what is to be waited for before it is asked again. */
  get shut(): Promise<unknown> | undefined {
    return this.#gate ?? (this.#under.length >= portionsMax ? this.#under[0] : undefined);
  }

  /** Computes and tells in turn of all others; answers when it is told. It begins in this call, in the place that it has. */
  pass<C>(compute: () => Promise<C>, tell: (computed: C) => void): Promise<void> {
    const computed = this.#computed.then(compute);
    const before = this.#told;
    const told = this.#loaded.inTurn(async () => {
      await before;
      tell(await computed);
    });
    this.#computed = computed;
    this.#told = told;
    computed.catch(done);
    const under = told.catch(this.#fail).then(() => void this.#under.shift());
    this.#under.push(under);
    return told;
  }

  /** Does something between all that began before and all that comes. */
  async alone(work: () => Promise<void>): Promise<void> {
    while (this.#gate) await this.#gate;
    const before = this.#told;
    const worked = this.#loaded.inTurn(async () => {
      await before;
      await work();
    });
    this.#gate = worked.then(done, done).then(() => {
      this.#gate = undefined;
    });
    await worked;
  }

  /** Resolves when nothing is under way. */
  async end(): Promise<void> {
    await Promise.allSettled([this.#computed, this.#told]);
  }
}

/** What comes of something, the next of which is asked for while one is at work. */
export async function* oneAhead<T>(from: AsyncIterable<T>): AsyncGenerator<T> {
  const coming = from[Symbol.asyncIterator]();
  let next = coming.next();
  try {
    for (;;) {
      const { done: isOver, value } = await next;
      if (isOver) return;
      next = coming.next();
      next.catch(done);
      yield value;
    }
  } finally {
    // Whoever waits for records at the log is told by the signal.
    coming.return?.().catch(done);
  }
}
