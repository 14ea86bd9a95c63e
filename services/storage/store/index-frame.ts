import { crc32 } from 'node:zlib';
import { indexFrameMaxBytes, indexHeadBytes } from './limits.ts';
import { pack, unpack } from './record.ts';

/** A row of a table of the index, named by its place among them; null: it was removed. */
export type IndexRow = readonly [table: number, key: Buffer, value: Buffer | null];

/** `rows`: of a base, all that was there; `end` closes a base; `changes`: of a log, what one commit changed. */
export type IndexFrame = { readonly kind: 'rows' | 'end' | 'changes'; readonly sequence: bigint; readonly rows: readonly IndexRow[] };

/** Names a row, among those of all tables. */
export const rowName = (table: number, key: Buffer): string => `${table}/${key.toString('latin1')}`;

const kinds = ['rows', 'end', 'changes'] as const;
const magic = 0x31495047;

/** A frame as it lies at a place of its file: magic, CRC-32 of what follows, length, kind, sequence, place, and the rows. */
export function packIndexFrame({ kind, sequence, rows }: IndexFrame, at: number): Buffer[] {
  const body = pack(rows);
  const head = Buffer.alloc(indexHeadBytes);
  head.writeUInt32LE(magic, 0);
  head.writeUInt32LE(body.length, 8);
  head.writeUInt32LE(kinds.indexOf(kind), 12);
  head.writeBigUInt64LE(sequence, 16);
  head.writeBigUInt64LE(BigInt(at), 24);
  head.writeUInt32LE(crc32(body, crc32(head.subarray(8))), 4);
  return [head, body];
}

/** Bytes of the body behind a head that may stand at this place; undefined when it does not. */
export function indexBodyBytes(head: Buffer, at: number): number | undefined {
  if (head.readUInt32LE(0) !== magic || head.readBigUInt64LE(24) !== BigInt(at)) return undefined;
  const length = head.readUInt32LE(8);
  return length <= indexFrameMaxBytes ? length : undefined;
}

/** Undoes `packIndexFrame`; undefined when anything of it is not as it was written. */
export function unpackIndexFrame(head: Buffer, body: Buffer): IndexFrame | undefined {
  const kind = kinds[head.readUInt32LE(12)];
  if (!kind || head.readUInt32LE(4) !== crc32(body, crc32(head.subarray(8)))) return undefined;
  return { kind, sequence: head.readBigUInt64LE(16), rows: unpack<IndexRow[]>(body) };
}
