import { fault } from '#kernel/contract/fault.ts';
import { BlobsError } from '#seams/blobs/error.ts';
import { remoteRequestsMax, remoteSilenceMs } from './limits.ts';

type Waiting = { enter(): void; refuse(error: Error): void };

/**
 * How many requests are with the operator's store at once; others wait in order. A store that says nothing for as long as one
 * request may take is taken for silent: whoever waits is refused, and for a while everybody, at once; then one request tries.
 */
export class RemoteGate {
  #running = 0;
  readonly #waiting: Waiting[] = [];
  #silentUntil = 0;
  #isSilent = false;
  #isTrying = false;

  async enter(): Promise<void> {
    if (this.#isSilent) {
      if (this.#isTrying || performance.now() < this.#silentUntil) throw silent();
      this.#isTrying = true;
    }
    if (this.#running < remoteRequestsMax) this.#running += 1;
    else await new Promise<void>((enter, refuse) => this.#waiting.push({ enter, refuse }));
  }

  /** A request is over: `error` is what became of it, if it failed. */
  leave(error?: unknown): void {
    if (error instanceof BlobsError && error.code === 'Silent') {
      this.#isSilent = true;
      this.#silentUntil = performance.now() + remoteSilenceMs;
      for (const { refuse } of this.#waiting.splice(0)) refuse(silent());
    } else this.#isSilent = false;
    this.#isTrying = false;
    const next = this.#waiting.shift();
    if (next) next.enter();
    else this.#running -= 1;
  }
}

export const silent = (cause?: unknown) => fault('StoreSilent', { retryAfterMs: remoteSilenceMs, ...(cause ? { cause } : {}) });
