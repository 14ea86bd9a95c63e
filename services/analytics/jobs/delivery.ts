import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import type { Logs } from '#kernel/session/log-need.ts';
import type { Outgoing } from '#seams/log/log.ts';
import { outboxEpochsMax, retryMaxMs, retryMs, transactionLettersMax } from '../store/limits.ts';
import type { Box, Letter, Outbox } from '../store/outbox.ts';

export type Delivered = { readonly outbox: Outbox; readonly logs: Logs; readonly log: Log };

/** Where letters go, and as what records. */
export type Route = { readonly topic: string; records(letters: readonly Letter[]): Outgoing[] };

/**
 * Takes what commits gave out to a topic, each once: a transaction of the log holds the records of whole commits and the
 * number of the last of them, as an offset of a group of this box alone. Who comes after reads that number first, and has
 * fenced whoever was here before.
 */
export class Delivery {
  readonly #with: Delivered;
  readonly #at: Placed;
  readonly #box: Box;
  readonly #route: Route;
  readonly #signal: AbortSignal;
  #behind = 0;
  #wake = Promise.withResolvers<void>();
  #room = Promise.withResolvers<void>();

  constructor(delivered: Delivered, at: Placed, box: Box, route: Route, signal: AbortSignal) {
    this.#with = delivered;
    this.#at = at;
    this.#box = box;
    this.#route = route;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#stirred());
  }

  /** A commit gave something out. */
  posted(): void {
    this.#behind += 1;
    this.#stirred();
  }

  /** Waits while much waits to be delivered, so that who writes does not run away from a slow log. */
  async room(): Promise<void> {
    while (this.#behind >= outboxEpochsMax && !this.#signal.aborted) await this.#room.promise;
  }

  #stirred(): void {
    this.#wake.resolve();
    this.#room.resolve();
    this.#room = Promise.withResolvers();
  }

  /** Delivers until the signal, whatever is away meanwhile. */
  async run(): Promise<void> {
    for (let waitMs = retryMs; !this.#signal.aborted; waitMs = Math.min(waitMs * 2, retryMaxMs)) {
      try {
        await this.#deliver(() => (waitMs = retryMs));
      } catch (error) {
        if (this.#signal.aborted) return;
        this.#with.log('warn', 'what a commit gave out could not be delivered; it is tried again', { error: String(error) });
        await pause(waitMs, undefined, { signal: this.#signal, ref: false }).catch(() => undefined);
      }
    }
  }

  async #deliver(went: () => void): Promise<void> {
    const { logs, outbox } = this.#with;
    const { topic } = this.#route;
    const name = `gamut.analytics.${this.#box.relation}.${this.#box.lane}`;
    const log = await logs.own(this.#at, name);
    const producer = await log.transactions(name);
    // Only now does nobody else move it.
    const [done = -1] = await log.committed(name, topic);
    if (done >= 0) await outbox.forget(this.#at, this.#box, BigInt(done));
    while (!this.#signal.aborted) {
      this.#wake = Promise.withResolvers();
      const epochs = await outbox.waiting(this.#at, this.#box);
      this.#behind = epochs.length;
      if (epochs.length === 0) {
        await this.#wake.promise;
        continue;
      }
      const { letters, last } = await this.#some(epochs);
      await producer.transact(async (within) => {
        await within.produce(topic, this.#route.records(letters));
        await within.sendOffsets(name, [{ topic, partition: 0, offset: Number(last) }]);
      });
      await outbox.forget(this.#at, this.#box, last);
      went();
      this.#behind = 0;
      this.#room.resolve();
      this.#room = Promise.withResolvers();
    }
  }

  /** Whole commits, as many as go well together. */
  async #some(epochs: readonly bigint[]): Promise<{ letters: Letter[]; last: bigint }> {
    const letters: Letter[] = [];
    let last = -1n;
    for (const epoch of epochs) {
      if (letters.length >= transactionLettersMax) break;
      for (const letter of await this.#with.outbox.letters(this.#at, this.#box, epoch)) letters.push(letter);
      last = epoch;
    }
    return { letters, last };
  }
}
