import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { bodyBytesMax } from '#wire/tigerbeetle/limits.ts';
import { entryHeadBytes } from './limits.ts';
import { checksumInto } from '#wire/tigerbeetle/aegis.ts';

const headBytes = entryHeadBytes;
const version = 1;

/** What an entry of the log is: a request of the state machine, the begin of a session, expiries, or a mark of what is on disk. */
export const entryKind = { request: 1, register: 2, pulse: 3, mark: 4 } as const;
export type EntryKind = (typeof entryKind)[keyof typeof entryKind];

/** Where the fields of a head lie. The digest covers the rest of the head, and so does the next entry's `parent`. */
const at = {
  digest: 0,
  parent: 32,
  bodyChecksum: 64,
  request: 80,
  client: 96,
  op: 112,
  timestamp: 120,
  session: 128,
  tenant: 136,
  scope: 144,
  credential: 152,
  durable: 160,
  bodyBytes: 168,
  number: 172,
  release: 176,
  principalCheck: 180,
  principalBytes: 184,
  operation: 186,
  kind: 187,
  version: 188,
} as const;

/** One entry of the log. `op` counts entries; `durable` is the last that was known to be on disk when this one was written. */
export type Entry = {
  readonly kind: EntryKind;
  readonly op: bigint;
  readonly timestamp: bigint;
  readonly durable: bigint;
  readonly tenant: bigint;
  readonly scope: bigint;
  readonly credential: bigint;
  readonly principal: string;
  readonly client: bigint;
  readonly session: bigint;
  readonly number: number;
  readonly release: number;
  readonly operation: number;
  /** Checksum of the client's request; zero for those of our own. */
  readonly request: bigint;
  /** AEGIS-128L of the body, as the client's header has it; 16 bytes. */
  readonly bodyChecksum: Uint8Array;
  readonly body: Buffer;
};

/** The digest that the first entry of a log has as its parent. */
export const noParent: Buffer = Buffer.alloc(32);
const none = Buffer.alloc(0);

const aligned = (bytes: number): number => Math.ceil(bytes / 16) * 16;

function writeBig(head: Buffer, value: bigint, offset: number): void {
  head.writeBigUInt64LE(value & 0xffff_ffff_ffff_ffffn, offset);
  head.writeBigUInt64LE(value >> 64n, offset + 8);
}

const readBig = (head: Buffer, offset: number): bigint => head.readBigUInt64LE(offset) | (head.readBigUInt64LE(offset + 8) << 64n);

const digestOf = (bytes: Buffer, start: number): Buffer => hash('sha256', bytes.subarray(start + 32, start + headBytes), 'buffer');

/** An entry as buffers to be written one behind the other, and its digest. */
export function writeEntry(entry: Entry, parent: Uint8Array): { buffers: Buffer[]; bytes: number; digest: Buffer } {
  const principal = entry.principal === '' ? none : Buffer.from(entry.principal);
  const head = Buffer.alloc(headBytes);
  head.set(parent, at.parent);
  head.set(entry.bodyChecksum, at.bodyChecksum);
  writeBig(head, entry.request, at.request);
  writeBig(head, entry.client, at.client);
  head.writeBigUInt64LE(entry.op, at.op);
  head.writeBigUInt64LE(entry.timestamp, at.timestamp);
  head.writeBigUInt64LE(entry.session, at.session);
  head.writeBigUInt64LE(entry.tenant, at.tenant);
  head.writeBigUInt64LE(entry.scope, at.scope);
  head.writeBigUInt64LE(entry.credential, at.credential);
  head.writeBigUInt64LE(entry.durable, at.durable);
  head.writeUInt32LE(entry.body.length, at.bodyBytes);
  head.writeUInt32LE(entry.number, at.number);
  head.writeUInt32LE(entry.release, at.release);
  head.writeUInt32LE(crc32(principal), at.principalCheck);
  head.writeUInt16LE(principal.length, at.principalBytes);
  head[at.operation] = entry.operation;
  head[at.kind] = entry.kind;
  head.writeUInt32LE(version, at.version);
  const digest = digestOf(head, 0);
  head.set(digest, at.digest);
  const used = headBytes + entry.body.length + principal.length;
  const padding = aligned(used) - used;
  const tail = principal.length + padding === 0 ? none : Buffer.concat([principal, Buffer.alloc(padding)]);
  return { buffers: [head, entry.body, tail].filter((buffer) => buffer.length > 0), bytes: aligned(used), digest };
}

export type ReadEntry = { readonly entry: Entry; readonly bytes: number; readonly digest: Buffer; readonly parent: Buffer };

const computed = new Uint8Array(16);

/** Reads the entry at `start`; undefined when there is none that is whole. Whether it fits its place is for the caller to say. */
export function readEntry(bytes: Buffer, start: number): ReadEntry | undefined {
  if (start + headBytes > bytes.length) return undefined;
  const digest = bytes.subarray(start, start + 32);
  const head = bytes.subarray(start, start + headBytes);
  if (head.readUInt32LE(at.version) !== version || !digestOf(bytes, start).equals(digest)) return undefined;
  const bodyBytes = head.readUInt32LE(at.bodyBytes);
  const principalBytes = head.readUInt16LE(at.principalBytes);
  const used = headBytes + bodyBytes + principalBytes;
  if (bodyBytes > bodyBytesMax || start + aligned(used) > bytes.length) return undefined;
  const body = bytes.subarray(start + headBytes, start + headBytes + bodyBytes);
  const principal = bytes.subarray(start + headBytes + bodyBytes, start + used);
  if (crc32(principal) !== head.readUInt32LE(at.principalCheck)) return undefined;
  checksumInto(computed, 0, body, 0, body.length);
  const bodyChecksum = head.subarray(at.bodyChecksum, at.bodyChecksum + 16);
  if (!bodyChecksum.equals(computed)) return undefined;
  return {
    bytes: aligned(used),
    digest,
    parent: head.subarray(at.parent, at.parent + 32),
    entry: {
      kind: head[at.kind] as EntryKind,
      op: head.readBigUInt64LE(at.op),
      timestamp: head.readBigUInt64LE(at.timestamp),
      durable: head.readBigUInt64LE(at.durable),
      tenant: head.readBigUInt64LE(at.tenant),
      scope: head.readBigUInt64LE(at.scope),
      credential: head.readBigUInt64LE(at.credential),
      principal: principal.toString(),
      client: readBig(head, at.client),
      session: head.readBigUInt64LE(at.session),
      number: head.readUInt32LE(at.number),
      release: head.readUInt32LE(at.release),
      operation: head[at.operation] as number,
      request: readBig(head, at.request),
      bodyChecksum,
      body,
    },
  };
}

/** The bytes of the entry at `start`, by its head; undefined where there is no whole head. */
export function entryBytes(bytes: Buffer, start: number): number | undefined {
  if (!readHeadOnly(bytes, start)) return undefined;
  return aligned(headBytes + bytes.readUInt32LE(start + at.bodyBytes) + bytes.readUInt16LE(start + at.principalBytes));
}

/** The op and durable mark of a whole head at `start`, whatever its body is; for telling damage from an unfinished write. */
export function readHeadOnly(bytes: Buffer, start: number): { op: bigint; durable: bigint } | undefined {
  if (start + headBytes > bytes.length || bytes.readUInt32LE(start + at.version) !== version) return undefined;
  if (!digestOf(bytes, start).equals(bytes.subarray(start, start + 32))) return undefined;
  return { op: bytes.readBigUInt64LE(start + at.op), durable: bytes.readBigUInt64LE(start + at.durable) };
}
