import type { Socket } from 'node:net';
import { once } from 'node:events';
import { fault } from '#kernel/contract/fault.ts';
import { workerFrameHeadBytes, workerFrameMaxBytes } from '../limits.ts';

/** The pieces that come over a socket until the empty one that ends them; Unavailable when the socket ends before. */
export async function* readFrames(socket: Socket): AsyncGenerator<Buffer, void> {
  const held: Buffer[] = [];
  let size = 0;
  const take = (count: number): Buffer | undefined => {
    if (size < count) return undefined;
    const all = held.length === 1 ? held[0]! : Buffer.concat(held);
    held.length = 0;
    size -= count;
    if (size > 0) held.push(all.subarray(count));
    return all.subarray(0, count);
  };
  let wanted: number | undefined;
  for (;;) {
    if (wanted === undefined) {
      wanted = take(workerFrameHeadBytes)?.readUInt32BE();
      if (wanted === 0) return;
      if (wanted !== undefined && wanted > workerFrameMaxBytes) throw new RangeError('a piece is too long');
    }
    const frame = wanted === undefined ? undefined : take(wanted);
    if (frame) {
      wanted = undefined;
      yield frame;
      continue;
    }
    const chunk = (socket.read() as Buffer | null) ?? undefined;
    if (chunk) {
      held.push(chunk);
      size += chunk.length;
    } else await readable(socket);
  }
}

/** Resolves when there is more to read. */
async function readable(socket: Socket): Promise<void> {
  const away = () => fault('Unavailable', 'The other process ended the connection.');
  if (socket.readableEnded || socket.destroyed) throw away();
  const over = new AbortController();
  const { signal } = over;
  try {
    await Promise.race([once(socket, 'readable', { signal }), once(socket, 'end', { signal }), once(socket, 'close', { signal })]);
  } catch (cause) {
    throw fault('Unavailable', { detail: 'The other process is away.', cause });
  } finally {
    over.abort();
  }
}

/** Writes a piece, in several where it is long; resolves when there is room for more. */
export async function writeFrame(socket: Socket, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; at += workerFrameMaxBytes) {
    const piece = bytes.subarray(at, at + workerFrameMaxBytes);
    socket.write(headOf(piece.length));
    const hasRoom = socket.write(piece);
    if (hasRoom || socket.destroyed) continue;
    const over = new AbortController();
    await Promise.race([once(socket, 'drain', { signal: over.signal }), once(socket, 'close', { signal: over.signal })]).finally(() =>
      over.abort(),
    );
  }
  if (socket.destroyed) throw fault('Unavailable', 'The other process ended the connection.');
}

/** Says that no more pieces come. */
export const endFrames = (socket: Socket): void => void socket.write(headOf(0));

function headOf(length: number): Buffer {
  const head = Buffer.allocUnsafe(workerFrameHeadBytes);
  head.writeUInt32BE(length);
  return head;
}
