import type { TLSSocket } from 'node:tls';
import { done, failed, packFailure, packGreeting } from '#wire/storage-node/answer.ts';
import { type Frame, FrameReader, frameHead } from '#wire/storage-node/frame.ts';
import { type NodeRequest, nodeProtocol, readRequest } from '#wire/storage-node/request.ts';
import { NodeProtocolError } from '#wire/storage-node/violation.ts';
import { failureOf } from './failure.ts';
import { greetingMs, idleMs, requestsMax, sendingMaxBytes, underWayMaxBytes } from './limits.ts';

/** What is asked of a drive. */
export type DriveRequest = Exclude<NodeRequest, { readonly is: 'greet' | 'ping' }>;

/** What a connection may ask: does it on one of the drives that it greeted with, and resolves with the body of the answer. */
export type Desk = {
  answer(drive: number, request: DriveRequest): Promise<readonly Uint8Array[]>;
  /** Closes what is open, when nothing is under way any more. */
  close(): Promise<void>;
};

/** Makes a desk for a connection of a process that asks for these drives; others of the same that had one are ended before. */
export type Receive = (session: Session, drives: readonly string[], worker: number) => Promise<Desk>;

type Asked = { readonly drive: number; readonly id: number; readonly request: Exclude<NodeRequest, { readonly is: 'ping' }> };

/** One connection of storage, at the node: its requests are done as they get ready, few at once. */
export class Session {
  readonly #socket: TLSSocket;
  readonly #receive: Receive;
  readonly #frames = new FrameReader();
  readonly #ended: (session: Session) => void;
  readonly #waiting: Asked[] = [];
  readonly #running = new Set<Promise<void>>();
  #desk: Desk | undefined;
  #hasGreeted = false;
  #bytes = 0;
  #closing: Promise<void> | undefined;
  /** Why it was ended from here. */
  refusal: Error | undefined;

  constructor(socket: TLSSocket, receive: Receive, ended: (session: Session) => void) {
    this.#socket = socket;
    this.#receive = receive;
    this.#ended = ended;
    socket.setNoDelay(true);
    socket.setTimeout(greetingMs, () => this.#refuse(new NodeProtocolError('nothing came for too long')));
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('drain', () => this.#go());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => void this.end());
  }

  /** Ends the connection; resolves when nothing that it asked for is being done any more. */
  end(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#socket.destroy();
    this.#waiting.length = 0;
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    await this.#desk?.close();
    this.#ended(this);
  }

  #refuse(why: Error): void {
    this.refusal ??= why;
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.#closing || this.#socket.destroyed) return;
    try {
      this.#frames.feed(chunk, (frame) => this.#take(frame));
    } catch (error) {
      return this.#refuse(error as Error);
    }
    this.#go();
  }

  #take({ kind, drive, id, body }: Frame): void {
    const request = readRequest(kind, body);
    if ((request.is === 'greet') === this.#hasGreeted) throw new NodeProtocolError('a connection greets once, and first');
    if (request.is === 'greet') {
      this.#hasGreeted = true;
      this.#socket.setTimeout(idleMs);
    }
    // A sign of life waits behind nothing.
    if (request.is === 'ping') this.#send(done, { drive, id }, []);
    else this.#waiting.push({ drive, id, request });
  }

  /** Begins what may be begun, and reads on only while little waits. */
  #go(): void {
    while (this.#waiting.length > 0 && this.#mayBegin()) {
      const asked = this.#waiting.shift()!;
      const running = this.#do(asked).finally(() => {
        this.#running.delete(running);
        this.#go();
      });
      this.#running.add(running);
    }
    if (this.#socket.destroyed) return;
    const isFull = this.#waiting.length > 0;
    if (isFull !== this.#socket.isPaused()) isFull ? this.#socket.pause() : this.#socket.resume();
  }

  #mayBegin(): boolean {
    if (this.#closing || this.#socket.destroyed || this.#socket.writableLength >= sendingMaxBytes) return false;
    // Nothing is asked of a desk before the greeting is answered.
    if (!this.#desk) return this.#running.size === 0;
    return this.#running.size < requestsMax && this.#bytes < underWayMaxBytes;
  }

  async #do({ drive, id, request }: Asked): Promise<void> {
    const bytes = request.is === 'read' ? request.length : request.is === 'write' ? request.bytes.length : 0;
    this.#bytes += bytes;
    try {
      this.#send(done, { drive, id }, await this.#answer(drive, request));
    } catch (error) {
      if (error instanceof NodeProtocolError) this.#refuse(error);
      else this.#send(failed, { drive, id }, packFailure(failureOf(error)));
    } finally {
      this.#bytes -= bytes;
    }
  }

  async #answer(drive: number, request: Asked['request']): Promise<readonly Uint8Array[]> {
    if (request.is !== 'greet') return this.#desk!.answer(drive, request);
    if (request.protocol !== nodeProtocol) throw new NodeProtocolError(`release ${request.protocol} of the protocol is not spoken here`);
    this.#desk = await this.#receive(this, request.drives, drive);
    return packGreeting(nodeProtocol);
  }

  #send(kind: number, { drive, id }: { readonly drive: number; readonly id: number }, parts: readonly Uint8Array[]): void {
    if (this.#socket.destroyed) return;
    this.#socket.cork();
    this.#socket.write(frameHead({ kind, drive, id }, parts));
    for (const part of parts) if (part.length > 0) this.#socket.write(part);
    this.#socket.uncork();
  }
}
