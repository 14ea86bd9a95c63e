import { rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { wireHeadBytes as headBytes, wireMessageBytes } from './limits.ts';

/** A line between two processes of a service: messages arrive in order, or the line is closed. */
export type Wire = {
  /** Bytes that wait to be sent. */
  readonly waitingBytes: number;
  send(kind: number, parts?: readonly Uint8Array[]): void;
  /** Resolves when little waits to be sent, or the line is closed. */
  drained(): Promise<void>;
  /** Takes what arrives from now on; before, it waits. */
  listen(on: { message(kind: number, body: Buffer): void; close(): void }): void;
  close(): void;
};

/** Numbers of 64 bits as a message's body. */
export function numbers(...values: readonly bigint[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  for (const [index, value] of values.entries()) bytes.writeBigInt64LE(value, index * 8);
  return bytes;
}

export const readNumbers = (body: Buffer): bigint[] => Array.from({ length: body.length >>> 3 }, (_, at) => body.readBigInt64LE(at * 8));

/** Listens on a unix socket that only this user may reach. */
export async function listenPair(path: string, onWire: (wire: Wire) => void): Promise<{ close(): void }> {
  rmSync(path, { force: true });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    onWire(wireOver(socket));
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  return {
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

export function connectPair(path: string): Promise<Wire> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('error', reject);
    socket.once('connect', () => resolve(wireOver(socket)));
  });
}

/** Messages on a socket: four bytes of length, one of kind, the body. */
function wireOver(socket: Socket): Wire {
  let waiting: Buffer[] = [];
  let bytes = 0;
  socket.on('error', () => socket.destroy());
  socket.pause();
  const take = (on: { message(kind: number, body: Buffer): void }): void => {
    while (bytes >= headBytes) {
      const head = joined(waiting, headBytes);
      const size = head.readUInt32LE(0);
      if (size > wireMessageBytes) return void socket.destroy();
      if (bytes < headBytes + size) return;
      const whole = waiting.length === 1 ? (waiting[0] as Buffer) : Buffer.concat(waiting, bytes);
      const rest = whole.subarray(headBytes + size);
      waiting = rest.length > 0 ? [rest] : [];
      bytes = rest.length;
      on.message(whole[4] as number, whole.subarray(headBytes, headBytes + size));
      if (socket.destroyed) return;
    }
  };
  return {
    get waitingBytes() {
      return socket.writableLength;
    },
    send(kind, parts = []) {
      if (socket.destroyed) return;
      const head = Buffer.alloc(headBytes);
      head.writeUInt32LE(
        parts.reduce((sum, part) => sum + part.length, 0),
        0,
      );
      head[4] = kind;
      socket.cork();
      socket.write(head);
      for (const part of parts) socket.write(part);
      socket.uncork();
    },
    async drained() {
      if (socket.destroyed || !socket.writableNeedDrain) return;
      await new Promise<void>((resolve) => {
        socket.once('drain', resolve);
        socket.once('close', resolve);
      });
    },
    listen(on) {
      socket.once('close', () => on.close());
      socket.on('data', (chunk: Buffer) => {
        waiting.push(chunk);
        bytes += chunk.length;
        take(on);
      });
      socket.resume();
      if (socket.destroyed) queueMicrotask(() => on.close());
    },
    close: () => void socket.destroy(),
  };
}

/** The first bytes of some buffers; most lie in one. */
const joined = (buffers: readonly Buffer[], bytes: number): Buffer =>
  (buffers[0] as Buffer).length >= bytes ? (buffers[0] as Buffer) : Buffer.concat(buffers).subarray(0, bytes);
