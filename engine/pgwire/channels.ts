/** What was told in a channel; `processId` is of the connection that told it. */
export type Notification = { readonly processId: number; readonly channel: string; readonly payload: string };
export type Listener = (told: Notification) => void;

/** The channels of one database: who listens to them, and whose turn it is to commit what is told in them. */
export class Channels {
  readonly #listeners = new Map<string, Set<Listener>>();
  #last: Promise<void> = Promise.resolve();

  listen(channel: string, listener: Listener): void {
    const known = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, known.add(listener));
  }

  unlisten(channel: string, listener: Listener): void {
    const known = this.#listeners.get(channel);
    known?.delete(listener);
    if (known?.size === 0) this.#listeners.delete(channel);
  }

  publish(told: Iterable<Notification>): void {
    for (const each of told) for (const listener of this.#listeners.get(each.channel) ?? []) listener(each);
  }

  /** Does one such work after the other, so that what commits first is told first. Whoever is aborted waits no more. */
  async inTurn(work: () => Promise<void> | void, signal: AbortSignal): Promise<void> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = before.then(() => promise);
    try {
      await unlessAborted(before, signal);
      await work();
    } finally {
      resolve();
    }
  }
}

async function unlessAborted(awaited: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    signal.throwIfAborted();
    await Promise.race([awaited, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
