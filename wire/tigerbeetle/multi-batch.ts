import { batchCountMax } from './limits.ts';

const padding = 0xffff;

/** Bytes of the trailer of `batches` batches: two for each and for their count, filled up to whole elements. */
export function trailerBytes(elementBytes: number, batches: number): number {
  return Math.ceil((batches * 2 + 2) / elementBytes) * elementBytes;
}

/**
 * Elements of each batch of a body, in order: the trailer's last word counts the batches, the one before it the elements of
 * the first. Undefined when the trailer does not fit the body.
 */
export function readTrailer(body: Buffer, elementBytes: number): number[] | undefined {
  if (body.length < 2) return undefined;
  const batches = body.readUInt16LE(body.length - 2);
  if (batches === 0 || batches > batchCountMax) return undefined;
  const trailer = trailerBytes(elementBytes, batches);
  if (trailer > body.length) return undefined;
  const counts: number[] = [];
  let total = 0;
  for (let batch = 0; batch < batches; batch += 1) {
    const count = body.readUInt16LE(body.length - 4 - batch * 2);
    counts.push(count);
    total += count;
  }
  for (let filler = body.length - trailer; filler < body.length - 2 - batches * 2; filler += 1) if (body[filler] !== 0xff) return undefined;
  return total * elementBytes === body.length - trailer ? counts : undefined;
}

/** Writes the trailer of batches behind `payloadBytes` of elements; answers where the body ends. */
export function writeTrailer(body: Buffer, payloadBytes: number, elementBytes: number, counts: readonly number[]): number {
  const end = payloadBytes + trailerBytes(elementBytes, counts.length);
  for (let filler = payloadBytes; filler < end; filler += 2) body.writeUInt16LE(padding, filler);
  counts.forEach((count, batch) => body.writeUInt16LE(count, end - 4 - batch * 2));
  body.writeUInt16LE(counts.length, end - 2);
  return end;
}
