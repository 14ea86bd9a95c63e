import type { Socket } from 'node:net';
import { MessageReader } from '#wire/pgwire/reader.ts';
import { messageBytes, strangerMessageBytes, waitingBytes } from './limits.ts';

/** Cuts what a socket says into messages, which are asked for one after the other. */
export class Inbox {
  reader = new MessageReader({ startup: true, limitBytes: strangerMessageBytes });
  #socket: Socket;
  #chunks: Buffer[] = [];
  #waiting = 0;
  #ended = false;
  #wake: () => void = () => undefined;
  readonly #take = (chunk: Buffer): void => {
    this.#chunks.push(chunk);
    this.#waiting += chunk.length;
    if (this.#waiting > waitingBytes) this.#socket.pause();
    this.#wake();
  };
  readonly #end = (): void => {
    this.#ended = true;
    this.#wake();
  };

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#follow();
  }

  #follow(): void {
    this.#socket.on('data', this.#take);
    this.#socket.once('end', this.#end);
    this.#socket.once('close', this.#end);
  }

  /** Whether something has been said that was not asked for yet. */
  get isAhead(): boolean {
    return this.#chunks.length > 0 || this.reader.pending > 0;
  }

  /** The next message is in `reader`, until the one after it is asked for; false at the end. */
  async next(): Promise<boolean> {
    while (!this.reader.next()) {
      const chunk = this.#chunks.shift();
      if (chunk) {
        this.#waiting -= chunk.length;
        if (this.#waiting <= waitingBytes && this.#socket.isPaused()) this.#socket.resume();
        this.reader.push(chunk);
      } else if (this.#ended) return false;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return true;
  }

  /** Whoever speaks is known: messages may be longer from here on. */
  trust(): void {
    this.reader = new MessageReader({ limitBytes: messageBytes });
  }

  /** Lets go of the socket, so that it can be secured. */
  release(): void {
    this.#socket.off('data', this.#take).off('end', this.#end).off('close', this.#end);
    this.#socket.pause();
  }

  /** Goes on with the secured socket; the client begins again. */
  resume(socket: Socket): void {
    this.#socket = socket;
    this.reader.expectStartup();
    this.#follow();
  }
}
