import type { Socket } from 'node:net';
import { type Accepted, type AcceptOptions, Acceptor } from './acceptor.ts';
import type { Certificate } from './certificate.ts';
import { isLoopback } from './loopback.ts';
import { type Bound, bind, type Fallback } from './port.ts';

export type ListenOptions = AcceptOptions & {
  /** What is listening, for sentences: `storage.s3`. */
  readonly name: string;
  readonly host: string;
  /** The port to try first; 0 means any. */
  readonly port: number;
  readonly fallback: Fallback;
  /** Whether other processes listen on the port as well. */
  readonly shared?: boolean;
  /** The address schemes to print, for example `['http', 'https']`; the second may equal the first. */
  readonly schemes: readonly [plain: string, secure: string];
};

/** A port on which TLS and plain text are told apart by the first byte. */
export class Listener implements AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly tlsUrl: string | undefined;
  readonly usual: boolean;
  readonly note: string | undefined;
  readonly #acceptor: Acceptor;
  #closing: Promise<void> | undefined;

  constructor(acceptor: Acceptor, bound: Bound, options: ListenOptions) {
    this.#acceptor = acceptor;
    this.port = bound.port;
    this.usual = bound.usual;
    this.note = bound.note;
    const [plain, secure] = options.schemes;
    const at = `${printed(options.host)}:${bound.port}`;
    this.tlsUrl = options.certificate ? `${secure}://${at}` : undefined;
    const open = options.plain === 'upgrade' || (options.plain === 'loopback' && isLoopback(printed(options.host)));
    this.url = open || !this.tlsUrl ? `${plain}://${at}` : this.tlsUrl;
  }

  /** Turns a plain connection into TLS, for protocols that ask for it themselves (PostgreSQL's SSLRequest). */
  startTls(socket: Socket): Promise<Accepted> {
    return this.#acceptor.startTls(socket);
  }

  /** Uses another certificate for handshakes from now on. */
  renew(certificate: Certificate): void {
    this.#acceptor.renew(certificate);
  }

  /** Stops accepting, cuts what has not spoken yet, and resolves when every connection has ended or was cut after the drain limit. */
  close(): Promise<void> {
    const closing = this.#closing ?? this.#acceptor.close();
    this.#closing = closing;
    return closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Listens; `onConnection` gets each socket once its peer has spoken and, for TLS, shaken hands. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const acceptor = new Acceptor(options);
  const bound = await bind(acceptor.server, options);
  return new Listener(acceptor, bound, options);
}

/** Printed addresses use 127.0.0.1 where every address is listened on. */
function printed(host: string): string {
  return host === '0.0.0.0' || host === '::' || host === 'localhost' ? '127.0.0.1' : host;
}
