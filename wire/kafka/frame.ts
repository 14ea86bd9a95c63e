import { type Api, requestHeaderVersion, responseHeaderVersion, serves } from './api.ts';
import { frameBytesMax } from './limits.ts';
import { requestHeader, responseHeader } from './message/header.ts';
import { Reader } from './reader.ts';
import { apis } from './table.ts';
import { KafkaViolation } from './violation.ts';
import { Writer } from './writer.ts';

const byKey = new Map<number, Api>(apis.map((api) => [api.key, api as unknown as Api]));

const apiOf = (key: number): Api | undefined => byKey.get(key);

/** A request as far as it was read: its header always, its message unless the version is not served. */
export type Request = {
  readonly api: Api;
  readonly version: number;
  readonly correlationId: number;
  readonly clientId: string;
  readonly message: unknown;
  /** The version is not served; only ApiVersions may be answered then, in version 0. */
  readonly unsupported: boolean;
};

/** Reads a frame without its length. An unknown API or broken bytes are a KafkaViolation. */
export function readRequest(frame: Buffer): Request {
  const reader = new Reader(frame);
  const api = apiOf(frame.length >= 2 ? frame.readInt16BE(0) : -1);
  if (!api) throw new KafkaViolation(`there is no API ${frame.length >= 2 ? frame.readInt16BE(0) : 'in so few bytes'}`);
  const version = frame.length >= 4 ? frame.readInt16BE(2) : -1;
  const unsupported = !serves(api, version);
  const head = requestHeader.read(reader, unsupported ? 1 : requestHeaderVersion(api, version));
  const message = unsupported ? undefined : api.request.read(reader, version);
  return { api, version, correlationId: head.correlationId, clientId: head.clientId ?? '', message, unsupported };
}

/** A response with its length in front, as buffers to write in order. */
export function writeResponse(api: Api, version: number, correlationId: number, message: object): Buffer[] {
  const writer = new Writer();
  responseHeader.write(writer, { correlationId }, responseHeaderVersion(api, version));
  api.response.write(writer, message as never, version);
  const length = Buffer.allocUnsafe(4);
  length.writeInt32BE(writer.size, 0);
  return [length, ...writer.chunks()];
}

/** A request as a client sends it. */
export function writeRequest(
  api: Api,
  version: number,
  head: { correlationId: number; clientId: string | null },
  message: object,
): Buffer[] {
  const writer = new Writer();
  requestHeader.write(writer, { requestApiKey: api.key, requestApiVersion: version, ...head }, requestHeaderVersion(api, version));
  api.request.write(writer, message as never, version);
  const length = Buffer.allocUnsafe(4);
  length.writeInt32BE(writer.size, 0);
  return [length, ...writer.chunks()];
}

/** Reads a response's frame without its length. */
export function readResponse(api: Api, version: number, frame: Buffer): { correlationId: number; message: unknown } {
  const reader = new Reader(frame);
  const { correlationId } = responseHeader.read(reader, responseHeaderVersion(api, version));
  return { correlationId, message: api.response.read(reader, version) };
}

/** Cuts a stream into frames. Memory grows with the bytes that came, not with the length that was said. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #held = 0;
  readonly #limitBytes: () => number;

  constructor(limitBytes: () => number = () => frameBytesMax) {
    this.#limitBytes = limitBytes;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
  }

  /** The next whole frame without its length, or undefined. */
  next(): Buffer | undefined {
    if (this.#held < 4) return undefined;
    if ((this.#chunks[0] as Buffer).length < 4) this.#join();
    const length = (this.#chunks[0] as Buffer).readInt32BE(0);
    if (length < 4 || length > this.#limitBytes()) throw new KafkaViolation(`a frame of ${length} bytes`);
    if (this.#held < length + 4) return undefined;
    if ((this.#chunks[0] as Buffer).length < length + 4) this.#join();
    const first = this.#chunks[0] as Buffer;
    const frame = first.subarray(4, length + 4);
    if (first.length === length + 4) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(length + 4);
    this.#held -= length + 4;
    return frame;
  }

  #join(): void {
    this.#chunks = [Buffer.concat(this.#chunks, this.#held)];
  }
}
