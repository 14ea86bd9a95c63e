import { createServer, type Server } from 'node:net';
import type { IsoSpec } from '#wire/iso8583/spec.ts';
import { connectionsMax } from './limits.ts';
import { type Answer, Link } from './link.ts';

/** The side that connections come to: an issuer, or the switch where acquirers come in. */
export class Host {
  readonly #server: Server;
  readonly #links = new Set<Link>();

  constructor(spec: IsoSpec, answer: Answer) {
    this.#server = createServer((socket) => {
      const link = new Link(socket, spec, { answer, answered: () => undefined, closed: () => this.#links.delete(link) });
      this.#links.add(link);
    });
    this.#server.maxConnections = connectionsMax;
  }

  /** Listens on a port of an address (0: any that is free) and answers which. */
  listen(port: number, address: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, address, () => {
        const bound = this.#server.address();
        resolve(bound && typeof bound === 'object' ? bound.port : port);
      });
    });
  }

  /** Takes no more connections, and ends those there are. */
  close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const link of this.#links) link.end();
    return closed;
  }
}
