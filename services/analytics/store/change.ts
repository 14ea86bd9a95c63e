import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Row } from '../domain/value.ts';
import { behindMax } from './limits.ts';

/** A row of a view that came (1) or went (-1) with a commit. */
export type Change = { readonly epoch: bigint; readonly diff: 1 | -1; readonly row: Row };

/** The commits of views, for those who follow them. */
export class Changes {
  readonly #followers = new Map<bigint, Set<Follower>>();

  isFollowed(view: bigint): boolean {
    return this.#followers.has(view);
  }

  follow(view: bigint, signal: AbortSignal): Follower {
    const known = this.#followers.get(view) ?? new Set();
    this.#followers.set(view, known);
    const follower: Follower = new Follower(signal, () => {
      known.delete(follower);
      if (known.size === 0 && this.#followers.get(view) === known) this.#followers.delete(view);
    });
    known.add(follower);
    return follower;
  }

  tell(view: bigint, changes: readonly Change[]): void {
    for (const follower of this.#followers.get(view) ?? []) follower.take(changes);
  }

  /** What was committed is not known here, or there will be no more: whoever follows has to begin again. */
  end(view: bigint, error: StatementError): void {
    for (const follower of this.#followers.get(view) ?? []) follower.end(error);
  }
}

/** One who follows a view. */
export class Follower {
  #waiting: Change[] = [];
  #error: unknown;
  #wake: () => void = () => undefined;
  readonly #signal: AbortSignal;
  readonly #leave: () => void;

  constructor(signal: AbortSignal, leave: () => void) {
    this.#signal = signal;
    this.#leave = leave;
  }

  take(changes: readonly Change[]): void {
    if (this.#waiting.length + changes.length > behindMax)
      this.end(new StatementError(sqlstates.tooMuch, `the subscriber is more than ${behindMax} changes behind`));
    else this.#waiting.push(...changes);
    this.#wake();
  }

  end(error: unknown): void {
    this.#error ??= error;
    this.#wake();
  }

  /** Changes as they are committed, until the signal. */
  async *changes(): AsyncGenerator<readonly Change[]> {
    const stop = () => this.#wake();
    this.#signal.addEventListener('abort', stop);
    try {
      while (!this.#signal.aborted) {
        if (this.#error !== undefined) throw this.#error;
        const found = this.#waiting;
        this.#waiting = [];
        if (found.length > 0) yield found;
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      this.#signal.removeEventListener('abort', stop);
      this.stop();
    }
  }

  stop(): void {
    this.#leave();
  }
}
