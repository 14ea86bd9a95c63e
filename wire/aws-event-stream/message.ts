import { crc32 } from 'node:zlib';
import { headerValueMaxBytes, messageMaxBytes, preludeBytes, sumBytes } from './limits.ts';

/**
 * A message of AWS' event streams: `total length, headers' length, CRC-32 of these two, headers, payload, CRC-32 of all before`,
 * numbers big-endian. Headers are texts here, which is all that S3 sends.
 */
export type EventMessage = { readonly headers: Readonly<Record<string, string>>; readonly payload: Uint8Array };

/** The bytes are no message: a length or a checksum contradicts them. */
export class EventStreamError extends Error {
  override readonly name = 'EventStreamError';
}

/** The type of a header that is a text. */
const [textType] = [7];

/** Writes a message. */
export function encodeEvent({ headers, payload }: EventMessage): Buffer<ArrayBuffer> {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => encodeHeader(name, value)));
  const total = preludeBytes + head.length + payload.length + sumBytes;
  const bytes = Buffer.alloc(total);
  bytes.writeUInt32BE(total, 0);
  bytes.writeUInt32BE(head.length, 4);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 8)), 8);
  bytes.set(head, preludeBytes);
  bytes.set(payload, preludeBytes + head.length);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, total - sumBytes)), total - sumBytes);
  return bytes;
}

function encodeHeader(name: string, value: string): Buffer {
  const [key, text] = [Buffer.from(name), Buffer.from(value).subarray(0, headerValueMaxBytes)];
  const bytes = Buffer.alloc(1 + key.length + 3 + text.length);
  bytes[0] = key.length;
  bytes.set(key, 1);
  bytes[1 + key.length] = textType;
  bytes.writeUInt16BE(text.length, 2 + key.length);
  bytes.set(text, 4 + key.length);
  return bytes;
}

/** Reads messages out of bytes that come in pieces of any size. */
export class EventDecoder {
  #rest: Buffer = Buffer.alloc(0);

  /** The messages that are whole now. */
  push(piece: Uint8Array): EventMessage[] {
    this.#rest = Buffer.concat([this.#rest, piece]);
    const found: EventMessage[] = [];
    while (this.#rest.length >= preludeBytes) {
      const total = this.#rest.readUInt32BE(0);
      if (crc32(this.#rest.subarray(0, 8)) !== this.#rest.readUInt32BE(8)) throw new EventStreamError('The prelude differs from its sum.');
      if (total > messageMaxBytes || total < preludeBytes + sumBytes) throw new EventStreamError(`A message cannot have ${total} bytes.`);
      if (this.#rest.length < total) break;
      found.push(decodeEvent(this.#rest.subarray(0, total)));
      this.#rest = this.#rest.subarray(total);
    }
    return found;
  }

  /** Says that no more comes; what is left would be half a message. */
  end(): void {
    if (this.#rest.length > 0) throw new EventStreamError('The stream ends within a message.');
  }
}

function decodeEvent(bytes: Buffer): EventMessage {
  const end = bytes.length - sumBytes;
  if (crc32(bytes.subarray(0, end)) !== bytes.readUInt32BE(end)) throw new EventStreamError('A message differs from its sum.');
  const headersEnd = preludeBytes + bytes.readUInt32BE(4);
  if (headersEnd > end) throw new EventStreamError('The headers are longer than their message.');
  return { headers: decodeHeaders(bytes.subarray(preludeBytes, headersEnd)), payload: bytes.subarray(headersEnd, end) };
}

function decodeHeaders(bytes: Buffer): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let at = 0; at < bytes.length; ) {
    const name = bytes.toString('utf8', at + 1, at + 1 + bytes[at]!);
    at += 1 + bytes[at]!;
    if (at + 3 > bytes.length || bytes[at] !== textType) throw new EventStreamError('A header is no text.');
    const length = bytes.readUInt16BE(at + 1);
    if (at + 3 + length > bytes.length) throw new EventStreamError('A header is longer than the headers.');
    headers[name] = bytes.toString('utf8', at + 3, at + 3 + length);
    at += 3 + length;
  }
  return headers;
}
