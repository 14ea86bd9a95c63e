import type { Kernel } from '../engine/kernel.ts';
import { recordHeadBytes, scanTurnBytes } from './limits.ts';

const magic = 0x31504647;

/** Where a packed object lies. `secret` is the extent's own: nobody can store bytes that look like a record of it. */
export type RecordPlace = { readonly extent: number; readonly offset: number; readonly secret: number };
export type FoundRecord = { readonly id: Buffer; readonly offset: number; readonly size: number };

/** Bytes that an object of this size takes in an extent. */
export function recordBytes(size: number): number {
  return recordHeadBytes + Math.ceil(size / recordHeadBytes) * recordHeadBytes;
}

/** The header: magic, CRC-32C of the rest, length and CRC-32C of the bytes, the object's id, and the record's own place. */
export function recordHead(kernel: Kernel, id: Buffer, pieces: readonly Uint8Array[], size: number, at: RecordPlace): Buffer {
  const head = Buffer.alloc(recordHeadBytes);
  head.writeUInt32LE(magic, 0);
  head.writeUInt32LE(size, 8);
  head.writeUInt32LE(
    pieces.reduce((sum, piece) => kernel.crc(piece, sum), 0),
    12,
  );
  id.copy(head, 16, 0, 16);
  writeNumber(head, at.extent, 32);
  writeNumber(head, at.offset, 40);
  head.writeUInt32LE(kernel.crc(head.subarray(8), at.secret), 4);
  return head;
}

function writeNumber(into: Buffer, value: number, at: number): void {
  into.writeUInt32LE(value >>> 0, at);
  into.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4);
}

/** The size of the object whose record begins at `from`; undefined when no whole header of that place stands there. */
function readHead(kernel: Kernel, bytes: Buffer, from: number, at: RecordPlace): number | undefined {
  if (from + recordHeadBytes > bytes.length || bytes.readUInt32LE(from) !== magic) return undefined;
  if (bytes.readUInt32LE(from + 4) !== kernel.crc(bytes.subarray(from + 8, from + recordHeadBytes), at.secret)) return undefined;
  if (bytes.readUInt32LE(from + 32) + bytes.readUInt32LE(from + 36) * 2 ** 32 !== at.extent) return undefined;
  if (bytes.readUInt32LE(from + 40) + bytes.readUInt32LE(from + 44) * 2 ** 32 !== at.offset) return undefined;
  return bytes.readUInt32LE(from + 8);
}

/** The object of a record read whole, header first; undefined when anything of it is not as it was written. */
export function openRecord(kernel: Kernel, bytes: Buffer, id: Buffer, at: RecordPlace): Buffer | undefined {
  const size = readHead(kernel, bytes, 0, at);
  if (size === undefined || recordHeadBytes + size > bytes.length || bytes.compare(id, 0, 16, 16, 32) !== 0) return undefined;
  const payload = bytes.subarray(recordHeadBytes, recordHeadBytes + size);
  return kernel.crc(payload) === bytes.readUInt32LE(12) ? payload : undefined;
}

/** Calls with every whole record in the bytes of an extent, and lets others have a turn now and then. */
export async function eachRecord(
  kernel: Kernel,
  bytes: Buffer,
  extent: Omit<RecordPlace, 'offset'>,
  take: (record: FoundRecord) => void,
): Promise<void> {
  let since = 0;
  for (const record of scanRecords(kernel, bytes, extent)) {
    take(record);
    since += recordBytes(record.size);
    if (since < scanTurnBytes) continue;
    since = 0;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** All whole records in the bytes of an extent. After damage the next record is found again by its header. */
function* scanRecords(kernel: Kernel, bytes: Buffer, extent: Omit<RecordPlace, 'offset'>): Generator<FoundRecord> {
  for (let offset = 0; offset + recordHeadBytes <= bytes.length; ) {
    const size = readHead(kernel, bytes, offset, { ...extent, offset });
    const from = offset + recordHeadBytes;
    if (
      size !== undefined &&
      from + size <= bytes.length &&
      kernel.crc(bytes.subarray(from, from + size)) === bytes.readUInt32LE(offset + 12)
    ) {
      yield { id: Buffer.from(bytes.subarray(offset + 16, offset + 32)), offset, size };
      offset += recordBytes(size);
    } else offset += recordHeadBytes;
  }
}
