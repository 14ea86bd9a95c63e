import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import type { Server as SecureServer, TLSSocket } from 'node:tls';
import { fault } from '#kernel/contract/fault.ts';
import { type Certificate, replaceCertificate, secureServer } from './certificate.ts';
import { farewell } from './farewell.ts';
import { keepAliveProbeMs, type ListenLimits, listenLimits } from './limits.ts';
import { type PlainRule, plainAllowed } from './loopback.ts';

/** What is known of a connection when its door gets it. */
export type Connection = {
  readonly secure: boolean;
  /** SHA-256 of the client's certificate as node writes it (`AA:BB:...`), only when our authority signed it. */
  readonly peerFingerprint?: string;
  /** Why a client certificate that was shown gives no identity. */
  readonly peerProblem?: string;
  readonly alpn?: string;
  /** Whether secrets may be read from this connection as it is: it is TLS, or plain text between two loopback ends. */
  readonly confidential: boolean;
  readonly peerAddress: string;
  /** Whether another process of the service accepted it, and passes its requests on. */
  readonly isRelayed?: boolean;
};

export type Accepted = { readonly socket: Socket; readonly connection: Connection };

/** What a door says about the connections it takes. */
export type AcceptOptions = {
  readonly certificate?: Certificate;
  /** Without a certificate everything is plain, so 'loopback' is the only sensible rule then. */
  readonly plain: PlainRule;
  readonly alpn?: readonly string[];
  /** Whether plain text may begin with any byte, one that begins TLS too; such a door has no certificate. */
  readonly anyByte?: boolean;
  /** Whether a door may still answer after its peer has ended its side, as HTTP does. */
  readonly halfOpen?: boolean;
  /** What is written, in the door's dialect, before plain text from elsewhere is cut off. */
  readonly refusal?: Uint8Array;
  readonly limits?: Partial<ListenLimits>;
  readonly onConnection: (socket: Socket, connection: Connection) => void;
};

/** The first byte of a TLS record that carries a handshake (RFC 8446 5.1). */
const handshakeRecord = 0x16;

type Waiting = { readonly raw: Socket; readonly accept: (accepted: Accepted) => void };

/** Takes connections, tells TLS from plain text, and hands them to the door once the peer has spoken. */
export class Acceptor {
  readonly server: Server;
  readonly #options: AcceptOptions;
  readonly #limits: ListenLimits;
  readonly #secure: SecureServer | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #byAddress = new Map<string, number>();
  /** Connections that no door has yet: waiting for the first byte, or shaking hands. */
  readonly #waiting = new Map<string, Waiting>();

  constructor(options: AcceptOptions) {
    assert(!(options.anyByte && options.certificate), 'TLS cannot be told from plain text that begins with any byte');
    this.#options = options;
    this.#limits = { ...listenLimits, ...options.limits };
    const halfOpen = options.halfOpen ?? false;
    this.server = createServer({ allowHalfOpen: halfOpen, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveProbeMs });
    this.server.on('connection', (socket) => this.#arrive(socket));
    if (!options.certificate) return;
    this.#secure = secureServer(options.certificate, { handshakeMs: this.#limits.handshakeMs, alpn: options.alpn, halfOpen });
    this.#secure.on('secureConnection', (socket) => this.#shaken(socket));
    // A failed handshake has been answered by its alert; there is nobody to tell.
    this.#secure.on('tlsClientError', (_error, socket) => socket.destroy());
  }

  startTls(socket: Socket): Promise<Accepted> {
    assert(this.#secure, 'a door without a certificate cannot start TLS');
    const secure = this.#secure;
    return new Promise((resolve, reject) => {
      socket.once('close', () => reject(fault('Timeout', 'The connection ended before it was secured.')));
      // Bytes sent before our consent were not protected: taking them into the secured stream would let others speak for the peer.
      if (socket.readableLength > 0 || socket.destroyed) {
        socket.destroy();
        return;
      }
      this.#wait(socket, resolve);
      secure.emit('connection', socket);
    });
  }

  renew(certificate: Certificate): void {
    if (this.#secure) replaceCertificate(this.#secure, certificate);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const { raw } of this.#waiting.values()) raw.destroy();
    const cut = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, this.#limits.drainMs);
    await closed;
    clearTimeout(cut);
  }

  #arrive(socket: Socket): void {
    // A reset by the peer is no error of ours; whoever has the socket sees it close.
    socket.on('error', () => {});
    const address = socket.remoteAddress ?? '';
    const known = this.#byAddress.get(address) ?? 0;
    const full = this.#sockets.size >= this.#limits.connectionsMax || known >= this.#limits.addressConnectionsMax;
    if (full || address === '') {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    this.#byAddress.set(address, known + 1);
    socket.once('close', () => this.#leave(socket, address));
    this.#awaitFirstByte(socket);
  }

  #leave(socket: Socket, address: string): void {
    this.#sockets.delete(socket);
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, left);
  }

  #awaitFirstByte(socket: Socket): void {
    const key = this.#wait(socket, (accepted) => this.#options.onConnection(accepted.socket, accepted.connection));
    const late = setTimeout(() => socket.destroy(), this.#limits.firstByteMs);
    socket.once('close', () => clearTimeout(late));
    // 'readable' and not 'data': afterwards the socket is neither flowing nor paused, and the door may start when it likes.
    socket.once('readable', () => {
      clearTimeout(late);
      const chunk: Buffer | null = socket.read();
      if (chunk === null) {
        socket.destroy();
        return;
      }
      socket.unshift(chunk);
      this.#tell(socket, key, chunk[0] === handshakeRecord && !this.#options.anyByte);
    });
  }

  #tell(socket: Socket, key: string, secure: boolean): void {
    const waiting = this.#waiting.get(key);
    if (!waiting) return;
    if (secure && this.#secure) {
      this.#secure.emit('connection', socket);
      return;
    }
    this.#waiting.delete(key);
    const confidential = plainAllowed(this.#options.plain, socket.localAddress, socket.remoteAddress);
    if (secure) socket.destroy();
    else if (!confidential && this.#options.plain !== 'upgrade') this.#refuse(socket);
    else waiting.accept({ socket, connection: { secure: false, confidential, peerAddress: socket.remoteAddress ?? '' } });
  }

  #refuse(socket: Socket): void {
    if (this.#options.refusal) farewell(socket, this.#options.refusal);
    else socket.destroy();
  }

  #shaken(socket: TLSSocket): void {
    socket.on('error', () => {});
    const key = nameOf(socket);
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    if (!waiting) socket.destroy();
    else waiting.accept({ socket, connection: secured(socket) });
  }

  #wait(raw: Socket, accept: (accepted: Accepted) => void): string {
    const key = nameOf(raw);
    this.#waiting.set(key, { raw, accept });
    raw.once('close', () => this.#waiting.delete(key));
    return key;
  }
}

/** Both ends' addresses name a living connection exactly, and the TLS socket over it has the same. */
function nameOf(socket: Socket): string {
  return `${socket.localAddress} ${socket.remoteAddress} ${socket.remotePort}`;
}

function secured(socket: TLSSocket): Connection {
  const certificate = socket.getPeerX509Certificate();
  const alpn = socket.alpnProtocol;
  return {
    secure: true,
    confidential: true,
    peerAddress: socket.remoteAddress ?? '',
    ...(certificate && socket.authorized ? { peerFingerprint: certificate.fingerprint256 } : {}),
    ...(certificate && !socket.authorized ? { peerProblem: String(socket.authorizationError) } : {}),
    ...(typeof alpn === 'string' ? { alpn } : {}),
  };
}
