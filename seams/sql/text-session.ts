import { readBackend } from '#wire/pgwire/backend.ts';
import { writeBind, writeDescribe, writeExecute, writeParse, writeSync, writeTerminate } from '#wire/pgwire/frontend.ts';
import { MessageReader } from '#wire/pgwire/reader.ts';
import { Writer } from '#wire/pgwire/writer.ts';
import type { Socket } from 'node:net';
import { parseAddress } from './address.ts';
import { dial } from './dial.ts';
import { PostgresError, SqlMisuse, SqlUnavailable } from './error.ts';
import { handshake } from './handshake.ts';
import { connectTimeoutMs, resultBytesMax } from './limits.ts';

/** A column of an answer; `oid` is its type. */
export type TextField = { readonly name: string; readonly oid: number };
/** A statement as the server understands it. */
export type Described = { readonly params: readonly number[]; readonly fields: readonly TextField[] };
/** Rows as the server wrote them; null is NULL. */
export type TextRows = (string | null)[][];

type Answer = { params: number[]; fields: TextField[]; rows: TextRows; bytes: number; at: number };

/** One connection for statements whose columns nobody here decodes. One thing is asked at a time; an error that is lost ends it. */
export class TextSession {
  readonly #socket: Socket;
  readonly #reader = new MessageReader();
  readonly #writer = new Writer();
  #waiting: (PromiseWithResolvers<Answer> & { readonly answer: Answer; readonly counted: number }) | undefined;
  #error: Error | undefined;
  #lost: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (cause) => this.#fail(cause));
    socket.on('close', () => this.#fail());
    socket.resume();
  }

  static async open(url: URL, settings: Iterable<readonly [string, string]>): Promise<TextSession> {
    const address = parseAddress(url);
    const socket = await dial(address, AbortSignal.timeout(connectTimeoutMs));
    try {
      await handshake(socket, address, settings);
      return new TextSession(socket);
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  async describe(text: string, types: readonly number[]): Promise<Described> {
    writeParse(this.#writer, '', text, types);
    writeDescribe(this.#writer, 'statement', '');
    const { params, fields } = await this.#ask(0);
    return { params, fields };
  }

  /** The rows of a statement, at most so many, behind a statement that prepares its transaction. */
  async rows(
    before: string,
    beforeParams: readonly string[],
    asked: { text: string; types: readonly number[] },
    params: readonly (string | null)[],
    most: number,
  ): Promise<TextRows> {
    const w = this.#writer;
    writeParse(w, '', before);
    writeBind(w, '', '', beforeParams);
    writeExecute(w, '');
    writeParse(w, '', asked.text, asked.types);
    writeBind(w, '', '', params);
    writeExecute(w, '', most);
    return (await this.#ask(1)).rows;
  }

  end(): void {
    writeTerminate(this.#writer);
    this.#socket.end(this.#writer.take());
  }

  /** `counted` is the number of the statement whose rows are kept. */
  #ask(counted: number): Promise<Answer> {
    if (this.#lost) throw this.#lost;
    if (this.#waiting) throw new SqlMisuse('A text session was asked two things at once.');
    const answer: Answer = { params: [], fields: [], rows: [], bytes: 0, at: 0 };
    const waiting = { ...Promise.withResolvers<Answer>(), answer, counted };
    this.#waiting = waiting;
    this.#error = undefined;
    writeSync(this.#writer);
    this.#socket.write(this.#writer.take());
    return waiting.promise;
  }

  #fail(cause?: unknown): void {
    if (this.#lost) return;
    this.#lost = this.#error ?? new SqlUnavailable('lost', 'PostgreSQL closed the connection.', { sent: true, cause });
    this.#socket.destroy();
    this.#waiting?.reject(this.#lost);
    this.#waiting = undefined;
  }

  #read(chunk: Buffer): void {
    try {
      this.#reader.push(chunk);
      while (!this.#lost && this.#reader.next()) {
        const { type, buffer, start, end } = this.#reader;
        this.#take(readBackend(type, buffer, start, end));
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #take(message: ReturnType<typeof readBackend>): void {
    const waiting = this.#waiting;
    if (message.type === 'error') this.#error ??= new PostgresError(message.report);
    if (!waiting) return;
    const { answer, counted } = waiting;
    switch (message.type) {
      case 'parameterDescription':
        answer.params = message.types;
        return;
      case 'rowDescription':
        answer.fields = message.columns.map(({ name, oid }) => ({ name, oid }));
        return;
      case 'dataRow':
        if (answer.at !== counted) return;
        for (const value of message.values) answer.bytes += value?.length ?? 0;
        if (answer.bytes > resultBytesMax) this.#error ??= new SqlMisuse(`An answer has more than ${resultBytesMax} bytes.`);
        else answer.rows.push(message.values.map((value) => value && value.toString()));
        return;
      case 'commandComplete':
      case 'portalSuspended':
        answer.at += 1;
        return;
      case 'ready':
        this.#waiting = undefined;
        if (this.#error) waiting.reject(this.#error);
        else waiting.resolve(answer);
    }
  }
}
