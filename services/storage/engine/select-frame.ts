import { encodePiece } from '#engine/confined/piece.ts';
import { selectFrameHeadBytes } from './limits.ts';

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

/** Ends what goes to the process for one query; no other piece is empty. */
export const endPiece = encodePiece(new Uint8Array(0));
