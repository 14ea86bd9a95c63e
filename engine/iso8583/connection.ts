import { connect as connectSocket } from 'node:net';
import type { IsoMessage } from '#wire/iso8583/message.ts';
import { answerType } from '#wire/iso8583/message-type.ts';
import { answerTo, networkRequest, type Scheme, schemeSpec } from '#wire/iso8583/scheme.ts';
import type { Encoding } from '#wire/iso8583/spec.ts';
import { answerMs, echoMs, outstandingMax, traceMax } from './limits.ts';
import { Link } from './link.ts';

/** No answer came. What the request did is not known: it is to be reversed until that is answered. */
export class AnswerMissing extends Error {
  override readonly name = 'AnswerMissing';
}

/** The other side refused to let us sign on, or the request could not be sent: nothing happened. */
export class NotSent extends Error {
  override readonly name = 'NotSent';
}

type Waiting = { readonly resolve: (message: IsoMessage) => void; readonly reject: (error: Error) => void; readonly timer: NodeJS.Timeout };

export type ConnectionOptions = {
  readonly scheme: Scheme;
  readonly encoding: Encoding;
  /** Answers that nobody waits for any more, or never did. */
  readonly late?: (message: IsoMessage) => void;
  readonly now?: () => Date;
  /** Milliseconds of silence before the other side is asked, and in which it must answer then. */
  readonly echoMs?: number;
};

/** A connection to a network or an issuer: it signs on, has many requests under way, and asks in silence whether the other is there. */
export class Connection {
  readonly #link: Link;
  readonly #options: ConnectionOptions;
  readonly #waiting = new Map<string, Waiting>();
  #echo: NodeJS.Timeout | undefined;
  #trace = 0;

  private constructor(port: number, address: string, options: ConnectionOptions) {
    this.#options = options;
    const socket = connectSocket(port, address);
    this.#link = new Link(socket, schemeSpec(options.scheme, options.encoding), {
      // Networks ask us for echoes as well.
      answer: (message) => (message.mti === '0800' ? answerTo(message, { 39: '00' }) : undefined),
      answered: (message) => this.#answered(message),
      closed: (reason) => this.#closed(reason),
    });
  }

  /** Connects and signs on. */
  static async open(port: number, address: string, options: ConnectionOptions): Promise<Connection> {
    const connection = new Connection(port, address, options);
    try {
      const { fields } = await connection.#manage('signOn');
      if (fields[39] === '00') return connection.#begin();
      throw new NotSent(`signing on was answered with ${String(fields[39])}`);
    } catch (error) {
      connection.#link.end();
      throw error;
    }
  }

  /** From now on, silence is asked about. */
  #begin(): this {
    const silenceMs = this.#options.echoMs ?? echoMs;
    this.#echo = setInterval(() => this.#ask(silenceMs), silenceMs);
    this.#echo.unref();
    if (!this.isOpen) clearInterval(this.#echo);
    return this;
  }

  get isOpen(): boolean {
    return this.#link.isOpen;
  }

  /** The next system trace audit number, by which an answer is found to belong to its request. */
  nextTrace(): string {
    this.#trace = (this.#trace % traceMax) + 1;
    return String(this.#trace).padStart(6, '0');
  }

  /** Sends a request or an advice with a trace number (11) and a time (7), and resolves with its answer. */
  request(message: IsoMessage, timeoutMs: number = answerMs): Promise<IsoMessage> {
    const mti = answerType(message.mti);
    const key = mti === undefined ? undefined : keyOf(mti, message);
    if (key === undefined || this.#waiting.has(key))
      return Promise.reject(new NotSent(`${message.mti} has no answer or no trace number of its own`));
    if (!this.isOpen) return Promise.reject(new NotSent('the connection is closed'));
    if (this.#waiting.size >= outstandingMax) return Promise.reject(new NotSent(`${outstandingMax} requests wait for their answers`));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(key);
        reject(new AnswerMissing(`${message.mti} was not answered in ${timeoutMs} ms`));
      }, timeoutMs);
      this.#waiting.set(key, { resolve, reject, timer });
      try {
        this.#link.send(message);
      } catch (error) {
        clearTimeout(timer);
        this.#waiting.delete(key);
        reject(error as Error);
      }
    });
  }

  /** Signs off, and ends the connection. */
  async close(): Promise<void> {
    if (this.isOpen) await this.#manage('signOff').catch(() => undefined);
    this.#link.end();
  }

  #manage(what: 'signOn' | 'signOff' | 'echo', timeoutMs: number = answerMs): Promise<IsoMessage> {
    const at = this.#options.now?.() ?? new Date();
    return this.request(networkRequest(this.#options.scheme, what, { trace: this.nextTrace(), at }), timeoutMs);
  }

  /** A connection that says nothing is asked; one that does not answer is ended. */
  #ask(silenceMs: number): void {
    if (performance.now() - this.#link.heardAt < silenceMs) return;
    this.#manage('echo', silenceMs).catch((error: Error) => this.#link.end(error));
  }

  #answered(message: IsoMessage): void {
    const key = keyOf(message.mti, message);
    const waiting = this.#waiting.get(key);
    if (!waiting) return this.#options.late?.(message);
    this.#waiting.delete(key);
    clearTimeout(waiting.timer);
    waiting.resolve(message);
  }

  #closed(reason: Error | undefined): void {
    clearInterval(this.#echo);
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new AnswerMissing(`the connection ended${reason ? `: ${reason.message}` : ''}`));
    }
    this.#waiting.clear();
  }
}

/** Answers repeat the trace number and the time of their request. */
const keyOf = (mti: string, { fields }: IsoMessage): string => `${mti} ${String(fields[11])} ${String(fields[7])}`;
