import { rmSync } from 'node:fs';
import { connect, type AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { type NodeAddress, printNodeAddress } from './address.ts';
import { connectionsMax, greetingMs } from './limits.ts';
import { hostSecret, isProven } from './secret.ts';
import { type Desk, Session } from './session.ts';

export type NodeHostOptions = {
  readonly address: NodeAddress;
  readonly key: Buffer;
  /** Makes a desk for a connection that asks for these drives. */
  readonly receive: (drives: readonly string[]) => Desk;
  /** Told why somebody was refused. */
  readonly onRefused: (why: string) => void;
};

/** The drives that a connection asked for, and which process of storage it is of. */
type Held = { readonly drives: ReadonlySet<string>; readonly worker?: number };

/** The side of a node: it takes the connections of whoever proves the key. */
export class NodeHost {
  readonly #options: NodeHostOptions;
  readonly #server: Server;
  readonly #sessions = new Map<Session, Held>();

  private constructor(options: NodeHostOptions) {
    this.#options = options;
    this.#server = createServer({ ...hostSecret(options.key), handshakeTimeout: greetingMs }, (socket) => {
      if (!isProven(socket)) return void socket.destroy();
      const session = new Session(
        socket,
        (asking, drives, worker) => this.#receive(asking, drives, worker),
        (ended) => this.#ended(ended),
      );
      this.#sessions.set(session, { drives: new Set() });
    });
    this.#server.maxConnections = connectionsMax;
    this.#server.on('tlsClientError', (error: NodeJS.ErrnoException) => options.onRefused(error.code ?? error.message));
  }

  /** Listens; resolves with the host and the address it is reached at, whose port is one that is free where none was named. */
  static async open(options: NodeHostOptions): Promise<{ readonly host: NodeHost; readonly address: string }> {
    const host = new NodeHost(options);
    const { address } = options;
    if ('path' in address) await takeOver(address.path);
    const server = host.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      if ('path' in address) server.listen({ path: address.path }, resolve);
      else server.listen({ host: address.host, port: address.port }, resolve);
    });
    const bound = 'path' in address ? address : { host: address.host, port: (server.address() as AddressInfo).port };
    return { host, address: printNodeAddress(bound) };
  }

  /** Takes no more connections and ends those there are, when what they asked for is done. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await Promise.all([...this.#sessions.keys()].map((session) => session.end()));
    await closed;
  }

  /**
   * A drive is served to the connection that came last, of each process of storage: they write different files. What an older one
   * has asked for is done or dropped before: it may be one that storage has given up, with requests on the way that must not come
   * behind those of the new one.
   */
  async #receive(session: Session, drives: readonly string[], worker: number): Promise<Desk> {
    const wanted = new Set(drives);
    const older = [...this.#sessions].filter(
      ([other, held]) => other !== session && held.worker === worker && !held.drives.isDisjointFrom(wanted),
    );
    this.#sessions.set(session, { drives: wanted, worker });
    await Promise.all(older.map(([other]) => other.end()));
    return this.#options.receive(drives);
  }

  #ended(session: Session): void {
    this.#sessions.delete(session);
    if (session.refusal) this.#options.onRefused(session.refusal.message);
  }
}

/** Removes the socket that a node left which was killed; one that somebody listens at stays, and listening then fails. */
async function takeOver(path: string): Promise<void> {
  const isHeld = await new Promise<boolean>((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
  if (!isHeld) rmSync(path, { force: true });
}
