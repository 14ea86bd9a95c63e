import type { Socket } from 'node:net';
import { buildIso8583 } from '#wire/iso8583/build.ts';
import { FrameReader, framed } from '#wire/iso8583/frame.ts';
import type { IsoMessage } from '#wire/iso8583/message.ts';
import { messageType } from '#wire/iso8583/message-type.ts';
import { parseIso8583 } from '#wire/iso8583/parse.ts';
import type { IsoSpec } from '#wire/iso8583/spec.ts';
import { Iso8583Error } from '#wire/iso8583/violation.ts';
import { answeringMax, sendingBytes, wholeMs } from './limits.ts';
import { refusalOf } from './refusal.ts';

/** What is said to a request or an advice: nothing, an answer, or, by networks that do so, several. */
type Said = IsoMessage | readonly IsoMessage[] | undefined;
/** Answers a request or an advice; undefined where it is not answered. The signal says that the connection is gone. */
export type Answer = (message: IsoMessage, signal: AbortSignal) => Promise<Said> | Said;

type Ends = {
  /** The other side's requests and advices. */
  readonly answer: Answer;
  /** The other side's answers to ours. */
  readonly answered: (message: IsoMessage) => void;
  readonly closed: (reason: Error | undefined) => void;
};

/**
 * One connection of card messages, each behind two bytes of its length, seen from either side: requests are answered as they get ready, in
 * any order; what cannot be read is answered with code 30, or ends the connection where nobody could tell what the answer belongs to.
 */
export class Link {
  readonly #socket: Socket;
  readonly #spec: IsoSpec;
  readonly #ends: Ends;
  readonly #frames = new FrameReader();
  readonly #gone = new AbortController();
  #answering = 0;
  #broken: Error | undefined;
  #midway: NodeJS.Timeout | undefined;
  /** When a word last came, in milliseconds of the monotonic clock. */
  heardAt = performance.now();

  constructor(socket: Socket, spec: IsoSpec, ends: Ends) {
    this.#socket = socket;
    this.#spec = spec;
    this.#ends = ends;
    socket.setNoDelay(true);
    socket.on('data', (piece: Buffer) => this.#read(piece));
    socket.on('drain', () => this.#flow());
    socket.on('error', (error) => {
      this.#broken ??= error;
    });
    socket.on('close', () => {
      clearTimeout(this.#midway);
      this.#gone.abort();
      ends.closed(this.#broken);
    });
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  send(message: IsoMessage): void {
    this.#socket.write(framed(buildIso8583(message, this.#spec)));
    this.#flow();
  }

  /** Ends the connection at once. */
  end(reason?: Error): void {
    this.#broken ??= reason;
    this.#socket.destroy();
  }

  #read(piece: Buffer): void {
    this.heardAt = performance.now();
    let isWhole = false;
    try {
      const found = this.#frames.push(piece);
      isWhole = found.length > 0;
      for (const bytes of found) this.#take(bytes);
    } catch (error) {
      this.end(error as Error);
    }
    this.#await(isWhole);
    this.#flow();
  }

  /** A message that has begun is given its time once, however slowly its bytes come. */
  #await(isWhole: boolean): void {
    if (isWhole || !this.#frames.isMidway) {
      clearTimeout(this.#midway);
      this.#midway = undefined;
    }
    if (!this.#frames.isMidway || !this.isOpen) return;
    this.#midway ??= setTimeout(() => this.end(new Iso8583Error('a message did not become whole in time')), wholeMs);
  }

  #take(bytes: Buffer): void {
    if (!this.isOpen) return;
    let message: IsoMessage;
    let isAnswer: boolean;
    try {
      message = parseIso8583(bytes, this.#spec);
      isAnswer = /response/.test(messageType(message.mti).function);
    } catch (error) {
      const refusal = error instanceof Iso8583Error ? refusalOf(bytes, this.#spec, error) : undefined;
      if (!refusal) throw error;
      return this.send(refusal);
    }
    if (isAnswer) this.#ends.answered(message);
    else void this.#answer(message);
  }

  async #answer(message: IsoMessage): Promise<void> {
    this.#answering += 1;
    try {
      const said = (await this.#ends.answer(message, this.#gone.signal)) ?? [];
      for (const answer of 'mti' in said ? [said] : said) if (this.isOpen) this.send(answer);
    } catch (error) {
      this.end(error as Error);
    } finally {
      this.#answering -= 1;
      this.#flow();
    }
  }

  /** Reads on only while few are being answered and little waits to be sent. */
  #flow(): void {
    const isFull = this.#answering >= answeringMax || this.#socket.writableLength > sendingBytes;
    if (isFull !== this.#socket.isPaused()) isFull ? this.#socket.pause() : this.#socket.resume();
  }
}
