import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { type Row, rowKey } from '../domain/value.ts';
import type { Changed } from '../engine/view.ts';
import { behindMax } from './limits.ts';

/** A row of a view that came (1) or went (-1) with a commit; with 0 and no row: all of commits up to this one is there to stay. */
export type Change = { readonly epoch: bigint; readonly diff: 1 | -1 | 0; readonly row: Row | undefined };

/** What a step changed, and the commit that it will be part of. */
type Ahead = { readonly epoch: bigint; readonly changes: readonly Changed[] };

/** What changes views, for those who follow them: at once, as it may still be taken back, or once it is committed. */
export class Changes {
  readonly #followers = new Map<bigint, Set<Follower>>();
  readonly #ahead = new Map<bigint, Ahead[]>();

  /** Follows a view: with `committed` what stays alone, else also what is not committed yet. */
  follow(view: bigint, signal: AbortSignal, committed: boolean): Follower {
    const known = this.#followers.get(view) ?? new Set();
    this.#followers.set(view, known);
    const follower: Follower = new Follower(signal, committed, () => {
      known.delete(follower);
      if (known.size === 0 && this.#followers.get(view) === known) this.#followers.delete(view);
    });
    known.add(follower);
    return follower;
  }

  /** What was told of a view that is not committed yet. */
  ahead(view: bigint): readonly Changed[] {
    return (this.#ahead.get(view) ?? []).flatMap(({ changes }) => changes);
  }

  /** The same as those who follow are told it. */
  provisional(view: bigint): Change[] {
    return (this.#ahead.get(view) ?? []).flatMap(({ epoch, changes }) => linesOf(epoch, changes));
  }

  /** Tells what a step changed, as a part of a commit to come. */
  tell(view: bigint, epoch: bigint, changes: readonly Changed[]): void {
    if (changes.length === 0) return;
    const known = this.#ahead.get(view);
    if (known) known.push({ epoch, changes });
    else this.#ahead.set(view, [{ epoch, changes }]);
    this.#give(view, false, () => linesOf(epoch, changes));
  }

  /** A commit took effect. */
  commit(view: bigint, epoch: bigint): void {
    const told = this.#ahead.get(view) ?? [];
    const left = told.filter((each) => each.epoch > epoch);
    if (left.length === told.length) return;
    if (left.length === 0) this.#ahead.delete(view);
    else this.#ahead.set(view, left);
    this.#give(view, true, () =>
      linesOf(
        epoch,
        told.filter((each) => each.epoch <= epoch).flatMap(({ changes }) => changes),
      ),
    );
    this.#give(view, false, () => [{ epoch, diff: 0, row: undefined }]);
  }

  /** A view is read anew, as of a commit: what was told beyond it is taken back, and will come again. */
  rollback(view: bigint, epoch: bigint): void {
    this.commit(view, epoch);
    const gone = this.#ahead.get(view) ?? [];
    this.#ahead.delete(view);
    for (const { epoch: own, changes } of gone.reverse())
      this.#give(view, false, () =>
        linesOf(
          own,
          changes.map(({ row, weight }) => ({ row, weight: -weight })),
        ),
      );
  }

  /** What was committed is not known here, or there will be no more: whoever follows has to begin again. */
  end(view: bigint, error: StatementError): void {
    this.#ahead.delete(view);
    for (const follower of this.#followers.get(view) ?? []) follower.end(error);
  }

  #give(view: bigint, committed: boolean, linesFor: () => readonly Change[]): void {
    const to = [...(this.#followers.get(view) ?? [])].filter((follower) => follower.committed === committed);
    if (to.length === 0) return;
    const lines = linesFor();
    if (lines.length > 0) for (const follower of to) follower.take(lines);
  }
}

/** What changes add up to: each row once, what goes before what comes. */
function linesOf(epoch: bigint, changes: readonly Changed[]): Change[] {
  const sums = new Map<string, Changed>();
  for (const { row, weight } of changes) {
    const name = rowKey(row);
    sums.set(name, { row, weight: weight + (sums.get(name)?.weight ?? 0) });
  }
  const lines = (sign: 1 | -1) =>
    [...sums.values()].flatMap(({ row, weight }) =>
      Array.from({ length: Math.max(0, weight * sign) }, (): Change => ({ epoch, diff: sign, row })),
    );
  return [...lines(-1), ...lines(1)];
}

/** One who follows a view. */
export class Follower {
  readonly committed: boolean;
  #waiting: Change[] = [];
  #error: unknown;
  #wake: () => void = () => undefined;
  readonly #signal: AbortSignal;
  readonly #leave: () => void;

  constructor(signal: AbortSignal, committed: boolean, leave: () => void) {
    this.committed = committed;
    this.#signal = signal;
    this.#leave = leave;
  }

  take(changes: readonly Change[]): void {
    if (this.#waiting.length + changes.length > behindMax)
      this.end(new StatementError(sqlstates.tooMuch, `the subscriber is more than ${behindMax} changes behind`));
    // One by one: there may be more than a call takes arguments.
    else for (const change of changes) this.#waiting.push(change);
    this.#wake();
  }

  end(error: unknown): void {
    this.#error ??= error;
    this.#wake();
  }

  /** Changes as they are told, until the signal. */
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
