import './fault.ts';
import { fault } from '#kernel/contract/fault.ts';
import type { Disk } from './disk.ts';
import { entryBytes, noParent, readHeadOnly } from './entry.ts';
import { readBytes } from './limits.ts';
import { firstOp, isSegment, segmentName } from './log.ts';

/** A place in the log: behind the entry `op`. */
export type Cursor = { readonly segment: string; readonly position: number; readonly op: bigint };

/** Where the log goes on behind an entry; undefined when it has no such entry, or not any more. */
export async function findEntry(disk: Disk, op: bigint, digest: Buffer): Promise<Cursor | undefined> {
  const segments = disk.list().filter(isSegment);
  if (op === 0n) {
    const begins = digest.equals(noParent) && (segments.length === 0 || segments[0] === segmentName(1n));
    return begins ? { segment: segmentName(1n), position: 0, op } : undefined;
  }
  const segment = segments.findLast((name) => firstOp(name) <= op);
  if (segment === undefined) return undefined;
  const bytes = await disk.read(segment);
  for (let position = 0; ; ) {
    const size = entryBytes(bytes, position);
    if (size === undefined) return undefined;
    if (readHeadOnly(bytes, position)?.op === op)
      return bytes.subarray(position, position + 32).equals(digest) ? { segment, position: position + size, op } : undefined;
    position += size;
  }
}

/** Whole entries behind a place, as far as `until`, in one piece. */
export function readEntries(disk: Disk, from: Cursor, until: bigint): { bytes: Buffer; next: Cursor } {
  const piece = Buffer.alloc(readBytes);
  disk.readAt(from.segment, from.position, piece);
  let [at, op] = [0, from.op];
  while (op < until) {
    const size = entryBytes(piece, at);
    if (size === undefined || at + size > piece.length) break;
    at += size;
    op += 1n;
  }
  if (at > 0) return { bytes: piece.subarray(0, at), next: { segment: from.segment, position: from.position + at, op } };
  const segment = segmentName(op + 1n);
  if (segment === from.segment || !disk.list().includes(segment))
    throw fault('LogDamaged', `${from.segment} at byte ${from.position}: entry ${op + 1n} cannot be read.`);
  return { bytes: Buffer.alloc(0), next: { segment, position: 0, op } };
}
