import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Api, firstVersion, lastVersion, type RequestOf, type ResponseOf } from '#wire/kafka/api.ts';
import type { Draft } from '#wire/kafka/field.ts';
import { errorCode } from '#wire/kafka/error.ts';
import { FrameReader, readResponse, writeRequest } from '#wire/kafka/frame.ts';
import { apiVersions } from '#wire/kafka/message/cluster.ts';
import { saslAuthenticate, saslHandshake } from '#wire/kafka/message/sasl.ts';
import { scramClient } from '#wire/scram/client.ts';
import { ScramRefusal } from '#wire/scram/server.ts';
import { check, LogError } from './error.ts';
import { connectMs, requestMs } from './limits.ts';

/** Values as a reader gives them: nothing is left open. */
export type Read<T> = T extends Uint8Array
  ? Buffer
  : T extends readonly (infer E)[]
    ? Read<E>[]
    : T extends object
      ? { [K in keyof T]-?: Read<Exclude<T[K], undefined>> }
      : T;

type Named = { readonly username: string; readonly password: string };
/** How a client shows who it is: a user and a password, or a bearer token. */
export type Login = Named | { readonly bearer: string };
export type Place = { readonly host: string; readonly port: number };
export type Transport = {
  readonly tls: boolean;
  readonly ca?: string;
  readonly login?: Login;
  /** The address to connect to, for whoever may not go everywhere: brokers say themselves where others are. */
  readonly locate?: (place: Place) => Promise<string>;
};

/** What is asked of a broker that does not take PLAIN. */
const scramMechanisms = [
  { name: 'SCRAM-SHA-512', hash: 'sha512' },
  { name: 'SCRAM-SHA-256', hash: 'sha256' },
] as const;
type Scram = (typeof scramMechanisms)[number];

type Waiting = { readonly resolve: (frame: Buffer) => void; readonly reject: (error: Error) => void; readonly timer: NodeJS.Timeout };

/** One connection to a broker. Requests go out at once; answers come in their order. */
export class Connection {
  readonly #socket: Socket;
  readonly #frames = new FrameReader();
  readonly #waiting = new Map<number, Waiting>();
  readonly #versions = new Map<number, readonly [least: number, most: number]>();
  readonly #clientId: string;
  #correlationId = 0;
  #lost: LogError | undefined;

  private constructor(socket: Socket, clientId: string) {
    this.#socket = socket;
    this.#clientId = clientId;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#end(error.message));
    socket.on('close', () => this.#end('the broker closed the connection'));
  }

  /** Connects, asks what the broker speaks, and shows who comes. */
  static async open(place: Place, transport: Transport, clientId: string): Promise<Connection> {
    let connection = await Connection.#dial(place, transport, clientId);
    try {
      const other = await connection.#greet(transport.login);
      if (!other) return connection;
      // Brokers end a connection over a mechanism that they do not have.
      connection.close();
      connection = await Connection.#dial(place, transport, clientId);
      await connection.#greet(transport.login, other);
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  static async #dial({ host, port }: Place, transport: Transport, clientId: string): Promise<Connection> {
    const at = { host: transport.locate ? await transport.locate({ host, port }) : host, port };
    const socket = transport.tls
      ? connectTls({ ...at, ...(transport.ca ? { ca: transport.ca } : {}), ...(isIP(host) ? {} : { servername: host }) })
      : connectPlain(at);
    socket.setNoDelay(true);
    const timer = setTimeout(() => socket.destroy(new Error(`${host}:${port} does not answer`)), connectMs);
    try {
      await once(socket, transport.tls ? 'secureConnect' : 'connect');
    } catch (error) {
      throw new LogError('Unreachable', `The log at ${host}:${port} cannot be reached: ${(error as Error).message}`);
    } finally {
      clearTimeout(timer);
    }
    return new Connection(socket, clientId);
  }

  /** Shows who comes; answers another mechanism where the broker does not take PLAIN, and has one that we know. */
  async #greet(login: Login | undefined, scram?: Scram): Promise<Scram | undefined> {
    const told = await this.#send(apiVersions, 3, { clientSoftwareName: 'gamut', clientSoftwareVersion: '1' });
    check(told.errorCode, 'ApiVersions');
    for (const { apiKey, minVersion, maxVersion } of told.apiKeys) this.#versions.set(apiKey, [minVersion, maxVersion]);
    if (!login) return undefined;
    const isBearer = 'bearer' in login;
    const handshake = await this.#send(saslHandshake, 1, { mechanism: isBearer ? 'OAUTHBEARER' : (scram?.name ?? 'PLAIN') });
    const other = isBearer || scram ? undefined : scramMechanisms.find(({ name }) => handshake.mechanisms.includes(name));
    if (handshake.errorCode === errorCode.UNSUPPORTED_SASL_MECHANISM && other) return other;
    check(handshake.errorCode, 'SASL');
    if (isBearer) await this.#enter(`n,,\x01auth=Bearer ${login.bearer}\x01\x01`);
    else if (scram) await this.#enterByScram(scram, login);
    else await this.#enter(`\0${login.username}\0${login.password}`);
    return undefined;
  }

  async #enter(text: string): Promise<string> {
    const entered = await this.call(saslAuthenticate, 2, { authBytes: Buffer.from(text) });
    check(entered.errorCode, 'SASL', entered.errorMessage);
    return entered.authBytes.toString();
  }

  async #enterByScram({ hash }: Scram, { username, password }: Named): Promise<void> {
    const client = scramClient(password, randomBytes(18).toString('base64'), { user: username, hash });
    try {
      const challenge = await this.#enter(client.first);
      client.verify(await this.#enter(await client.final(challenge)));
    } catch (error) {
      if (!(error instanceof ScramRefusal)) throw error;
      throw new LogError('SASL_AUTHENTICATION_FAILED', `SASL: ${error.message}`);
    }
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** Calls an API in the highest version up to `most` that both sides speak. */
  call<A>(api: A, most: number, message: Draft<RequestOf<A>>, waitMs = 0): Promise<Read<ResponseOf<A>>> {
    const of = api as Api;
    const [least, greatest] = this.#versions.get(of.key) ?? [0, -1];
    const version = Math.min(most, greatest, lastVersion(of));
    if (version < least || version < firstVersion(of))
      throw new LogError('Unsupported', `This log does not speak ${of.name} as it is needed.`);
    return this.#send(api, version, message, waitMs);
  }

  async #send<A>(api: A, version: number, message: Draft<RequestOf<A>>, waitMs = 0): Promise<Read<ResponseOf<A>>> {
    if (this.#lost) throw this.#lost;
    const of = api as Api;
    this.#correlationId = (this.#correlationId + 1) & 0x7fff_ffff;
    const correlationId = this.#correlationId;
    const frame = await new Promise<Buffer>((resolve, reject) => {
      const timer = setTimeout(() => this.#socket.destroy(new Error(`${of.name} was not answered`)), requestMs + waitMs);
      this.#waiting.set(correlationId, { resolve, reject, timer });
      // All of a request in one write.
      this.#socket.cork();
      for (const chunk of writeRequest(of, version, { correlationId, clientId: this.#clientId }, message as object))
        this.#socket.write(chunk);
      this.#socket.uncork();
    });
    return readResponse(of, version, frame).message as never;
  }

  #receive(chunk: Buffer): void {
    try {
      this.#frames.push(chunk);
      for (let frame = this.#frames.next(); frame; frame = this.#frames.next()) {
        const waiting = this.#waiting.get(frame.readInt32BE(0));
        if (!waiting) continue;
        clearTimeout(waiting.timer);
        this.#waiting.delete(frame.readInt32BE(0));
        waiting.resolve(frame);
      }
    } catch (error) {
      this.#socket.destroy(error as Error);
    }
  }

  #end(why: string): void {
    this.#lost ??= new LogError('Unreachable', `The connection to the log is lost: ${why}`);
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(this.#lost);
    }
    this.#waiting.clear();
  }

  close(): void {
    this.#socket.destroy();
  }
}
