import type { Socket } from 'node:net';
import { randomUUID } from 'node:crypto';
import { OperationError } from '#kernel/contract/fault.ts';
import type { DoorPlace } from '#kernel/contract/implement.ts';
import type { Session } from '#kernel/contract/session.ts';
import type { Directory } from '#kernel/session/directory.ts';
import type { Connection } from '#kernel/listen/acceptor.ts';
import { FrameReader, type Request, readRequest, writeResponse } from '#wire/kafka/frame.ts';
import { apiVersions } from '#wire/kafka/message/cluster.ts';
import { saslAuthenticate, saslHandshake } from '#wire/kafka/message/sasl.ts';
import { KafkaViolation } from '#wire/kafka/violation.ts';
import { errorCode } from '#wire/kafka/error.ts';
import type { log } from '../../service.ts';
import type { Broker } from '../../store/broker.ts';
import { describeApis } from './api-version.ts';
import { type Asking, pause } from './exchange.ts';
import { FetchSession } from './fetch-session.ts';
import { frameMaxBytes, requestThrottleMaxMs, strangerFrameMaxBytes, strangerMs, waitingMaxBytes } from './limits.ts';
import { routes } from './route.ts';
import { Sasl } from './sasl.ts';
import { Throttle } from './throttle.ts';

/** What answers behind the door: the log itself, and the platform's policies and credentials. */
export type Behind = { readonly broker: Broker; readonly directory: Directory };

const throttled = (message: { readonly throttleTimeMs?: number }, ms: number) => ({
  ...message,
  throttleTimeMs: Math.max(message.throttleTimeMs ?? 0, ms),
});

/**
 * One connection: requests are answered one after the other, in order, as Apache Kafka does. Until the client has shown who
 * it is, it may ask for versions and authenticate, nothing else.
 */
export class Conversation {
  readonly #place: DoorPlace<typeof log>;
  readonly #broker: Broker;
  readonly #directory: Directory;
  readonly #socket: Socket;
  readonly #frames = new FrameReader(() => (this.#session ? frameMaxBytes : strangerFrameMaxBytes));
  readonly #sasl: Sasl;
  readonly #fetches = new FetchSession();
  readonly #closed = new AbortController();
  readonly #waiting: Buffer[] = [];
  readonly #deadline: NodeJS.Timeout;
  #waitingBytes = 0;
  #answering = false;
  #sending = false;
  #draining = false;
  /** It came from an address that connects too often: nothing is answered any more, and it is closed after a while. */
  #refused = false;
  #session: Session<typeof log> | undefined;

  constructor(place: DoorPlace<typeof log>, { broker, directory }: Behind, socket: Socket, connection: Connection) {
    this.#place = place;
    this.#broker = broker;
    this.#directory = directory;
    this.#socket = socket;
    this.#sasl = new Sasl(place.gate, (session) => this.#enter(session));
    const idleMs = broker.settings.idleMs;
    // A deadline, and no silence: who sends a byte now and then is to be known in time as well.
    this.#deadline = setTimeout(() => socket.destroy(), Math.min(strangerMs, idleMs));
    socket.setTimeout(idleMs, () => this.#quiet());
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(this.#deadline);
      this.#closed.abort('limit');
    });
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#enterUnasked(connection);
  }

  /** A certificate says who the client is before it says a word; with `up --open` everybody may come in. */
  #enterUnasked({ peerFingerprint }: Connection): void {
    try {
      if (peerFingerprint !== undefined) this.#enter(this.#place.gate.present('certificate', { fingerprint: peerFingerprint }));
      else if (this.#place.open) this.#enter(this.#place.gate.present('open', {}));
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      this.#socket.destroy();
    }
  }

  #enter(session: Session<typeof log>): void {
    if (!this.#session && this.#comesTooOften(session)) return;
    this.#session?.end();
    this.#session = session;
    clearTimeout(this.#deadline);
    // Kafka has no goodbye: a client whose credential ended sees its connection close, parked fetches included.
    const leave = () => {
      if (this.#session !== session) return;
      if (session.signal.reason === 'drain') this.drain();
      else this.#socket.destroy();
    };
    if (session.signal.aborted) leave();
    else session.signal.addEventListener('abort', leave, { once: true });
    this.#closed.signal.addEventListener('abort', () => session.signal.removeEventListener('abort', leave), { once: true });
  }

  /** Nothing has come or gone for long: it is the broker's turn, or the client is not there any more. */
  #quiet(): void {
    if (this.#answering && !this.#sending) this.#socket.setTimeout(this.#broker.settings.idleMs);
    else this.#socket.destroy();
  }

  /** KIP-612: the quota of an address is of the environment that a client comes to, so that it is known only now. */
  #comesTooOften(session: Session<typeof log>): boolean {
    const waitMs = this.#broker.quotas.connect(session.caller.scope, this.#socket.remoteAddress ?? '');
    if (waitMs === 0) return false;
    session.end();
    this.#refused = true;
    const timer = setTimeout(() => this.#socket.destroy(), Math.min(waitMs, requestThrottleMaxMs));
    this.#socket.once('close', () => clearTimeout(timer));
    return true;
  }

  #receive(chunk: Buffer): void {
    if (this.#refused) return;
    try {
      this.#frames.push(chunk);
      for (let frame = this.#frames.next(); frame; frame = this.#frames.next()) {
        this.#waiting.push(frame);
        this.#waitingBytes += frame.length;
      }
    } catch (error) {
      if (!(error instanceof KafkaViolation)) throw error;
      this.#socket.destroy();
      return;
    }
    if (this.#waitingBytes > waitingMaxBytes) this.#socket.pause();
    if (!this.#answering) void this.#answerAll();
  }

  async #answerAll(): Promise<void> {
    this.#answering = true;
    try {
      for (let frame = this.#waiting.shift(); frame && !this.#socket.destroyed; frame = this.#waiting.shift()) {
        const throttleMs = await this.#answer(frame);
        this.#waitingBytes -= frame.length;
        // KIP-219: the answer has gone, and the connection is not listened to until what was overdrawn is made good.
        if (throttleMs > 0 && !this.#socket.destroyed) await pause(throttleMs, this.#closed.signal);
        if (this.#socket.isPaused() && this.#waitingBytes <= waitingMaxBytes) this.#socket.resume();
        if (this.#draining) break;
      }
    } catch (error) {
      if (!(error instanceof KafkaViolation))
        this.#place.log('error', 'a request failed', {
          requestId: randomUUID(),
          error: error instanceof Error ? error.stack : String(error),
        });
      this.#socket.destroy();
    } finally {
      this.#answering = false;
      if (this.#draining) this.#socket.end();
    }
  }

  /** Answers a request; the milliseconds for which its client is throttled. */
  async #answer(frame: Buffer): Promise<number> {
    if (this.#refused) return 0;
    if (this.#sasl.isRaw) return this.#sendRaw(this.#sasl.rawStep(frame));
    const request = readRequest(frame);
    if (request.unsupported) return this.#refuseVersion(request);
    const { api, version, correlationId } = request;
    const asking = this.#session && this.#asking(this.#session, request);
    const message = await this.#respond(request, asking);
    if (this.#refused) return 0;
    const throttleMs = asking?.throttle.counted(api.key, frame.length, message) ?? 0;
    // Nothing is told before the standby has it.
    const confirmed = this.#broker.paired?.confirm();
    if (confirmed) await confirmed;
    const told = message && throttleMs > 0 ? throttled(message, throttleMs) : message;
    if (told) await this.#send(writeResponse(api, version, correlationId, told));
    if (this.#sasl.hasFailed) this.#socket.end();
    return throttleMs;
  }

  async #sendRaw(bytes: Buffer): Promise<number> {
    if (!this.#refused) await this.#send([bytes]);
    return 0;
  }

  /** KIP-511: an unknown version of ApiVersions is answered in version 0 with the versions there are; others end the connection. */
  async #refuseVersion({ api, correlationId }: Request): Promise<number> {
    if (api.key !== apiVersions.key) throw new KafkaViolation(`version of ${api.name} is not served`);
    await this.#send(writeResponse(api, 0, correlationId, { ...describeApis(), errorCode: errorCode.UNSUPPORTED_VERSION }));
    return 0;
  }

  #respond({ api, version, message }: Request, asking: Asking | undefined): object | undefined | Promise<object | undefined> {
    if (api.key === apiVersions.key) return describeApis();
    if (api.key === saslHandshake.key) return this.#sasl.handshake(message as never, version);
    if (api.key === saslAuthenticate.key) return this.#sasl.authenticate(message as never);
    if (!asking) throw new KafkaViolation(`${api.name} before authentication`);
    const handle = routes.get(api.key)?.handle;
    if (!handle) throw new KafkaViolation(`${api.name} is not served`);
    return handle(message as never, asking);
  }

  #asking(session: Session<typeof log>, { version, clientId }: Request): Asking {
    const { localAddress = '127.0.0.1', localPort = 0, remoteAddress = '' } = this.#socket;
    return {
      session,
      version,
      clientId,
      broker: this.#broker,
      directory: this.#directory,
      fetches: this.#fetches,
      throttle: new Throttle(this.#broker.quotas, session.caller, clientId),
      clientHost: `/${remoteAddress.replace('::ffff:', '')}`,
      host: localAddress.replace('::ffff:', ''),
      port: localPort,
      signal: this.#closed.signal,
    };
  }

  async #send(chunks: readonly Buffer[]): Promise<void> {
    const socket = this.#socket;
    if (socket.destroyed) return;
    socket.cork();
    let open = true;
    for (const chunk of chunks) open = socket.write(chunk);
    socket.uncork();
    if (open || socket.destroyed) return;
    this.#sending = true;
    await new Promise<void>((resolve) => {
      const done = () => {
        this.#sending = false;
        socket.off('drain', done);
        socket.off('close', done);
        resolve();
      };
      socket.on('drain', done);
      socket.on('close', done);
    });
  }

  /** Finishes the request that is being answered, and closes. */
  drain(): void {
    this.#draining = true;
    this.#closed.abort('drain');
    if (!this.#answering) this.#socket.end();
  }
}
