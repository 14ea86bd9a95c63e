import { checksumInto } from './aegis.ts';
import { command, type EvictionReason } from './operation.ts';
import { headerBytes } from './limits.ts';

/** Where the fields of a header lie, in bytes. All numbers are little-endian. */
export const at = {
  checksum: 0,
  checksumBody: 32,
  cluster: 80,
  size: 96,
  epoch: 100,
  view: 104,
  release: 108,
  protocol: 112,
  command: 114,
  replica: 115,
  frame: 116,
  own: 128,
} as const;

/** Fields of a request, of a reply, and of the short commands. */
const request = { parent: 128, client: 160, session: 176, timestamp: 184, number: 192, operation: 196 } as const;
const reply = { request: 128, context: 160, client: 192, op: 208, commit: 216, timestamp: 224, number: 232, operation: 236 } as const;
const ping = { client: 128, time: 144 } as const;
const eviction = { client: 128, reason: 255 } as const;

/** A u128 as it lies in memory, little-endian. */
export function readU128(bytes: Buffer, offset: number): bigint {
  return bytes.readBigUInt64LE(offset) | (bytes.readBigUInt64LE(offset + 8) << 64n);
}

export function writeU128(bytes: Buffer, value: bigint, offset: number): void {
  bytes.writeBigUInt64LE(value & 0xffff_ffff_ffff_ffffn, offset);
  bytes.writeBigUInt64LE(value >> 64n, offset + 8);
}

/** A release as it travels: 0.17.9 is 0x00001109. */
export const releaseOf = (major: number, minor: number, patch: number): number => (major << 16) | (minor << 8) | patch;

const computed = new Uint8Array(16);

function same(bytes: Uint8Array, offset: number): boolean {
  for (let index = 0; index < 16; index += 1) if (bytes[offset + index] !== computed[index]) return false;
  return true;
}

/** Whether a header's checksum is right; it covers everything behind itself. */
export function headerIsWhole(message: Buffer, start: number): boolean {
  checksumInto(computed, 0, message, start + 16, headerBytes - 16);
  return same(message, start + at.checksum);
}

/** Whether the body behind a header is the one that the header's checksum covers. */
export function bodyIsWhole(message: Buffer, start: number, sizeBytes: number): boolean {
  checksumInto(computed, 0, message, start + headerBytes, sizeBytes - headerBytes);
  return same(message, start + at.checksumBody);
}

/** What a client's message says. Ids are u128; `checksum` names this request exactly. */
export type ClientMessage = {
  readonly kind: 'request' | 'ping';
  readonly cluster: bigint;
  readonly release: number;
  readonly client: bigint;
  readonly checksum: bigint;
  readonly parent: bigint;
  readonly session: bigint;
  readonly number: number;
  readonly operation: number;
  /** Of a ping: the sender's clock, to be sent back. */
  readonly pingTime: bigint;
};

const isZero = (bytes: Buffer, start: number, end: number): boolean => {
  for (let index = start; index < end; index += 1) if (bytes[index] !== 0) return false;
  return true;
};

/** Reads a whole header at the start of `head`; undefined when it is none that a client may send. Checksums are not looked at. */
export function readClientMessage(head: Buffer): ClientMessage | undefined {
  const kind = head[at.command];
  const isFramed =
    isZero(head, 16, 32) &&
    isZero(head, 48, 80) &&
    head.readUInt32LE(at.epoch) === 0 &&
    head.readUInt16LE(at.protocol) === 0 &&
    head[at.replica] === 0 &&
    isZero(head, at.frame, at.own);
  const release = head.readUInt32LE(at.release);
  if (!isFramed || release === 0) return undefined;
  const base = {
    cluster: readU128(head, at.cluster),
    release,
    checksum: readU128(head, at.checksum),
    parent: 0n,
    session: 0n,
    pingTime: 0n,
  };
  if (kind === command.pingClient) {
    const client = readU128(head, ping.client);
    if (client === 0n || head.readUInt32LE(at.size) !== headerBytes) return undefined;
    return { ...base, kind: 'ping', client, number: 0, operation: 0, pingTime: head.readBigUInt64LE(ping.time) };
  }
  if (kind !== command.request || !isZero(head, 144, 160)) return undefined;
  const client = readU128(head, request.client);
  if (client === 0n) return undefined;
  return {
    ...base,
    kind: 'request',
    client,
    parent: readU128(head, request.parent),
    session: head.readBigUInt64LE(request.session),
    number: head.readUInt32LE(request.number),
    operation: head[request.operation] as number,
  };
}

function seal(message: Buffer): Buffer {
  checksumInto(message, at.checksumBody, message, headerBytes, message.length - headerBytes);
  checksumInto(message, at.checksum, message, 16, headerBytes - 16);
  return message;
}

/** Of a message of a replica: its place in addresses, and the view, which modulo their number is the primary's place. */
type Sender = { readonly replica?: number; readonly view?: number };

function blank(bodyBytes: number, fields: { command: number; cluster: bigint; release: number } & Sender): Buffer {
  const message = Buffer.allocUnsafeSlow(headerBytes + bodyBytes).fill(0, 0, headerBytes);
  writeU128(message, fields.cluster, at.cluster);
  message.writeUInt32LE(message.length, at.size);
  message.writeUInt32LE(fields.release, at.release);
  message[at.command] = fields.command;
  message.writeUInt32LE(fields.view ?? 0, at.view);
  message[at.replica] = fields.replica ?? 0;
  return message;
}

const senderOf = (view = 0, place = 0): Sender => ({ view, replica: place });

export type Reply = {
  readonly cluster: bigint;
  readonly release: number;
  readonly client: bigint;
  /** Checksum of the request that is answered. */
  readonly request: bigint;
  /** Number of the operation in the log; a session's number is that of its registration. */
  readonly op: bigint;
  readonly timestamp: bigint;
  readonly number: number;
  readonly operation: number;
  readonly body: Uint8Array;
};

/** A reply as it travels. */
export function writeReply(fields: Reply & Sender): Buffer {
  const { cluster, release, view, replica } = fields;
  const message = blank(fields.body.length, { command: command.reply, cluster, release, ...senderOf(view, replica) });
  writeU128(message, fields.request, reply.request);
  writeU128(message, fields.client, reply.client);
  message.writeBigUInt64LE(fields.op, reply.op);
  message.writeBigUInt64LE(fields.op, reply.commit);
  message.writeBigUInt64LE(fields.timestamp, reply.timestamp);
  message.writeUInt32LE(fields.number, reply.number);
  message[reply.operation] = fields.operation;
  message.set(fields.body, headerBytes);
  checksumInto(message, at.checksumBody, message, headerBytes, fields.body.length);
  // The context is the checksum that the header has without it; the client's next request names it as its parent.
  checksumInto(message, reply.context, message, 16, headerBytes - 16);
  checksumInto(message, at.checksum, message, 16, headerBytes - 16);
  return message;
}

export function writePong(fields: { cluster: bigint; release: number; pingTime: bigint } & Sender): Buffer {
  const { cluster, release, view, replica } = fields;
  const message = blank(0, { command: command.pongClient, cluster, release, ...senderOf(view, replica) });
  message.writeBigUInt64LE(fields.pingTime, at.own);
  return seal(message);
}

/** A client's greeting, by which a replica knows whose connection it is; it answers with a pong. */
export function writePing(fields: { cluster: bigint; release: number; client: bigint; pingTime: bigint }): Buffer {
  const message = blank(0, { command: command.pingClient, cluster: fields.cluster, release: fields.release });
  writeU128(message, fields.client, ping.client);
  message.writeBigUInt64LE(fields.pingTime, ping.time);
  return seal(message);
}

export function writeEviction(fields: { cluster: bigint; release: number; client: bigint; reason: EvictionReason }): Buffer {
  const message = blank(0, { command: command.eviction, cluster: fields.cluster, release: fields.release });
  writeU128(message, fields.client, eviction.client);
  message[eviction.reason] = fields.reason;
  return seal(message);
}

/** A client's request as it travels; for tests and for clients of our own. */
export function writeRequest(fields: Omit<ClientMessage, 'kind' | 'checksum' | 'pingTime'> & { readonly body: Uint8Array }): Buffer {
  const message = blank(fields.body.length, { command: command.request, cluster: fields.cluster, release: fields.release });
  writeU128(message, fields.parent, request.parent);
  writeU128(message, fields.client, request.client);
  message.writeBigUInt64LE(fields.session, request.session);
  message.writeUInt32LE(fields.number, request.number);
  message[request.operation] = fields.operation;
  message.set(fields.body, headerBytes);
  return seal(message);
}

/** What a client reads of a message from the ledger: a reply, a pong or an eviction. */
export type ServerMessage =
  | (Omit<Reply, 'body'> & { readonly kind: 'reply'; readonly context: bigint })
  | { readonly kind: 'pong'; readonly pingTime: bigint }
  | { readonly kind: 'eviction'; readonly client: bigint; readonly reason: number };

export function readServerMessage(head: Buffer): ServerMessage | undefined {
  const kind = head[at.command];
  if (kind === command.pongClient) return { kind: 'pong', pingTime: head.readBigUInt64LE(at.own) };
  if (kind === command.eviction)
    return { kind: 'eviction', client: readU128(head, eviction.client), reason: head[eviction.reason] as number };
  if (kind !== command.reply) return undefined;
  return {
    kind: 'reply',
    cluster: readU128(head, at.cluster),
    release: head.readUInt32LE(at.release),
    client: readU128(head, reply.client),
    request: readU128(head, reply.request),
    context: readU128(head, reply.context),
    op: head.readBigUInt64LE(reply.op),
    timestamp: head.readBigUInt64LE(reply.timestamp),
    number: head.readUInt32LE(reply.number),
    operation: head[reply.operation] as number,
  };
}
