import type { HttpRequest } from '#engine/http1/request.ts';
import type { Socket } from 'node:net';
import type { HttpLimits } from './limits.ts';

/** What the last look at a connection saw. */
type Seen = { read: number; sent: number; slow: number };

/**
 * Finds connections whose peer holds them without moving bytes: a body that trickles in, or a reply that is not read.
 * A request whose bytes wait for us is not slow, whatever its peer does.
 */
export class Pace {
  readonly #limits: HttpLimits;
  readonly #seen = new WeakMap<Socket, Seen>();

  constructor(limits: HttpLimits) {
    this.#limits = limits;
  }

  /** One look at one connection; true when it has been too slow too often in a row. */
  tooSlow(socket: Socket, request: HttpRequest | undefined): boolean {
    const sent = socket.bytesWritten - socket.writableLength;
    const seen = this.#seen.get(socket);
    if (!seen) {
      this.#seen.set(socket, { read: socket.bytesRead, sent, slow: 0 });
      return false;
    }
    const receiving = request !== undefined && !request.complete && request.readableLength === 0;
    const trickles = receiving && socket.bytesRead - seen.read < this.#limits.bodyPaceBytes;
    const unread = socket.writableLength > 0 && sent === seen.sent;
    seen.slow = trickles || unread ? seen.slow + 1 : 0;
    seen.read = socket.bytesRead;
    seen.sent = sent;
    return seen.slow >= this.#limits.slowSweepsMax;
  }
}
