import { connect, type Socket } from 'node:net';
import { answerBytes, answerHeadBytes } from './limits.ts';

/** An answer as it goes back to the caller. */
export type Answer = { readonly status: number; readonly fields: string[]; readonly body: Buffer };

type Waiting = { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void };

/** Fields that are of one connection alone. */
export const ofConnection: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

/** One caller's line to the service behind the vault: one request after another, each with its answer whole. */
export class Upstream {
  readonly #socket: Socket;
  #held: Buffer = Buffer.alloc(0);
  #waiting: Waiting | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (piece: Buffer) => this.#read(piece));
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => this.#fail(new Error('the service closed the connection')));
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  request(head: string, body: Buffer): Promise<Answer> {
    const asked = this.#turn.then(
      () =>
        new Promise<Answer>((resolve, reject) => {
          if (!this.isOpen) return reject(new Error('the service closed the connection'));
          this.#waiting = { resolve, reject };
          this.#socket.cork();
          this.#socket.write(head, 'latin1');
          if (body.length > 0) this.#socket.write(body);
          this.#socket.uncork();
        }),
    );
    this.#turn = asked.catch(() => undefined);
    return asked;
  }

  end(): void {
    this.#socket.destroy();
  }

  #read(piece: Buffer): void {
    this.#held = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
    const answer = this.#whole();
    if (answer === undefined) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (answer instanceof Error || !waiting) return this.#fail(answer instanceof Error ? answer : new Error('an answer to nothing'));
    waiting.resolve(answer);
  }

  /** The answer that is there, undefined while some of it is to come. */
  #whole(): Answer | Error | undefined {
    const end = this.#held.indexOf('\r\n\r\n');
    if (end < 0) return this.#held.length > answerHeadBytes ? new Error('the head of an answer is too long') : undefined;
    const [first = '', ...lines] = this.#held.toString('latin1', 0, end).split('\r\n');
    const status = Number(first.slice(9, 12));
    let length = 0;
    const fields: string[] = [];
    for (const line of lines) {
      const colon = line.indexOf(':');
      const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
      if (name.toLowerCase() === 'content-length') length = Number(value);
      if (!ofConnection.has(name.toLowerCase())) fields.push(name, value);
      else if (name.toLowerCase() === 'transfer-encoding') return new Error('an answer has no length');
    }
    if (!Number.isSafeInteger(length) || length > answerBytes) return new Error('an answer is too long');
    const from = end + 4;
    if (this.#held.length < from + length) return undefined;
    const body = this.#held.subarray(from, from + length);
    this.#held = this.#held.subarray(from + length);
    return { status, fields, body };
  }

  #fail(error: Error): void {
    this.#socket.destroy();
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}
