import type { Log } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { outboxEpochsMax, transactionLettersMax } from '../store/limits.ts';
import type { Box, Outbox, Posted } from '../store/outbox.ts';
import { atStep } from '../store/step.ts';
import type { Carrier } from './carrier.ts';
import { persist } from './persist.ts';

/** `failures`: why what relations gave out does not get to where it goes, as long as it does not. */
export type Delivered = { readonly outbox: Outbox; readonly log: Log; readonly failures: Map<bigint, string> };

/** Takes what commits gave out to where it goes, as often as its carrier promises. */
export class Delivery {
  readonly #with: Delivered;
  readonly #at: Placed;
  readonly #box: Box;
  readonly #carrier: Carrier;
  readonly #signal: AbortSignal;
  #behind = 0;
  #wake = Promise.withResolvers<void>();
  #room = Promise.withResolvers<void>();

  constructor(delivered: Delivered, at: Placed, box: Box, carrier: Carrier, signal: AbortSignal) {
    this.#with = delivered;
    this.#at = at;
    this.#box = box;
    this.#carrier = carrier;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#stirred());
  }

  /** A commit gave something out. */
  posted(): void {
    this.#behind += 1;
    this.#stirred();
  }

  /** Waits while much waits to be delivered, so that who writes does not run away from a slow receiver. */
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
    const what = 'what a commit gave out could not be delivered; it is tried again';
    await persist({ ...this.#with, signal: this.#signal }, this.#box.relation, what, (went) => this.#deliver(went));
  }

  async #deliver(went: () => void): Promise<void> {
    const { outbox } = this.#with;
    const carriage = await this.#carrier.open(this.#signal);
    try {
      atStep('carrier-opened');
      if (carriage.done >= 0n) await outbox.forget(this.#at, this.#box, carriage.done);
      while (!this.#signal.aborted) {
        this.#wake = Promise.withResolvers();
        const epochs = await outbox.waiting(this.#at, this.#box);
        this.#behind = epochs.length;
        if (epochs.length === 0) {
          await this.#wake.promise;
          continue;
        }
        const posted = await this.#some(epochs);
        await carriage.carry(posted);
        atStep('epoch-carried');
        await outbox.forget(this.#at, this.#box, posted.at(-1)?.epoch ?? -1n);
        atStep('epoch-forgotten');
        went();
        this.#behind = 0;
        this.#room.resolve();
        this.#room = Promise.withResolvers();
      }
    } finally {
      await carriage.close();
    }
  }

  /** Whole commits, as many as go well together. */
  async #some(epochs: readonly bigint[]): Promise<Posted[]> {
    const posted: Posted[] = [];
    let count = 0;
    for (const epoch of epochs) {
      if (count >= transactionLettersMax) break;
      const letters = await this.#with.outbox.letters(this.#at, this.#box, epoch);
      posted.push({ epoch, letters });
      count += letters.length;
    }
    return posted;
  }
}
