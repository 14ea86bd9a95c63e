import { connect, type TLSSocket } from 'node:tls';
import { done, failed, readFailure, readGreeting } from '#wire/storage-node/answer.ts';
import { type Frame, FrameReader, frameHead } from '#wire/storage-node/frame.ts';
import { kindOf, type NodeRequest, nodeProtocol, packRequest } from '#wire/storage-node/request.ts';
import { NodeProtocolError } from '#wire/storage-node/violation.ts';
import { type NodeAddress, printNodeAddress } from './address.ts';
import { NodeError, nodeAway } from './failure.ts';
import { answerMs, greetingMs, requestsMax, sendingMaxBytes, silenceMs, underWayMaxBytes, waitingMax } from './limits.ts';
import { isProven, linkSecret } from './secret.ts';

type Call = {
  readonly drive: number;
  readonly request: NodeRequest;
  readonly bytes: number;
  readonly resolve: (body: Buffer) => void;
  readonly reject: (error: Error) => void;
  sentAt: number;
};

export type LinkOptions = {
  readonly address: NodeAddress;
  readonly key: Buffer;
  /** The drives that are asked for, by their paths at the node; requests name them by their place in this list. */
  readonly drives: readonly string[];
  /** Which of several processes of storage asks; it stands where requests name a drive. */
  readonly worker: number;
  /** Told once, when the connection is over or never came to be. */
  readonly onEnd: (reason: string) => void;
};

/** One connection to a node, from the side of storage: many requests are under way on it at once. */
export class Link {
  readonly #options: LinkOptions;
  readonly #socket: TLSSocket;
  readonly #frames = new FrameReader();
  readonly #waiting: Call[] = [];
  readonly #sent = new Map<number, Call>();
  #next = 1;
  #bytes = 0;
  #reason: string | undefined;
  #isOver = false;
  /** When a word last came, and since when one is awaited. */
  #heardAt = performance.now();
  #askedAt: number | undefined;
  /** Resolves when the node has answered the greeting. */
  readonly begun: Promise<void>;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { address, key } = options;
    const socket = connect({ ...linkSecret(key), ...address });
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('drain', () => this.#go());
    socket.on('error', (error: NodeJS.ErrnoException) => this.end(sentenceOf(error)));
    socket.on('close', () => this.end('it ended the connection'));
    this.begun = this.#begin();
  }

  async #begin(): Promise<void> {
    const timer = setTimeout(() => this.end(`it did not greet for ${greetingMs} ms`), greetingMs);
    timer.unref();
    try {
      await new Promise<void>((resolve, reject) => {
        this.#socket.once('secureConnect', resolve);
        this.#socket.once('close', () => reject(this.#away()));
      });
      if (!isProven(this.#socket)) throw new NodeProtocolError('it has not proven the key');
      const body = await this.call(this.#options.worker, { is: 'greet', protocol: nodeProtocol, drives: this.#options.drives });
      if (readGreeting(body) !== nodeProtocol) throw new NodeProtocolError('it speaks another release of the protocol');
    } catch (error) {
      this.end((error as Error).message);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Asks something of the drive at this place of the list; resolves with the body of the answer. */
  call(drive: number, request: NodeRequest): Promise<Buffer> {
    if (this.#isOver) return Promise.reject(this.#away());
    if (this.#waiting.length >= waitingMax) return Promise.reject(new NodeError('ENOBUFS', 'Too much waits for this node.'));
    const bytes = request.is === 'read' ? request.length : request.is === 'write' ? request.bytes.length : 0;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ drive, request, bytes, resolve, reject, sentAt: 0 });
      this.#go();
    });
  }

  /** Looks whether the node still answers, and asks it for a word; to be called again and again. */
  look(): void {
    const now = performance.now();
    if (this.#isOver) return;
    if (this.#askedAt !== undefined && now - Math.max(this.#heardAt, this.#askedAt) > silenceMs)
      return this.end(`it has not answered for ${silenceMs} ms`);
    for (const [id, call] of this.#sent) {
      if (now - call.sentAt <= answerMs) break;
      this.#settle(id)?.reject(new NodeError('ETIMEDOUT', `The node has not done it in ${answerMs} ms.`));
    }
    if (this.#askedAt !== undefined) return;
    this.#askedAt = now;
    // It waits behind nothing, here or there: a node whose drives are slow still answers it.
    this.#send({ drive: 0, request: { is: 'ping' }, bytes: 0, resolve: () => undefined, reject: () => undefined, sentAt: 0 });
  }

  /** Forgives a silence: it was this process that did not listen. */
  forgive(): void {
    this.#heardAt = performance.now();
  }

  /** Ends the connection; whatever waits for an answer is told that the node is away. */
  end(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reason = reason;
    this.#socket.destroy();
    this.#options.onEnd(reason);
    for (const call of [...this.#sent.values(), ...this.#waiting]) call.reject(this.#away());
    this.#sent.clear();
    this.#waiting.length = 0;
  }

  #away(): NodeError {
    return new NodeError(nodeAway, `The node at ${printNodeAddress(this.#options.address)} is away: ${this.#reason ?? 'not connected'}.`);
  }

  /** Sends what may be sent. */
  #go(): void {
    if (this.#isOver || this.#waiting.length === 0) return;
    this.#socket.cork();
    while (this.#waiting.length > 0 && this.#sent.size < requestsMax && this.#bytes < underWayMaxBytes) {
      if (this.#socket.writableLength >= sendingMaxBytes) break;
      this.#send(this.#waiting.shift()!);
    }
    this.#socket.uncork();
  }

  #send(call: Call): void {
    const id = this.#next;
    this.#next = (this.#next % 0xffff_ffff) + 1;
    const parts = packRequest(call.request);
    call.sentAt = performance.now();
    this.#bytes += call.bytes;
    this.#sent.set(id, call);
    this.#socket.write(frameHead({ kind: kindOf(call.request), drive: call.drive, id }, parts));
    for (const part of parts) if (part.length > 0) this.#socket.write(part);
  }

  #settle(id: number): Call | undefined {
    const call = this.#sent.get(id);
    if (!call) return undefined;
    this.#sent.delete(id);
    this.#bytes -= call.bytes;
    return call;
  }

  #read(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#heardAt = performance.now();
    this.#askedAt = undefined;
    try {
      this.#frames.feed(chunk, (frame) => this.#take(frame));
    } catch (error) {
      return this.end((error as Error).message);
    }
    this.#go();
  }

  #take({ kind, id, body }: Frame): void {
    const call = this.#settle(id);
    // One that took too long is answered late, and nobody waits for it.
    if (!call) return;
    if (kind === done) return call.resolve(body);
    if (kind !== failed) throw new NodeProtocolError(`there is no answer ${kind}`);
    const { code, sentence } = readFailure(body);
    call.reject(new NodeError(code, sentence));
  }
}

/** Why a connection did not come to be, or broke. */
function sentenceOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ECONNREFUSED' || code === 'ENOENT') return 'nobody listens at its address';
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'it ended the connection';
  return code?.startsWith('ERR_SSL_') ? 'it has not the same key' : (code ?? message);
}
