import { setTimeout as pause } from 'node:timers/promises';
import { fault } from '#kernel/contract/fault.ts';
import type { EffectSource, LoggedEffect } from '#kernel/contract/implement.ts';
import type { Operation } from '#wire/tigerbeetle/operation.ts';
import { effectsReadMax, effectsWaitingMax, toldEveryMs, toldTriesMax } from './limits.ts';
import type { Who } from './session.ts';

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

  /** The last that the journal has. */
  get forgotten(): bigint {
    return this.#forgotten;
  }

  /** Drops those that a journal has up to `offset`. */
  forget(offset: bigint): void {
    while (this.#first < this.#waiting.length && (this.#waiting[this.#first] as LoggedEffect).offset <= offset) this.#first += 1;
    if (offset > this.#forgotten) this.#forgotten = offset;
    if (this.#first <= effectsReadMax) return;
    this.#waiting = this.#waiting.slice(this.#first);
    this.#first = 0;
  }

  clear(): void {
    this.#waiting = [];
    this.#first = 0;
    this.#forgotten = -1n;
  }

  /** Everything up to `op` is committed. */
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
      forget: async (offset) => this.forget(offset),
      onMore: (wake) => {
        this.#wakes.add(wake);
        return () => this.#wakes.delete(wake);
      },
    };
  }
}

/** A change as the audit tells it. */
type Logged = {
  readonly who: Who;
  readonly op: bigint;
  readonly digest: Buffer;
  readonly timestamp: bigint;
  readonly operation: Operation;
  readonly bytes: number;
  readonly counts: readonly number[];
};

/** The record holds the digest of its entry, and by it of the whole log up to there: who has the audit log can check this one. */
export function effectOf({ who, op, digest, timestamp, operation, bytes, counts }: Logged): LoggedEffect {
  const isAccount = operation.verb === 'createAccounts';
  const { tenant, scope, principal, credential } = who;
  return {
    offset: op,
    at: Number(timestamp / 1_000_000n),
    tenant,
    scope,
    principal,
    credential,
    operation: isAccount ? 'CreateAccounts' : 'CreateTransfers',
    kind: isAccount ? 'Account' : 'Transfer',
    name: '',
    outcome: 'ok',
    bytes,
    requestId: `op-${op}`,
    detail: { events: counts.reduce((sum, count) => sum + count, 0), log: digest.toString('hex') },
  };
}
