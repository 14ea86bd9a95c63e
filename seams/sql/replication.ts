import type { Socket } from 'node:net';
import { type Backend, readBackend } from '#wire/pgwire/backend.ts';
import { writeQuery, writeTerminate } from '#wire/pgwire/frontend.ts';
import { type Logical, readLogical, readReplicated, writeReplicated } from '#wire/pgwire/logical.ts';
import { MessageReader } from '#wire/pgwire/reader.ts';
import { ProtocolViolation } from '#wire/pgwire/violation.ts';
import { Writer } from '#wire/pgwire/writer.ts';
import { type Locate, parseAddress } from './address.ts';
import { PostgresError, SqlUnavailable } from './error.ts';
import { replicationWordMs } from './limits.ts';
import { opened } from './open.ts';

export type { Logical, LogicalRow } from '#wire/pgwire/logical.ts';

export type ReplicationOptions = { readonly locate?: Locate; readonly ca?: string; readonly signal: AbortSignal };
/** What comes while a server replicates; `alive` says that all before `end` was told. */
export type Followed = Logical | { readonly type: 'alive'; readonly end: bigint };

// Values come as text in the forms that statements over a pool have.
const settings = [
  ['replication', 'database'],
  ['client_encoding', 'UTF8'],
  ['DateStyle', 'ISO, YMD'],
  ['IntervalStyle', 'postgres'],
  ['TimeZone', 'UTC'],
  ['bytea_output', 'hex'],
  ['extra_float_digits', '1'],
  ['application_name', 'gamut'],
  ['statement_timeout', '0'],
] as const;

/** A place in a server's log as it writes it: `16/B374D848`. */
export const placeText = (at: bigint): string => `${(at >> 32n).toString(16)}/${(at & 0xffffffffn).toString(16)}`.toUpperCase();

export function readPlace(text: string): bigint {
  const [, high = '', low = ''] = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(text) ?? [];
  if (low === '') throw new ProtocolViolation(`a place in the log that is ${JSON.stringify(text)}`);
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}

/** A connection over which a server tells what its transactions changed: logical replication by pgoutput. */
export class Replication {
  readonly #socket: Socket;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #reader = new MessageReader();
  readonly #writer = new Writer();
  readonly #signal: AbortSignal;
  readonly #stop = () => this.#socket.destroy();
  /** What came and was not asked for yet. */
  #queue: Backend[] = [];
  #confirmed = 0n;
  #timer: NodeJS.Timeout | undefined;

  private constructor(socket: Socket, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
    socket.on('error', () => undefined);
    this.#chunks = (socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    signal.addEventListener('abort', this.#stop);
  }

  /** Errors are those of a pool on the same address. The signal ends the connection. */
  static open(url: URL | string, { locate, ca, signal }: ReplicationOptions): Promise<Replication> {
    const address = { ...parseAddress(url), ...(locate ? { locate } : {}), ...(ca === undefined ? {} : { ca }) };
    return opened(address, settings, (socket) => new Replication(socket, signal));
  }

  /** The rows that a command or statement answers, as texts. */
  async ask(text: string): Promise<(string | null)[][]> {
    writeQuery(this.#writer, text);
    this.#socket.write(this.#writer.take());
    const rows: (string | null)[][] = [];
    let error: PostgresError | undefined;
    for (;;) {
      const message = await this.#next();
      if (message.type === 'dataRow') rows.push(message.values.map((value) => value && value.toString()));
      else if (message.type === 'error') error ??= new PostgresError(message.report);
      else if (message.type === 'ready') {
        if (error) throw error;
        return rows;
      }
    }
  }

  /** Lets the server tell what was committed behind a place; all that was to be asked was asked before. */
  async start(slot: string, publication: string, from: bigint): Promise<void> {
    const names = `"${publication.replaceAll('"', '""')}"`.replaceAll("'", "''");
    const how = `(proto_version '1', publication_names '${names}')`;
    writeQuery(this.#writer, `START_REPLICATION SLOT "${slot}" LOGICAL ${placeText(from)} ${how}`);
    this.#socket.write(this.#writer.take());
    for (;;) {
      const message = await this.#next();
      if (message.type === 'error') throw new PostgresError(message.report);
      if (message.type === 'copyBoth') break;
    }
    this.#confirmed = from;
    this.#timer = setInterval(() => this.#tell(), replicationWordMs);
    this.#timer.unref();
  }

  /** What the server tells next. */
  async next(): Promise<Followed> {
    for (;;) {
      const message = await this.#next();
      if (message.type === 'error') throw new PostgresError(message.report);
      if (message.type === 'copyDone') throw new SqlUnavailable('lost', 'PostgreSQL ended the replication.');
      if (message.type !== 'copyData') continue;
      const told = readReplicated(message.data);
      if (told.type === 'data') return readLogical(told.data);
      if (told.isAsking) this.#tell();
      return { type: 'alive', end: told.end };
    }
  }

  /** Whether more is there already. */
  get hasMore(): boolean {
    return this.#queue.length > 0;
  }

  /** The server may forget what is before a place. */
  confirm(upTo: bigint): void {
    if (upTo <= this.#confirmed) return;
    this.#confirmed = upTo;
    this.#tell();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#signal.removeEventListener('abort', this.#stop);
    writeTerminate(this.#writer);
    this.#socket.end(this.#writer.take());
    // Whoever does not close it from the other side does not keep it.
    this.#socket.destroySoon();
  }

  #tell(): void {
    writeReplicated(this.#writer, this.#confirmed, Date.now());
    this.#socket.write(this.#writer.take());
  }

  async #next(): Promise<Backend> {
    for (;;) {
      const message = this.#queue.shift();
      if (message) return message;
      const { value, done } = await this.#chunks.next().catch((cause: unknown) => {
        throw new SqlUnavailable('lost', 'PostgreSQL closed the connection.', { cause });
      });
      this.#signal.throwIfAborted();
      if (done) throw new SqlUnavailable('lost', 'PostgreSQL closed the connection.');
      this.#reader.push(value as Buffer);
      // They stand until the next chunk, before which all of them are gone.
      while (this.#reader.next())
        this.#queue.push(readBackend(this.#reader.type, this.#reader.buffer, this.#reader.start, this.#reader.end));
    }
  }
}
