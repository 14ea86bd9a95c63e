import { fault } from '#kernel/contract/fault.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import type { BlobsError } from '#seams/blobs/error.ts';
import { remoteMarkBytes } from './limits.ts';
import type { RemotePlace } from './record.ts';
import { silent } from './remote-gate.ts';

/** What is written down of garbage in the operator's store: whose it is, and in how many pieces; undefined when only the store knows. */
export type RemoteMark = { readonly remote: bigint; readonly pieces: number | undefined };

const kind = 2;
const unknown = 0xffff_ffff;

export function packMark({ remote, pieces = unknown }: RemoteMark): Buffer {
  const mark = Buffer.alloc(remoteMarkBytes);
  mark.writeUInt8(kind, 0);
  mark.writeBigUInt64BE(remote, 1);
  mark.writeUInt32BE(pieces, 9);
  return mark;
}

/** Undefined: the garbage lies on our drives. */
export function readMark(found: Uint8Array): RemoteMark | undefined {
  if (found.length !== remoteMarkBytes || found[0] !== kind) return undefined;
  const mark = Buffer.from(found);
  const pieces = mark.readUInt32BE(9);
  return { remote: mark.readBigUInt64BE(1), pieces: pieces === unknown ? undefined : pieces };
}

export const markOf = ({ size, remote, pieceBytes }: RemotePlace & { readonly size: number }): RemoteMark => ({
  remote,
  pieces: Math.ceil(size / pieceBytes),
});

/** The name that the pieces of a blob begin with, below the deployment's prefix. */
export const blobPrefix = (scope: bigint, id: string): string => `${formatId(scope)}/${id}.`;

export const pieceKey = (scope: bigint, id: string, piece: number): string => `${blobPrefix(scope, id)}${piece}`;

/** The id of the blob that a piece is of; undefined when its name is none of ours. */
export const blobOfKey = (key: string): string | undefined => /^[0-9a-z]{13}\/([0-9a-f]{32})\.\d+$/.exec(key)?.[1];

/** Words by which stores say that they are full. */
const full: ReadonlySet<string> = new Set(['InsufficientStorage', 'XMinioStorageFull', 'QuotaExceeded']);
export const missing: ReadonlySet<string> = new Set(['NoSuchKey', 'NoSuchBucket', 'NotFound']);

/** What a caller is told of an error of the store; its own words are the operator's business. */
export function remoteFault(cause: BlobsError): Error {
  if (cause.code === 'NoSuchKey' || cause.code === 'InvalidRange')
    return fault('ObjectDamaged', { detail: 'The store has lost a part of the object.', cause });
  if (cause.code === 'Silent') return silent(cause);
  if (full.has(cause.code)) return fault('DiskFull', { detail: 'The store that keeps the bytes is full.', cause });
  return fault('Unavailable', { detail: 'The store that keeps the bytes of objects does not do what it is asked.', cause });
}
