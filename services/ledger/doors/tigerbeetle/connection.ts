import type { Socket } from 'node:net';
import type { Gate, Session } from '#kernel/contract/session.ts';
import { OperationError } from '#kernel/contract/fault.ts';
import { at, type ClientMessage, readClientMessage, releaseOf, writeEviction, writePong, writeReply } from '#wire/tigerbeetle/header.ts';
import { headerBytes } from '#wire/tigerbeetle/limits.ts';
import { evictionReason, type EvictionReason, operations, registerOperation, type Verb } from '#wire/tigerbeetle/operation.ts';
import { MessageReader } from '#wire/tigerbeetle/reader.ts';
import type { Answer } from '../../store/asked.ts';
import type { Book } from '../../store/book.ts';
import type { ledger } from '../../service.ts';
import { congestedWaitMs, partMs, standbyWaitMs, waitingMax } from './limits.ts';

type Service = typeof ledger;
const ourRelease = releaseOf(0, 17, 9);
const oldest = releaseOf(0, 16, 4);
const newest = releaseOf(0, 17, 0xff);

/** The operation of the contract that decides on a verb of the protocol. */
const decidedBy = {
  createAccounts: 'CreateAccounts',
  createTransfers: 'CreateTransfers',
  lookupAccounts: 'LookupAccounts',
  lookupTransfers: 'LookupTransfers',
  getAccountTransfers: 'GetAccountTransfers',
  getAccountBalances: 'GetAccountBalances',
  queryAccounts: 'QueryAccounts',
  queryTransfers: 'QueryTransfers',
  getChangeEvents: 'GetChangeEvents',
} as const satisfies Record<Verb, keyof Service['operations']>;

type Caller = { readonly cluster: bigint; readonly session: Session<Service>; readonly client: bigint };

/** One client's connection: reads messages in order, shows who asks, hands requests to the book, and writes what it answers. */
export class Connection {
  readonly #gate: Gate<Service>;
  readonly #book: Book;
  readonly #socket: Socket;
  readonly #reader = new MessageReader();
  readonly #waiting: Buffer[] = [];
  /** The organization that the connection itself was proven to be of; undefined where it may be any. */
  readonly #tenant: bigint | undefined;
  #caller: Caller | undefined;
  #timer: NodeJS.Timeout | undefined;
  #serving = false;
  #over = false;

  constructor(gate: Gate<Service>, book: Book, socket: Socket, tenant?: bigint) {
    this.#tenant = tenant;
    this.#gate = gate;
    this.#book = book;
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#arrive(chunk));
    socket.once('close', () => this.#close());
  }

  #arrive(chunk: Buffer): void {
    if (this.#over) return;
    if (!this.#reader.feed(chunk, (message) => this.#waiting.push(message))) {
      this.#socket.destroy();
      return;
    }
    this.#watchPart();
    if (this.#waiting.length > waitingMax) this.#socket.pause();
    if (!this.#serving) void this.#serve();
  }

  /** A message that has begun must end in time. */
  #watchPart(): void {
    if (!this.#reader.isPartial) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    } else this.#timer ??= setTimeout(() => this.#socket.destroy(), partMs);
  }

  /** Which of the ledger's processes this is, and which is the primary. */
  get #sender(): { view: number; replica: number } {
    const { place } = this.#book;
    return { view: place?.view ?? 0, replica: place?.replica ?? 0 };
  }

  async #serve(): Promise<void> {
    this.#serving = true;
    for (let message = this.#waiting.shift(); message && !this.#over; message = this.#waiting.shift()) {
      message = await this.#held(message);
      if (this.#over) break;
      while (this.#book.congested && !this.#over) await pause(congestedWaitMs);
      const waits = this.#take(message);
      if (waits) await waits;
      if (this.#waiting.length === 0 && this.#socket.isPaused()) this.#socket.resume();
    }
    this.#serving = false;
  }

  /**
   * A standby answers pings, which tell a client who the primary is, and keeps the newest request for the moment in which it
   * becomes the primary itself: the client asks every process again and again until one answers.
   */
  async #held(message: Buffer): Promise<Buffer> {
    let kept = message;
    while (!this.#book.serves && !this.#over && readClientMessage(kept.subarray(0, headerBytes))?.kind === 'request') {
      kept = this.#waiting.pop() ?? kept;
      this.#waiting.length = 0;
      await pause(standbyWaitMs);
      if (this.#socket.isPaused()) this.#socket.resume();
    }
    return kept;
  }

  /** One message, in the order of the protocol's checks; a promise when it must wait before the next. */
  #take(message: Buffer): Promise<void> | undefined {
    const read = readClientMessage(message.subarray(0, headerBytes));
    if (!read) {
      this.#socket.destroy();
      return undefined;
    }
    const caller = this.#identify(read);
    if (!caller) return this.#evict(read, evictionReason.noSession);
    if (read.kind === 'ping') {
      this.#socket.write(writePong({ cluster: read.cluster, release: ourRelease, pingTime: read.pingTime, ...this.#sender }));
      return undefined;
    }
    if (read.release < oldest) return this.#evict(read, evictionReason.releaseTooLow);
    if (read.release > newest) return this.#evict(read, evictionReason.releaseTooHigh);
    if (read.operation === registerOperation) return this.#register(read, caller, message);
    const operation = operations.get(read.operation);
    if (!operation || read.session === 0n || read.number === 0) return this.#evict(read, evictionReason.invalidOperation);
    const grant = caller.session.grant(decidedBy[operation.verb], '');
    // The protocol has no word for a refusal but that the operation is none this client may send.
    if (grant.denied) return grant.recorded.then(() => this.#evict(read, evictionReason.invalidOperation));
    const many = operation.verb === 'createAccounts' || operation.verb === 'createTransfers';
    const calls = many ? Math.max(1, Math.floor((message.length - headerBytes) / operation.eventBytes)) : 1;
    return this.#spend(grant, calls, message, () => this.#ask(read, caller, message));
  }

  #spend(
    grant: { spend(calls: number, bytes: number): number },
    calls: number,
    message: Buffer,
    go: () => void,
  ): Promise<void> | undefined {
    const waitMs = grant.spend(calls, message.length - headerBytes);
    if (waitMs === 0) {
      go();
      return undefined;
    }
    return pause(waitMs).then(() => (this.#over ? undefined : this.#spend(grant, calls, message, go)));
  }

  #register(read: ClientMessage, caller: Caller, message: Buffer): Promise<void> | undefined {
    const isFormed = read.session === 0n && read.number === 0 && read.parent === 0n;
    if (!isFormed || message.length !== headerBytes * 2) return this.#evict(read, evictionReason.invalidBodySize);
    this.#ask(read, caller, message);
    return undefined;
  }

  #ask(read: ClientMessage, { session, cluster }: Caller, message: Buffer): void {
    const { tenant, scope, credential, principal } = session.caller;
    const { client, number, release, operation, checksum } = read;
    const asked = {
      who: { tenant, scope, credential, principal },
      client,
      session: read.session,
      number,
      release,
      operation,
      checksum,
      bodyChecksum: message.subarray(at.checksumBody, at.checksumBody + 16),
      body: message.subarray(headerBytes),
    };
    this.#book.ask(asked, (answer) => this.#answer(read, cluster, answer));
  }

  #answer(read: ClientMessage, cluster: bigint, answer: Answer): void {
    if (this.#over) return;
    if (answer.kind === 'evict') void this.#evict(read, answer.reason);
    else {
      const { release, client } = read;
      this.#socket.write(writeReply({ ...answer, cluster, release, client, ...this.#sender }));
    }
  }

  /** Who a message's cluster id says is asking; undefined when it is no credential's, or not any more. */
  #identify(read: ClientMessage): Caller | undefined {
    const known = this.#caller;
    if (known && known.cluster === read.cluster && known.client === read.client && !known.session.signal.aborted) return known;
    known?.session.end();
    this.#caller = undefined;
    try {
      const session = this.#gate.present('cluster', { cluster: read.cluster.toString() });
      if (this.#tenant !== undefined && session.caller.tenant !== this.#tenant) {
        session.end();
        return undefined;
      }
      const caller = { cluster: read.cluster, session, client: read.client };
      this.#caller = caller;
      session.signal.addEventListener('abort', () => this.#lost(caller, read), { once: true });
      return caller;
    } catch (error) {
      if (error instanceof OperationError) return undefined;
      throw error;
    }
  }

  /** The caller lost the right to be here; a drain lets replies go first. */
  #lost(caller: Caller, read: ClientMessage): void {
    if (this.#caller !== caller || this.#over) return;
    if (caller.session.signal.reason === 'drain') this.drain();
    else void this.#evict(read, evictionReason.noSession);
  }

  #evict({ cluster, client }: ClientMessage, reason: EvictionReason): undefined {
    if (this.#over) return undefined;
    this.#over = true;
    this.#socket.end(writeEviction({ cluster, release: ourRelease, client, reason }));
    return undefined;
  }

  /** Ends the connection once what is on its way to the disk has been answered; the client asks elsewhere or again. */
  drain(): void {
    void this.#book.log.flushed().then(() => this.#socket.end());
  }

  #close(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#caller?.session.end();
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
