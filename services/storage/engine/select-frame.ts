import { selectFrameHeadBytes, selectPieceHeadBytes } from './limits.ts';

/** What the process of a query says: bytes of the result, how far it came, why it failed, that it is done. */
export type SelectFrame =
  | { readonly kind: 'records'; readonly bytes: Uint8Array }
  | { readonly kind: 'progress' | 'done'; readonly scanned: number; readonly processed: number; readonly returned: number }
  | { readonly kind: 'failed'; readonly code: string; readonly text: string };

/** The sorts of frames, as bytes. */
const [records, note] = [0x52, 0x4e];

/** A frame as bytes: its sort, its length, and the result's own bytes or JSON. */
export function encodeFrame(frame: SelectFrame): Buffer {
  const payload = frame.kind === 'records' ? frame.bytes : Buffer.from(JSON.stringify(frame));
  const bytes = Buffer.alloc(selectFrameHeadBytes + payload.length);
  bytes[0] = frame.kind === 'records' ? records : note;
  bytes.writeUInt32BE(payload.length, 1);
  bytes.set(payload, selectFrameHeadBytes);
  return bytes;
}

/** Reads frames out of bytes as they come from the process, which is trusted to frame them rightly. */
export async function* framesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<SelectFrame, void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    rest = rest.length === 0 ? Buffer.from(piece) : Buffer.concat([rest, piece]);
    while (rest.length >= selectFrameHeadBytes && rest.length >= selectFrameHeadBytes + rest.readUInt32BE(1)) {
      const payload = rest.subarray(selectFrameHeadBytes, selectFrameHeadBytes + rest.readUInt32BE(1));
      yield rest[0] === records ? { kind: 'records', bytes: payload } : (JSON.parse(payload.toString('utf8')) as SelectFrame);
      rest = rest.subarray(selectFrameHeadBytes + payload.length);
    }
  }
}

/** What goes to the process, piece by piece: its length before it. */
export function encodePiece(bytes: Uint8Array): Buffer {
  const piece = Buffer.alloc(selectPieceHeadBytes + bytes.length);
  piece.writeUInt32BE(bytes.length);
  piece.set(bytes, selectPieceHeadBytes);
  return piece;
}

/** Ends what goes to the process for one query; no other piece is empty. */
export const endPiece = encodePiece(new Uint8Array(0));

/** Reads pieces as they come in; an empty one ends a query. */
export async function* piecesOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const some of stream) {
    rest = rest.length === 0 ? Buffer.from(some) : Buffer.concat([rest, some]);
    while (rest.length >= selectPieceHeadBytes && rest.length >= selectPieceHeadBytes + rest.readUInt32BE()) {
      const end = selectPieceHeadBytes + rest.readUInt32BE();
      yield rest.subarray(selectPieceHeadBytes, end);
      rest = rest.subarray(end);
    }
  }
}
