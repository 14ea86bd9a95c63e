import { randomBytes, randomInt, timingSafeEqual } from 'node:crypto';

type Known = { readonly key: Buffer; cancel(): void };

/** The running connections of a door, by what their clients may cancel them with. */
export class Canceller {
  readonly #known = new Map<number, Known>();

  /** What a client is given to cancel by; `leave` when it is gone. */
  enter(cancel: () => void): { processId: number; key: Buffer; leave(): void } {
    let processId = randomInt(1, 2 ** 31 - 1);
    while (this.#known.has(processId)) processId = randomInt(1, 2 ** 31 - 1);
    const key = randomBytes(4);
    this.#known.set(processId, { key, cancel });
    return { processId, key, leave: () => this.#known.delete(processId) };
  }

  /** Cancels what runs; a wrong key is not answered, as PostgreSQL does. */
  cancel(processId: number, key: Buffer): void {
    const known = this.#known.get(processId);
    if (known && known.key.length === key.length && timingSafeEqual(known.key, key)) known.cancel();
  }
}
