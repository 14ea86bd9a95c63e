import type { Socket } from 'node:net';
import { readFrontend, readStartup, type Startup } from '#wire/pgwire/frontend.ts';
import { Cursor } from '#wire/pgwire/cursor.ts';
import { ProtocolViolation } from '#wire/pgwire/violation.ts';
import type { Desk, Door, Told } from './application.ts';
import type { Canceller } from './canceller.ts';
import { Conversation } from './conversation.ts';
import { Inbox } from './inbox.ts';
import { farewellMs, proofStepsMax, strangerMs } from './limits.ts';
import { Notifications } from './notifications.ts';
import { Outbox } from './outbox.ts';
import { Settings } from './setting.ts';
import { sqlstates, StatementError } from './statement-error.ts';

/** A socket on which a client has begun to speak. */
export type Arrival = {
  readonly socket: Socket;
  /** Whether secrets may be read from it as it is. */
  readonly confidential: boolean;
  /** Secures the socket when the client asks for it; undefined where it is secure already. */
  readonly startTls: ((socket: Socket) => Promise<Socket>) | undefined;
};

/** One connection of the PostgreSQL protocol 3, from its first byte to its last. */
export async function serveConnection(arrival: Arrival, door: Door, canceller: Canceller): Promise<void> {
  const connection = new Connection(arrival, door, canceller);
  try {
    await connection.run();
  } finally {
    connection.close();
  }
}

class Connection {
  readonly #arrival: Arrival;
  readonly #door: Door;
  readonly #canceller: Canceller;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #late: NodeJS.Timeout;
  #socket: Socket;
  #secured = false;

  constructor(arrival: Arrival, door: Door, canceller: Canceller) {
    this.#arrival = arrival;
    this.#door = door;
    this.#canceller = canceller;
    this.#socket = arrival.socket;
    this.#inbox = new Inbox(arrival.socket);
    this.#outbox = new Outbox(arrival.socket);
    this.#late = setTimeout(() => this.#socket.destroy(), strangerMs);
  }

  async run(): Promise<void> {
    try {
      const startup = await this.#startup();
      if (!startup) return;
      const desk = await this.#prove(startup);
      if (!desk) return;
      clearTimeout(this.#late);
      await this.#converse(desk, startup.settings);
    } catch (error) {
      const told = error instanceof ProtocolViolation ? { sqlstate: sqlstates.protocolViolation, message: error.message } : undefined;
      this.#outbox.error(told ?? this.#door.report(error), 'FATAL');
    }
    await this.#outbox.send();
  }

  close(): void {
    clearTimeout(this.#late);
    this.#socket.end();
  }

  /** The client's startup packet, once TLS is settled; undefined when it wanted something else, or left. */
  async #startup(): Promise<Extract<Startup, { type: 'startup' }> | undefined> {
    while (await this.#inbox.next()) {
      const { buffer, start, end } = this.#inbox.reader;
      const packet = readStartup(buffer, start, end);
      if (packet.type === 'startup') return packet;
      if (packet.type === 'cancel') {
        this.#canceller.cancel(packet.processId, packet.key);
        return undefined;
      }
      const { startTls } = this.#arrival;
      if (packet.type === 'ssl' && startTls && !this.#secured) await this.#secure(startTls);
      else {
        this.#inbox.reader.expectStartup();
        this.#socket.write('N');
      }
    }
    return undefined;
  }

  async #secure(startTls: (socket: Socket) => Promise<Socket>): Promise<void> {
    // What was sent before our consent was not protected, and must not be taken for what comes after it.
    if (this.#inbox.isAhead) throw new ProtocolViolation('the client spoke before it was secured');
    this.#inbox.release();
    await new Promise<void>((resolve) => void this.#socket.write('S', () => resolve()));
    this.#socket = await startTls(this.#socket);
    this.#secured = true;
    this.#inbox.resume(this.#socket);
    this.#outbox.resume(this.#socket);
  }

  async #prove({ minor, settings }: Extract<Startup, { type: 'startup' }>): Promise<Desk | undefined> {
    if (!this.#secured && !this.#arrival.confidential)
      throw new StatementError('28000', 'a connection from another machine must be over TLS (sslmode=require)');
    const unknown = [...settings.keys()].filter((name) => name.startsWith('_pq_.'));
    if (minor > 0 || unknown.length > 0) this.#outbox.say({ type: 'negotiate', minor: 0, unknown });
    const user = settings.get('user') ?? '';
    if (user === '') throw new StatementError('28000', 'no PostgreSQL user name specified in startup packet');
    if (settings.get('replication') !== undefined && settings.get('replication') !== 'false')
      throw new StatementError(sqlstates.notBuilt, 'replication is not supported');
    const proof = this.#door.prove(user, settings.get('database') ?? user);
    this.#outbox.say({ type: 'authentication', request: { method: 'sasl', mechanisms: ['SCRAM-SHA-256'] } });
    for (let step = 1; step <= proofStepsMax; step++) {
      await this.#outbox.send();
      const answer = await this.#answer(step === 1);
      if (!answer) return undefined;
      const { send, done } = proof.next(answer);
      const data = Buffer.from(send ?? []);
      this.#outbox.say({ type: 'authentication', request: { method: done ? 'saslFinal' : 'saslContinue', data } });
      if (done) return proof.desk();
    }
    throw new ProtocolViolation('an authentication without end');
  }

  /** What the client answers in an authentication; the first answer names the mechanism. */
  async #answer(isFirst: boolean): Promise<Buffer | undefined> {
    if (!(await this.#inbox.next())) return undefined;
    const { type, buffer, start, end } = this.#inbox.reader;
    const message = readFrontend(type, buffer, start, end);
    if (message.type !== 'password') throw new ProtocolViolation(`a client's ${message.type} before it has shown who it is`);
    if (!isFirst) return message.body;
    const cursor = new Cursor(message.body, 0, message.body.length);
    if (cursor.cstring() !== 'SCRAM-SHA-256') throw new ProtocolViolation('a mechanism that was not offered');
    const initial = cursor.value();
    cursor.finish();
    if (!initial) throw new ProtocolViolation('an authentication without a first message');
    return initial;
  }

  async #converse(desk: Desk, wishes: ReadonlyMap<string, string>): Promise<void> {
    const settings = new Settings();
    settings.wish(wishes);
    const { processId, key, leave } = this.#canceller.enter(() => conversation.cancel());
    const [inbox, outbox] = [this.#inbox, this.#outbox];
    const overflow = () => this.#dismiss(conversation, deaf);
    const notifications = new Notifications({ channels: desk.channels, processId, outbox, overflow });
    const conversation = new Conversation({ desk, door: this.#door, inbox, outbox, settings, notifications });
    const lost = () => this.#dismiss(conversation, lostBy(desk.signal));
    const gone = () => conversation.leave();
    this.#socket.once('close', gone);
    desk.signal.addEventListener('abort', lost, { once: true });
    try {
      if (this.#inbox.isAhead) throw new ProtocolViolation('the client went on before it was let in');
      this.#inbox.trust();
      this.#outbox.say({ type: 'authentication', request: { method: 'ok' } });
      for (const [name, value] of settings.told()) this.#outbox.say({ type: 'parameterStatus', name, value });
      this.#outbox.say({ type: 'keyData', processId, key });
      if (desk.signal.aborted) lost();
      else await conversation.run();
    } finally {
      leave();
      this.#socket.off('close', gone);
      desk.signal.removeEventListener('abort', lost);
      desk.end();
    }
  }

  /** The caller may be here no more: the client is told, whatever it waits for, and has some seconds to read it. */
  #dismiss(conversation: Conversation, told: Told): void {
    if (conversation.isOver) return;
    conversation.leave();
    this.#outbox.error(told, 'FATAL');
    const late = setTimeout(() => this.#socket.destroy(), farewellMs);
    this.#socket.once('close', () => clearTimeout(late));
    void this.#outbox.send().then(() => this.#socket.destroySoon());
  }
}

/** The caller lost the right to be here, or the process ends. */
function lostBy(signal: AbortSignal): Told {
  const why = signal.reason === 'drain' ? 'the service is shutting down' : 'the credential is no longer valid';
  return { sqlstate: sqlstates.shutdown, message: `terminating connection: ${why}` };
}

const deaf: Told = { sqlstate: sqlstates.tooMuch, message: 'terminating connection: too many notifications wait to be read' };
