import type { Caller } from '#kernel/contract/caller.ts';
import type { EffectSource, LoggedEffect } from '#kernel/contract/implement.ts';
import { effectWindowMs } from './limits.ts';

type Window = { readonly caller: Caller; readonly topic: string; readonly at: number; count: number; bytes: number; requestId: string };

/**
 * Who appended what, for the audit log: one record per caller, topic and second, with counts. The platform's own produces
 * are not told, so that publishing its events makes no events. A kill loses the second that was open, and recorder marks
 * the gap.
 */
export class Effects implements EffectSource {
  readonly #open = new Map<string, Window>();
  readonly #listeners = new Set<() => void>();
  readonly #now: () => number;
  #done: LoggedEffect[] = [];
  #offset: bigint;
  #timer: NodeJS.Timeout | undefined;

  /** `boot` counts the starts of this log; offsets of one start follow those of the one before. */
  constructor(boot: number, now: () => number) {
    this.#offset = BigInt(boot) << 40n;
    this.#now = now;
  }

  note(caller: Caller, topic: string, count: number, bytes: number, requestId: string): void {
    if (caller.face === 'service') return;
    const key = `${caller.scope} ${caller.credential} ${caller.principal} ${topic}`;
    let window = this.#open.get(key);
    if (!window) this.#open.set(key, (window = { caller, topic, at: this.#now(), count: 0, bytes: 0, requestId }));
    window.count += count;
    window.bytes += bytes;
    this.#timer ??= setTimeout(() => this.flush(), effectWindowMs);
  }

  /** Ends the open windows. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#open.size === 0) return;
    for (const { caller, topic, at, count, bytes, requestId } of this.#open.values()) {
      this.#offset += 1n;
      const { tenant, scope, principal, credential } = caller;
      const who = { tenant, scope, principal, credential };
      this.#done.push({
        ...who,
        offset: this.#offset,
        at,
        operation: 'Produce',
        kind: 'Topic',
        name: topic,
        outcome: 'ok',
        count,
        bytes,
        requestId,
      });
    }
    this.#open.clear();
    for (const wake of this.#listeners) wake();
  }

  async read(after: bigint, limit: number): Promise<readonly LoggedEffect[]> {
    return this.#done.filter(({ offset }) => offset > after).slice(0, limit);
  }

  async forget(offset: bigint): Promise<void> {
    this.#done = this.#done.filter((effect) => effect.offset > offset);
  }

  onMore(wake: () => void): () => void {
    this.#listeners.add(wake);
    return () => this.#listeners.delete(wake);
  }
}
