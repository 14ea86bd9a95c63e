import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { MessageReader } from '#wire/tigerbeetle/reader.ts';
import { connectMs, reconnectMs } from './limits.ts';

export type ReplicaEvents = {
  /** A connection stands; what is sent now goes over it. */
  readonly onOpen: () => void;
  readonly onMessage: (message: Buffer) => void;
};

/** The connection to one replica. It is made anew whenever it ends, until `close`. */
export class Replica {
  readonly #at: { readonly host: string; readonly port: number };
  readonly #events: ReplicaEvents;
  #socket: Socket | undefined;
  #closed = false;

  constructor(at: { readonly host: string; readonly port: number }, events: ReplicaEvents) {
    this.#at = at;
    this.#events = events;
    this.#connect();
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === 'open';
  }

  /** Sends a message when the connection stands; otherwise it is lost. */
  send(message: Buffer): void {
    if (this.isOpen) this.#socket?.write(message);
  }

  close(): void {
    this.#closed = true;
    this.#socket?.destroy();
  }

  #connect(): void {
    if (this.#closed) return;
    const reader = new MessageReader();
    const socket = connect({ ...this.#at, noDelay: true });
    this.#socket = socket;
    const late = setTimeout(() => socket.destroy(), connectMs);
    socket.once('connect', () => {
      clearTimeout(late);
      this.#events.onOpen();
    });
    socket.on('data', (chunk: Buffer) => {
      // A stream that is none of this protocol cannot be read on.
      if (!reader.feed(chunk, this.#events.onMessage)) socket.destroy();
    });
    // What went wrong does not matter: the next attempt tells.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(late);
      void pause(reconnectMs).then(() => this.#connect());
    });
  }
}
