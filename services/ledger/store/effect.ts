import { setTimeout as pause } from 'node:timers/promises';
import { fault } from '#kernel/contract/fault.ts';
import type { EffectSource, LoggedEffect } from '#kernel/contract/implement.ts';
import { effectsReadMax, effectsWaitingMax, toldEveryMs, toldTriesMax } from './limits.ts';

/** What the log says to the audit: each change once, told when it is on disk and dropped when it is in the journal. */
export class Effects {
  #waiting: LoggedEffect[] = [];
  #first = 0;
  #durable = 0n;
  /** The last that the journal has. */
  #forgotten = -1n;
  readonly #wakes = new Set<() => void>();

  /** Whether more may be added; changes are refused otherwise. */
  get hasRoom(): boolean {
    return this.#waiting.length - this.#first < effectsWaitingMax;
  }

  add(effect: LoggedEffect): void {
    if (effect.offset > this.#forgotten) this.#waiting.push(effect);
  }

  /** Everything up to `op` is on disk. */
  durable(op: bigint): void {
    this.#durable = op;
    if (this.#first < this.#waiting.length) for (const wake of this.#wakes) wake();
  }

  /** Those not yet in the journal. */
  get waiting(): readonly LoggedEffect[] {
    return this.#waiting.slice(this.#first);
  }

  /** Resolves when what waits now is in the journal; Unavailable when that takes too long. */
  async told(): Promise<void> {
    const last = this.#waiting.at(-1)?.offset;
    for (let tries = toldTriesMax; last !== undefined && this.#forgotten < last; tries -= 1) {
      if (tries === 0) throw fault('Unavailable', 'The journal does not take what was done; ask again.');
      await pause(toldEveryMs);
    }
  }

  source(): EffectSource {
    return {
      read: async (after, limit) => {
        const found: LoggedEffect[] = [];
        for (let index = this.#first; index < this.#waiting.length && found.length < Math.min(limit, effectsReadMax); index += 1) {
          const effect = this.#waiting[index] as LoggedEffect;
          if (effect.offset > this.#durable) break;
          if (effect.offset > after) found.push(effect);
        }
        return found;
      },
      forget: async (offset) => {
        while (this.#first < this.#waiting.length && (this.#waiting[this.#first] as LoggedEffect).offset <= offset) this.#first += 1;
        this.#forgotten = offset;
        if (this.#first > effectsReadMax) {
          this.#waiting = this.#waiting.slice(this.#first);
          this.#first = 0;
        }
      },
      onMore: (wake) => {
        this.#wakes.add(wake);
        return () => this.#wakes.delete(wake);
      },
    };
  }
}
