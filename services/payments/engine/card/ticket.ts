import { createHmac } from 'node:crypto';
import { ticketMs, ticketsMax } from './limits.ts';

/** A number as somebody typed it, and whether a code came with it; the code itself goes no further. */
export type Typed = { readonly number: string; readonly code: string | undefined };

type Waiting = { readonly typed: Typed; readonly until: number };

/**
 * Numbers that came in with a request and wait for the service to say whose it is. A ticket follows from the number, the code and the
 * caller's key under a key of the vault's, so that a request that is made again is the same request.
 */
export class Tickets {
  readonly #key: () => Promise<Buffer>;
  readonly #waiting = new Map<string, Waiting>();

  constructor(key: () => Promise<Buffer>) {
    this.#key = key;
  }

  async give(typed: Typed, caller: string): Promise<string> {
    const ticket = createHmac('sha256', await this.#key())
      .update(JSON.stringify([caller, typed.number, typed.code ?? null]))
      .digest('hex');
    const now = Date.now();
    for (const [old, { until }] of this.#waiting) {
      if (until > now && this.#waiting.size < ticketsMax) break;
      this.#waiting.delete(old);
    }
    this.#waiting.delete(ticket);
    this.#waiting.set(ticket, { typed, until: now + ticketMs });
    return ticket;
  }

  /** A request may be made again: what it brought is there until its time is over. */
  typed(ticket: string): Typed | undefined {
    const waiting = this.#waiting.get(ticket);
    return waiting && waiting.until > Date.now() ? waiting.typed : undefined;
  }
}
