import { randomBytes } from 'node:crypto';
import { at, readServerMessage, releaseOf, type ServerMessage, writePing, writeRequest } from '#wire/tigerbeetle/header.ts';
import { bodyBytesMax, headerBytes } from '#wire/tigerbeetle/limits.ts';
import { evictionReason, registerOperation } from '#wire/tigerbeetle/operation.ts';
import type { Address } from './address.ts';
import { LedgerRefused } from './error.ts';
import { resendMs } from './limits.ts';
import { Replica } from './replica.ts';

const release = releaseOf(0, 17, 9);
const reasons = new Map(Object.entries(evictionReason).map(([name, code]) => [code as number, name]));

type Reply = Extract<ServerMessage, { kind: 'reply' }>;
type Flight = { message: Buffer; checksum: bigint; resolve: (body: Buffer) => void; reject: (error: Error) => void };

/**
 * One client of the cluster. It has at most one request on its way, which is sent again to the next replica until it is
 * answered: the replicas answer a request that they know from the stored reply.
 */
export class Session {
  readonly #address: Address;
  readonly #replicas: readonly Replica[];
  #client = newClient();
  #session = 0n;
  #number = 0;
  #parent = 0n;
  /** The highest view heard of names the primary. */
  #view = 0;
  #attempts = 0;
  #flight: Flight | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Largest body of a request in bytes, as the cluster said it. */
  bodyBytes = bodyBytesMax;

  constructor(address: Address) {
    this.#address = address;
    this.#replicas = address.replicas.map(
      (place, index) =>
        new Replica(place, { onOpen: () => this.#greet(index), onMessage: (message) => this.#receive(Buffer.from(message)) }),
    );
  }

  /** Asks for one operation; resolves with the body of the reply. Only one may be on its way. */
  async ask(operation: number, body: Buffer): Promise<Buffer> {
    for (let again = false; ; again = true) {
      if (this.#session === 0n) await this.#register();
      try {
        return await this.#request(operation, this.#number + 1, body);
      } catch (error) {
        // The cluster forgot this session, as it does with the oldest of many. What was asked for is asked for once more.
        if (again || !(error instanceof SessionLost)) throw error;
        this.#begin();
      }
    }
  }

  close(reason: Error): void {
    clearInterval(this.#timer);
    for (const replica of this.#replicas) replica.close();
    this.#flight?.reject(reason);
    this.#flight = undefined;
  }

  /** A new client id: the sessions of one id are told apart by nothing else. */
  #begin(): void {
    this.#client = newClient();
    this.#session = 0n;
    this.#number = 0;
    this.#parent = 0n;
    this.#replicas.forEach((_, index) => this.#greet(index));
  }

  async #register(): Promise<void> {
    const reply = await this.#request(registerOperation, 0, Buffer.alloc(headerBytes)).catch((error: unknown) => {
      throw error instanceof SessionLost ? new LedgerRefused('The ledger does not know this cluster id.') : error;
    });
    this.bodyBytes = Math.min(bodyBytesMax, reply.readUInt32LE(0) || bodyBytesMax);
  }

  #request(operation: number, number: number, body: Buffer): Promise<Buffer> {
    const { cluster } = this.#address;
    const rest = { cluster, release, client: this.#client, parent: this.#parent, session: this.#session };
    const message = writeRequest({ ...rest, number, operation, body });
    const checksum = message.readBigUInt64LE(at.checksum) | (message.readBigUInt64LE(at.checksum + 8) << 64n);
    this.#number = number;
    this.#attempts = 0;
    return new Promise((resolve, reject) => {
      this.#flight = { message, checksum, resolve, reject };
      this.#send();
      this.#timer = setInterval(() => this.#resend(), resendMs);
    });
  }

  #send(): void {
    const count = this.#replicas.length;
    if (this.#flight) this.#replicas[(this.#view + this.#attempts) % count]?.send(this.#flight.message);
  }

  #resend(): void {
    this.#attempts += 1;
    this.#send();
  }

  /** A replica knows whose connection it is by the first message on it. */
  #greet(index: number): void {
    const { cluster } = this.#address;
    this.#replicas[index]?.send(writePing({ cluster, release, client: this.#client, pingTime: process.hrtime.bigint() }));
    if ((this.#view + this.#attempts) % this.#replicas.length === index) this.#send();
  }

  #receive(message: Buffer): void {
    const read = readServerMessage(message);
    if (!read) return;
    this.#view = Math.max(this.#view, message.readUInt32LE(at.view));
    if (read.kind === 'eviction') this.#evicted(read.client, read.reason);
    else if (read.kind === 'reply' && read.request === this.#flight?.checksum) this.#answered(read, message.subarray(headerBytes));
  }

  #answered(reply: Reply, body: Buffer): void {
    this.#parent = reply.context;
    if (reply.operation === registerOperation) this.#session = reply.op;
    this.#land()?.resolve(body);
  }

  #evicted(client: bigint, reason: number): void {
    if (client !== this.#client) return;
    const name = reasons.get(reason) ?? `reason ${reason}`;
    const isLost = reason === evictionReason.noSession || reason === evictionReason.sessionTooLow;
    this.#land()?.reject(isLost ? new SessionLost(name) : new LedgerRefused(`The ledger ended the session: ${name}.`));
    if (!isLost) this.#begin();
  }

  #land(): Flight | undefined {
    const flight = this.#flight;
    clearInterval(this.#timer);
    this.#flight = undefined;
    return flight;
  }
}

class SessionLost extends Error {}

function newClient(): bigint {
  return BigInt(`0x${randomBytes(16).toString('hex')}`) | 1n;
}
