import { pieceHeadBytes } from './limits.ts';

/** What goes to a confined process, piece by piece: its length before it. */
export function encodePiece(bytes: Uint8Array): Buffer {
  const piece = Buffer.alloc(pieceHeadBytes + bytes.length);
  piece.writeUInt32BE(bytes.length);
  piece.set(bytes, pieceHeadBytes);
  return piece;
}

/** Reads pieces as they come; one longer than `most` bytes throws RangeError before it is read. */
export async function* piecesOf(stream: AsyncIterable<Uint8Array>, most = Number.POSITIVE_INFINITY): AsyncGenerator<Buffer, void> {
  const have: Buffer[] = [];
  let [size, wanted]: [number, number | undefined] = [0, undefined];
  for await (const some of stream) {
    have.push(Buffer.from(some.buffer, some.byteOffset, some.byteLength));
    size += some.length;
    while (size >= (wanted ?? pieceHeadBytes)) {
      const all = have.length === 1 ? (have[0] as Buffer) : Buffer.concat(have);
      have.length = 0;
      const end = wanted ?? pieceHeadBytes;
      const piece = all.subarray(0, end);
      if (end < all.length) have.push(all.subarray(end));
      size -= end;
      if (wanted === undefined) {
        wanted = piece.readUInt32BE();
        if (wanted > most) throw new RangeError(`a piece of ${wanted} bytes is longer than ${most}`);
        continue;
      }
      wanted = undefined;
      yield piece;
    }
  }
}
