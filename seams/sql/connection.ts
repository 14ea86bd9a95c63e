import type { Socket } from 'node:net';
import { readBackend, tags } from '#wire/pgwire/backend.ts';
import { Elements } from '#wire/pgwire/elements.ts';
import {
  writeBind,
  writeClose,
  writeDescribe,
  writeExecute,
  writeParse,
  writeQuery,
  writeSync,
  writeTerminate,
} from '#wire/pgwire/frontend.ts';
import { MessageReader } from '#wire/pgwire/reader.ts';
import { fieldsOf, readRow } from '#wire/pgwire/row.ts';
import { ProtocolViolation } from '#wire/pgwire/violation.ts';
import { Writer } from '#wire/pgwire/writer.ts';
import { PostgresError, SqlMisuse, SqlUnavailable } from './error.ts';
import type { Exchange, Part, Result, Status } from './exchange.ts';
import type { Greeting } from './handshake.ts';
import { resultBytesMax } from './limits.ts';
import { type Prepared, StatementCache } from './statement.ts';

/**
 * One authenticated connection. Exchanges are pipelined: each has its own Sync, and answers come back in the order of
 * sending. A connection that breaks settles every exchange it holds as lost.
 */
export class Connection {
  readonly greeting: Greeting;
  readonly statements = new StatementCache();
  readonly queue: Exchange[] = [];
  /** Of the last exchange answered. */
  status: Status = 'idle';
  /** Why the connection can no longer be used. */
  lost: SqlUnavailable | null = null;
  /** No new group may be sent: a transaction has it, or waits for it. */
  reserved = false;
  /** A cancel request is under way and could hit whatever runs; no new work until it is through. */
  fence: Promise<void> | null = null;
  /** The transaction that has the connection was aborted: what it still runs is to be cancelled. */
  unwanted = false;
  /** Cancel requests sent so far. */
  cancels = 0;
  heardAt = performance.now();
  readonly #socket: Socket;
  readonly #reader = new MessageReader();
  readonly #writer = new Writer();
  readonly #onIdle: (connection: Connection) => void;
  readonly #onLost: (connection: Connection) => void;
  #flushing = false;
  #fatal: PostgresError | null = null;

  /** `onIdle` is called after each answer, `onLost` once, before the exchanges in flight are settled. */
  constructor(socket: Socket, greeting: Greeting, onIdle: (c: Connection) => void, onLost: (c: Connection) => void) {
    this.greeting = greeting;
    this.#socket = socket;
    this.#onIdle = onIdle;
    this.#onLost = onLost;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (cause) => this.fail('PostgreSQL closed the connection.', cause));
    socket.on('close', () => this.fail('PostgreSQL closed the connection.'));
    socket.resume();
  }

  /** Sends an exchange; it leaves with everything else sent in this turn of the event loop. */
  send(x: Exchange): void {
    if (this.lost) throw new SqlMisuse('An exchange was sent on a connection that is lost.');
    const w = this.#writer;
    for (const name of this.statements.takeClosing()) writeClose(w, 'statement', name);
    if (x.script !== undefined) writeQuery(w, x.script);
    else {
      for (const part of x.parts) x.statements.push(this.#write(w, part));
      writeSync(w);
    }
    x.sentAt = performance.now();
    this.queue.push(x);
    if (this.#flushing) return;
    this.#flushing = true;
    process.nextTick(() => this.#flush());
  }

  /** Gives the connection up: what is in flight is settled as lost. */
  fail(sentence: string, cause?: unknown): void {
    if (this.lost) return;
    const reason = this.#fatal ?? cause;
    this.lost = new SqlUnavailable('lost', this.#fatal ? `PostgreSQL ended the connection: ${this.#fatal.message}.` : sentence, {
      sent: true,
      cause: reason,
    });
    this.#socket.destroy();
    this.#onLost(this);
    for (const x of this.queue.splice(0)) {
      x.error = this.lost;
      x.settle('lost');
    }
  }

  /** Ends an idle connection politely. */
  end(): void {
    if (this.lost) return;
    this.lost = new SqlUnavailable('closed', 'The pool closed the connection.');
    writeTerminate(this.#writer);
    this.#socket.end(this.#writer.take());
    this.#onLost(this);
  }

  #write(w: Writer, part: Part): Prepared | null {
    const portal = part.portal ?? '';
    if (part.fetch) {
      writeExecute(w, portal, part.rowsMax);
      return null;
    }
    const statement = this.statements.use(part.text);
    if (!statement.ready) {
      writeParse(w, statement.name, part.text);
      writeDescribe(w, 'statement', statement.name);
    }
    const params = part.params.map((param, index) => (param instanceof Elements ? param.of(statement.types[index]) : param));
    writeBind(w, portal, statement.name, params);
    writeExecute(w, portal, part.rowsMax);
    return statement;
  }

  #flush(): void {
    this.#flushing = false;
    if (this.lost || this.#writer.size === 0) return;
    this.#socket.write(this.#writer.take());
  }

  #read(chunk: Buffer): void {
    this.heardAt = performance.now();
    try {
      this.#reader.push(chunk);
      while (!this.lost && this.#reader.next()) this.#message(this.#reader);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.fail(`PostgreSQL sent what is not its protocol: ${error.message}.`, error);
    }
  }

  #message({ type, buffer, start, end }: MessageReader): void {
    const x = this.queue[0];
    switch (type) {
      case tags.dataRow:
        return this.#row(current(x, type), buffer, start, end);
      case tags.bindComplete:
      case tags.closeComplete:
      case tags.parseComplete:
        return;
      case tags.commandComplete:
        return this.#complete(current(x, type), buffer.toString('latin1', start, end - 1));
      case tags.emptyQuery:
        return this.#complete(current(x, type), '');
      case tags.portalSuspended:
        current(x, type).suspended = true;
        return this.#complete(current(x, type), 'SELECT');
      case tags.ready:
        return this.#ready(current(x, type), buffer, start, end);
      default:
        return this.#other(x, type, buffer, start, end);
    }
  }

  #other(x: Exchange | undefined, type: number, buffer: Buffer, start: number, end: number): void {
    const message = readBackend(type, buffer, start, end);
    switch (message.type) {
      case 'rowDescription':
        return describe(current(x, type), fieldsOf(message.columns));
      case 'parameterDescription':
        return describeParameters(current(x, type), message.types);
      case 'noData':
        return describe(current(x, type), null);
      case 'error':
        return this.#error(x, new PostgresError(message.report));
      case 'notice':
      case 'parameterStatus':
      case 'notification':
        return;
      case 'copyIn':
      case 'copyOut':
      case 'copyBoth':
        return this.fail('A statement began a COPY, which this client does not speak.');
      default:
        throw new ProtocolViolation(`${message.type} where rows were expected`);
    }
  }

  #error(x: Exchange | undefined, error: PostgresError): void {
    // After FATAL the server closes: what is in flight is settled then, as lost and not as refused.
    if (error.severity !== 'ERROR') this.#fatal = error;
    else if (x) x.error ??= error;
  }

  #row(x: Exchange, buffer: Buffer, start: number, end: number): void {
    if (x.error || x.parts[x.at]?.discard || x.script !== undefined) return;
    x.bytes += end - start;
    if (x.bytes > resultBytesMax) {
      x.error = new SqlMisuse(`A group answered more than ${resultBytesMax} bytes of rows; read them by a cursor.`);
      x.results = [];
      return;
    }
    const fields = x.parts[x.at]?.fetch ?? x.statements[x.at]?.fields;
    if (!fields) throw new ProtocolViolation('a row that was not described');
    const result = (x.results[x.at] ??= emptyResult());
    try {
      result.rows.push(readRow(buffer, start, end, fields));
    } catch (error) {
      if (error instanceof ProtocolViolation) throw error;
      // A JSON value nested deeper than this process can read, for one.
      x.error = new SqlMisuse(`A row cannot be read: ${String(error)}.`);
    }
  }

  #complete(x: Exchange, tag: string): void {
    if (x.script !== undefined) return;
    const result = (x.results[x.at] ??= emptyResult());
    const space = tag.lastIndexOf(' ');
    const number = Number(tag.slice(space + 1));
    result.count = space > 0 && Number.isInteger(number) ? number : result.rows.length;
    result.command = space > 0 && Number.isInteger(number) ? tag.slice(0, tag.indexOf(' ')) : tag;
    x.at++;
  }

  #ready(x: Exchange, buffer: Buffer, start: number, end: number): void {
    const message = readBackend(tags.ready, buffer, start, end);
    if (message.type !== 'ready') return;
    this.status = message.status;
    if (!x.error && x.script === undefined && x.at !== x.parts.length) throw new ProtocolViolation('a group was answered in part');
    for (const statement of x.statements) if (statement && !statement.ready) this.statements.failed(statement);
    this.queue.shift();
    x.settle(message.status);
    if (!this.lost) this.#onIdle(this);
  }
}

function emptyResult(): Result {
  return { rows: [], count: 0, command: '' };
}

function current(x: Exchange | undefined, type: number): Exchange {
  if (!x) throw new ProtocolViolation(`an answer of type ${type} that nothing asked for`);
  return x;
}

function describeParameters(x: Exchange, types: readonly number[]): void {
  const statement = x.statements[x.at];
  if (statement) statement.types = types;
}

function describe(x: Exchange, fields: Prepared['fields']): void {
  const statement = x.statements[x.at];
  if (x.script !== undefined) return;
  if (!statement) throw new ProtocolViolation('a description that nothing asked for');
  statement.fields = fields;
  statement.ready = true;
}
