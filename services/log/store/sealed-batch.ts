import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { fault } from '#kernel/contract/fault.ts';
import { batchHeadBytes } from '#wire/kafka/limits.ts';
import { type BatchHead, buildBatch, readHead } from '#wire/kafka/record/batch.ts';

/** A data key of a topic; `place` binds what it seals to one partition. */
export type BatchKey = { readonly generation: number; readonly key: Uint8Array; readonly place: string };

/** A bit that the protocol leaves free says that what follows the head is sealed; no client ever sees it. */
const sealedBit = 0x4000;
const nonceSize = 12;
const tagSize = 16;
const crcSize = 4;
const prefixSize = 4 + nonceSize;

export const isSealed = (attributes: number): boolean => (attributes & sealedBit) !== 0;

/** Of the head what a reader acts by: offset and place, times, producer and counts; never the length or the checksum. */
function associated(batch: Buffer, attributes: number, place: string): Buffer {
  const head = Buffer.from(batch.subarray(0, batchHeadBytes));
  head.fill(0, 8, 12);
  head.fill(0, 17, 21);
  head.writeInt16BE(attributes, 21);
  return Buffer.concat([head, Buffer.from(place)]);
}

/**
 * A batch that has its offset, as it lies on the disk of a sealed topic: the head in the clear, so that logs are recovered,
 * indexed and cut without a key, and behind it
 *
 *     u32 generation of the key | 12 nonce | sealed (u32 checksum of the batch | records) | 16 tag
 */
export function sealBatch(batch: Buffer, { generation, key, place }: BatchKey): Buffer {
  const head = readHead(batch);
  const nonce = randomBytes(nonceSize);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(associated(batch, head.attributes, place));
  const prefix = Buffer.allocUnsafe(4);
  prefix.writeUInt32BE(generation, 0);
  const body = [cipher.update(batch.subarray(17, 17 + crcSize)), cipher.update(batch.subarray(batchHeadBytes)), cipher.final()];
  const records = Buffer.concat([prefix, nonce, ...body, cipher.getAuthTag()]);
  return buildBatch({ ...head, attributes: head.attributes | sealedBit, records });
}

/** The generation of the key under which a sealed batch lies. */
export function generationOf(batch: Buffer): number {
  if (batch.length < batchHeadBytes + prefixSize + crcSize + tagSize) throw damaged();
  return batch.readUInt32BE(batchHeadBytes);
}

/** The batch as it was received. */
export function openBatch(batch: Buffer, head: BatchHead, { key, place }: BatchKey): Buffer {
  const attributes = head.attributes & ~sealedBit;
  const decipher = createDecipheriv('aes-256-gcm', key, batch.subarray(batchHeadBytes + 4, batchHeadBytes + prefixSize));
  decipher.setAAD(associated(batch, attributes, place));
  decipher.setAuthTag(batch.subarray(batch.length - tagSize));
  const plain = decipher.update(batch.subarray(batchHeadBytes + prefixSize, batch.length - tagSize));
  try {
    decipher.final();
  } catch (cause) {
    throw damaged(cause);
  }
  const opened = Buffer.allocUnsafe(batchHeadBytes + plain.length - crcSize);
  batch.copy(opened, 0, 0, batchHeadBytes);
  opened.writeInt32BE(opened.length - 12, 8);
  plain.copy(opened, 17, 0, crcSize);
  opened.writeInt16BE(attributes, 21);
  plain.copy(opened, batchHeadBytes, crcSize);
  return opened;
}

const damaged = (cause?: unknown) => fault('KeyUnavailable', { path: 'sealed', detail: 'A sealed batch was changed.', cause });
